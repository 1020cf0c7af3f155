"""Does the search find what a reader means, while they type, and show it in plain words?"""

import json
import re
from urllib.parse import urlsplit

import pytest

from book._ext import find
from tests.need import need
from tests.site import checks

PAGES = checks.toc_pages()
PAGE = "book/setup.html"  # a small one
DIALOG = "dialog.search-dialog"
TOOLS = checks.ROOT / "book/live/node_modules"
HEAVIEST = 600_000  # bytes, all that the search fetches

# what is typed: the place that must stand first
FINDS = {
    "LayerNorm": "book/mlp.html#layer-norm",
    "layer norm": "book/mlp.html#layer-norm",
    "layernorm": "book/mlp.html#layer-norm",
    "layer normalisation": "book/mlp.html#layer-norm",
    "KV cache": "book/cache.html",
    "kv-cache": "book/cache.html",
    "KVCache": "book/cache.html",
    "emebd": "book/embed.html",
    "atention": "book/attend.html",
    "tokenzier": "book/tokenize.html",
    "temprature": "book/sample.html",
    "residual conection": "book/mlp.html#the-residual-stream",
    "注意力": "book/attend.html",
    "自注意力机制": "book/attend.html",
    "分词": "book/tokenize.html",
    "atención": "book/attend.html",
    "Aufmerksamkeit": "book/attend.html",
    "BPE": "book/tokenize.html#byte-pair-encoding-with-a-pencil",
    "top p": "book/sample.html#greedy-top-k-top-p-min-p",
    "top-p": "book/sample.html#greedy-top-k-top-p-min-p",
    "GPT-2": "book/index.html#from-gpt-2-to-gpt-3",
    "softmax": "book/attend.html#the-same-as-a-softmax",
    "RoPE": "book/modern.html#rope",
    "what is attention?": "book/attend.html",
    "keep_top_k": "book/sample.html#greedy-top-k-top-p-min-p",
    "polysemantic": "book/mlp.html#what-the-questions-are",
    "autograder": "book/grading.html",
    "Vaswani": "book/references.html",
}


class Search:
    """The dialog of a page that is open."""

    def __init__(self, page):
        self.page, self.box = page, page.locator("dialog.search-dialog")
        self.field, self.said = (
            self.box.locator("input"),
            self.box.locator(".search-said"),
        )

    def open(self):
        self.page.keyboard.press("Control+k")
        self.field.wait_for()
        assert not self.page.locator(
            ".search-button__wrapper.show"
        ).count()  # the theme's
        return self

    def ask(self, question):
        """Type a question, and wait until its answer stands there."""
        self.field.fill(question)
        self.page.wait_for_function(
            """(asked) => document.querySelector("dialog .search-found")
                .dataset.asked === asked""",
            arg=question.strip(),
        )

    def first(self):
        """The place that Enter opens, without the words that are to be marked there."""
        href = self.box.locator("[data-best]").first.evaluate("link => link.href")
        parts = urlsplit(href)
        return parts.path.lstrip("/") + (f"#{parts.fragment}" if parts.fragment else "")


@pytest.fixture
def search(server, open_page):
    page = open_page()
    page.goto(server.url + PAGE)
    return Search(page).open()


# --- what is found -------------------------------------------------------------------
def test_what_readers_type_finds_its_place(search):
    wrong = {}
    for question, place in FINDS.items():
        search.ask(question)
        if not (first := search.first()).startswith(place):
            wrong[question] = first
    assert not wrong


def test_it_answers_while_one_types_and_says_what_it_took_for_a_slip(search):
    search.field.press_sequentially("tok")
    search.box.locator(".hits mark").first.wait_for()
    search.ask("tokenzier")
    assert re.fullmatch(
        r"Nothing fits “tokenzier”\. For “tokenizer”: \d+ places on \d+ pages\.",
        search.said.text_content(),
    )
    for name in ("kvcache", "layernorm", "atencion"):  # no slips
        search.ask(name)
        assert re.match(r"\d+ places? on", search.said.text_content()), name
    search.ask("attention zyzzyvas")
    assert "Without “zyzzyvas”, which is not in the book" in search.said.text_content()
    # what is said aloud is the same, once the reader pauses
    search.page.wait_for_function(
        """() => document.querySelector("dialog [role=status]").textContent ===
            document.querySelector("dialog .search-said").textContent"""
    )


@pytest.mark.parametrize(
    "question", ["p", "<script>alert(1)</script>", "🦊", "x" * 200, "   ", "\\( $$ [", "of the"]
)  # fmt: skip
def test_any_text_may_be_typed(search, question):
    errors = []
    search.page.on("pageerror", lambda error: errors.append(error))
    search.page.on("dialog", lambda dialog: errors.append(dialog.message))
    search.ask("attention")
    search.ask(question)
    assert not errors and search.box.is_visible()
    assert search.page.locator("dialog script").count() == 0
    found = search.box.locator(".hit").count()
    assert bool(found) == (question in ("p", "<script>alert(1)</script>", "of the"))
    if question == "🦊":
        assert search.said.text_content() == "Nothing in the book fits “🦊”."


def test_the_glossary_stands_there_once_with_its_terms(search):
    search.ask("layer norm")
    pages = search.box.locator(".hit-page").all_text_contents()
    assert sum(page.startswith("Glossary") for page in pages) == 1
    glossary = search.box.locator(".hit", has_text="Glossary")
    assert glossary.locator(".hit-parts a").first.text_content() == "layer norm"


def test_a_word_of_each_page_finds_it(site, server, open_page):
    page, found = open_page(), []
    for path, word in checks.words_of(site, PAGES).items():
        found += checks.search_findings(page, server.url, word, path)
    assert not found


# --- what is shown -------------------------------------------------------------------
def test_texts_are_without_tex_and_lists_of_contents(site):
    text = (site / "search/texts.js").read_text("utf-8")
    texts = json.loads(text.removeprefix("window.bookTexts = ").rstrip(";\n"))
    assert [page for page, *_ in texts["pages"]] == [p[:-5] for p in PAGES]
    for number, name, _, said, _, _ in texts["parts"]:
        place = texts["pages"][number][0], name
        raw = re.search(r"\$\$|\\[a-zA-Z]{2,}[ {_^\\]|\\\(|\\begin", said)
        # a path of Windows is no TeX
        assert not raw or "\\Scripts" in said, (place, raw)
        assert "Link to this" not in said and "Download .zip" not in said, place


def test_a_page_is_taken_apart_at_its_headings():
    html = """<nav>Contents</nav><article><section id="a"><h1>A<a class="headerlink">#</a></h1>
    <div class="contents">B C</div><p>The root <span class="math"><math><msqrt><mi>d</mi></msqrt>
    <mo>=</mo><mn>2</mn></math></span>.</p><div class="math">$$no$$</div><svg><text>drawn</text>
    </svg><section id="b"><h2>B</h2><p>One</p><p>two.</p><div class="cell_input">
    <div class="highlight"><pre><span>keep</span>_top_k(x)</pre></div></div>
    <details><p>Answer 7</p></details>
    <div class="cell_output"><p>Shown</p><div class="highlight"><pre>printed_word</pre></div></div></section>
    </section></article>"""
    page, part = find.texts(html)
    assert (page["id"], page["title"], page["text"]) == ("", "A", "The root √d = 2.")
    assert (part["id"], part["text"], part["unseen"]) == (
        "b",
        "One two.",
        "keep_top_k Answer 7",
    )
    html = """<article><section id="g"><h1>Glossary</h1><dl class="glossary"><dt id="t-x">x</dt>
    <dt id="t-y">y</dt><dd>What it is.</dd></dl></section></article>"""
    entry = find.texts(html)[1]
    assert (entry["title"], entry["id"], entry["text"]) == (
        "x, y",
        "t-x",
        "What it is.",
    )
    with pytest.raises(ValueError, match="article"):
        find.texts("<p>nothing</p>")


@pytest.mark.parametrize(
    ("given", "says"),
    [({"a": {"Nowhere": ["x"]}}, "no heading 'Nowhere'"), ({"b": {"A": ["x"]}}, "no page 'b'")],
)  # fmt: skip
def test_a_name_of_what_is_not_there_is_refused(tmp_path, monkeypatch, given, says):
    monkeypatch.setattr(find, "names", lambda: given)
    tmp_path.joinpath("a.html").write_text(
        "<article><section id='a'><h1>A</h1></section></article>"
    )
    with pytest.raises(ValueError, match=says):
        find.index(tmp_path, {"a": None})
    assert find.index(tmp_path, {"a": None}, strict=False)["parts"]


# --- the dialog ----------------------------------------------------------------------
def test_by_keyboard_alone(search, server):
    page, box = search.page, search.box

    def focused():
        return page.evaluate("document.activeElement.textContent")

    page.keyboard.type("KV cache")
    box.locator(".hits a").first.wait_for()
    search.ask("KV cache")
    links = box.locator(".hits a").all_text_contents()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused() == links[1]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert search.field.evaluate("field => field === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused() == links[0]
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    search.open()
    assert search.field.input_value() == "KV cache"
    page.keyboard.press("Escape")  # from the field, too
    box.wait_for(state="hidden")
    search.open()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}book/cache.html")  # the mark's words are taken out


def test_the_button_opens_it_and_what_is_beside_it_closes_it(search):
    page = search.page
    search.box.locator("button", has_text="Close").click()
    search.box.wait_for(state="hidden")
    page.locator(".search-button__button").first.click()
    search.field.wait_for()
    assert search.field.evaluate("field => field === document.activeElement")
    page.mouse.click(5, 700)
    search.box.wait_for(state="hidden")
    assert not page.locator(".search-button__wrapper").is_visible()  # the theme's own


def test_all_results_have_a_page(search, server):
    search.ask("token")
    search.box.get_by_role("link", name="All results").click()
    search.page.wait_for_url(f"{server.url}search.html?q=token")
    listed = search.page.locator(".search-page .hit")
    listed.first.wait_for()
    assert listed.count() > 8
    field = search.page.locator(".search-page input")
    assert field.input_value() == "token"
    field.fill("RoPE")
    search.page.wait_for_url(f"{server.url}search.html?q=RoPE")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_how_it_looks(server, open_page, width, theme):
    page = open_page(width, theme)
    page.goto(server.url + PAGE)
    search = Search(page).open()
    page.wait_for_function(
        "() => document.querySelector('.search-dialog').getBoundingClientRect().height"
    )
    assert not checks.axe_findings(page, DIALOG)
    icon, field = (
        search.box.locator(one).bounding_box() for one in (".search-line i", "input")
    )
    assert icon["x"] + icon["width"] < field["x"]  # not on the placeholder
    search.ask("attention")
    found = checks.axe_findings(page, DIALOG) + checks.overflow_findings(page)
    found += page.evaluate(
        """() => [...document.querySelectorAll("dialog button, dialog input, .hit-page, .hit-part")]
            .filter((one) => one.getBoundingClientRect().height < 44 && !one.closest(".hit-page"))
            .map((one) => `low: ${one.outerHTML.slice(0, 80)}`)"""
    )
    wide = search.box.evaluate("box => box.getBoundingClientRect().right - innerWidth")
    assert not found and wide <= 0


def test_forced_colours_keep_the_marks(server, open_page):
    page = open_page(forced_colors="active")
    page.goto(server.url + PAGE)
    search = Search(page).open()
    search.ask("attention")
    mark = search.box.locator("mark").first
    paper, ink = mark.evaluate(
        "mark => [getComputedStyle(mark).backgroundColor, getComputedStyle(mark).color]"
    )
    assert paper != ink and paper not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")


# --- the page that it leads to ---------------------------------------------------------
def test_the_next_page_marks_the_words_and_nothing_moves(search, server):
    page = search.page
    search.ask("LayerNorm")
    place = search.box.locator(".hit-parts a").first
    place.click()
    page.wait_for_url(f"{server.url}book/mlp.html#layer-norm")
    note = page.locator(".found-note")
    note.wait_for()
    assert re.match(r"\d+ matches are marked on this page\.", note.inner_text())
    marked = page.evaluate("[...CSS.highlights.get('found')].map(String)")
    # not each "layer" and each "norm" by itself
    assert {word.lower() for word in marked} <= {
        "layer norm",
        "layer_norm",
        "layernorm",
    }
    assert page.locator("article mark, article .highlighted").count() == 0
    assert not checks.axe_findings(page, ".found-note")
    tall = "document.querySelector('article').getBoundingClientRect().height"
    before = page.evaluate(tall)
    note.get_by_role("button", name="Hide").click()
    assert page.evaluate(tall) == before
    assert not note.is_visible() and not page.evaluate("CSS.highlights.has('found')")


# --- what it costs, and where it works ---------------------------------------------------
def test_nothing_is_fetched_before_it_is_asked_for(site, server, open_page):
    page = open_page()
    visit = checks.Visit(page, server.url + PAGE)
    assert not [one for one in visit.requests if "/search/" in one]
    before = len(visit.responses)
    search = Search(page).open()
    search.ask("softmax")
    fetched = {
        urlsplit(one.url).path: len(one.body()) for one in visit.responses[before:]
    }
    assert set(fetched) == {
        f"/search/{name}" for name in ("search.css", "search.js", "texts.js")
    }
    assert sum(fetched.values()) < HEAVIEST
    assert not visit.errors
    for gone in (
        "searchindex.js",
        "_static/searchtools.js",
        "_static/sphinx_highlight.js",
    ):
        assert not (site / gone).exists()


def test_it_works_from_a_folder(site, open_page):
    page = open_page()
    visit = checks.Visit(page, (site / PAGE).as_uri())
    search = Search(page).open()
    search.ask("注意力")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{(site / 'book/attend.html').as_uri()}*")
    word = checks.words_of(site, PAGES)[PAGES[0]]
    assert not checks.search_findings(page, f"{site.as_uri()}/", word, PAGES[0])
    assert not checks.request_findings(visit) and not visit.errors


def test_without_javascript_the_page_says_so(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.url}search.html?q=token")
    assert "needs JavaScript" in page.locator(".search-page").inner_text()


def test_a_search_that_cannot_be_loaded_says_so(server, open_page):
    page = open_page()
    page.route("**/search/texts.js", lambda route: route.abort())
    page.goto(server.url + PAGE)
    search = Search(page).open()
    search.field.fill("token")
    search.said.get_by_text("The search does not work now").wait_for()
    page.unroute("**/search/texts.js")
    search.ask("token ")  # tried again
    assert search.first().startswith("book/tokenize.html")


# --- its code ------------------------------------------------------------------------


def test_the_library_is_the_one_that_is_pinned():
    package = TOOLS / "minisearch"
    need(package.exists(), "minisearch: type 'make node'")
    pinned = json.loads((TOOLS.parent / "package.json").read_text("utf-8"))
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    assert pinned["devDependencies"]["minisearch"] == version
    assert (package / "dist/umd/index.js").read_bytes() == find.LIBRARY.read_bytes()
