"""The writer on the home page, in a real browser."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from gpt import world
from gpt.model import small
from tests.site import checks

PAGE = "book/index.html"
MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]


@pytest.fixture
def live(server, open_page):
    """live(query, width=…, …) -> the page, and the writer's section in it."""

    def go(query="", still=True, **how):
        page = open_page(**how, reduced_motion="reduce" if still else "no-preference")
        page.goto(server.url + PAGE + query)
        page.wait_for_selector(".live[data-live=writer].ready")
        return page, page.locator(".live[data-live=writer]")

    return go


def text(part):
    return part.locator(".live-field").input_value()


def press(part, name, times=1):
    for _ in range(times):
        part.get_by_role("button", name=name, exact=True).click()


def written(prompt, seed):
    ids = [END, *TOKENIZER.encode(prompt)]
    new = [*MODEL.generate(ids, 60, seed=seed, stop=END)]
    return prompt + TOKENIZER.decode(new[:-1])


def test_it_writes_by_itself_and_stops_when_it_is_asked_to(live):
    page, part = live(still=False)
    page.wait_for_function(
        f"document.querySelector('.live-field').value.length > {len(world.PROMPT)}"
    )
    press(part, "Pause")
    now = text(part)
    assert now.startswith(world.PROMPT)
    page.wait_for_timeout(1_500)
    assert text(part) == now
    assert part.get_by_role("button", name="Write", exact=True).is_visible()


def test_where_no_movement_is_wanted_it_waits(live):
    page, part = live()
    page.wait_for_timeout(1_200)
    assert text(part) == world.PROMPT


def test_a_seed_and_a_prompt_write_what_python_writes(live):
    prompt = "Far away a shy owl named Leo"
    _, part = live("?prompt=Far+away+a+shy+owl+named+Leo&seed=12")
    while part.get_by_role("button", name="One word", exact=True).is_enabled():
        press(part, "One word")
    assert text(part) == written(prompt, 12)
    assert "The story is over" in part.locator(".live-said").text_content()
    press(part, "Back", 3)
    assert (
        len(world._WORD.findall(text(part)))
        == len(world._WORD.findall(written(prompt, 12))) - 2
    )


def test_both_rows_are_the_models_and_the_authors(live):
    _, part = live()
    rows = part.locator(".live-bets tbody tr").all_text_contents()
    ids = [END, *TOKENIZER.encode(world.PROMPT)]
    import torch

    with torch.no_grad():
        p = MODEL(torch.tensor([ids]))[0, -1].softmax(-1)
    for row, (word, odds) in zip(rows, world.next_word(world.PROMPT).items()):
        (id,) = TOKENIZER.encode(" " + word)
        said, ours, truth = re.fullmatch(r"(\w+?)(\d\.\d+)(\d\.\d+)", row).groups()
        assert (said, truth) == (word, f"{odds:.3f}")
        assert abs(float(ours) - p[id]) < 0.002  # weights of 16 bits, and three digits
    assert len(part.locator(".live-word").all()) == len(
        world._WORD.findall(world.PROMPT)
    )


def test_a_chosen_word_goes_into_the_text_and_the_address(live):
    page, part = live()
    part.get_by_role("button", name="she", exact=True).click()
    assert text(part) == world.PROMPT + " she"
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"prompt": [world.PROMPT + " she"]}
    press(part, "Another story")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["seed"] == ["8361"]
    page.reload()
    page.wait_for_selector(".live.ready")
    assert text(part) == world.PROMPT + " she"


@pytest.mark.parametrize(
    "query", ["?seed=x", "?seed=-1", "?seed=1e99", "?prompt=", "?seed=9999999999999"]
)
def test_what_the_address_cannot_mean_is_left_out(live, query):
    _, part = live(query)
    press(part, "One word")
    assert text(part).startswith("" if "prompt" in query else world.PROMPT)


def test_typing_reads_the_text_anew(live):
    _, part = live()
    field = part.locator(".live-field")
    field.fill("Once a purple")
    assert part.locator(".live-word.unsayable").text_content() == "purple"
    assert "would never write “purple”" in part.locator(".live-sum").text_content()
    field.fill("Once a 狐狸 🦊")
    assert part.locator(".live-word.outside, .live-word.unsayable").count() == 2
    field.fill("")
    assert part.locator(".live-bets th[scope=row]").first.text_content() == "Once"
    field.fill("word " * 180)  # more than the context holds
    press(part, "One word")
    assert len(text(part)) > 900


def test_by_keyboard_alone(live):
    page, part = live()
    field = part.locator(".live-field")
    field.focus()
    for _ in range(4):
        page.keyboard.press("Control+ArrowLeft")
    caption = part.locator(".live-bets caption")
    assert re.match("What could stand where “.*” stands", caption.text_content())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Write"
    page.keyboard.press("Tab")  # over Back, where there is nothing to take back
    page.keyboard.press("Enter")
    assert text(part) != world.PROMPT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("query", ["", "?prompt=Once+a+purple+%F0%9F%A6%8A+named"])
def test_it_is_accessible_and_fits(live, query, width, theme):
    page, part = live(query, width=width, theme=theme)
    press(part, "One word", 3)
    findings = [
        *checks.axe_findings(page, ".live[data-live=writer]"),
        *checks.overflow_findings(page),
    ]
    assert not findings
    small = page.evaluate(
        """() => [...document.querySelectorAll(".live *")].filter((one) =>
            one.childNodes.length && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
            && parseFloat(getComputedStyle(one).fontSize) < 11).map((one) => one.outerHTML)"""
    )
    assert not small


def test_the_copy_lies_on_the_text(live):
    """The stripes stand under their words: both are broken into the same lines."""
    for width in (1280, 700, 360):
        _, part = live(width=width)
        press(part, "One word", 25)
        field, line = part.evaluate(
            """(part) => {
                const field = part.querySelector(".live-field");
                field.style.height = "0";
                return [field.scrollHeight, parseFloat(getComputedStyle(field).lineHeight)];
            }"""
        )
        lines = part.evaluate(
            """(part) => new Set([...part.querySelectorAll(".live-word")].map(
                (word) => Math.round(word.getBoundingClientRect().top))).size"""
        )
        assert lines == round(field / line)


def test_from_a_file(site, open_page):
    page = open_page(reduced_motion="reduce")
    visit = checks.Visit(page, (site / PAGE).as_uri())
    assert not checks.load_findings(visit) + checks.request_findings(visit)
    part = page.locator(".live[data-live=writer].ready")
    press(part, "One word", 2)
    assert text(part) != world.PROMPT


def test_without_javascript_the_story_stands_there(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + PAGE)
    assert page.locator(".written").is_visible()
    assert not any(part.is_visible() for part in page.locator(".live").all())


def test_nothing_jumps_when_it_comes(server, open_page):
    for width in (1280, 360):
        page = open_page(width)
        page.add_init_script(
            """window.shifts = 0; new PerformanceObserver((list) => {
                for (const one of list.getEntries()) window.shifts += one.value;
            }).observe({ type: "layout-shift", buffered: true });"""
        )
        page.goto(server.url + PAGE)
        page.wait_for_selector(".live.ready")
        page.wait_for_timeout(1_500)
        assert page.evaluate("window.shifts") < 0.1


def test_the_bar_of_the_word_that_comes_is_lit_before_it(live):
    """What is drawn from the bets is seen in them; and it is what comes, once."""
    page, part = live()
    page.evaluate(
        """() => {
            const lit = new MutationObserver(() => {
                const row = document.querySelector('.live-bets .drawn');
                const now = document.querySelector('.live-field').value;
                if (row) (window.lit ??= []).push([now, row.dataset.word]);
            });
            lit.observe(document.querySelector('.live-panel'),
                {subtree: true, attributes: true, attributeFilter: ['class']});
        }"""
    )
    press(part, "Write")
    page.wait_for_function("window.lit?.length > 2", timeout=60_000)
    press(part, "Pause")
    now = text(part)
    for before, word in page.evaluate("window.lit")[:2]:
        assert now.startswith((f"{before} {word}", before + word))
    while part.get_by_role("button", name="One word", exact=True).is_enabled():
        press(part, "One word")
    assert text(part) == written(world.PROMPT, 8360)


@pytest.mark.parametrize(
    "typed", ["   ", "Once a  little fox", "Once a little fox named Ada "]
)
def test_spaces_that_the_author_does_not_write_leave_his_text(live, typed):
    _, part = live()
    part.locator(".live-field").fill(typed)
    part.locator(".live-sum strong").get_by_text("would never write").wait_for()
    assert "unknown" in part.locator(".live-bets tbody").inner_text()
    assert part.locator("select").evaluate("one => one.value") == ""


def test_a_text_that_is_too_long_says_what_is_left_out_and_stays_in_the_page(live):
    page, part = live()
    part.locator(".live-field").evaluate("one => (one.value = 'a'.repeat(1000))")
    part.locator(".live-field").dispatch_event("input")
    part.get_by_text("Only the first 1,000 characters fit.").wait_for()
    assert not checks.overflow_findings(page)


def test_a_model_that_did_not_come_can_be_asked_for_again(server, open_page):
    page = open_page(reduced_motion="reduce")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/small.bin", lambda route: route.abort())
    page.goto(server.url + PAGE)
    part = page.locator(".live[data-live=writer]")
    part.get_by_text("did not come").wait_for()
    assert page.locator(
        ".written"
    ).is_visible()  # the story, as it is without JavaScript
    page.unroute("**/small.bin")
    press(part, "Try again")
    page.wait_for_selector(".live[data-live=writer].ready")
    assert not page.locator(".written").is_visible()
    assert text(part) == world.PROMPT and not errors
