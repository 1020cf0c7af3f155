"""What grader, template and kernel say to each other.

The grader sends the template a request: JSON, with the contents of files and with open
file descriptors behind it. The template tells, a line each, what became of its
children. Nothing here trusts what a kernel says: it says nothing here.
"""

from __future__ import annotations

import array
import json
import socket
from typing import Any

CELLS = "cells_request"  # a message of our own to a kernel: to run many cells
CHANNELS = ("shell", "iopub", "stdin")  # the sockets that a kernel is given
CASES = "cases.safetensors"  # the hidden inputs, beside the submission's files


def tell(connection: socket.socket, message: dict[str, Any]) -> None:
    """A line of the template's to the grader."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def send(
    connection: socket.socket,
    request: dict[str, Any],
    files: list[bytes] = [],  # noqa: B006 - it is only read
    handles: list[int] = [],  # noqa: B006
) -> None:
    """A request with the contents of files and with open file descriptors."""
    head = json.dumps({**request, "sizes": [len(f) for f in files]}).encode()
    ancillary = []
    if handles:
        sent = array.array("i", handles)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)]
    connection.sendmsg([len(head).to_bytes(8, "big")], ancillary)
    connection.sendall(head + b"".join(files))


def receive(
    connection: socket.socket,
) -> tuple[dict[str, Any] | None, list[bytes], list[int]]:
    """A request as `send` sent it; None when the grader is gone."""
    room = socket.CMSG_SPACE(len(CHANNELS) * array.array("i").itemsize)
    size, ancillary, _, _ = connection.recvmsg(8, room)
    if not size:
        return None, [], []
    handles = array.array("i")
    for _, _, data in ancillary:
        handles.frombytes(data)
    size += _exactly(connection, 8 - len(size))
    request = json.loads(_exactly(connection, int.from_bytes(size, "big")))
    files = [_exactly(connection, n) for n in request["sizes"]]
    return request, files, list(handles)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError("the grader is gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
