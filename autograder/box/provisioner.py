"""How a kernel comes to life, for jupyter_client: by a request to a template.

`Warm` is a kernel provisioner, jupyter_client's extension point; `Manager` is a kernel
manager that uses it. The kernel's sockets are bound here and handed in, so that no
folder is shared with a box and nobody waits for another to bind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.box.messages import CHANNELS
from autograder.box.sandbox import Limits

if TYPE_CHECKING:
    from autograder.box.kernel import Template

PROVISIONER = "gpt-in-four-stages"  # its entry point in pyproject.toml


class Warm(KernelProvisionerBase):
    """Where a kernel manager's kernel comes from: a fork of its template."""

    name: str | None = None
    handles: list[socket.socket]
    folder: Path | None = None

    @property
    def has_process(self) -> bool:
        return self.name is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Bind the sockets: paths of at most 100 bytes, in a folder of this run."""
        manager = self.parent
        self.folder = manager.template.box.folder / secrets.token_hex(4)
        self.folder.mkdir(mode=0o700)
        manager.transport, manager.ip = "ipc", str(self.folder / "k")
        self.handles = []
        for port, channel in enumerate(CHANNELS, 1):
            setattr(manager, f"{channel}_port", port)
            bound = socket.socket(socket.AF_UNIX)
            bound.bind(f"{manager.ip}-{port}")
            bound.listen(16)
            self.handles.append(bound)
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        manager = self.parent
        connection = {
            key: value.decode() if isinstance(value, bytes) else value
            for key, value in self.connection_info.items()
        }
        self.name = manager.template.start(
            connection,
            [bound.fileno() for bound in self.handles],
            manager.files,
            manager.environment,
            manager.limits,
        )
        for bound in self.handles:
            bound.close()
        return self.connection_info

    async def poll(self) -> int | None:
        return 0 if self.name is None else self.parent.template.status(self.name)

    async def wait(self) -> int | None:
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.01)
        return status

    async def send_signal(self, signum: int) -> None:
        if self.name is not None:
            self.parent.template.signal(self.name, signum)

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)  # a hostile kernel would not listen

    async def cleanup(self, restart: bool = False) -> None:
        if self.folder is not None:
            for port in range(1, 1 + len(CHANNELS)):
                with contextlib.suppress(OSError):
                    os.unlink(f"{self.folder}/k-{port}")
            with contextlib.suppress(OSError):
                self.folder.rmdir()
        self.name = None


class Manager(AsyncKernelManager):
    """A kernel manager whose kernels are forks of `template`."""

    template: Template
    files: dict[str, bytes]
    environment: dict[str, str]
    limits: Limits

    @property
    def kernel_spec(self) -> KernelSpec:
        chosen = {"kernel_provisioner": {"provisioner_name": PROVISIONER}}
        return KernelSpec(
            argv=[], display_name="Python 3", language="python", metadata=chosen
        )

    def write_connection_file(self, **_: Any) -> None:
        """There is none: the connection goes to the kernel by its template."""
