"""What a class got right and wrong, counted: the facts of the report, of one exercise.

Everything is bounded: of long lists the first, and how many more there are. Who somebody
is, is said by `Who`, which may hide it.
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.classroom.book import FLAGGED, INFRA, MISSING, Standing
from autograder.road.look.who import HALF, LISTED, Names, Who, names, overall
from autograder.verdict.judge import UNWRITTEN

GROUPS = 25  # of like outcomes that no mistake explains
# What is left out of a reason, so that like outcomes are alike.
_COUNT = re.compile(
    r"^Right in \d+ of \d+ cases(?:, but only [^.]*)?(?:\. The idea is right[^.]*)?\. "
)
_COMPARED = "Wrong on "  # so begins what is said of an answer
_CODE = re.compile(r"`[^`]*`")
_PLACE = re.compile(r"SyntaxError in line \d+(?:, `[^`]*`)?: ")


def facts(
    exercise: str,
    standings: Sequence[Standing],
    steps: Mapping[str, str],
    hint: Callable[[str, str], str],
    who: Who,
) -> dict[str, Any]:
    """All that the report says of one exercise, but for what the code itself tells."""
    graded = [s for s in standings if s.total is not None]  # one from before, too
    infra = [s for s in standings if s.status == INFRA]
    missing = [s for s in standings if s.status == MISSING]
    late = [s for s in standings if s.is_late]
    possible = max((s.worth for s in standings), default=0.0)
    totals = [s.total_now for s in graded]
    cpu = [s.cpu for s in standings if s.cpu]
    return {
        "exercise": exercise,
        "students": len(standings),
        "handed_in": len(standings) - len(missing),
        "graded": len(graded),
        "possible": possible,
        "mean": statistics.fmean(totals) if totals else None,
        "median": statistics.median(totals) if totals else None,
        "full": sum((s.total or 0.0) >= s.possible for s in graded),
        "histogram": _histogram(totals, possible),
        "checks": _checks(graded, steps),
        "mistakes": _mistakes(graded, steps, hint, who),
        "unnamed": _unnamed(graded, steps, who),
        "silent": _silent(graded, who),
        "stuck": _stuck(graded, steps, who),
        "flagged": _told([s for s in standings if s.status == FLAGGED], exercise, who),
        "infra": _told(infra, exercise, who),
        "stands": names((s for s in infra if s.stands), who),
        "outdated": names((s for s in standings if s.outdated), who),
        "late": _late(late, who),
        "missing": names(missing, who),
        "manual": names((s for s in graded if s.needs_manual), who),
        "cpu": sum(cpu),
        "cpu_mean": statistics.fmean(cpu) if cpu else 0.0,
        "cpu_most": max(cpu, default=0.0),
    }


def _histogram(totals: Sequence[float], possible: float) -> list[tuple[str, int]]:
    """How many students in each tenth of the points; the last holds all points, too."""
    bins = [0] * 10
    for total in totals:
        share = total / possible if possible else 0.0
        bins[min(9, max(0, int(share * 10 + 1e-9)))] += 1
    return [(f"{10 * i}–{10 * i + 10} %", count) for i, count in enumerate(bins)]


def _checks(
    graded: Sequence[Standing], steps: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Of each check: how many have it right, partly, and not."""
    found = []
    for name, title in steps.items():
        scored = [s.checks[name] for s in graded if name in s.checks]
        if not scored:
            continue
        right = sum(c.earned >= c.possible for c in scored)
        none = sum(c.earned <= 0 for c in scored)
        unwritten = sum(c.earned <= 0 and c.reason == UNWRITTEN for c in scored)
        count = len(scored)
        share = right / count
        mean = statistics.fmean(
            c.earned / c.possible if c.possible else 1.0 for c in scored
        )
        found.append(
            {
                "name": name,
                "title": title,
                "right": right,
                "partly": count - right - none,
                "none": none - unwritten,
                "unwritten": unwritten,
                "share": share,
                "mean": mean,
            }
        )
    return found


def _mistakes(
    graded: Sequence[Standing],
    steps: Mapping[str, str],
    hint: Callable[[str, str], str],
    who: Who,
) -> list[dict[str, Any]]:
    """Each mistake that was recognized: how many made it, who, and what to say to it."""
    made: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for s in graded:
        for name, scored in s.checks.items():
            if scored.mistake:
                made[name, scored.mistake].append(s)
    return [
        {
            "check": steps.get(check, check),
            "mistake": mistake.replace("_", " "),
            "count": len(students),
            "share": len(students) / len(graded),
            "hint": hint(check, mistake),
            "who": names(students, who),
        }
        for (check, mistake), students in sorted(
            made.items(), key=lambda item: (-len(item[1]), item[0])
        )
    ][:LISTED]


def _unnamed(
    graded: Sequence[Standing], steps: Mapping[str, str], who: Who
) -> list[dict[str, Any]]:
    """What is wrong and has no name, by what the check said of it, the most common first."""
    alike: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for s in graded:
        for name, scored in s.checks.items():
            wrong = (scored.auto or 0.0) < scored.possible
            if wrong and not scored.mistake and _COMPARED in (scored.reason or ""):
                alike[name, _COUNT.sub("", scored.reason)].append(s)
    groups = sorted(alike.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {
            "name": check,
            "check": steps.get(check, check),
            "reason": reason,
            "count": len(students),
            "example": min(students, key=lambda s: s.student),
            "who": names(students, who),
        }
        for (check, reason), students in groups[:GROUPS]
    ]


def _silent(graded: Sequence[Standing], who: Who) -> list[dict[str, Any]]:
    """Steps of which there was no answer to compare, by the reason, over all checks."""
    alike: dict[str, dict[str, Standing]] = defaultdict(dict)
    steps: dict[str, int] = defaultdict(int)
    said: dict[str, set[str]] = defaultdict(set)
    for s in graded:
        for scored in s.checks.values():
            reason = scored.reason or ""
            wrong = (scored.auto or 0.0) < scored.possible
            if wrong and reason not in ("", UNWRITTEN) and _COMPARED not in reason:
                kind = _CODE.sub("`…`", _PLACE.sub("SyntaxError: ", reason))
                alike[kind][s.student] = s
                steps[kind] += 1
                said[kind].add(reason if who.key is None else kind)
    groups = sorted(alike.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {
            "reason": min(said[kind]),
            "others": len(said[kind]) > 1,
            "count": len(students),
            "steps": steps[kind],
            "who": names(students.values(), who),
        }
        for kind, students in groups[:GROUPS]
    ]


def _stuck(
    graded: Sequence[Standing], steps: Mapping[str, str], who: Who
) -> list[dict[str, Any]]:
    """At which step students stop: it and all after it earned them less than half."""
    at: dict[str, list[Standing]] = defaultdict(list)
    for s in graded:
        stop = None
        for name in reversed(steps):
            scored = s.checks.get(name)
            if scored is None or not scored.possible:
                continue
            if scored.earned >= HALF * scored.possible:
                break
            stop = name
        if stop:
            at[stop].append(s)
    return [
        {"check": title, "count": len(at[name]), "who": names(at[name], who)}
        for name, title in steps.items()
        if at[name]
    ]


def _told(students: Sequence[Standing], exercise: str, who: Who) -> dict[str, Any]:
    """Students with what is told of them, and how many there are of each kind."""
    kinds: dict[str, int] = defaultdict(int)
    for s in students:
        for kind in {_kind(flag) for flag in s.flags}:
            kinds[kind] += 1
    rows = sorted(
        (
            (who(s), [who.text(flag, s, exercise) for flag in s.flags[:10]])
            for s in students
        ),
        key=lambda row: row[0].casefold(),
    )
    common = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    common = [(k, n) for k, n in common if n > 1][:12] if who.key is None else []
    return {
        "count": len(students),
        "rows": rows[:LISTED],
        "more": max(0, len(rows) - LISTED),
        "kinds": common,
    }


def _kind(flag: str) -> str:
    """A flag without what differs from one submission to the next."""
    flag = re.sub(r"^[\w ]{1,40}: ", "", flag)
    flag = re.sub(r" \(cell \d+, line \d+\)", "", flag)
    return re.sub(r"\d+", "…", flag)


def _late(students: Sequence[Standing], who: Who) -> dict[str, Any]:
    rows = sorted(students, key=lambda s: (-s.late, who(s)))
    return {
        "count": len(rows),
        "rows": [(who(s), s.late, s.penalty) for s in rows[:LISTED]],
        "more": max(0, len(rows) - LISTED),
    }


__all__ = ["LISTED", "Names", "Who", "facts", "names", "overall"]
