"""What the living pages run on, made by the build: the modules of book/live, the grammar of
gpt/world.py, and the small model with its numbers rounded to 16 bits.

The modules are plain JavaScript and can be read as they are. A page loads those of each part in
one script without remarks, because a page that was opened from a folder may load scripts only:
for it, the model comes in a script, too.
"""

import base64
import json
import re
from pathlib import Path

import numpy as np
from rjsmin import jsmin
from safetensors.numpy import load_file

from gpt import world
from gpt.tokenize import Tokenizer

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "book/live"
SMALL = ROOT / "gpt/small"
STEPS = ROOT / "book/recorded/steps"
WINDOW = 5  # steps that a point of the curve is the mean of
_IMPORT = re.compile(
    r"^import (?:{[^}]*}|\* as \w+) from \"\./(\w+)\.js\";\n", re.MULTILINE
)
_NAMES = re.compile(r"^import {([^}]*)} from \"\./(\w+)\.js\";\n", re.MULTILINE)
_PUBLIC = re.compile(
    r"^export (?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE
)
_PLACE = re.compile(r"^```{live} (\w+)$", re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const|let) )", re.MULTILINE
)
_NAME = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
PART = re.compile(r"^export function part\(", re.MULTILINE)
SIZES = {
    "vocab_size": "n_vocab",
    "n_positions": "n_ctx",
    "n_layer": "n_layer",
    "n_head": "n_head",
    "n_embd": "d_model",
}


def modules(first: str, folder: Path = MODULES) -> list[str]:
    """The modules that `first` needs, each after those that it imports; itself the last.

    Raises ValueError where two import one another.
    """
    order, open_ = [], []

    def visit(name):
        if name in order:
            return
        if name in open_:
            raise ValueError(f"{name}.js imports itself, by way of {open_}")
        open_.append(name)
        for other in _IMPORT.findall(folder.joinpath(f"{name}.js").read_text("utf-8")):
            visit(other)
        open_.remove(name)
        order.append(name)

    visit(first)
    return order


def bundle(first: str, folder: Path = MODULES, known: list[str] = ()) -> str:
    """All modules that `first` needs as one script. They share one scope.

    known: modules that another script of the page has already, and hands out.
    Raises ValueError where two of them give one name to two things, where two import one
    another, or where a line is written in a way not known here.
    """
    return _joined(modules(first, folder), folder, known)


def shared(parts: list[str], folder: Path = MODULES, known: list[str] = ()) -> str:
    """The modules that several parts of a page need, as one script that hands them out."""
    needed = [modules(part, folder) for part in parts]
    twice = [
        name
        for name in dict.fromkeys(name for order in needed for name in order)
        if sum(name in order for order in needed) > 1
    ]
    return _joined(twice, folder, known)


def _joined(order, folder, known):
    """Modules, each after those that it imports, as one script, but for those known."""
    owner, parts, handed, public = {}, [], set(), []
    for name in order:
        whole = folder.joinpath(f"{name}.js").read_text("utf-8")
        text = _EXPORT.sub("", _IMPORT.sub("", whole))
        if renamed := re.search(r"^import {[^}]*\bas\b[^}]*}.*", whole, re.MULTILINE):
            raise ValueError(
                f"{name}.js: renamed, so it cannot be joined: {renamed[0]!r}"
            )
        if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
            raise ValueError(f"{name}.js: the build cannot join {left[0]!r}")
        for found in _NAME.findall(text):
            if owner.setdefault(found, name) != name:
                raise ValueError(f"{found} stands in {owner[found]}.js and {name}.js")
        if name in known:
            continue
        for names, other in _NAMES.findall(whole):
            if other in known:
                handed |= {one.strip() for one in names.split(",") if one.strip()}
        if PART.search(whole):
            text += f"(window.livingParts ??= {{}})[{name!r}] = part;\n"
        else:
            public += _PUBLIC.findall(whole)
        parts.append(f"// {name}.js\n{text}")
    if handed:
        parts.insert(
            0, f"const {{ {', '.join(sorted(handed))} }} = window.livingNames;\n"
        )
    if public and not PART.search(whole):
        parts.append(
            f"Object.assign((window.livingNames ??= {{}}), {{ {', '.join(public)} }});\n"
        )
    return '(function () {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def style(first: str, folder: Path = MODULES) -> str:
    """The style of a part: that of every module that it needs and that has one."""
    files = [folder / f"{name}.css" for name in modules(first, folder)]
    return "\n".join(file.read_text("utf-8") for file in files if file.exists())


def pages(folder: Path = MODULES) -> dict[str, list[str]]:
    """{page: its parts}, as the chapters name them."""
    found = {
        path.stem: _PLACE.findall(path.read_text("utf-8"))
        for path in folder.parent.glob("*.md")
    }
    return {page: parts for page, parts in found.items() if parts}


def scripts() -> dict[str, str]:
    """{file: script} of all pages: what every page has, what parts share, and the parts."""
    found, core = {"live.js": bundle("page")}, modules("page")
    for page, parts in pages().items():
        known = list(core)
        if len(parts) > 1:
            found[f"parts/of-{page}.js"] = shared(parts, known=core)
            counted = [name for part in parts for name in modules(part)]
            known += [name for name in counted if counted.count(name) > 1]
        for part in parts:
            found[f"parts/{part}.js"] = bundle(part, known=known)
    return found


def part_names(folder: Path = MODULES) -> list[str]:
    """The modules that are a part of a page: each has a function `part`."""
    texts = {path.stem: path.read_text("utf-8") for path in folder.glob("*.js")}
    return sorted(name for name, text in texts.items() if PART.search(text))


def grammar() -> dict:
    """The grammar of gpt/world.py, for book/live/world.js."""
    return {
        "end": world.END,
        "story": world.STORY.split(),
        "slots": {name: _options(found) for name, found in world.SLOTS.items()},
    }


def _options(found):
    if isinstance(found, world.Given):
        cases = [[list(case), _options(then)] for case, then in found.cases.items()]
        return {"slot": found.slot, "cases": cases}
    return list(found) if isinstance(found, tuple) else found


def model(folder: Path = SMALL) -> tuple[dict, bytes]:
    """What a model is, for book/live/load.js, and its weights, float16 in their order."""
    published = json.loads(folder.joinpath("config.json").read_text("utf-8"))
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    weights = load_file(folder / "model.safetensors")
    pieces = sorted(tokenizer.ranks, key=tokenizer.ranks.get)
    if [*map(tokenizer.ranks.get, pieces)] != [*range(len(pieces))]:
        raise ValueError(
            "the page counts the pieces of a vocabulary from 0, without gaps"
        )
    about = {
        "config": {name: published[theirs] for theirs, name in SIZES.items()},
        "pieces": [piece.decode("latin-1") for piece in pieces],
        "specialTokens": tokenizer.special_tokens,
        "weights": [[name, list(found.shape)] for name, found in weights.items()],
    }
    return about, b"".join(found.astype("<f2").tobytes() for found in weights.values())


def rounded(folder: Path = SMALL) -> dict[str, np.ndarray]:
    """The weights as the page has them: float32, each the nearest that 16 bits can hold."""
    weights = load_file(folder / "model.safetensors")
    return {
        name: found.astype(np.float16).astype(np.float32)
        for name, found in weights.items()
    }


def steps() -> tuple[dict, dict[int, bytes]]:
    """What book/live/steps.js needs to know, and the weights of each step that is kept.

    The last step is the small model, which the page has.
    """
    recorded = json.loads(STEPS.joinpath("steps.json").read_text("utf-8"))
    card = json.loads(SMALL.joinpath("card.json").read_text("utf-8"))
    means = np.array(card["losses"]).reshape(-1, WINDOW).mean(1)
    numbers = [int(step) for step in recorded["steps"]]
    about = {
        "steps": numbers,
        "losses": [kept["loss"] for kept in recorded["steps"].values()],
        "curve": [round(mean, 3) for mean in means.tolist()],
        "window": WINDOW,
        "floor": recorded["floor"],
        "forgetful": recorded["forgetful"],
        "weights": model()[0]["weights"],
    }
    kept = {
        step: STEPS.joinpath(f"step-{step}.bin").read_bytes() for step in numbers[:-1]
    }
    return about, kept


def _carried(name: str, value: str) -> str:
    """A script that carries a value to a page which was opened from a folder."""
    return f"(window.gptSteps ??= {{}})[{json.dumps(name)}] = {value};\n"


def _write_steps(out: Path) -> None:
    out.mkdir(exist_ok=True)
    about, kept = steps()
    text = json.dumps(about)
    out.joinpath("steps.json").write_text(text, "utf-8")
    out.joinpath("steps.js").write_text(_carried("steps", text), "utf-8")
    for step, weights in kept.items():
        name, base64_ = f"step-{step}", base64.b64encode(weights).decode()
        out.joinpath(f"{name}.bin").write_bytes(weights)
        out.joinpath(f"{name}.js").write_text(_carried(name, f'"{base64_}"'), "utf-8")


def _styles():
    """The style of all living parts first, then that of each."""
    return sorted(MODULES.glob("*.css"), key=lambda path: (path.stem != "page", path))


def write(out: Path) -> None:
    """Write all into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    about, weights = model()
    about = json.dumps(about | {"grammar": grammar()}, ensure_ascii=False)
    carried = base64.b64encode(weights).decode()
    files = {path.name: path.read_text("utf-8") for path in MODULES.glob("*.js")}
    files |= {
        "live.css": style("page"),
        "small.json": about,
        "small.js": f"window.gptSmall = {{about: {about}, weights: '{carried}'}};\n",
    }
    files |= {name: jsmin(text) for name, text in scripts().items()}
    for name in part_names():
        files[f"parts/{name}.css"] = style(name)
    out.joinpath("parts").mkdir(exist_ok=True)
    for name, text in files.items():
        out.joinpath(name).write_text(text, "utf-8")
    out.joinpath("small.bin").write_bytes(weights)
    _write_steps(out / "steps")
