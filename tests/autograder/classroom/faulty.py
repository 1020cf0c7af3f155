"""A worker that fails. It imports next to nothing, so each new one starts at once."""

import json
import os
import time


def faulty(pipe, setup):
    """A worker that echoes, dies of one name, hangs on another, and complains of one."""
    while True:
        try:
            student = pipe.recv_bytes().decode()
        except EOFError:
            return
        if student == "death":
            os._exit(9)
        if student == "sleep":
            time.sleep(600)
        said = {"problem": "oh"} if student == "fault" else {"echo": student}
        pipe.send_bytes(json.dumps(said).encode())
