"""What every page must be. Each check returns its findings as sentences; none is good.

tests/site/test_sabotage.py breaks each on purpose and sees that it is reported.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import yaml

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
MAX_BYTES = 1_500_000


def toc_pages(toc=ROOT / "_toc.yml"):
    """Every page of the table of contents, as a path below the site's folder."""

    def walk(entry):
        if isinstance(entry, list):
            for one in entry:
                yield from walk(one)
        elif isinstance(entry, dict):
            for key, value in entry.items():
                if key in ("root", "file"):
                    yield f"{Path(value).with_suffix('')}.html"
                else:
                    yield from walk(value)

    return list(walk(yaml.safe_load(toc.read_text("utf-8"))))


LOOKS = 4_000  # of ten milliseconds, until what was asked for is missing


# --- what happens while a page loads -----------------------------------------------
class Visit:
    """Opens an address and keeps what happened: status, errors, requests, bytes.

    It waits until the page has come to rest, if it is to be `settled`: whoever looks at
    one part of it need not wait for the others.
    """

    def __init__(self, page, address, settled=True):
        self.page, self.address = page, address
        self.errors, self.requests, self.responses = [], [], []
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        page.on("console", self._console)
        self.asked = set()  # what has not come yet
        page.on("request", self._request)
        page.on("requestfinished", lambda request: self.asked.discard(request))
        page.on("requestfailed", self._failed)
        page.on("response", lambda answer: self.responses.append(answer))
        # what would leave this machine is refused, and has been written down
        page.route(_leaves, lambda route: route.abort())
        answer = page.goto(address, wait_until="load")
        self.status = answer.status if answer else None
        if settled:
            settle(page)
            self._all_has_come()

    def _all_has_come(self):
        for _ in range(LOOKS):
            if not self.asked:
                return
            self.page.wait_for_timeout(10)
        self.errors += [f"never came: {request.url}" for request in self.asked]

    def _console(self, message):
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def _request(self, request):
        self.requests.append(request.url)
        self.asked.add(request)

    def _failed(self, request):
        self.asked.discard(request)
        # what a page still asked for when it was left is not missing
        if not _leaves(request.url) and request.failure != "net::ERR_ABORTED":
            self.errors.append(f"request failed: {request.url}")


def _leaves(address):
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
        "127.0.0.1",
        "localhost",
    )


def settle(page):
    """Waits until players and living parts are ready; these begin when they come near."""
    for part in page.locator(".live:not([hidden])").all():
        part.scroll_into_view_if_needed()
        # the browser must have drawn it there, or the part does not see that it is near
        page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
        )
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(
        "() => !document.querySelector('.player:not(.ready), .live:not(.ready, [hidden])')",
        timeout=20_000,
    )


def load_findings(visit):
    """An answer, no error on the page or in the console."""
    found = list(visit.errors)
    if visit.status != 200 and not visit.address.startswith("file:"):
        found.append(f"status {visit.status}")
    return found


def request_findings(visit):
    """No request leaves localhost."""
    return [f"leaves localhost: {url}" for url in visit.requests if _leaves(url)]


def weight(visit):
    """Bytes of all that a page loads, uncompressed, but for the weights of its model."""
    return sum(
        len(answer.body())
        for answer in visit.responses
        if answer.status == 200 and not answer.url.endswith(".bin")
    )


def weight_findings(visit):
    total = weight(visit)
    return [f"weighs {total:,} bytes"] if total > MAX_BYTES else []


# --- what is on a page ---------------------------------------------------------------
def themed(page, theme):
    """The page in another theme, when its colours have changed: they do so by and by."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(
        """(theme) => document.documentElement.dataset.theme === theme
            && document.getAnimations().every((one) => one.playState !== "running"
                    || one.effect.getComputedTiming().iterations === Infinity)""",
        arg=theme,
    )


def axe_findings(page, within=None, rules=None):
    """axe-core's rules, those that are experimental in axe but known to matter too.

    within: a selector, where only this is to be looked at again: the whole page takes long.
    rules: only these, where no others can have changed.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    violations = page.evaluate(
        """async ([within, only]) => (await axe.run(within ?? document, {
            resultTypes: ["violations"],
            ...(only ? { runOnly: only }
                : { rules: { "label-content-name-mismatch": { enabled: true } } }),
        })).violations""",
        [within, rules],
    )
    return [
        f"axe {rule['id']}: {node['target'][0]} {node['html'][:160]}"
        for rule in violations
        for node in rule["nodes"]
    ]


def overflow_findings(page):
    """Nothing makes the page itself scroll sideways."""
    wide = page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const cut = (element) => {
                for (let up = element.parentElement; up; up = up.parentElement) {
                    if (getComputedStyle(up).overflowX !== "visible") return true;
                }
            };
            const wide = [...document.querySelectorAll("body *")].filter((element) =>
                element.getBoundingClientRect().right > width + 1 && !cut(element));
            return [`page is ${document.documentElement.scrollWidth} wide`,
                ...wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120))];
        }"""
    )
    return [f"overflow: {line}" for line in wide]


def code_findings(page):
    """No line of code, or of what it prints, is cut off, by itself or by what is around it."""
    return page.evaluate(
        """() => {
            const around = (code) => {
                for (let one = code.parentElement; one; one = one.parentElement)
                    if (getComputedStyle(one).overflowX !== "visible")
                        return one.getBoundingClientRect();
                return {left: 0, right: innerWidth};
            };
            const cut = (code) => {
                const [inner, outer] = [code.getBoundingClientRect(), around(code)];
                return code.scrollWidth > code.clientWidth + 1
                    || inner.left < outer.left - 1 || inner.right > outer.right + 1;
            };
            return [...document.querySelectorAll("div.highlight pre, .cell_output pre")]
                .filter((code) => code.checkVisibility() && cut(code))
                .map((code) => `code cut off: ${code.textContent.slice(0, 80)}`);
        }"""
    )


def math_findings(page):
    """Formulas are set, without an error, and no TeX is left raw in the text."""
    found = page.evaluate(
        """() => {
            const found = [];
            for (const error of document.querySelectorAll("merror"))
                found.push(`merror: ${error.textContent.slice(0, 80)}`);
            for (const math of document.querySelectorAll(".math"))
                if (math.textContent.trim() && !math.querySelector("math"))
                    found.push(`not set: ${math.textContent.slice(0, 80)}`);
            const text = document.body.cloneNode(true);
            for (const quiet of text.querySelectorAll(
                "pre, code, script, style, math")) quiet.remove();
            for (const raw of text.textContent.match(/.{0,30}(\\$\\$|\\\\\\(|\\\\\\[).{0,30}/g) || [])
                found.push(`raw TeX: ${raw}`);
            return found;
        }"""
    )
    return found


def alt_findings(page):
    """Every picture says what it shows, unless it is hidden from all ears."""
    return page.evaluate(
        """() => {
            const found = [];
            const hidden = (element) => element.closest("[aria-hidden=true]");
            for (const image of document.querySelectorAll("img")) {
                // the logo stands beside the book's title, which says the same
                if (hidden(image) || image.closest("a.logo")) continue;
                if (!(image.getAttribute("alt") || "").trim())
                    found.push(`no alt text: ${image.outerHTML.slice(0, 120)}`);
            }
            for (const picture of document.querySelectorAll("svg")) {
                // an icon is named by its button, which axe looks at
                if (hidden(picture) || picture.closest("button, summary")) continue;
                const label = picture.getAttribute("aria-label") || "";
                if (!picture.getAttribute("role") || !label.trim())
                    found.push(`svg without a label: ${picture.outerHTML.slice(0, 120)}`);
            }
            return found;
        }"""
    )


def id_findings(page):
    """Ids are unique, or links and pictures point at the wrong thing."""
    return page.evaluate(
        """() => {
            const seen = new Set(), found = [];
            for (const element of document.querySelectorAll("[id]")) {
                if (seen.has(element.id)) found.push(`id twice: ${element.id}`);
                seen.add(element.id);
            }
            return found;
        }"""
    )


# --- links ---------------------------------------------------------------------------
class _Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        for name in ("href", "src"):
            if attributes.get(name) is not None:
                self.links.append(attributes[name])


def link_findings(site, path, text=None):
    """Internal links and their fragments resolve. path: the page, below the site."""
    text = (site / path).read_text("utf-8") if text is None else text
    here, found = _Links(text), []
    for link in here.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target, fragment = urldefrag(urljoin(f"/{path}", link.partition("?")[0]))
        if "?" in link and "#" in link:
            fragment = link.rpartition("#")[2]
        file = site / unquote(target).lstrip("/")
        if target.lstrip("/") == path or not target:
            ids = here.ids
        elif not file.is_file():
            found.append(f"dead link: {link}")
            continue
        else:
            ids = _Links(file.read_text("utf-8")).ids if fragment else set()
        if fragment and unquote(fragment) not in ids:
            found.append(f"dead fragment: {link}")
    return found


# --- search ---------------------------------------------------------------------------
def words_of(site, pages):
    """{page: a word that tells it from the others}."""

    def words(path):
        text = (site / path).read_text("utf-8")
        body = text.split("<article", 1)[1].split("</article>", 1)[0]
        prose = re.findall(r"<(?:p|h1|h2|dt)\b[^>]*>([^<]+)", body)
        return re.findall(r"\b[a-z]{6,}\b", " ".join(prose).lower())

    all_words = {path: words(path) for path in pages}
    chosen = {}
    for path, own in all_words.items():
        others = {word for other in pages if other != path for word in all_words[other]}
        ranked = sorted(
            set(own), key=lambda word: (word in others, -own.count(word), word)
        )
        chosen[path] = ranked[0]
    return chosen


def search_findings(page, base, word, path):
    """The search finds a page by a word that stands on it."""
    if page.url.partition("?")[0] != f"{base}search.html":
        page.goto(f"{base}search.html")
    page.locator(".search-page input").fill(word)
    # it is set when the answer stands there
    page.locator(f'.search-found[data-asked="{word}"]').wait_for(state="attached")
    hits = page.evaluate(
        """() => [...document.querySelectorAll(".search-page .hits a")]
            .map((link) => link.href)"""
    )
    hits = {urldefrag(hit)[0].partition("?")[0].removeprefix(base) for hit in hits}
    return [] if path in hits else [f"search for {word!r} does not find {path}"]
