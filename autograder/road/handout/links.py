"""Addresses that open an exercise in a browser, from the address of its repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

_SSH = re.compile(r"(?:ssh://)?git@([\w.-]+)[:/](.+)")
_BRANCH = re.compile(r"[\w][\w./-]*")


@dataclass(frozen=True)
class Repository:
    """Where a bundle was put: `url` by https, without `.git`, and a branch of it."""

    url: str
    branch: str = "main"

    @property
    def slug(self) -> str | None:
        """ "owner/name", if it is on GitHub: Colab opens no other."""
        host, path = urlsplit(self.url).netloc.lower(), urlsplit(self.url).path
        found = re.fullmatch(r"/([\w.-]+/[\w.-]+)", path)
        return found[1] if found and host == "github.com" else None

    @property
    def install(self) -> str:
        """What pip installs the bundle's packages from."""
        return f"git+{self.url}@{self.branch}"


def repository(address: str, branch: str = "main") -> Repository:
    """ValueError for what is no address of a repository."""
    if ssh := _SSH.fullmatch(address.strip()):
        address = f"https://{ssh[1]}/{ssh[2]}"
    parts = urlsplit(address.strip())
    path = re.sub(r"(\.git)?/*$", "", parts.path)
    plain = re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc)
    if parts.scheme != "https" or not plain or not re.fullmatch(r"(/[\w.~-]+)+", path):
        raise ValueError(
            f"{address!r} is no repository's address: it is like "
            "https://github.com/OWNER/NAME, without a password in it"
        )
    if not _BRANCH.fullmatch(branch) or ".." in branch:
        raise ValueError(f"{branch!r} is no name of a branch")
    return Repository(f"https://{parts.netloc}{path}", branch)


def colab(where: Repository, path: str) -> str | None:
    """The notebook alone, without its folder: the packages are installed in it first."""
    if where.slug is None:
        return None
    branch = quote(where.branch, safe="")
    return f"https://colab.research.google.com/github/{where.slug}/blob/{branch}/{quote(path)}"


def binder(where: Repository, path: str) -> str:
    """The whole folder on mybinder.org."""
    branch = quote(where.branch, safe="")
    kind = f"gh/{where.slug}" if where.slug else f"git/{quote(where.url, safe='')}"
    return (
        f"https://mybinder.org/v2/{kind}/{branch}?urlpath={quote(f'lab/tree/{path}')}"
    )


def nbgitpuller(hub: str, where: Repository, path: str) -> str:
    """The whole folder on a JupyterHub, and later its changes. ValueError: no address.

    As nbgitpuller's own link generator writes it.
    """
    parts = urlsplit(hub.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        raise ValueError(f"{hub!r} is no JupyterHub's address: https://hub.example.edu")
    folder = where.url.rpartition("/")[2]
    asked = {
        "repo": where.url,
        "urlpath": f"lab/tree/{folder}/{path}",
        "branch": where.branch,
    }
    start = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return f"{start}/hub/user-redirect/git-pull?{urlencode(asked)}"


def of(
    exercises: Sequence[str], where: Repository | None, hub: str | None = None
) -> dict[str, dict[str, str]]:
    """For each exercise its addresses, by what opens them."""
    if where is None:
        return {}
    found = {}
    for exercise in exercises:
        path = f"exercises/{exercise}/{exercise}.ipynb"
        asked = {"Colab": colab(where, path), "Binder": binder(where, path)}
        if hub:
            asked["nbgitpuller"] = nbgitpuller(hub, where, path)
        found[exercise] = {name: link for name, link in asked.items() if link}
    return found
