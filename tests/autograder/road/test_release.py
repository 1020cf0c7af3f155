"""Is what students get enough to work with, and does it hold nothing that it should not?"""

import ast
import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from autograder import progress
from autograder.__main__ import main
from autograder.classroom import course
from autograder.road.handout import bundle, links

ROOT = Path(__file__).parents[3]
CLASS = "zebra fifteen"
STEP = "to_chunks"  # the first of tokenize
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the course's notebooks, in which classes can be made."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    before = Path.cwd(), os.environ.get("GPT_CLASS")
    os.chdir(folder)
    yield folder
    os.chdir(before[0])
    os.environ.pop("GPT_CLASS", None)
    if before[1]:
        os.environ["GPT_CLASS"] = before[1]


def release(*words):
    return main(["release", *map(str, words), "--class", CLASS])


@pytest.fixture(scope="module")
def everything(place):
    """The zip of all exercises."""
    words = "--book", "https://book.example/gpt/"
    assert release("--repository", "https://github.com/ada/gpt.git", *words) == 0
    return place / "autograder" / "classes" / CLASS / "handout" / f"{bundle.NAME}.zip"


@pytest.fixture(scope="module")
def inside(everything):
    with zipfile.ZipFile(everything) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_it_holds_no_solution_no_secret_and_nothing_of_a_class(place, inside):
    seed = (place / "autograder" / "classes" / CLASS / "seed").read_text().strip()
    assert len(seed) == 64
    odd = ("solutions/", "tests/", "classes/", "box/", "road/", "gradebook", "seed")
    for path, data in inside.items():
        assert path.startswith(f"{bundle.NAME}/") and ".." not in path
        inner = path.removeprefix(f"{bundle.NAME}/")
        assert not any(part in inner.casefold() for part in odd), path
        secrets = seed.encode(), bytes.fromhex(seed), base64.b64encode(seed.encode())
        assert not any(secret in data for secret in secrets), path
        for word in (CLASS, CLASS.replace(" ", "-"), str(place), str(ROOT)):
            assert word.encode() not in data, (path, word)
        assert b"BEGIN SOLUTION" not in data and b"BEGIN HIDDEN" not in data, path


def plain(text):
    return " ".join(text.split())


def shown():
    """The functions of gpt/ that a chapter shows, as one text."""
    found = []
    for page in (ROOT / "book").glob("*.md"):
        names = r"literalinclude\} \.\./(gpt/\w+\.py)\n(?::.*\n)*?:pyobject: ([\w.]+)"
        for file, name in re.findall(names, page.read_text("utf-8")):
            text = (ROOT / file).read_text("utf-8")
            nodes = ast.walk(ast.parse(text))
            last = name.rpartition(".")[2]
            found += [
                ast.get_source_segment(text, node)
                for node in nodes
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
                and node.name == last
            ]
    return plain("\n".join(found))


def test_no_body_of_a_solution_is_in_it_that_the_book_does_not_show(inside):
    bodies = []
    for path in (ROOT / "solutions").glob("*/*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            bodies += map(plain, SOLUTION.findall(cell.source))
    assert len(bodies) > 60
    book = shown()
    for path, data in inside.items():
        if path.endswith((".py", ".ipynb", ".md", ".json")):
            cells = (
                [cell.source for cell in nbformat.reads(data.decode(), 4).cells]
                if path.endswith(".ipynb")
                else [data.decode()]
            )
            for text in map(plain, cells):
                found = [body for body in bodies if body in text and body not in book]
                assert not found, (path, found)


def test_the_walk_would_find_a_solution():
    text = (ROOT / "solutions" / "tokenize" / "tokenize.ipynb").read_text("utf-8")
    source = [cell.source for cell in nbformat.reads(text, 4).cells]
    assert any(SOLUTION.findall(one) for one in source)
    assert plain("return x @ wte.T") in shown()  # as the chapter Sample has it


def test_the_same_course_gives_the_same_bytes(everything, place, tmp_path, capsys):
    found = bundle.files(["sample"])
    assert bundle.packed(found) == bundle.packed(dict(reversed(found.items())))
    for file in (place / "exercises").rglob("*.ipynb"):
        os.utime(file, (1, 1))
    seed = place / "autograder" / "classes" / CLASS / "seed"
    before = everything.read_bytes(), everything.stat().st_mtime_ns, seed.read_bytes()
    capsys.readouterr()
    words = "--book", "https://book.example/gpt", "--json"
    assert release("--repository", "git@github.com:ada/gpt.git", *words) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["written"], done["removed"], done["new_seed"]) == (0, 0, False)
    after = everything.read_bytes(), everything.stat().st_mtime_ns, seed.read_bytes()
    assert after == before
    assert all(
        info.date_time[0] == 1980 for info in zipfile.ZipFile(everything).infolist()
    )


def test_the_folder_is_the_zip(everything, inside):
    folder = everything.with_suffix("")
    here = {p for p in folder.rglob("*") if p.is_file()}
    assert {p.relative_to(folder.parent).as_posix() for p in here} == set(inside)
    assert all(
        inside[p.relative_to(folder.parent).as_posix()] == p.read_bytes() for p in here
    )


def test_every_package_that_it_imports_is_in_its_requirements(inside):
    text = inside[f"{bundle.NAME}/requirements.txt"].decode()
    todo = [Requirement(line).name for line in text.splitlines() if "==" in line]
    there = set()
    while todo:
        name = todo.pop().lower().replace("_", "-")
        if name not in there:
            there.add(name)
            asked = map(Requirement, metadata.requires(name) or ())
            todo += [
                one.name for one in asked if not one.marker or one.marker.evaluate()
            ]
    known = metadata.packages_distributions()
    for path, data in inside.items():
        if not path.endswith(".py"):
            continue
        for name in {one.split(".")[0] for one in bundle._imported(data.decode())}:
            if name in sys.stdlib_module_names or name in {"gpt", "autograder"}:
                continue
            packages = {
                one.lower().replace("_", "-") for one in known.get(name, [name])
            }
            assert packages & there or name == "gguf", (
                path,
                name,
            )  # for `make real` only


@pytest.fixture(scope="module")
def alone(place, tmp_path_factory):
    """A student's machine: the zip's folder and a Python that knows nothing else of ours.

    All other packages are there; the bundle is installed into it as its README says.
    """
    folder = tmp_path_factory.mktemp("student")
    assert release("tokenize", "sample", "--to", folder) == 0
    with zipfile.ZipFile(folder / f"{bundle.NAME}.zip") as archive:
        archive.extractall(folder / "home")
    home = folder / "home" / bundle.NAME
    venv.create(home / ".venv", with_pip=False)
    python = home / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = sysconfig.get_path("purelib", vars={"base": str(home / ".venv")})
    others = Path(site, "others.pth")  # the .pth files of those folders are not read
    others.write_text(
        f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    )
    install = "-m pip install -q --no-index --no-build-isolation --no-deps -e ."
    done = run(python, *install.split(), cwd=home)
    assert done.returncode == 0, done.stderr
    return home, python


def run(python, *words, cwd):
    """As a student would, without what our own environment says of this repository."""
    known = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GPT_CLASS")
    }
    known["OMP_NUM_THREADS"] = "1"
    return subprocess.run(
        [python, *words],
        cwd=cwd,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )


WORK = """
import importlib.util, sys, nbformat
from pathlib import Path
from nbclient import NotebookClient
import autograder.check, gpt

home = Path.cwd().resolve()
for module in (autograder, gpt):
    assert Path(module.__file__).resolve().is_relative_to(home), module.__file__
for name in ("autograder.box", "autograder.classroom.grade", "autograder.road"):
    assert importlib.util.find_spec(name) is None, name
path = home / "exercises" / "tokenize" / "tokenize.ipynb"
notebook = nbformat.read(path, 4)
step = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
step["write_to_chunks"].source = sys.argv[1]
nbformat.write(notebook, path)
last = notebook.cells.index(step["count_pairs"])
notebook.cells = notebook.cells[: last + 1]
NotebookClient(
    notebook, allow_errors=True, resources={"metadata": {"path": str(path.parent)}}
).execute()
for name in ("to_chunks", "count_pairs"):
    for output in step[name].outputs:
        for result in output.get("data", {}).values():
            if isinstance(result, dict):
                print(name, result["points"], result["possible"], result["reason"])
"""


def test_alone_it_is_enough_to_work_check_and_see_progress(alone):
    home, python = alone
    done = run(python, "-c", WORK, course.steps("tokenize")[STEP], cwd=home)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = done.stdout.splitlines()
    name, got, possible, *_ = first.split()
    assert name == STEP and got == possible + ".0"
    assert second.startswith("count_pairs 0.0") and "Not written yet" in second

    done = run(python, "-m", "autograder", "progress", "tokenize", cwd=home)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert any(line.startswith(f"  ✓ {STEP}") for line in said), done.stdout
    assert any(line.startswith("tokenize") and "points" in line for line in said)
    assert not list(home.parent.rglob("seed"))


def test_exercises_stand_in_the_book_s_order(alone):
    home, _ = alone
    found = [path.stem for path in progress.find(home / "exercises")]
    assert found == ["tokenize", "sample"]  # and not by the alphabet


def test_a_student_s_wrong_word_is_answered(alone):
    home, python = alone
    done = run(python, "-m", "autograder", "grade", cwd=home)
    assert done.returncode == 2 and "progress" in done.stderr
    (home / "empty").mkdir()
    done = run(python, "-m", "autograder", "progress", "empty", cwd=home)
    assert done.returncode == 1
    assert done.stderr.startswith("autograder progress: no exercise in")


def test_what_it_has_not_written_itself_is_left_alone(place, tmp_path, capsys):
    assert release("sample", "tokenize", "--to", tmp_path) == 0
    folder = tmp_path / bundle.NAME
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "policy.md").write_text("Be kind.\n")
    assert release("sample", "--to", tmp_path) == 0  # fewer than before
    assert (folder / ".git" / "HEAD").exists() and (folder / "policy.md").exists()
    assert not (folder / "exercises" / "tokenize" / "tokenize.ipynb").exists()

    (folder / "README.md").write_text("My own.\n")
    archive = tmp_path / f"{bundle.NAME}.zip"
    before = archive.read_bytes()
    capsys.readouterr()
    assert release("sample", "tokenize", "--to", tmp_path) == 2
    assert "README.md; nothing was touched" in capsys.readouterr().err
    assert archive.read_bytes() == before
    assert (folder / "README.md").read_text() == "My own.\n"
    assert not (folder / "exercises" / "tokenize" / "tokenize.ipynb").exists()


def test_a_zip_or_a_link_in_the_way_is_left_alone(place, tmp_path, capsys):
    theirs = tmp_path / f"{bundle.NAME}.zip"
    with zipfile.ZipFile(theirs, "w") as archive:
        archive.writestr("thesis.txt", "years of work")
    before = theirs.read_bytes()
    assert release("sample", "--to", tmp_path) == 2
    assert "no release wrote it" in capsys.readouterr().err
    assert theirs.read_bytes() == before and not (tmp_path / bundle.NAME).exists()

    other = tmp_path / "other"
    (other / bundle.NAME).mkdir(parents=True)
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    (other / bundle.NAME / "README.md").symlink_to(secret)
    assert release("sample", "--to", other) == 2
    assert secret.read_text() == "mine"

    # Nor does its own list lead it out of its folder.
    third = tmp_path / "third" / bundle.NAME
    third.mkdir(parents=True)
    (third / bundle.LIST).write_text(json.dumps({"files": {"../../secret.txt": "x"}}))
    assert release("sample", "--to", third.parent) == 2 or secret.exists()
    assert secret.read_text() == "mine"


def test_what_is_stale_is_not_released(place, tmp_path, capsys):
    path = place / "exercises" / "sample" / "sample.ipynb"
    before = path.read_bytes()
    changed = nbformat.reads(before.decode(), 4)
    (check,) = (c for c in changed.cells if c.source.startswith('check("unembed"'))
    for change in (
        {"points": 4},
        {"grade_id": "unembedded"},
    ):
        check.metadata["nbgrader"].update(change)
        nbformat.write(changed, path)
        try:
            assert release("sample", "--to", tmp_path) == 2
        finally:
            path.write_bytes(before)
        assert "autograder exercises sample" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "demo"])
def test_a_class_is_one_folder(place, tmp_path, name, capsys):
    words = ["release", "sample", "--to", str(tmp_path), "--class", name]
    assert main(words) == 2 and not list(tmp_path.iterdir())
    os.environ.pop("GPT_CLASS", None)


def test_nbgrader_s_exchange_takes_it_to_students(place, tmp_path, monkeypatch):
    """With this configuration: released by the instructor, fetched by a student."""
    course.new_class(CLASS)
    api = course.api()
    root = tmp_path / "exchange"
    api.config.Exchange.root = str(root)
    done = api.release_assignment("tokenize")
    assert done["success"], done.get("log") or done["error"]
    student = tmp_path / "student"
    student.mkdir()
    monkeypatch.chdir(student)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api.coursedir, "assignment_id", "tokenize")
        fetch = api.exchange.FetchAssignment(
            coursedir=api.coursedir, authenticator=api.authenticator, parent=api
        )
        fetch.start()
    got = {p.name: p.read_bytes() for p in (student / "tokenize").iterdir()}
    folder = place / "exercises" / "tokenize"
    assert got == {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(got) == {"tokenize.ipynb", "reference.safetensors"}
    everywhere = [p for p in root.rglob("*") if p.is_file()]
    assert not any(b"BEGIN SOLUTION" in p.read_bytes() for p in everywhere)


def test_every_link_of_a_notebook_leads_to_something(inside):
    links = 0
    for path, data in inside.items():
        if path.endswith(".ipynb"):
            for link in re.findall(r"\]\((\.\./[^)#]+)", data.decode()):
                place = os.path.normpath(os.path.join(os.path.dirname(path), link))
                assert place in inside, (path, link)
                links += 1
    assert links > 18
    text = inside[f"{bundle.NAME}/book/attend.md"].decode()
    assert "(https://book.example/gpt/book/attend.html)" in text


PATH = "exercises/tokenize/tokenize.ipynb"


def test_links_have_the_forms_that_their_services_read():
    where = links.repository("git@github.com:ada/gpt-work.git", "spring/one")
    assert where.url == "https://github.com/ada/gpt-work"
    assert where.install == "git+https://github.com/ada/gpt-work@spring/one"
    assert links.colab(where, PATH) == (
        f"https://colab.research.google.com/github/ada/gpt-work/blob/spring%2Fone/{PATH}"
    )
    assert links.binder(where, PATH) == (
        f"https://mybinder.org/v2/gh/ada/gpt-work/spring%2Fone?urlpath=lab/tree/{PATH}"
    )
    assert links.nbgitpuller("https://hub.example.edu/jupyter/", where, PATH) == (
        "https://hub.example.edu/jupyter/hub/user-redirect/git-pull"
        "?repo=https%3A%2F%2Fgithub.com%2Fada%2Fgpt-work"
        "&urlpath=lab%2Ftree%2Fgpt-work%2Fexercises%2Ftokenize%2Ftokenize.ipynb"
        "&branch=spring%2Fone"
    )
    other = links.repository("https://git.example.edu/course/gpt/work.git/")
    assert links.colab(other, PATH) is None
    assert links.binder(other, PATH).startswith(
        "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.edu%2Fcourse%2Fgpt%2Fwork/main?"
    )


@pytest.mark.parametrize(
    "address",
    [
        "github.com/ada/gpt",
        "http://github.com/ada/gpt",
        "https://me:secret@github.com/ada/gpt",
        "https://github.com",
        "https://github.com/ada/gpt](https://evil.example)",
        "file:///etc/passwd",
        "--upload-pack=x",
    ],
)
def test_what_is_no_address_is_refused(address, place, tmp_path, capsys):
    assert release("sample", "--to", tmp_path, f"--repository={address}") == 2
    assert "is no repository's address" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_readme_s_commands_and_links_are_there(inside):
    text = inside[f"{bundle.NAME}/README.md"].decode()
    for path in re.findall(r"\]\((exercises/[^)]+)\)", text):
        assert f"{bundle.NAME}/{path}" in inside
    assert "%pip install -q git+https://github.com/ada/gpt@main" in text
    assert "$" not in text
    colab = re.findall(
        r"https://colab\.research\.google\.com/github/ada/gpt/\S+\.ipynb", text
    )
    assert len(colab) == len(course.assignments())
    assert io.StringIO(text).readline() == f"# {bundle.TITLE}\n"
