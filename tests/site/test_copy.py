"""The button in each block of code: it says what has happened."""

import pytest
from playwright.sync_api import expect

from tests.site import checks

PAGE = "book/attend.html"


def first(page):
    code = page.locator("article .highlight").first
    code.hover()
    return code.locator("button.copybtn"), code.locator("pre")


def test_it_copies_and_says_so(server, open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server.url + PAGE)
    button, code = first(page)
    expect(button).to_have_css("opacity", "1")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".copy-said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()
    assert not checks.axe_findings(page, ".copy-said")
    expect(page.locator(".copy-said")).to_have_text("")


@pytest.mark.parametrize("gone", [True, False])
def test_where_the_browser_refuses_the_code_is_selected(server, open_page, gone):
    page = open_page()
    refuse = "navigator.clipboard.writeText = () => Promise.reject(new Error('no'));"
    page.add_init_script(
        (
            "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
            if gone
            else refuse
        )
        + "document.execCommand = () => false;"
    )
    page.goto(server.url + PAGE)
    button, _ = first(page)
    button.click()
    expect(page.locator(".copy-said")).to_have_text("Not copied, but selected")
    assert page.evaluate("getSelection().toString().trim()")
    expect(button).not_to_have_class("copybtn success")


def test_each_block_has_one_and_pages_without_code_no_script(site, server, open_page):
    page = open_page()
    page.goto(server.url + PAGE)
    blocks = page.locator("div.highlight pre").count()
    assert blocks and page.locator("button.copybtn").count() == blocks
    for path in checks.toc_pages():
        text = (site / path).read_text("utf-8")
        assert "clipboard.min" not in text and "copybutton" not in text, path
        assert ("copy.js" in text) == ('class="highlight"' in text), path
