"""Gradescope's list of submissions, `submission_metadata.yml`: whose each is, and when."""

from __future__ import annotations

import datetime
import re
from typing import Any

METADATA = "submission_metadata.yml"
METADATA_MB = 64


def submissions(
    data: bytes,
) -> dict[str, tuple[list[tuple[tuple[str, str], ...]], datetime.datetime | None]]:
    """Of each folder: the ids of those who submitted it, and when. Ruby's symbols."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        """Knows no tag that makes anything: Ruby's objects are read as plain values."""

        def plain(self, _tag: str, node: Any) -> Any:
            if isinstance(node, yaml.MappingNode):
                return self.construct_mapping(node, deep=True)
            if isinstance(node, yaml.SequenceNode):
                return self.construct_sequence(node, deep=True)
            return node.value

    Loader.add_multi_constructor("", Loader.plain)
    Loader.yaml_implicit_resolvers = {
        letter: [(tag, how) for tag, how in kinds if tag.endswith(":null")]
        for letter, kinds in Loader.yaml_implicit_resolvers.items()
    }  # everything is text: an id keeps its zeros
    try:
        found = yaml.load(data, Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"is no YAML: {str(error).splitlines()[0][:80]}") from None
    if not isinstance(found, dict):
        raise ValueError("holds no list of submissions")
    return {
        str(folder): (
            _submitters(get(one, "submitters")),
            when(get(one, "created_at")),
        )
        for folder, one in found.items()
    }


def get(value: Any, name: str) -> Any:
    return value.get(f":{name}", value.get(name)) if isinstance(value, dict) else None


def _submitters(value: Any) -> list[tuple[tuple[str, str], ...]]:
    found = []
    for one in value if isinstance(value, list) else []:
        kinds = ("email", "email"), ("sid", "any"), ("name", "name")
        said = [(how, get(one, key)) for key, how in kinds]
        keys = tuple(
            (how, text) for how, text in said if isinstance(text, str) and text
        )
        if keys:
            found.append(keys)
    return found


def when(value: Any) -> datetime.datetime | None:
    """`2023-11-06 07:13:47.644186000 Z`, or with an offset; or Ruby's object of it."""
    value = get(value, "utc") or value
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)",
        str(value).strip(),
    )
    if not match:
        return None
    zone = "+00:00" if match[3] in ("Z", "UTC") else match[3]
    try:
        found = datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
        return found.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
