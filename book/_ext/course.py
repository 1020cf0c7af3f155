"""The book's own Sphinx extension: fresh outputs, and only what a page needs.

- Cell outputs are cached in a folder named by a hash of the code that they run, so an
  edit of gpt/ or of the figures runs the chapters again, and nothing else does.
- The player's script goes to pages that hold a player, and what enlarges figures to those
  that hold a figure.
- The living parts' script goes to pages that hold one (`{live}` NAME), and so does its style.
- Style that no page uses is left out.
- Exercise pages carry links that download or launch the notebook, and show what their
  check says to a few answers (says.py).
"""

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from html import escape
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

RUN = (
    *("gpt", "book/facts", "book/figures", "book/locale", "book/recorded"),
    *("book/edition.py", "bench/chapter.py", "_toc.yml"),
)
EXERCISES = "exercises/"
TENSORS = "reference.safetensors"
FOOTER = "GPT in Four Stages. MIT licence."
SOCIAL = "_static/social.png"
PDF = "gpt-in-four-stages.pdf"  # book/pdf.py writes it


def code_hash(root):
    """A hash of every file that a chapter's cells run or read."""
    digest = hashlib.sha256(os.environ.get("GPT_LANGUAGE", "en").encode())
    for place in RUN:
        place = Path(root, place)
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for file in files:
            read = file.is_file() and "__pycache__" not in file.parts
            if read and file.name != "finale.json":  # pages show it, no cell reads it
                digest.update(file.relative_to(root).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def name_the_extension(app, config):
    """Every page is read and written anew when what does it changes."""
    import exercise  # they lie beside this file, where Sphinx finds them
    import says

    digest = hashlib.sha256()
    here = Path(__file__).parent
    static = here.with_name("_static").glob("*")  # or Sphinx would not copy them again
    shown = says.RECORD, exercise.RECORD
    for file in (*sorted(here.glob("*.py")), *sorted(static), *shown):
        digest.update(file.read_bytes())
    config.course_extension = digest.hexdigest()


def name_the_language(app, config):
    """The pictures' words are in the language of the edition, too (see edition.tr)."""
    os.environ["GPT_LANGUAGE"] = config.language


def without_numbers(app, config):
    """Captions say what to see; what makes LaTeX would number them, in HTML too."""
    config.numfig = False


def name_the_cache(app, config):
    """Outputs of other code are removed: they would never be read again."""
    caches = Path(app.srcdir, "_build", "executed")
    current = caches / code_hash(app.srcdir)
    if caches.is_dir():
        for other in caches.iterdir():
            if other != current:
                shutil.rmtree(other, ignore_errors=True)
    # myst-nb reads every page again when this setting changes
    config.nb_execution_cache_path = str(current)


def repository(root, named=""):
    """ "owner/name" on GitHub, as named, or from the environment, or of the clone."""
    named = named or os.environ.get("GPT_REPOSITORY", "")
    if not named:
        try:
            asked = ["git", "-C", str(root), "remote", "get-url", "origin"]
            answer = subprocess.run(asked, capture_output=True, text=True, check=False)
            named = answer.stdout.strip()
        except OSError:  # no git on this machine
            return ""
        if "github.com" not in named:
            return ""
    found = re.search(r"(?:^|[:/])([\w.-]+/[\w.-]+?)(?:\.git)?/?$", named)
    return found[1] if found else ""


def name_the_repository(app, config):
    """And where the book is published: canonical links and previews need whole addresses."""
    config.course_repository = repository(app.srcdir, config.course_repository)
    address = address_of(config.course_repository, config.course_address)
    config.html_baseurl = config.ogp_site_url = address
    if address:
        config.ogp_image = f"{address}{SOCIAL}"


def address_of(slug, named=""):
    """Where a book is published, with a slash at its end: as named, or GitHub's pages."""
    named = named or os.environ.get("GPT_ADDRESS", "")
    if not named and slug:
        owner, name = slug.split("/")
        host = f"{owner.lower()}.github.io"
        named = (
            f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
        )
    return f"{named.rstrip('/')}/" if named else ""


def tell_finders(app, error):
    """Writes sitemap.xml and robots.txt, where the book's address is known."""
    if error or app.builder.format != "html" or not app.config.html_baseurl:
        return
    base, out = app.config.html_baseurl, Path(app.outdir)
    pages = "".join(
        f"<url><loc>{base}{quote(page)}.html</loc></url>"
        for page in sorted(app.env.found_docs)
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    out.joinpath("sitemap.xml").write_text(
        f'{head}<urlset xmlns="{space}">{pages}</urlset>\n', "utf-8"
    )
    out.joinpath("robots.txt").write_text(
        f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n", "utf-8"
    )


def picture_for_links(app, error):
    """Draws it once, and anew when the model or the drawing has changed."""
    if error or app.builder.format != "html":
        return
    name = code_hash(app.srcdir) + app.config.course_extension[:16]
    kept = Path(app.srcdir, "_build", "social", f"{name}.png")
    if not kept.exists():
        import social  # it lies beside this file, where Sphinx finds it

        shutil.rmtree(kept.parent, ignore_errors=True)
        kept.parent.mkdir(parents=True)
        social.picture().save(kept, optimize=True)
    shutil.copy(kept, Path(app.outdir, SOCIAL))


def report_links(app, page):
    """[(text, href)] for who wants to mend a page, where its repository is known."""
    slug, source = app.config.course_repository, app.env.doc2path(page, base=False)
    if not slug:
        return []
    if page.startswith(EXERCISES):  # made from the solution
        source = f"solutions/{source.removeprefix(EXERCISES)}"
    title = quote(f"{page}: ")
    return [
        ("Edit this page", f"https://github.com/{slug}/edit/main/{quote(source)}"),
        ("Report a mistake", f"https://github.com/{slug}/issues/new?title={title}"),
    ]


def launch_links(app, page):
    """[(text, href, attributes)] for the notebook shown on a page."""
    path = quote(f"{page}.ipynb")
    name = page.rpartition("/")[2]
    up = "../" * page.count("/")
    links = [
        ("Download notebook", f"{up}_sources/{path}", f' download="{name}.ipynb"'),
    ]
    if (folder := Path(app.srcdir, page).parent).joinpath(TENSORS).exists():
        archive = f"{folder.name}.zip"
        links.append(("Download .zip", archive, f' download="{archive}"'))
    if slug := app.config.course_repository:
        colab = f"https://colab.research.google.com/github/{slug}/blob/main/{path}"
        binder = f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/{path}"
        links += [("Open in Colab", colab, ""), ("Open in Binder", binder, "")]
    return links


def heal(body):
    """Mends what docutils and pandas write and accessibility rules forbid."""
    # an empty cell heads nothing
    body = re.sub(r"<th\b([^>]*)>(\s*|<p></p>)</th>", r"<td\1>\2</td>", body)
    # a bibliography is a list, and this role is deprecated
    return body.replace(' role="doc-biblioentry"', ' role="listitem"')


def named(menu):
    """The menu, whose arrows say what they open."""
    return re.sub(
        r">([^<]+)</a>(<details[^>]*>)<summary",
        r'>\1</a>\2<summary aria-label="The exercise of \1"',
        str(menu),
    )


class Live(SphinxDirective):
    """A living part of the page: the name of its script in book/live/page.js.

    `instead` selects the picture that stands there where there is no JavaScript.
    """

    required_arguments = 1
    final_argument_whitespace = False
    option_spec: ClassVar = {
        "instead": directives.unchanged,
        "label": directives.unchanged_required,
    }

    def run(self):
        attributes = {
            "data-live": self.arguments[0],
            "data-instead": self.options.get("instead", ""),
            "aria-label": self.options["label"],
        }
        import live  # they lie beside this file, where Sphinx finds them

        page = self.env.docname.removeprefix("book/")
        if len(live.pages().get(page, [])) > 1:
            attributes["data-shared"] = f"of-{page}"
        said = "".join(f' {k}="{escape(v)}"' for k, v in attributes.items() if v)
        # where there is JavaScript the place is kept from the start, so that nothing jumps
        keep = (
            "{ const part = document.currentScript.previousElementSibling;"
            " part.hidden = false; const { instead } = part.dataset;"
            " if (instead) document.querySelector(instead).hidden = true; }"
        )
        html = f'<section class="live"{said} hidden></section><script>{keep}</script>'
        return [nodes.raw("", html, format="html")]


def furnish(app, page, template, context, doctree):
    """Adds to one page what only some pages have."""
    body = context.get("body", "")
    if 'class="player"' in body:
        app.add_js_file("player.js", loading_method="defer")
    if 'class="figure-box' in body:  # after the player, whose buttons it joins
        app.add_js_file("enlarge.js", loading_method="defer")
        app.add_css_file("enlarge.css")
    if 'class="highlight"' in body:
        app.add_js_file("copy.js", loading_method="defer")
    if 'class="live"' in body:
        app.add_js_file("../live/live.js", loading_method="defer")
        app.add_css_file("../live/live.css")
        for name in dict.fromkeys(re.findall(r'data-live="(\w+)"', body)):
            app.add_css_file(f"../live/parts/{name}.css")
    import exercise  # they lie beside this file, where Sphinx finds them
    import maths
    import says

    context["body"] = body = maths.keep_together(heal(body))
    if menu := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *given, **how: named(
            menu(*given, **how)
        )
    if not app.config.html_baseurl:  # a relative address helps nobody
        tags = context.get("metatags", "")
        context["metatags"] = re.sub(r'<meta property="og:url"[^>]*>\s*', "", tags)
    links = report_links(app, page) if doctree is not None else []
    if app.config.course_pdf:
        links.insert(0, ("The book as PDF", "../" * page.count("/") + PDF))
    said = [FOOTER, *(f'<a href="{escape(href)}">{text}</a>' for text, href in links)]
    context["theme_extra_footer"] = f"<p>{' · '.join(said)}</p>"
    context["header_buttons"] = []  # the page itself says what can be downloaded
    if page.startswith(EXERCISES) and doctree is not None:
        links = "".join(
            f'<li><a href="{href}"{attributes}>{text}</a></li>'
            for text, href, attributes in launch_links(app, page)
        )
        row = f'<ul class="launch" aria-label="This notebook">{links}</ul>'
        if slug := app.config.course_repository:
            row += (
                "<p>In Colab, first run <code>%pip install "
                f"git+https://github.com/{slug}</code> in a new cell.</p>"
            )
        body = body.replace("</h1>", f"</h1>{row}", 1)
        app.add_css_file("exercise.css")
        context["body"] = exercise.steps(says.after_steps(body, page), page)


def pack(app, error):
    """Packs every exercise that comes with tensors."""
    if error or app.builder.format != "html":
        return
    for notebook in sorted(app.env.found_docs):
        if not notebook.startswith(EXERCISES):
            continue
        folder = Path(app.srcdir, notebook).parent
        tensors = folder / TENSORS
        if not tensors.exists():
            continue
        target = Path(app.outdir, notebook).parent / f"{folder.name}.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (Path(app.srcdir, f"{notebook}.ipynb"), tensors):
                entry = zipfile.ZipInfo(f"{folder.name}/{file.name}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes())


def enliven(app, error):
    """Writes what the living parts run on, and leaves out the style that no page uses."""
    import lean  # they lie beside this file, where Sphinx finds them
    import live

    if not error and app.builder.format == "html":
        live.write(Path(app.outdir, "live"))
        lean.slim(Path(app.outdir))


def setup(app):
    for name in (
        *("says", "exercise", "reading", "ask", "terms"),
        *("find", "cite", "offline"),
    ):
        app.setup_extension(name)
    app.add_directive("live", Live)
    # jupyter-book sets it for sphinx_comments, which this book leaves out
    app.add_config_value("comments_config", {}, "html")
    app.add_config_value("course_repository", "", "html")
    app.add_config_value("course_address", "", "html")
    app.add_config_value("course_pdf", "GPT_PDF" in os.environ, "html")
    app.add_config_value("course_extension", "", "env")
    app.connect("config-inited", name_the_extension)
    app.connect("config-inited", name_the_language)
    app.connect("config-inited", without_numbers, priority=900)
    app.connect("config-inited", name_the_cache)
    app.connect("config-inited", name_the_repository)
    app.connect("html-page-context", furnish, priority=900)
    app.connect("build-finished", pack)
    app.connect("build-finished", enliven, priority=900)  # when the themes are done
    app.connect("build-finished", tell_finders)
    app.connect("build-finished", picture_for_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
