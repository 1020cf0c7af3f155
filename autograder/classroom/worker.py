"""A worker: grades one submission after another, and never touches the gradebook.

It has a submission's files read and sanitized (`reader`), executes and verifies them,
and sends back the verified notebook. What it says travels as JSON, so that the process
that holds the gradebook need not trust even this one.
"""

from __future__ import annotations

import ctypes
import functools
import json
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import torch

from autograder.box.kernel import Template
from autograder.classroom import reader, submission, verify
from autograder.classroom.collect import HandedIn, collect
from autograder.classroom.exam import Exam, exam_of, received
from autograder.classroom.setup import Setup


def main(pipe: Connection, setup: Setup) -> None:
    """Grade the students whose names come through the pipe, until it is closed."""

    def read(student: bytes) -> HandedIn:
        folder = setup.submitted / student.decode() / setup.assignment
        return collect(folder, setup.assignment)

    exam = functools.partial(
        exam_of, setup.assignment, setup.seed_file, setup.about.points
    )
    _work(pipe, setup, exam, read)


def sent(setup: Setup) -> bytes:
    """What a machine must know that grades for this one, to be given to `serve`.

    No secret but the inputs: not the seed that they were drawn from, and no path. Of the
    solutions the steps that stand in for wrong ones.
    """
    asked = exam_of(setup.assignment, setup.seed_file, setup.about.points)
    return pickle.dumps((replace(setup, submitted=None, seed_file=None), asked.sent()))


def serve(handle: int) -> None:
    """As `main`, for what comes from another machine through the socket `handle`.

    First what `sent` has made, then submissions, as `collect` has read them there. Both
    are the grader's own; what goes back is JSON.
    """
    pipe = Connection(handle)
    setup, asked = pickle.loads(pipe.recv_bytes())
    exam = functools.partial(received, setup.assignment, asked, setup.about.points)
    _work(pipe, setup, exam, pickle.loads)


def _work(
    pipe: Connection,
    setup: Setup,
    draw: Callable[[], Exam],
    read: Callable[[bytes], HandedIn],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner decides, and terminates
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    torch.set_num_threads(1)  # there are as many workers as cores
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if sys.platform == "linux":  # and does not outlive us
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    template = None
    reader.here().start()
    try:
        with ThreadPoolExecutor(1) as thread:  # it imports while we draw the cases
            starting = thread.submit(Template, setup.sandboxed)
            asked = draw()
            template = starting.result()
        while True:
            message = pipe.recv_bytes()
            if template.process.poll() is not None:
                template.close()
                template = Template(setup.sandboxed)
            began = time.process_time()
            try:
                said = grade(setup, asked, read(message), template, began)
            except Exception as error:  # noqa: BLE001 - our fault, and not the last one
                said = {"problem": f"{type(error).__name__}: {error}"[:300]}
                said["trace"] = traceback.format_exc()
            pipe.send_bytes(json.dumps(said).encode())
    except (EOFError, OSError):  # the runner has closed it, or is gone
        pass
    finally:
        if template:
            template.close()
        reader.here().close()


def grade(
    setup: Setup,
    asked: Exam,
    handed_in: HandedIn,
    template: Template,
    began: float,
) -> dict[str, Any]:
    """One submission: its verified notebook, and what the gradebook is to know.

    began: what the clock of this process's computing said when it was taken on.
    """
    read = reader.here().cpu
    nb, flags = submission.sanitized(handed_in, setup.assignment, setup.about)
    grading = verify.Grading(asked, flags)
    if not setup.sandboxed:
        grading.flags.append(verify.NO_SANDBOX)
    timestamp = submission.sound(handed_in.timestamp, grading.flags)
    files = handed_in.files | setup.sources
    kernels = verify.run(nb, grading, template, files, setup.limits)
    verify.verify(nb, grading)
    return {
        "notebook": json.dumps(nb, ensure_ascii=False),  # an indent takes Python, not C
        "timestamp": timestamp,
        "fingerprint": handed_in.fingerprint,
        "cpu": kernels + reader.here().cpu - read + time.process_time() - began,
    }
