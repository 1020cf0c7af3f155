"""The reader's own text: one machine with one text, from stage to stage."""

import pytest
from playwright.sync_api import expect

from gpt import world
from tests.site import checks
from tests.site.live import build
from tests.site.live.parts import asked, open_part

MINE = "Once a purple otter sang to the moon"
STAGES = [
    ("book/tokenize.html", "tokens"),
    ("book/embed.html", "vectors"),
    ("book/attend.html", "heads"),
    ("book/mlp.html", "lens"),
    ("book/sample.html", "handles"),
]
LINE = ".own-line"


def field(part):
    return part.locator("textarea")


def type_at_home(server, page, text=MINE):
    page.emulate_media(reduced_motion="reduce")
    part, errors = open_part(server, page, "book/index.html", "writer")
    assert not part.locator(LINE).is_visible()
    field(part).fill(text)
    expect(part.locator(LINE)).to_contain_text("Your text")
    return part, errors


def follow(page, name):
    """Goes on by the link at the foot of the page, over exercise pages, to a part."""
    while True:
        with page.expect_navigation():  # or the page that is left would be asked
            page.locator("a.right-next").click()
        part = page.locator(f".live[data-live={name}]")
        if part.count():
            break
    part.scroll_into_view_if_needed()
    part.and_(page.locator(".ready")).wait_for()
    return part


def test_a_text_goes_along_by_the_links_to_the_next_page(server, open_page):
    page = open_page()
    _, errors = type_at_home(server, page)
    for _path, name in STAGES:
        part = follow(page, name)
        expect(field(part)).to_have_value(MINE)
        expect(part.locator(LINE)).to_contain_text("Your text")
    back = part.get_by_role("button", name="Back to the book’s text")
    back.click()
    expect(field(part)).to_have_value(world.PROMPT)
    expect(part.locator(LINE)).to_contain_text("The book’s text")
    part, _ = open_part(server, page, *STAGES[1])
    expect(field(part)).to_have_value(world.PROMPT)
    assert not part.locator(LINE).is_visible() and not errors


def test_who_went_back_to_the_books_text_can_take_theirs_again(server, open_page):
    page = open_page(reduced_motion="reduce")
    part, _ = type_at_home(server, page)
    press = part.locator(LINE).get_by_role("button")
    press.click()
    expect(field(part)).to_have_value(world.PROMPT)
    expect(press).to_be_focused()
    page.keyboard.press("Enter")
    expect(field(part)).to_have_value(MINE)
    assert asked(page)["prompt"] == MINE
    part.locator("select").select_option(index=1)  # one of the book's
    expect(part.locator(LINE)).to_contain_text("The book’s text")
    assert page.evaluate("sessionStorage.length") == 0


def test_the_parts_of_one_page_read_one_text(server, open_page):
    page = open_page()
    lens, errors = open_part(server, page, "book/mlp.html", "lens")
    others = [
        open_part(server, page, "book/mlp.html", n)[0] for n in ("units", "apart")
    ]
    lens, _ = open_part(server, page, "book/mlp.html", "lens")
    for name in ("units", "apart"):
        page.locator(f".live[data-live={name}]").scroll_into_view_if_needed()
        page.locator(f".live[data-live={name}].ready").wait_for()
    lens.locator("summary").click()
    field(lens).fill(MINE)
    for other in others:
        expect(field(other)).to_have_value(MINE)
        expect(other.locator(LINE)).to_contain_text("Your text")
    others[0].locator(LINE).get_by_role("button").click()
    expect(field(lens)).to_have_value(world.PROMPT)
    expect(field(others[1])).not_to_have_value(MINE)
    assert not errors


def test_an_address_that_says_something_is_followed(server, open_page):
    page = open_page()
    type_at_home(server, page)
    part, _ = open_part(server, page, "book/attend.html?head=1.2", "heads")
    assert part.locator("select").input_value() == "-1"  # of the book, another head
    assert not part.locator(LINE).is_visible()
    other, _ = open_part(server, page, "book/attend.html?prompt=Leo+sang.", "heads")
    expect(other.locator(LINE)).to_contain_text("Your text")
    part, _ = open_part(server, page, "book/embed.html?found=row", "vectors")
    expect(field(part)).to_have_value("Leo sang.")


def test_what_is_set_on_a_brought_text_is_sent_with_it(server, open_page):
    page = open_page()
    type_at_home(server, page)
    part, _ = open_part(server, page, "book/embed.html", "places")
    part.get_by_role("slider").first.press("ArrowRight")
    assert asked(page)["prompt"] == MINE


def test_train_writes_on_from_the_readers_text(server, open_page):
    page = open_page()
    type_at_home(server, page)
    part, errors = open_part(server, page, "book/train.html", "time")
    expect(part.locator(".time-told")).to_contain_text(MINE)
    part.locator(LINE).get_by_role("button").click()
    expect(part.locator(".time-told")).to_contain_text(world.PROMPT)
    assert not errors


def test_a_part_that_reads_less_of_it_keeps_it_whole(server, open_page):
    page = open_page()
    long = "the fox ran. " * 60
    type_at_home(server, page, long)
    part, _ = open_part(server, page, "book/tokenize.html", "tokens")
    assert len(field(part).input_value()) == 600
    part, _ = open_part(server, page, "book/embed.html", "vectors")
    expect(field(part)).to_have_value(long)


def test_pages_of_a_folder_send_it_along_with_their_links(site, open_page):
    page = open_page(reduced_motion="reduce")
    page.add_init_script("sessionStorage.clear()")  # a store for each file
    page.goto((site / "book/index.html").as_uri())
    field(page.locator(".live[data-live=writer].ready")).fill(MINE)
    part = follow(page, "tokens")
    expect(field(part)).to_have_value(MINE)
    part = follow(page, "vectors")  # over the exercise's page
    expect(field(part)).to_have_value(MINE)
    assert "own-text" not in page.url
    part.locator(LINE).get_by_role("button").click()
    part = follow(page, "heads")
    assert not part.locator(LINE).is_visible()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_the_line_can_be_read_by_everyone(server, open_page, width, theme):
    page = open_page(width, theme)
    part, _ = type_at_home(server, page)
    assert part.locator(LINE).evaluate("e => e.offsetHeight") >= 44
    assert not checks.axe_findings(page, ".own-line")
    assert not checks.overflow_findings(page)


def test_nothing_of_it_is_asked_of_a_server(server, open_page):
    page = open_page()
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    type_at_home(server, page)
    follow(page, "tokens")
    assert sent and not [url for url in sent if "purple" in url]


def test_the_links_of_a_folder_and_the_parts_name_it_alike():
    book = build.ROOT.joinpath("book/_static/book.js").read_text("utf-8")
    own = build.MODULES.joinpath("own.js").read_text("utf-8")
    assert 'KEY = "own-text"' in book and 'KEY = "own-text"' in own
