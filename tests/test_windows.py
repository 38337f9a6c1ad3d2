"""What Windows lacks is not needed: every module is imported, and the other branches run.

The modules and names that only POSIX has are taken away in a process of its own.
"""

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_POSIX = """
import importlib, os, pkgutil, signal, socket, sys

POSIX = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name in POSIX:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

# The standard library of this system may need them itself; it asks before onecgw does.
import multiprocessing, selectors, shutil, subprocess, tempfile, trio
for name in POSIX:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
for module, names in (
    (signal, ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGQUIT", "pthread_sigmask")),
    (socket, ("SO_REUSEPORT",)),
    (os, ("fork", "fchmod", "getuid", "geteuid", "chown", "killpg", "setsid", "posix_spawn")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
signal.SIGBREAK = signal.SIGTERM  # of Windows
"""
IMPORT_ALL = """
import onecgw
for module in pkgutil.walk_packages(onecgw.__path__, "onecgw."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
RUN_BRANCHES = """
import logging
from pathlib import Path
import attrs
from onecgw.app import serve
from onecgw.app.serve_demo import demo_settings
from onecgw.app.startup import _forbid_core_dumps
from onecgw.observability import log_file
from onecgw.storage.database import Database

folder = Path(sys.argv[1])
_forbid_core_dumps()
assert serve.RELOAD_SIGNAL is None
assert serve.STOP_SIGNALS == (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)
assert log_file.IS_SHARED is False
log_file.RotatingFile(folder / "log", max_bytes=10, files_kept=1).write(b"line")

logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s %(fields)s")
demo = demo_settings(base_url="http://127.0.0.1:9", port=0, password="x")
three = attrs.evolve(demo, server=attrs.evolve(demo.server, workers=3))
assert serve._with_possible_workers(three).server.workers == 1

# Windows shows each file as one that everybody may read, and chmod changes nothing.
os.chmod, Path.chmod = (lambda *_, **__: None), (lambda *_, **__: None)
Database(folder / "data" / "onecgw.db").close()

async def reload_and_stop():
    async def reload():
        raise AssertionError("there is no signal for it")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve.wait_signal, reload)
        await trio.testing.wait_all_tasks_blocked()
        signal.raise_signal(signal.SIGTERM)

import trio.testing
serve.STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
trio.run(reload_and_stop)
"""


def run(code: str, folder: Path) -> str:
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", WITHOUT_POSIX + code, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there, all other tests show it")
def test_every_module_is_imported_without_what_only_posix_has(tmp_path: Path) -> None:
    run(IMPORT_ALL, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there, all other tests show it")
def test_the_branches_of_windows_run(tmp_path: Path) -> None:
    said = run(RUN_BRANCHES, tmp_path)

    assert "serve.one_worker {'workers': 3, 'reason': 'this system has no SO_REUSEPORT'}" in said
