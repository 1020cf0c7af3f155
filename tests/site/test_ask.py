"""The questions of the book: each can be answered, and each answer is explained."""

import itertools
import re

import pytest
from docutils import nodes

from book._ext import ask
from tests.site import checks

PAGES = [
    f"book/{chapter}.html"
    for chapter in [
        "index",
        "tokenize",
        "embed",
        "attend",
        "mlp",
        "sample",
        "train",
        "cache",
        "modern",
        "chat",
    ]
]
CHOICE, NUMBER, ORDER = "choice", "number", "order"


# --- as written ------------------------------------------------------------------------
def item(text, why=None):
    paragraphs = [nodes.paragraph("", text)]
    if why:
        paragraphs.append(nodes.paragraph("", why))
    return nodes.list_item("", *paragraphs)


def written(*items, numbered=False, asked="Why?", answer="So.", predict=False):
    node = ask.ask(predict=predict, unit="", number="00000000")
    kind = nodes.enumerated_list if numbered else nodes.bullet_list
    node += nodes.paragraph("", asked) if asked else nodes.image()
    if items:
        node += kind("", *items)
    if answer:
        node += nodes.paragraph("", answer)
    return node


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (written(item("[x] a"), item("[ ] b", "not b")), CHOICE),
        (written(item("[=] 12 ± 1"), item("[ ] 3", "less")), NUMBER),
        (written(item("a", "first"), item("b", "then"), numbered=True), ORDER),
        (written(answer="", predict=True), "none"),
    ],
)
def test_the_list_makes_the_kind(node, kind):
    assert ask.Form(node).kind == kind


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (written(), "needs a list"),
        (written(item("[x] a"), item("[x] b")), "one item is right"),
        (written(item("[ ] a", "no"), item("[ ] b", "no")), "one item is right"),
        (written(item("[x] a"), item("b", "no")), "one item is right"),
        (written(item("[x] a"), item("[ ] b")), "'b' is not explained"),
        (written(item("[x] a"), item("[ ] b", "no"), answer=""), "answer is missing"),
        (written(item("[x] a"), item("[ ] b", "no"), predict=True), "page's to tell"),
        (written(item("[x] a"), item("[ ] b", "no"), asked=""), "paragraph that asks"),
    ],
)
def test_what_is_not_a_question_is_an_error(node, said):
    with pytest.raises(ValueError, match=said):
        ask.Form(node)


@pytest.mark.parametrize(
    ("text", "value", "near"),
    [
        ("60", 60, 0.5),
        ("6.66 billion", 6.66, 0.005),
        ("1,234.5", 1234.5, 0.05),
        ("−3", -3, 0.5),
        ("76 %", 76, 0.5),
        ("1/9", 1 / 9, 0.5),
    ],
)
def test_the_number_of_a_text(text, value, near):
    assert ask.number_in(text) == pytest.approx((value, near))


def test_a_text_without_a_number_is_an_error():
    with pytest.raises(ValueError, match="no number in 'none'"):
        ask.number_in("none")


# --- as built --------------------------------------------------------------------------
# What a page asks: kind, right answers, wrong ones with what explains each, and the answer.
QUESTIONS = """() => [...document.querySelectorAll(".ask")].map((root) => {
    const shown = document.getElementById(`${root.id}-shown`);
    const form = root.querySelector("form");
    const fold = (shown || root).querySelector(":scope > .ask-fold");
    const why = (i) => fold.querySelector(`[data-for="${i}"] > div`)?.textContent.trim();
    const inputs = [...form.querySelectorAll("input[type=radio]")];
    const field = form.querySelector("input[type=text]");
    const wrong = field ? [...field.attributes].filter((a) => a.name.startsWith("data-wrong-"))
        .map((a) => ({value: a.value, why: why(a.name.slice(11))}))
        : inputs.filter((one) => !("right" in one.dataset))
            .map((one) => ({value: one.value, why: why(one.value)}));
    return {
        kind: form.dataset.kind, id: root.id, predict: !!shown, wrong,
        right: field ? [field.dataset.right].filter(Boolean)
            : inputs.filter((one) => "right" in one.dataset).map((one) => one.value),
        order: [...form.querySelectorAll("li")].map((one) => Number(one.dataset.at)),
        steps: [...(fold?.querySelectorAll("ol.ask-why > li > div") || [])]
            .map((one) => one.textContent.trim()),
        asked: form.querySelector("legend, form > p").textContent.trim(),
        answer: (shown || fold).textContent.trim(),
    };
})"""


def question_findings(questions):
    """Whether each has one right answer, and a word for each that is wrong."""
    for one in questions:
        assert one["asked"].endswith(("?", ".", ":", ")")), one
        assert len(one["answer"]) > 20, one
        if one["kind"] == ORDER:
            many = len(one["order"])
            assert sorted(one["order"]) == [*range(many)] != one["order"], one
            assert len(one["steps"]) == many and all(one["steps"]), one
            continue
        assert len(one["right"]) == 1 and len(one["wrong"]) >= 2, one
        for wrong in one["wrong"]:
            assert len(wrong["why"]) > 20, (one["asked"], wrong)
        if one["kind"] == NUMBER:  # nothing is right and wrong, or wrong in two ways
            taken = [one["right"][0], *(wrong["value"] for wrong in one["wrong"])]
            spans = sorted(tuple(map(float, each.split())) for each in taken)
            for (low, a), (high, b) in itertools.pairwise(spans):
                assert high - low > min(a, b), one


def test_the_chapters_ask_much(site):
    forms = [
        re.findall(r'<form data-kind="(\w+)"', (site / path).read_text("utf-8"))
        for path in PAGES
    ]
    kinds = [kind for page in forms for kind in page]
    assert len(kinds) >= 90 and set(kinds) >= {CHOICE, NUMBER, ORDER}


@pytest.mark.parametrize("path", ["book/glossary.html", "exercises/mlp/mlp.html"])
def test_other_pages_carry_no_script_of_it(site, path):
    assert "ask.js" not in (site / path).read_text("utf-8")
    assert (site / "_static/ask.js").stat().st_size < 6_144


# --- as answered -----------------------------------------------------------------------
# Gives every answer to every question, and returns what was said each time.
ANSWER_ALL = """(questions) => questions.map(({id, kind, right, wrong}) => {
    const root = document.getElementById(id), form = root.querySelector("form");
    const shown = document.getElementById(`${id}-shown`);
    const said = () => root.querySelector(".ask-said").textContent.trim();
    const give = (value) => {
        if (kind === "choice") form.querySelector(`input[value="${value}"]`).checked = true;
        if (kind === "number") form.querySelector("input").value = value.split(" ")[0];
        if (kind === "order") {
            const at = (i) => form.querySelector(`li[data-at="${i}"]`);
            value.forEach((i) => form.querySelector("ol").append(at(i)));
        }
        form.requestSubmit();
        return said();
    };
    const hidden = shown ? shown.hidden : !root.querySelector("details").open;
    const many = form.querySelectorAll("li").length, order = [...Array(many).keys()];
    if (kind === "order") wrong = [{value: [...order].reverse()}];
    const no = wrong.map((one) => ({...one, said: give(one.value)}));
    const far = kind === "number" ? [give("123456"), give("-123456")] : [];
    const yes = give(kind === "order" ? order : right[0]);
    return {id, kind, no, yes, far, hidden,
        open: shown ? !shown.hidden : root.querySelector("details").open};
})"""


def count(page):
    """What the page's end says, when the script has come so far."""
    page.locator(".ask-count").wait_for()
    return page.locator(".ask-count p").inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_to_every_question(server, open_page, path):
    page = open_page()
    page.goto(server.url + path)
    assert count(page).startswith("0 of")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    questions = page.evaluate(QUESTIONS)
    assert len({one["id"] for one in questions}) == len(questions) >= 5
    questions = [one for one in questions if one["kind"] != "none"]
    question_findings(questions)
    for one in page.evaluate(ANSWER_ALL, questions):
        assert one["hidden"] and one["open"], one
        assert one["yes"].startswith("✓ Right."), one
        for no in one["no"]:
            assert no["said"].startswith("✗ Not so."), one
            if one["kind"] != ORDER:
                assert " ".join(no["why"].split()) in " ".join(no["said"].split())
        if one["far"]:
            more, less = one["far"]
            assert "It is less than that." in more and "It is more than that." in less
    many = len(questions)
    answered = f"{many} of {many} questions answered, {many} right."
    assert count(page).startswith(answered) and "in this browser only" in count(page)
    page.reload()
    assert count(page).startswith(answered)
    for one in questions:
        root = page.locator(f"#{one['id']}")
        assert root.get_attribute("data-is") == "right"
    page.locator(".ask-count button").click()
    assert count(page).startswith(f"0 of {many}")
    assert not page.locator(".ask[data-is], .ask.done, .ask-said:not(:empty)").count()
    assert page.evaluate("localStorage.ask") == "{}"
    assert not [url for url in asked if not url.startswith(server.url)]


def test_by_keyboard_alone(server, open_page):
    page = open_page()
    page.goto(f"{server.url}book/index.html")
    count(page)
    root = page.locator(".ask:has(input[type=radio]):not(.predict)").first
    root.locator("input").first.focus()
    page.keyboard.press("Space")
    while not root.locator("[data-right]:checked").count():
        page.keyboard.press("ArrowDown")
    assert root.get_attribute("data-is") is None  # to look through them is no answer
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert root.get_attribute("data-is") == "right"
    root = page.locator(".ask:has(input[type=text])").first
    root.locator("input").focus()
    for text, said in [
        ("what?", "Write a number first"),
        ("1/12", "more"),
        ("12", "⅕"),
    ]:
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        assert said in root.locator(".ask-said").inner_text()
    root = page.locator(".ask:has(ol.ask-order)").first
    for right in range(6):  # each line up to its place
        row = root.locator(f"li[data-at='{right}']")
        while (
            row.evaluate("row => [...row.parentElement.children].indexOf(row)") > right
        ):
            row.locator("button").first.focus()
            page.keyboard.press("Enter")
            assert "Now in line" in root.locator(".ask-said").inner_text()
    root.locator(".ask-do button").focus()
    page.keyboard.press("Enter")
    assert root.get_attribute("data-is") == "right"


def test_nothing_chosen_is_no_answer(server, open_page):
    page = open_page()
    page.goto(f"{server.url}book/attend.html")
    before = count(page)
    root = page.locator(".ask:not(.predict)").first
    root.locator(".ask-do button").click()
    assert root.locator(".ask-said").inner_text() == "Choose one first."
    assert count(page) == before


def test_where_the_browser_keeps_nothing_it_works_all_the_same(server, open_page):
    page = open_page()
    page.add_init_script(
        "Object.defineProperty(Storage.prototype, 'setItem', {value() { throw Error(); }})"
    )
    page.goto(f"{server.url}book/attend.html")
    assert "keeps nothing" in count(page)
    root = page.locator(".ask:not(.predict)").first
    root.locator("[data-right]").check()
    root.locator(".ask-do button").click()
    assert root.get_attribute("data-is") == "right"


# --- to be predicted -------------------------------------------------------------------
@pytest.mark.parametrize("path", ["book/index.html"])
def test_what_is_to_be_predicted_is_hidden_until_asked_for(server, open_page, path):
    page = open_page()
    page.goto(server.url + path)
    count(page)
    for i in range(page.locator(".predict").count()):
        shown = page.locator(".predict + .predicted").nth(i)
        # so that the browser's own search finds and opens it
        assert shown.get_attribute("hidden") == "until-found"
        style = "one => [getComputedStyle(one).display, one.clientHeight]"
        assert shown.evaluate(style) == ["block", 0]
        page.locator(".predict .ask-do button").nth(i).click()
        assert shown.get_attribute("hidden") is None
        assert shown.evaluate("one => one.clientHeight") > 100
    page.reload()
    count(page)
    assert not page.locator(".predicted[hidden]").count()


def test_a_link_into_what_is_hidden_opens_it(server, open_page):
    page = open_page()
    page.goto(f"{server.url}book/index.html")
    count(page)
    ids = page.locator(".predicted").evaluate_all("all => all.map((one) => one.id)")
    # as in a browser that does not know "until-found", and so opens nothing itself
    plain = (
        "([id]) => { document.getElementById(id).hidden = true; location.hash = id; }"
    )
    page.evaluate(plain, ids)
    page.locator(f"#{ids[0]}:not([hidden])").wait_for()
    page.goto("about:blank")
    page.goto(f"{server.url}book/index.html#{ids[1]}")
    page.locator(f"#{ids[1]}:not([hidden])").wait_for()


def test_another_prediction_is_explained_at_once_when_all_is_shown(server, open_page):
    page = open_page()
    page.goto(f"{server.url}book/sample.html")
    count(page)
    root = page.locator(".predict").first
    root.locator("[data-right]").check()
    root.locator(".ask-do button").click()
    assert root.get_attribute("data-is") == "right"
    root.locator("input:not([data-right])").first.check()
    assert root.get_attribute("data-is") == "wrong"


# --- without a script, on paper, for all -----------------------------------------------
SEEN = """() => {
    const seen = (one) => one.checkVisibility({contentVisibilityAuto: true})
        && one.getBoundingClientRect().height > 0;
    const many = (what) => [...document.querySelectorAll(what)].filter(seen).length;
    return [many(".ask :is(input, button), .ask-count"), many(".predicted > *:not(script)") > 0,
        many(".ask-fold > *:not(summary)"), many(".ask legend")];
}"""


def test_without_a_script_questions_have_their_answers_in_folds(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.url}book/index.html")
    handles, shown, folded, asked = page.evaluate(SEEN)
    assert (handles, shown, folded) == (0, True, 0) and asked > 5
    page.locator(".ask-fold > summary").first.click()
    assert page.evaluate(SEEN)[2] > 0


def test_on_paper_all_answers_are_there(server, open_page):
    page = open_page()
    page.goto(f"{server.url}book/index.html")
    count(page)
    page.emulate_media(media="print")
    handles, shown, answers, asked = page.evaluate(SEEN)
    assert (handles, shown) == (0, True) and answers >= asked > 5


@pytest.mark.parametrize(
    ("path", "width", "theme"),
    [("book/index.html", 1280, "light"), ("book/attend.html", 360, "dark")],
)
def test_each_state_is_fit_for_all(server, open_page, path, width, theme):
    page = open_page(width, theme)
    checks.Visit(page, server.url + path)
    questions = [one for one in page.evaluate(QUESTIONS) if one["kind"] != "none"]
    for i, one in enumerate(questions):  # every second one wrongly
        if i % 2 and one["wrong"]:
            one |= {"right": [one["wrong"][0]["value"]]}
        page.evaluate(ANSWER_ALL, [one | {"wrong": []}])
    assert page.locator(".ask[data-is=wrong]").count() > 2
    assert page.locator(".ask[data-is=right]").count() > 2
    findings = [
        *checks.axe_findings(page),
        *checks.overflow_findings(page),
        *checks.id_findings(page),
    ]
    assert not findings
    small = page.evaluate(
        """() => [...document.querySelectorAll(".ask :is(button, label, summary), .ask-count button")]
            .filter((one) => one.checkVisibility({visibilityProperty: true}))
            .filter((one) => one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert not small
