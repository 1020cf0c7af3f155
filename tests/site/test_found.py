"""Can the book be found, sent and reported? With an address, and without one."""

import re
from types import SimpleNamespace

import pytest
from PIL import Image

from book._ext import course
from gpt import world
from tests.site import checks

PAGES = checks.toc_pages()


@pytest.mark.parametrize(
    ("slug", "named", "address"),
    [
        ("", "", ""),
        ("Ada/course", "", "https://ada.github.io/course/"),
        ("ada/ada.github.io", "", "https://ada.github.io/"),
        ("ada/course", "https://example.org/gpt", "https://example.org/gpt/"),
        ("", "https://example.org/", "https://example.org/"),
    ],
)
def test_where_the_book_is_published(monkeypatch, slug, named, address):
    monkeypatch.delenv("GPT_ADDRESS", raising=False)
    assert course.address_of(slug, named) == address


def test_titles_and_previews(site):
    base = course.address_of(course.repository(checks.ROOT))
    for path in PAGES:
        text = (site / path).read_text("utf-8")
        (title,) = re.findall("<title>(.*?)</title>", text.partition("</head>")[0])
        assert title.count("GPT in Four Stages") == 1, path
        assert ('property="og:url"' in text) == bool(base), path
        for whole in re.findall(
            r'(?:rel="canonical" href|og:url" content)="(.*?)"', text
        ):
            assert whole.startswith("https://"), path
    with Image.open(site / course.SOCIAL) as picture:
        assert picture.size == (1200, 630)


@pytest.mark.parametrize("address", ["https://ada.github.io/course/", ""])
def test_finders_are_told(tmp_path, address):
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"),
        config=SimpleNamespace(html_baseurl=address),
        outdir=tmp_path,
        env=SimpleNamespace(found_docs={"book/a", "exercises/b/b"}),
    )
    course.tell_finders(app, None)
    assert tmp_path.joinpath("sitemap.xml").exists() == bool(address)
    if address:
        sitemap = tmp_path.joinpath("sitemap.xml").read_text("utf-8")
        assert re.findall("<loc>(.*?)</loc>", sitemap) == [
            f"{address}book/a.html",
            f"{address}exercises/b/b.html",
        ]
        assert f"{address}sitemap.xml" in tmp_path.joinpath("robots.txt").read_text(
            "utf-8"
        )


def test_a_page_is_mended_where_it_is_written():
    def doc2path(page, base):
        return f"{page}.ipynb" if page.startswith("exercises") else f"{page}.md"

    app = SimpleNamespace(
        config=SimpleNamespace(course_repository="ada/course"),
        env=SimpleNamespace(doc2path=doc2path),
    )
    (_, edit), (_, report) = course.report_links(app, "exercises/attend/attend")
    assert edit.endswith("ada/course/edit/main/solutions/attend/attend.ipynb")
    assert "issues/new?title=exercises/attend" in report
    assert course.report_links(app, "book/attend")[0][1].endswith("main/book/attend.md")
    app.config.course_repository = ""
    assert course.report_links(app, "book/attend") == []


def test_the_pictures_rows_are_true():
    from book._ext import social

    for i, (word, model, truth, came) in enumerate(social.bets(social.STORY)):
        before = world._text(world._WORD.findall(social.STORY)[:i])
        assert [*world.next_word(before)][came] == word
        assert sum(truth) == pytest.approx(1)
        assert model == pytest.approx(truth, abs=0.08)
