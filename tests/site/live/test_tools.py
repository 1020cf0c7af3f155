"""Are the book's modules typed and clean, and can the build join those of book/live?"""

import re
import subprocess

import pytest

from tests.need import need
from tests.site.live import build

TOOLS = build.MODULES / "node_modules/.bin"


@pytest.mark.parametrize("folder", ["live", "search", "offline"])
@pytest.mark.parametrize(
    "command",
    ["tsc -p jsconfig.json", "biome check --error-on-warnings --config-path=../live ."],
)
def test_types_and_lint(folder, command):
    name, *arguments = command.split()
    need(TOOLS.joinpath(name).exists(), f"{name}: type 'make node'")
    ran = subprocess.run(
        [TOOLS / name, *arguments],
        cwd=build.MODULES.with_name(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_belongs_to_a_page():
    joined = "".join(build.bundle(name) for name in ("page", *build.part_names()))
    for path in build.MODULES.glob("*.js"):
        assert f"\n// {path.name}\n" in joined, path.name


def test_no_page_gets_a_module_twice():
    scripts = build.scripts()
    for page, parts in build.pages().items():
        files = ["live.js", f"parts/of-{page}.js", *(f"parts/{p}.js" for p in parts)]
        joined = "".join(scripts.get(file, "") for file in files)
        found = re.findall(r"^// (\w+)\.js$", joined, re.MULTILINE)
        assert sorted(found) == sorted(set(found)), page
        needed = {name for part in ("page", *parts) for name in build.modules(part)}
        assert set(found) == needed, page
        assert (f"parts/of-{page}.js" in scripts) == (len(parts) > 1)


def test_what_a_script_hands_out_is_all_that_another_takes():
    scripts = build.scripts()
    for page, parts in build.pages().items():
        shared = f"parts/of-{page}.js"
        for name in (shared, *(f"parts/{part}.js" for part in parts)):
            taken = re.search(
                r"^const { (.*) } = window.livingNames;",
                scripts.get(name, ""),
                re.MULTILINE,
            )
            before = scripts["live.js"] + (
                scripts.get(shared, "") if name != shared else ""
            )
            handed = re.findall(r"\?\?= {}\), { (.*) }\);$", before, re.MULTILINE)
            known = {one for line in handed for one in line.split(", ")}
            assert set(taken[1].split(", ") if taken else ()) <= known, name


def test_every_style_is_that_of_a_module():
    for path in build.MODULES.glob("*.css"):
        assert path.with_suffix(".js").exists(), path.name


def test_every_part_that_a_page_names_is_there():
    named = set()
    for page in (build.ROOT / "book").glob("*.md"):
        named |= set(
            re.findall(r"^```{live} (\S+)$", page.read_text("utf-8"), re.MULTILINE)
        )
    assert named == set(build.part_names())


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        ({"a": 'import { b } from "./b.js";\nconst b = 1;\n', "b": "export const b = 2;\n"}, "b stands in"),
        ({"a": 'import { b as c } from "./b.js";\n', "b": "export const b = 2;\n"}, "renamed"),
        ({"a": 'import b from "./b.js";\n', "b": "export default 2;\n"}, "cannot join"),
        ({"a": "export { x };\n"}, "cannot join"),
        (
            {
                "a": 'import { b } from "./b.js";\nexport const a = 1;\n',
                "b": 'import { a } from "./a.js";\nexport const b = 1;\n',
            },
            "imports itself",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_said(tmp_path, modules, says):
    for name, text in modules.items():
        tmp_path.joinpath(f"{name}.js").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=says):
        build.bundle("a", tmp_path)
