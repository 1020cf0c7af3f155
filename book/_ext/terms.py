"""What the glossary says of a term, shown where a page links to it.

The build takes it from the glossary itself, and a page carries the entries that it links to,
and no others. They stand hidden at its end, each link is described by its own, and terms.js
shows it beside the link.
"""

import re
from html import unescape

from docutils import nodes

GLOSSARY = "book/glossary"
_LINK = re.compile(
    r'<a class="reference internal" href="(?P<href>(?:[^"#]*glossary\.html)?#term-(?P<term>[^"]+))"'
    r'(?=><span class="xref std std-term">)'
)


def definitions(app) -> dict[str, str]:
    """What the glossary says of each term, as HTML, by the id of the term."""
    kept = getattr(app, "_course_terms", None)
    if kept is None:
        kept = app._course_terms = {}
        tree = app.env.get_and_resolve_doctree(GLOSSARY, app.builder)
        for item in tree.findall(nodes.definition_list_item):
            said = item.children[-1].deepcopy()
            for cited in list(said.findall(_is_citation)):
                cited.parent.remove(cited)
            html = app.builder.render_partial(said[0])["fragment"].strip()
            html = re.sub(r"^<p>|</p>$", "", html)
            # a link in what is read out cannot be reached
            html = re.sub(r"</?a\b[^>]*>", "", html)
            html = re.sub(r"\s+([.,;:])", r"\1", html)
            for term in item.findall(nodes.term):
                for name in term["ids"]:
                    kept[name] = html
    return kept


def _is_citation(node):
    return isinstance(node, nodes.Element) and (
        "citation" in " ".join(node.get("classes", []))
        or node.get("refdomain") == "cite"
        or str(node.get("refuri", "")).find("references.html") >= 0
    )


def described(body: str, said: dict[str, str]) -> str:
    """A page whose links to terms are described by what is said of them."""
    used = {}

    def marked(match):
        term, href = unescape(match["term"]), match["href"]
        used.setdefault(term, href)
        return f'{match[0]} aria-describedby="tip-{term}"'

    body = _LINK.sub(marked, body)
    if not used:
        return body
    tips = "".join(
        f'<div class="term-tip" hidden><p role="tooltip" id="tip-{term}">'
        f'{said[f"term-{term}"]}</p><a href="{href}">In the glossary</a></div>'
        for term, href in used.items()
    )
    return f'{body}<div class="term-tips" data-pagefind-ignore>{tips}</div>'


def fit(app, page, template, context, doctree):
    """Gives a page what the glossary says of its terms."""
    body = context.get("body", "")
    if page == GLOSSARY or not _LINK.search(body):
        return
    context["body"] = described(body, definitions(app))
    app.add_js_file("terms.js", loading_method="defer")
    app.add_css_file("terms.css")


def note(app, env, added, changed, removed):
    """Where the glossary has changed, what pages show of it changes, too."""
    app._course_glossary_changed = GLOSSARY in changed
    return []


def all_again(app, env):
    return env.found_docs if getattr(app, "_course_glossary_changed", False) else []


def setup(app):
    app.connect("env-get-outdated", note)
    app.connect("env-updated", all_again)
    app.connect("html-page-context", fit)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
