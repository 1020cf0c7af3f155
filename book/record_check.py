"""Records what the check of an exercise says to answers as students type them.

    python book/record_check.py [EXERCISE ...]

Each notebook runs up to one of its steps, with the course's solutions. Then each answer
takes that step's cell, one after the other, and the cell with the check runs. What it
shows is kept word for word: the panel, as HTML and as text, and the line of its error.
The site shows it (book/_ext/says.py); a test runs the checks again and compares.
"""

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import nbformat
import recording

ROOT = Path(__file__).parents[1]
FILE = recording.FOLDER / "check.json"


@dataclass(frozen=True)
class Asked:
    """A step of an exercise, and answers to it: {what is tried: the function's body}.

    The last one is right.
    """

    step: str
    answers: dict[str, str]


ASKED = {
    "tokenize": Asked(
        "merge",
        {
            "Look at each pair": """
                merged = []
                for i in range(len(ids) - 1):
                    if (ids[i], ids[i + 1]) == pair:
                        merged.append(new_id)
                    else:
                        merged.append(ids[i])
                return merged
                """,
            "Skip what is used up": """
                merged, i = [], 0
                while i < len(ids) - 1:
                    if (ids[i], ids[i + 1]) == pair:
                        merged.append(new_id)
                        i += 2
                    else:
                        merged.append(ids[i])
                        i += 1
                return merged
                """,
            "Replace in the list": """
                for i in range(len(ids) - 1):
                    if (ids[i], ids[i + 1]) == pair:
                        ids[i : i + 2] = [new_id]
                return ids
                """,
            "Go on to the end": """
                merged, i = [], 0
                while i < len(ids):
                    if tuple(ids[i : i + 2]) == pair:
                        merged.append(new_id)
                        i += 2
                    else:
                        merged.append(ids[i])
                        i += 1
                return merged
                """,
        },
    ),
    "embed": Asked(
        "cosines",
        {
            "The dot product": """
                return table @ v
                """,
            "Over both lengths": """
                return table @ v / (table.norm() * v.norm())
                """,
            "Row by row": """
                return table @ v / table.norm(dim=1) * v.norm()
                """,
            "With brackets": """
                return table @ v / (table.norm(dim=1) * v.norm())
                """,
        },
    ),
    "attend": Asked(
        "softmax",
        {
            "As the formula says": """
                powers = torch.exp(scores)
                return powers / powers.sum()
                """,
            "Row by row": """
                powers = torch.exp(scores)
                return powers / powers.sum(-1, keepdim=True)
                """,
            "Minus the largest": """
                powers = torch.exp(scores - scores.max())
                return powers / powers.sum(-1, keepdim=True)
                """,
            "Minus each row’s largest": """
                powers = torch.exp(scores - scores.amax(-1, keepdim=True))
                return powers / powers.sum(-1, keepdim=True)
                """,
        },
    ),
    "mlp": Asked(
        "layer_norm",
        {
            "Over the variance": """
                centred = x - x.mean(-1, keepdim=True)
                variance = centred.square().mean(-1, keepdim=True)
                return centred / (variance + 1e-5) * weight + bias
                """,
            "PyTorch’s variance": """
                centred = x - x.mean(-1, keepdim=True)
                variance = x.var(-1, keepdim=True)
                return centred / (variance + 1e-5).sqrt() * weight + bias
                """,
            "ε after the root": """
                centred = x - x.mean(-1, keepdim=True)
                variance = centred.square().mean(-1, keepdim=True)
                return centred / (variance.sqrt() + 1e-5) * weight + bias
                """,
            "ε under the root": """
                centred = x - x.mean(-1, keepdim=True)
                variance = centred.square().mean(-1, keepdim=True)
                return centred / (variance + 1e-5).sqrt() * weight + bias
                """,
        },
    ),
    "sample": Asked(
        "probabilities",
        {
            "Times the temperature": """
                powers = torch.exp(logits * temperature)
                return powers / powers.sum(-1, keepdim=True)
                """,
            "Over the temperature": """
                powers = torch.exp(logits / temperature)
                return powers / powers.sum(-1, keepdim=True)
                """,
            "Nothing too large": """
                if temperature <= 0:
                    raise ValueError("the temperature must be above 0")
                scaled = logits / temperature
                powers = torch.exp(scaled - scaled.max())
                return powers / powers.sum()
                """,
            "Row by row": """
                if temperature <= 0:
                    raise ValueError("the temperature must be above 0")
                scaled = logits / temperature
                powers = torch.exp(scaled - scaled.amax(-1, keepdim=True))
                return powers / powers.sum(-1, keepdim=True)
                """,
        },
    ),
    "train": Asked(
        "clip",
        {
            "Cut at the limit": """
                return [g.clamp(-most, most) for g in gradients]
                """,
            "Tensor by tensor": """
                clipped = []
                for g in gradients:
                    length = g.norm()
                    clipped.append(g * min(1.0, most / length))
                return clipped
                """,
            "All as one vector": """
                length = torch.cat([g.flatten() for g in gradients]).norm()
                return [g / length * most for g in gradients]
                """,
            "Only where it is too long": """
                length = torch.cat([g.flatten() for g in gradients]).norm()
                share = (most / length).clamp(max=1)
                return [g * share for g in gradients]
                """,
        },
    ),
    "cache": Asked(
        "late_mask",
        {
            "A lower triangle": """
                if n_new > n or (width is not None and width < 1):
                    raise ValueError
                mask = torch.ones(n_new, n, dtype=torch.bool).tril()
                if width is not None:
                    mask = mask.triu(1 - width)
                return mask
                """,
            "Moved to the right": """
                if n_new > n or (width is not None and width < 1):
                    raise ValueError
                mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
                if width is not None:
                    mask = mask.triu(1 - width)
                return mask
                """,
            "The window, too": """
                if n_new > n or (width is not None and width < 1):
                    raise ValueError
                mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
                if width is not None:
                    mask = mask.triu(n - n_new - width)
                return mask
                """,
            "One place less": """
                if n_new > n or (width is not None and width < 1):
                    raise ValueError
                mask = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
                if width is not None:
                    mask = mask.triu(n - n_new - width + 1)
                return mask
                """,
        },
    ),
    "modern": Asked(
        "rms_norm",
        {
            "As in layer norm": """
                centred = x - x.mean(-1, keepdim=True)
                mean_square = centred.square().mean(-1, keepdim=True)
                return centred / (mean_square + eps).sqrt() * weight
                """,
            "Nothing subtracted": """
                rms = x.square().mean(-1, keepdim=True).sqrt() + eps
                return x / rms * weight
                """,
            "ε under the root": """
                rms = (x.square().mean(-1) + eps).sqrt()
                return x / rms * weight
                """,
            "The axis kept": """
                rms = (x.square().mean(-1, keepdim=True) + eps).sqrt()
                return x / rms * weight
                """,
        },
    ),
    "chat": Asked(
        "answers_only",
        {
            "The assistant’s ids": """
                targets, speaking = [], False
                for token in ids:
                    if token == assistant:
                        speaking = True
                    targets.append(token if speaking else -1)
                    if token == end:
                        speaking = False
                return targets
                """,
            "The ids that follow": """
                targets, speaking = [], False
                for token, following in zip(ids, ids[1:]):
                    if token == assistant:
                        speaking = True
                    if following == end:
                        speaking = False
                    targets.append(following if speaking else -1)
                return targets + [-1]
                """,
            "The end, too": """
                targets, speaking = [], False
                for token, following in zip(ids, ids[1:]):
                    if token == assistant:
                        speaking = True
                    targets.append(following if speaking else -1)
                    if token == end:
                        speaking = False
                return targets + [-1]
                """,
            "But nothing after it": """
                targets, speaking = [], False
                for token, following in zip(ids, ids[1:]):
                    if token == assistant:
                        speaking = True
                    elif token == end:
                        speaking = False
                    targets.append(following if speaking else -1)
                return targets + [-1]
                """,
        },
    ),
}


def notebook_of(exercise: str, asked: Asked) -> nbformat.NotebookNode:
    """The notebook up to a step, then each answer to it with the check."""
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    notebook, cells = nbformat.read(path, as_version=4), []
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == f"write_{asked.step}":
            break
        if cell.cell_type == "code":
            cells.append(cell)
    else:
        raise ValueError(f"{path.name} has no step {asked.step}")
    signature = cell.source.partition('    """')[0].rstrip("\n")
    for body in asked.answers.values():
        body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        cells.append(nbformat.v4.new_code_cell(f"{signature}\n{body}"))
        check = nbformat.v4.new_code_cell(f'check("{asked.step}", {asked.step})')
        check.metadata["tags"] = ["raises-exception"]
        cells.append(check)
    notebook.cells = cells
    return notebook


def record(exercise: str, asked: Asked) -> list[dict]:
    """What the check says to each answer, in the notebook's own kernel."""
    notebook = recording.ran(notebook_of(exercise, asked), exercise)
    last = notebook.cells[-2 * len(asked.answers) :]
    return [
        {"step": asked.step, "tried": tried, "code": code.source, **said(check)}
        for tried, code, check in zip(asked.answers, last[::2], last[1::2], strict=True)
    ]


def said(cell: nbformat.NotebookNode) -> dict:
    """A cell's panel, and the line of its error, empty where there is none."""
    shown, error = {}, ""
    for output in cell.outputs:
        if "ename" in output:
            error = f"{output.ename}: {output.evalue}"
        elif "text/html" in output.get("data", {}):
            shown = output.data
    if not shown:
        raise ValueError(f"{cell.source} has shown nothing: {error or cell.outputs}")
    return {
        "check": cell.source,
        "html": shown["text/html"],
        "text": shown["text/plain"],
        "error": error,
    }


def main(exercises: list[str]) -> None:
    # neither a date nor a machine: the checks say the same on any
    recorded = {**recording.read(FILE), "made by": "python book/record_check.py"}
    for exercise in exercises or ASKED:
        recorded[exercise] = record(exercise, ASKED[exercise])
        print(f"{exercise}: {len(recorded[exercise])} answers", flush=True)
    order = ["made by", *ASKED]
    recording.keep(FILE, {key: recorded[key] for key in order if key in recorded})


if __name__ == "__main__":
    main(sys.argv[1:])
