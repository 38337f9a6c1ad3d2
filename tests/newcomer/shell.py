"""The shell of a newcomer: an empty HOME, and a PATH with the environment and the system only."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120  # until a step counts as hung


class Shell:
    """Runs commands, and prints how long each step took."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.venv = folder / "venv"
        self._started: list[subprocess.Popen[str]] = []

    @contextmanager
    def step(self, name: str, limit_seconds: float) -> Iterator[None]:
        """Time a step. limit_seconds: what it may take on a quiet machine."""
        began = time.monotonic()
        try:
            yield
        except BaseException:
            sys.stdout.write(f"FAIL  {name}\n")
            self._end_all()
            raise
        took = time.monotonic() - began
        mark = "ok  " if took <= limit_seconds else "SLOW"
        sys.stdout.write(f"{mark}  {took:6.1f} s of {limit_seconds:3.0f} s  {name}\n")
        sys.stdout.flush()

    def run(
        self, *words: str, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `onecgw` with these words."""
        return subprocess.run(  # noqa: S603 - the program under test
            ["onecgw", *words],  # noqa: S607 - found on the newcomer's PATH, which is the point
            input=stdin,
            env=self._environment(environment),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def onecgw(
        self,
        *words: str,
        stdin: str = "",
        expected: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What `onecgw` prints; its exit code must be the expected one."""
        done = self.run(*words, stdin=stdin, environment=environment)
        assert done.returncode == expected, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def start(
        self, *words: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `onecgw`; stdout and stderr come together."""
        process = subprocess.Popen(  # noqa: S603 - the program under test
            ["onecgw", *words],  # noqa: S607 - as above
            env=self._environment(environment),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def bash(self, command: str) -> str:
        """What a pasted command prints."""
        done = subprocess.run(  # noqa: S603 - pasted from the program's own text
            ["bash", "-euo", "pipefail", "-c", command],  # noqa: S607 - of the system
            env=self._environment(None),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self.venv / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **(more or {}),
        }

    def _end_all(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()


def wait_for_text(process: subprocess.Popen[str], text: str) -> str:
    """Read what a program prints until a text comes; return all of it."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(said)


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
