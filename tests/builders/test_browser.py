"""A browser of a test ends with the test, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builders.browser import IS_THERE, MISSING, open_browser

GONE_SECONDS = 20
pytestmark = [
    pytest.mark.skipif(not IS_THERE, reason=MISSING),
    pytest.mark.xdist_group("browser"),
]
HOLDER = """
import sys, time
from pathlib import Path
from tests.builders.browser import open_browser
with open_browser(Path(sys.argv[1])) as browser:
    print("open", flush=True)
    time.sleep(600)
"""


def processes_of(folder: Path) -> set[int]:
    """Every process whose command line names the profile, or that belongs to the group of one."""
    found, groups = set(), set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            group = int((process / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:
            continue
        if bytes(folder / "profile") in command:
            found.add(int(process.name))
            groups.add(group)
    return found | {group for group in groups if Path(f"/proc/{group}").exists()}


def wait_gone(pids: set[int]) -> None:
    until = time.monotonic() + GONE_SECONDS
    while left := {pid for pid in pids if _lives(pid)}:
        assert time.monotonic() < until, left
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # a killed test may have left no parent that collects the process


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_browser_leaves_no_process_when_its_test_fails(tmp_path: Path) -> None:
    pids: set[int] = set()

    def fail() -> None:
        with open_browser(tmp_path) as browser:
            pids.update(processes_of(tmp_path))
            assert browser.process_id in pids
            raise NotADirectoryError

    with pytest.raises(NotADirectoryError):
        fail()
    wait_gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_browser_leaves_no_process_when_its_test_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        pids = processes_of(tmp_path)
        assert len(pids) > 1
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate(timeout=GONE_SECONDS)
    wait_gone(pids)
