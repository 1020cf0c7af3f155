"""Why a submission is graded again, and whose grade moved by it, from what to what."""

from __future__ import annotations

import collections
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.utils import parse_utc

from autograder.classroom import assumed, decides
from autograder.classroom.book import INFRA, Standing
from autograder.classroom.late import Rule
from autograder.verdict.points import number

NEW = "not graded before"
FORCED = "forced"
FAILED = "could not be graded before"
GONE = "its graded notebook is gone"
FIRST = {NEW, FAILED}  # of whom there was no grade that could move


@dataclass(frozen=True)
class Moved:
    """A grade that is not what it was. `checks` are those whose points changed.

    `penalty` is what being late cost, where that changed. `waits` tells that points by
    hand stand, and that a person is to look at them again.
    """

    student: str
    before: float | None
    after: float | None
    why: str
    checks: Mapping[str, tuple[float, float]]
    waits: bool = False
    penalty: tuple[float, float] | None = None


def why(
    known: Any,
    fingerprint: str,
    parts: Mapping[str, str],
    versions: Mapping[str, Mapping[str, str]],
    there: bool = True,
) -> str:
    """Why a submission is to be graded, in words; empty where it is graded as it is.

    known: its row of `VERDICT`, if there is one. there: whether its graded notebook is.
    """
    if known is None:
        return NEW
    if known.status == INFRA:
        return FAILED
    told = []
    if known.submission and known.submission != fingerprint:
        told.append(decides.WORDS["submission"])
    if known.version != decides.version(parts):
        changed = decides.why(versions.get(known.version), parts)
        told.append(changed)
    return "; ".join(told) or ("" if there else GONE)


def summary(reasons: Mapping[str, str]) -> list[str]:
    """Lines that tell why how many are graded again; of who is new, nothing."""
    counts = collections.Counter(why for why in reasons.values() if why not in FIRST)
    return [f"{count:,} graded again: {why}" for why, count in sorted(counts.items())]


def moved(
    before: Mapping[str, Standing],
    after: Mapping[str, Standing],
    reasons: Mapping[str, str],
) -> list[Moved]:
    """Whose grade is another now, and whose points by hand wait for a person."""
    found = []
    for student, reason in sorted(reasons.items()):
        old, new = before.get(student), after.get(student)
        if old is None or new is None or old.total is None:
            continue
        waits = _by_hand(new)
        if old.total != new.total or (waits and not _by_hand(old)):
            checks = _changed(old, {n: c.points for n, c in new.checks.items()})
            late = _penalty(old.penalty, new.penalty)
            found.append(
                Moved(student, old.total, new.total, reason, checks, waits, late)
            )
    return found


def _by_hand(standing: Standing) -> bool:
    """Whether points by hand wait for a person."""
    every = standing.checks.values()
    return any(c.waits and (c.manual is not None or c.extra) for c in every)


def would_move(
    old: Standing,
    said: Mapping[str, Any],
    reason: str,
    rule: Rule,
    possible: float,
    word: Any = None,
) -> Moved | None:
    """What a verified notebook would make of a grade; points by hand would stay.

    rule: what being late costs, of an exercise of `possible` points. word: what was
    `assumed` of its time.
    """
    if old.endless:
        return None  # until somebody gives other points
    about = json.loads(said["notebook"])["metadata"]["autograder"]["checks"]
    points = {
        name: known.points
        if known.manual is not None or name not in about
        else about[name]["points"] + known.extra
        for name, known in old.checks.items()
    }
    score = sum(points.values())
    late = _late(old, said["timestamp"], rule, possible, word)
    late = min(late, max(0.0, score))
    total = max(0.0, score - late)
    by_hand = [n for n, c in old.checks.items() if c.manual is not None or c.extra]
    now = {n: about[n]["points"] for n in about}
    again = decides.WORDS["submission"] in reason
    waits = any(
        again or now.get(name, old.checks[name].auto) != old.checks[name].auto
        for name in by_hand
    )
    if (old.total is not None and abs(total - old.total) < 1e-9) and not waits:
        return None
    checks = _changed(old, points)
    penalty = _penalty(old.penalty, late)
    return Moved(old.student, old.total, total, reason, checks, waits, penalty)


def _late(
    old: Standing, stamp: str | None, rule: Rule, possible: float, said: Any
) -> float:
    """What being late would cost who hands in at the time that a stamp says."""
    when = assumed.time(said, parse_utc(stamp) if stamp else None, old.due)
    if when is None or old.due is None:
        return 0.0
    return rule.penalty(max(0.0, (when - old.due).total_seconds()), possible)


def _penalty(before: float, after: float) -> tuple[float, float] | None:
    return None if abs(before - after) < 1e-9 else (before, after)


def told(moves: Sequence[Moved], would: bool = False, most: int = 30) -> list[str]:
    """Lines for a terminal: whose grade moved, by how much, at which checks, why."""
    verb = "would move" if would else "moved"
    changed = [m for m in moves if m.before != m.after]
    lines = []
    if changed:
        lines.append(f"{len(changed):,} grade{'s' * (len(changed) > 1)} {verb}:")
    for move in sorted(changed, key=_size)[:most]:
        steps = [f"{n} {number(a)} → {number(b)}" for n, (a, b) in move.checks.items()]
        if move.penalty:
            before, after = map(number, move.penalty)
            steps.append(f"off for being late {before} → {after}")
        by = (move.after or 0) - (move.before or 0)
        about = f" ({', '.join(steps)})" if steps else ""
        lines.append(
            f"  {move.student}: {_points(move.before)} → {_points(move.after)}, "
            f"{by:+.2f}{about}: {move.why}"
        )
    if len(changed) > most:
        lines.append(f"  … and {len(changed) - most:,} more (--json has all)")
    for move in moves:
        if move.waits:
            lines.append(
                f"  {move.student}: points given by hand stand; look at them again "
                f"({move.why})"
            )
    return lines


def _changed(
    old: Standing, points: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    return {
        name: (known.points, points[name])
        for name, known in old.checks.items()
        if name in points and points[name] != known.points
    }


def _size(move: Moved) -> tuple[float, str]:
    return -abs((move.after or 0) - (move.before or 0)), move.student


def _points(points: float | None) -> str:
    return "no grade" if points is None else number(points)
