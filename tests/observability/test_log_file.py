"""log.file: nothing is lost at a rotation, also by several processes, with and without locks."""

import subprocess
import sys
from pathlib import Path

import pytest

from onecgw.observability import log_file
from onecgw.observability.log_file import RotatingFile

LINE = b"a line of thirty-two characters\n"
MAX_BYTES = 1_000


@pytest.fixture(params=["posix", "windows"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both branches: with fcntl, and without it as on Windows."""
    if request.param == "windows":
        monkeypatch.setattr(log_file, "IS_SHARED", False)
        monkeypatch.setattr(log_file, "fcntl", None)
    elif not log_file.IS_SHARED:
        pytest.skip("needs fcntl")


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_full_file_becomes_the_first_of_those_that_are_kept(tmp_path: Path, system: None) -> None:
    path = tmp_path / "logs" / "onecgw.log"
    file = RotatingFile(path, max_bytes=MAX_BYTES, files_kept=2)
    numbered = [b"%05d " % number + LINE for number in range(100)]

    for line in numbered:
        file.write(line)

    assert sorted(one.name for one in path.parent.iterdir()) == [
        "onecgw.log",
        "onecgw.log.1",
        "onecgw.log.2",
    ]
    kept = [*lines_of(Path(f"{path}.2")), *lines_of(Path(f"{path}.1")), *lines_of(path)]
    assert kept == numbered[-len(kept) :]
    assert len(kept) > 2 * (MAX_BYTES // len(numbered[0]))
    assert all(one.stat().st_size <= MAX_BYTES for one in path.parent.iterdir())
    assert path.stat().st_mode & 0o077 == 0


def test_a_new_process_goes_on_in_the_file(tmp_path: Path, system: None) -> None:
    path = tmp_path / "onecgw.log"
    for _ in range(2):
        RotatingFile(path, max_bytes=MAX_BYTES, files_kept=1).write(LINE)

    assert path.read_bytes() == LINE * 2


@pytest.mark.skipif(not log_file.IS_SHARED, reason="needs fcntl")
def test_a_file_that_another_program_moves_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.log"
    file = RotatingFile(path, max_bytes=MAX_BYTES, files_kept=1)
    file.write(b"before\n")
    path.rename(tmp_path / "moved")
    file.write(b"after\n")

    assert path.read_bytes() == b"after\n"


@pytest.mark.skipif(not log_file.IS_SHARED, reason="needs fcntl")
def test_processes_write_one_file_and_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.log"
    code = (
        "import sys; from pathlib import Path\n"
        "from onecgw.observability.log_file import RotatingFile\n"
        f"file = RotatingFile(Path({str(path)!r}), max_bytes={MAX_BYTES}, files_kept=1000)\n"
        "[file.write(f'{sys.argv[1]} {number}\\n'.encode()) for number in range(500)]\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(number)])  # noqa: S603 - this Python
        for number in range(3)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]

    found = [line for one in tmp_path.iterdir() for line in one.read_text().splitlines()]
    assert sorted(found) == sorted(f"{w} {n}" for w in range(3) for n in range(500))
