"""A program beside a test, that ends with the test, however that ends."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

STOP_SECONDS: Final = 30


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own; what it says is in the log.

    On the main thread: the program is killed when the thread that has started it ends.
    """
    if (setpriv := shutil.which("setpriv")) is not None:
        # A test that is killed runs no `finally`.
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603 - programs that are installed
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)
