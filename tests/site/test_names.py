"""Can what is listed be told apart: links of the menu, titles of tabs, what search finds?"""

import json
import re
from collections import Counter

from tests.site import checks


def twice(names):
    return [name for name, n in Counter(names).items() if n > 1]


def test_menu_and_titles_name_each_page_by_itself(site):
    titles = []
    for path in checks.toc_pages():
        text = (site / path).read_text("utf-8")
        titles.append(re.search(r"<title>([^<]*)</title>", text)[1])
        menu = text.split('class="bd-links')[1].split("</nav>")[0]
        links = re.findall(r'<a class="reference internal"[^>]*>([^<]+)</a>', menu)
        assert len(links) > 9 and not twice(map(str.strip, links)), path
        opened = re.findall(r'<summary aria-label="([^"]+)"', menu)
        assert len(opened) == 9 and not twice(opened), path
        assert "The exercise of 3a · Attend" in opened
    assert not twice(titles)


def test_search_finds_each_exercise_by_a_name_of_its_own(site):
    said = site.joinpath("search/texts.js").read_text("utf-8")
    found = re.findall(r'"exercises/(\w+)/\1(?:\.html)?"', said)
    assert len(set(found)) == 9
    names = [name for name in re.findall(r'"([^"]*write it yourself)"', said)]
    assert len(set(names)) == 9, json.dumps(names)
