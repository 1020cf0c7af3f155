"""The pictures of the chapter Chat: a conversation as one row, and what tuning changes."""

from edition import percent
from matplotlib.patches import FancyBboxPatch

from . import (
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MUTED,
    NARROW,
    PAPER,
    PURPLE,
    VERMILION,
    bare,
    canvas,
    drawing,
    samp,
    show,
    table,
    tr,
)


# --- a base model -----------------------------------------------------------------
def before_and_after(rows):
    """A table of (question, what the base model adds, what the tuned one answers, true?)."""
    header = (
        tr("question"),
        tr("the base model adds"),
        tr("the tuned model"),
        tr("true?"),
    )
    shown = (
        (samp(ask), samp(added), samp(said), tr("yes") if true else tr("no"))
        for ask, added, said, true in rows
    )
    return table(header, *shown)


# --- one text, arranged -----------------------------------------------------------
def arranged(said, pieces):
    """Messages as people see them, and the one row of tokens that the model reads.

    said: [(role, text)]. pieces: [[token, ...], ...], those of each message in turn, the
    special ones as their names.
    """
    roles = {"user": tr("user"), "assistant": tr("assistant")}
    shown = [(roles[role], text) for role, text in said]
    wide = _arranged(drawing(460, 60 + 40 * len(said)), shown, pieces, 448)
    lines = sum(map(len, pieces)) // 3
    narrow = _arranged(
        drawing(NARROW, 92 + 44 * len(said) + 9 * lines), shown, pieces, 288
    )
    alt = tr(
        "Above, messages: “{said}”. Below, one row of tokens: “{row}”.",
        said="; ".join(": ".join(one) for one in said),
        row=" ".join(token for message in pieces for token in message),
    )
    return show(wide, alt, narrow)


def _arranged(sheet, said, pieces, width):
    fig, ax = sheet
    y = fig.get_figheight() * 72 - 20
    for i, (role, text) in enumerate(said):
        left, colour = (6, PURPLE) if i % 2 == 0 else (width - 150, BLUE)
        look = {"boxstyle": "round,pad=0,rounding_size=9", "fc": "none", "ec": colour}
        ax.add_patch(FancyBboxPatch((left, y - 15), 150, 30, lw=1.8, **look))
        ax.text(left + 75, y + 5, role, size=10.2, color=colour, **CENTRED)
        ax.text(left + 75, y - 7, text, size=11, **CENTRED)
        y -= 38
    x, y = 6, y - 8
    for i, message in enumerate(pieces):
        for token in message:
            special = token.startswith("<") or token == "END"
            wide = 6.3 * len(token) + 8
            if x + wide > width:
                x, y = 6, y - 27
            look = {"boxstyle": "round,pad=0,rounding_size=4", "lw": 1.4}
            colour = PURPLE if i % 2 == 0 else BLUE
            face = colour if special else "none"
            box = FancyBboxPatch((x, y - 10), wide, 20, fc=face, ec=colour, **look)
            ax.add_patch(box)
            ink = {"color": PAPER if special else INK, "size": 10.2}
            ax.text(x + wide / 2, y, token, **ink, **CENTRED)
            x += wide + 3
    return fig


# --- the targets ------------------------------------------------------------------
def mask(pieces, asked):
    """A column of tokens, and beside each what it is asked for; nothing, mostly.

    pieces: the T tokens as texts; asked: as many texts, "" where nothing is asked.
    """
    n = len(pieces)
    fig, ax = drawing(300, 17 * n + 26, (0, 10), (n, -1.5))
    head = {"va": "center_baseline", "size": 10, "color": MUTED, "ha": "center"}
    ax.text(2.4, -0.8, tr("the model reads"), **head)
    ax.text(7.4, -0.8, tr("and is asked for"), **head)
    for y, (piece, target) in enumerate(zip(pieces, asked)):
        for x, text, colour in (
            (2.4, piece, FAINT),
            (7.4, target, BLUE if target else PAPER),
        ):
            ax.barh(y + 0.5, 4.2, left=x - 2.1, height=0.84, color=colour)
            ink = PAPER if colour == BLUE else INK
            ax.text(
                x,
                y + 0.5,
                text or "–",
                color=ink if text else MUTED,
                ha="center",
                va="center_baseline",
                size=10,
            )
        if target:
            arrow = {"arrowstyle": "-|>", "color": BLUE, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (5.25, y + 0.5), (4.55, y + 0.5), arrowprops=arrow)
    return show(
        fig,
        tr(
            "The {n} tokens of a conversation, one below the other. Nothing is asked at "
            "any of them but these: {told}.",
            n=n,
            told="; ".join(
                tr("after “{piece}”: “{target}”", piece=piece, target=target)
                for piece, target in zip(pieces, asked)
                if target
            ),
        ),
    )


# --- what is forgotten ------------------------------------------------------------
def forgotten(runs, floor):
    """Two panels over the steps: answers that are exact, and the loss on plain stories.

    runs: {share of plain stories: {"step", "exact", "plain"}}, of two tunings.
    floor: the least loss that is possible, in nats per token.
    """
    fig, (above, below) = canvas(5.4, 4.8, nrows=2, sharex=True)
    looks = zip(
        runs.values(),
        (VERMILION, BLUE),
        (tr("conversations alone"), tr("with plain stories")),
    )
    told = []
    for run, colour, name in looks:
        above.plot(run["step"], run["exact"], "o-", color=colour, ms=4, label=name)
        below.plot(run["step"], run["plain"], "o-", color=colour, ms=4)
        told.append(
            tr(
                "{name}: {exact} of the answers are exact at the end, and the loss on "
                "plain stories goes from {first} to {last}",
                name=name,
                exact=percent(run["exact"][-1]),
                first=f"{run['plain'][0]:.2f}",
                last=f"{run['plain'][-1]:.2f}",
            )
        )
    below.axhline(floor, color=MUTED, lw=1, ls="--")
    below.text(
        below.get_xlim()[1], floor, tr("the floor"), color=MUTED, ha="right", va="top"
    )
    above.set(ylim=(-0.03, 1.03))
    above.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    above.set_title(tr("New questions answered exactly"))
    above.legend(loc="lower right")
    below.set(yscale="log", ylim=(0.25, 7))
    ticks = [0.3, 0.5, 1, 2, 5]
    below.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    below.minorticks_off()
    below.set_title(tr("Loss on plain stories, nats per token"))
    below.set_xlabel(tr("steps of tuning"))
    return show(fig, tr("Two tunings. {told}.", told="; ".join(told)))


# --- preferences ------------------------------------------------------------------
def tilted(answers, best):
    """The probabilities of answers before, and the best ones for a reward, a column a β.

    answers: [(text, reward, probability)]; "" for all others. best: {β: (those of the
    same answers, KL)}, as `facts.chat.tilted` gives them.
    """
    names = [
        tr("“{answer}”", answer=text) if text else tr("all others")
        for text, *_ in answers
    ]
    columns = [(tr("before"), [p for *_, p in answers], 0.0)]
    columns += [(f"β = {beta:g}", *found) for beta, found in best.items()]
    told = "; ".join(
        tr(
            "{name}: {bars}, KL {kl}",
            name=name,
            bars=", ".join(f"{n} {_share(p)}" for n, p in zip(names, bars)),
            kl=f"{kl:.2f}",
        )
        for name, bars, kl in columns
    )
    alt = tr("The best probabilities of four answers for a reward. {told}.", told=told)
    rows = [
        f"{name}\n{tr('reward {reward}', reward=f'{reward:+d}'.replace('-', '−') if reward else 0)}"
        for name, (_, reward, _) in zip(names, answers)
    ]
    wide, axes = canvas(6.4, 2.9, ncols=len(columns), sharey=True)
    _tilted(axes, columns, rows)
    narrow, axes = canvas(NARROW / 72, 6.4, nrows=len(columns), sharex=True)
    _tilted(axes, columns, rows)
    return show(wide, alt, narrow)


def _share(p):
    return percent(p) if p >= 0.01 else f"< {percent(0.01)}"


def _tilted(axes, columns, rows):
    """One set of bars for each column of numbers."""
    for ax, (name, bars, kl) in zip(axes, columns):
        ax.barh(range(len(bars)), bars, color=FAINT if not kl else BLUE, height=0.55)
        for y, p in enumerate(bars):
            ax.text(p + 0.03, y, _share(p), va="center_baseline", fontsize=10.2)
        ax.set(xlim=(0, 1.2), xticks=[], ylim=(len(bars) - 0.4, -0.6))
        ax.set_yticks(range(len(rows)), rows, multialignment="right")
        ax.set_title(
            f"{name}\n{tr('KL {kl} nats', kl=f'{kl:.2f}') if kl else ''}", loc="left"
        )
        bare(ax)


def preferred(runs):
    """DPO over its steps, a column a rate: answers that are drawn, reward, KL.

    runs: {rate: {"step", "short", "long", "reward", "kl"}}.
    """
    told = []
    for rate, run in runs.items():
        rate = f"{float(rate):.6f}".rstrip("0")
        exact = [a + b for a, b in zip(run["short"], run["long"])]
        told.append(
            tr(
                "rate {rate}: the share of short answers goes from {first} to {last}, exact "
                "answers from {before} to {after}, the reward to {reward}, the KL to {kl}",
                rate=rate,
                first=percent(run["short"][0]),
                last=percent(run["short"][-1]),
                before=percent(exact[0]),
                after=percent(exact[-1]),
                reward=f"{run['reward'][-1]:.2f}",
                kl=f"{run['kl'][-1]:.2f}",
            )
        )
    alt = tr("Three rows over the steps of DPO. {told}.", told="; ".join(told))
    shape = {"nrows": 3, "ncols": len(runs), "sharex": True, "sharey": "row"}
    wide, axes = canvas(6.4, 6.2, **shape)
    _preferred(runs, axes)
    axes[0, -1].legend(loc="upper right")
    narrow, axes = canvas(NARROW / 72, 6.6, **shape)
    _preferred(runs, axes)
    lines = axes[0, 0].get_legend_handles_labels()
    narrow.legend(*lines, loc="outside upper left", ncols=3, columnspacing=1)
    return show(wide, alt, narrow)


def _preferred(runs, axes):
    """A column of axes for each rate."""
    for column, (rate, run) in zip(axes.T, runs.items()):
        rate = f"{float(rate):.6f}".rstrip("0")
        step, exact = run["step"], [a + b for a, b in zip(run["short"], run["long"])]
        first, second, third = column
        for name, line, colour, style in (
            (tr("exact, either"), exact, INK, "--"),
            (tr("short"), run["short"], BLUE, "-"),
            (tr("long"), run["long"], VERMILION, "-"),
        ):
            first.plot(step, line, style, color=colour, label=name)
        first.set_title(tr("rate {rate}", rate=rate))
        second.plot(step, run["reward"], color=GREEN)
        third.plot(step, run["kl"], color=GREEN)
        third.set_xlabel(tr("steps"))
    axes[0, 0].set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    for ax, label in zip(
        axes[:, 0],
        (tr("drawn answers"), tr("reward, short − long"), tr("KL, nats an answer")),
    ):
        ax.set_ylabel(label)


# --- a real model -----------------------------------------------------------------
def completions(completed):
    """A table of the texts that a real model was given, and what it added."""
    rows = (map(samp, pair) for pair in completed.items())
    return table((tr("the text"), tr("what it adds")), *rows)


def conversations(said):
    """A table of (system prompt, question, answer)."""
    header = tr("system prompt"), tr("question"), tr("answer")
    rows = ((samp(part) if part else "–" for part in row) for row in said)
    return table(header, *rows)


def shots(asked, opposites, found):
    """A table: a word, its opposite, and what the model wrote after n examples.

    asked, opposites: the words; found: {n: what it wrote for each}.
    """
    heads = [tr("examples: {n}", n=n) for n in found]
    rows = zip(asked, opposites, *found.values())
    return table((tr("asked"), tr("right"), *heads), *(map(samp, row) for row in rows))
