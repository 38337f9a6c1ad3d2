"""`onecgw demo`: what it shows while it starts."""

import subprocess
import sys
from pathlib import Path

SECONDS = 120


def test_where_no_terminal_is_the_start_shows_one_line_of_progress(
    tmp_path: Path,
) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [
            *(sys.executable, "-m", "onecgw", "demo", "--size", "small"),
            *("--export", str(tmp_path / "csv"), "--today", "2026-03-31"),
        ],
        env={"XDG_CACHE_HOME": str(tmp_path), "PATH": "", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )

    assert done.stderr.splitlines() == [
        "writing the books of two years, size small, up to 2026-03-31:"
    ]
    assert done.stdout.startswith("The books are in ")
