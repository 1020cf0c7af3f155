"""Pages that a person opens: the feedback, and formgrader beside the instructor's files.

Formgrader shows a submission on the origin of a Jupyter server, so a script in it could
do whatever the instructor can. Nothing of a student's may run there.
"""

import dataclasses
import html.parser

from nbformat.v4 import new_markdown_cell, new_output, new_raw_cell

from tests.autograder.hostile.item import ALL, Item, family

TOKEN = "HostileToken"  # in all that should not run
SCRIPT = f"<script>alert('{TOKEN}')</script>"
IMAGE = f"<img src=x onerror=\"alert('{TOKEN}')\">"
FRAME = f"<iframe srcdoc=\"<script>parent.alert('{TOKEN}')</script>\"></iframe>"


def shown(*items: Item) -> list[Item]:
    """Items with a page."""
    return [dataclasses.replace(item, page=True) for item in items]


def markdown(name: str, hopes: str, text: str) -> Item:
    """A text cell of the student's own."""
    return Item(
        name,
        hopes,
        solved=ALL,
        edit=lambda nb: nb.cells.insert(3, new_markdown_cell(text)),
    )


def outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = {"text/html": SCRIPT, "application/javascript": f"alert('{TOKEN}')"}
            cell.outputs = [new_output("display_data", data)]
            cell.outputs.append(new_output("error", ename=SCRIPT, evalue=IMAGE))


def names(notebook):
    mean = f'x"><b {SCRIPT}'
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{number}{mean}"
        cell.metadata["tags"] = [mean]
        cell.metadata["name"] = mean
    notebook.metadata["title"] = mean
    notebook.metadata["authors"] = [{"name": mean}]
    notebook.metadata["language_info"] = {"name": mean, "pygments_lexer": mean}
    notebook.metadata["kernelspec"] = {"name": mean, "display_name": mean}
    state = {
        "application/vnd.jupyter.widget-state+json": {"state": f"</script>{SCRIPT}"}
    }
    notebook.metadata["widgets"] = state


def attached(notebook):
    cell = new_markdown_cell("![x](attachment:x.svg) ![y](attachment:y.png)")
    mean = f'"><script>alert("{TOKEN}")</script>'
    cell["attachments"] = {"x.svg": {"image/svg+xml": mean}, "y.png": {mean: mean}}
    notebook.cells.insert(3, cell)


def solution_as_text(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.cell_type = "markdown"
            cell.source = SCRIPT
            cell.pop("outputs"), cell.pop("execution_count")


class Live(html.parser.HTMLParser):
    """Finds the places of a page where TOKEN would run, or be fetched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside = tag if tag in ("script", "style", "svg", "iframe") else None
        for name, value in attrs:
            runs = name.startswith("on") or name in ("srcdoc", "formaction", "style")
            value = value or ""
            scheme = "".join(value.split()).lower()
            links = scheme.startswith(("javascript:", "data:text/html", "vbscript:"))
            framed = tag in (
                "iframe",
                "object",
                "embed",
                "form",
                "meta",
                "base",
                "link",
            )
            if TOKEN.lower() in value.lower() and (runs or links or framed):
                self.found.append(f"<{tag} {name}={value[:80]!r}>")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("script", "svg") and TOKEN in data:
            self.found.append(f"<{self.inside}>{data[:80]}")


ITEMS = family(
    "pages",
    *shown(
        markdown("a script in a text", "markdown may hold HTML", f"Hello\n\n{SCRIPT}"),
        markdown("a handler in a text", "an image that is not there", f"Hello {IMAGE}"),
        markdown("a frame in a text", "a page in the page", FRAME),
        markdown(
            "a link in a text",
            "a link that runs",
            f"[click](javascript:alert('{TOKEN}'))",
        ),
        markdown(
            "an encoded link",
            "the same, written in another way",
            f"<a href=\"java&#115;cript:alert('{TOKEN}')\">x</a> "
            f"<a href='\tjava\nscript:alert(`{TOKEN}`)'>y</a>",
        ),
        markdown(
            "drawings and formulas",
            "SVG and MathML run what they hold",
            f"<svg onload=\"alert('{TOKEN}')\"><script>alert('{TOKEN}')</script></svg>\n\n"
            f"<math><maction actiontype='statusline' href=\"javascript:alert('{TOKEN}')\">x"
            f"</maction></math> $\\href{{javascript:alert('{TOKEN}')}}{{x}}$",
        ),
        markdown(
            "a form and a base",
            "the instructor's clicks go elsewhere",
            f"<form action='https://{TOKEN}.example/'><button>Save</button></form>"
            f"<base href='https://{TOKEN}.example/'>"
            f"<meta http-equiv=refresh content='0;url=https://{TOKEN}.example/'>",
        ),
        markdown(
            "a template in a text",
            "the page is made by a template language",
            "{{ 7 * 7 }} {% include '/etc/passwd' %} {{ resources.__class__ }}",
        ),
        Item(
            "a raw cell",
            "a raw cell is passed on as it is",
            solved=ALL,
            edit=lambda nb: nb.cells.insert(
                3, new_raw_cell(SCRIPT, metadata={"raw_mimetype": "text/html"})
            ),
        ),
        Item("scripts in outputs", "outputs are shown", solved=ALL, edit=outputs),
        Item(
            "scripts in ids and metadata",
            "names are pasted into the page",
            solved=ALL,
            edit=names,
            flagged=None,
        ),
        Item("scripts in attachments", "a picture is text", solved=ALL, edit=attached),
        Item("scripts for steps", "a step retyped as text", edit=solution_as_text),
        Item(
            "scripts in code",
            "code is shown as well",
            f"x = '''</pre></div></script>{SCRIPT}{IMAGE}'''\n# {SCRIPT}",
            solved=ALL,
        ),
        Item(
            "scripts in what a function does",
            "an error's type, its text and the trace are told",
            f"""
def average_past(x):
    raise type("{SCRIPT}"[:50], (Exception,), {{}})("{SCRIPT}")
def softmax(x):
    return {{"{SCRIPT}": x}}
def scores(q, k):
    exec(compile("raise ValueError('x')", "<script>{TOKEN}", "exec"))
raise type("{SCRIPT}", (Exception,), {{}})("{SCRIPT}")
""",
            at="attend",
        ),
        Item(
            "scripts in what is handed in",
            "why an answer cannot be read is told",
            f"""
import autograder.check as c
from IPython.display import display
c._hand_in = lambda n, f, file: display({{c.ANSWER: {{"check": "{SCRIPT}",
    "outcomes": "{SCRIPT}"}}, "text/plain": "{SCRIPT}"}}, raw=True)
""",
            flagged=True,
        ),
        Item(
            "scripts in file names",
            "the files that were handed in are listed",
            solved=ALL,
            files={f"<img src=x onerror=alert('{TOKEN}')>.txt": b"x"},
        ),
    ),
    Item(
        "a name for a spreadsheet",
        "the list of grades is opened in one",
        solved=ALL,
        student="=HYPERLINK(1)",
        group="odd",
    ),
    Item(
        "a name that is an option",
        "it is given to a command",
        solved=ALL,
        student="--force",
        group="odd",
    ),
    Item(
        "a name of blanks and patterns",
        "folders are found by a pattern",
        solved=ALL,
        student="a * [b] {student_id} %s $HOME ; true",
        group="odd",
    ),
    *shown(
        Item(
            "a name of quotes and brackets",
            "pages show names, and folders are found by a pattern",
            solved=ALL,
            student="O'Neill & Søn, [Ann]; {{ 7 * 7 }} &lt;b&gt;",
            group="odd",
        )
    ),
)
