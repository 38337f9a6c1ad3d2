"""Write docs/deploy/constraints.txt: `python -m tests.constraints`, which needs uv.

It holds one exact version of everything that onecgw needs to run, on each system and each Python
from 3.11 on. A production install with it is the same tomorrow as today.
"""

import subprocess
import sys
from typing import Final

from tests.rendering.files import ROOT

FILE: Final = ROOT / "docs" / "deploy" / "constraints.txt"
HEAD: Final = """\
# What a production install pins: pip install -c docs/deploy/constraints.txt .
# Written by `python -m tests.constraints`; everything that onecgw needs to run, and no more.
"""
_COMMAND: Final = (
    *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--quiet"),
    *("--python-version", "3.11", "--no-header", "--no-annotate", "--upgrade"),
)


def main() -> None:
    """Resolve the newest versions that pyproject.toml accepts, and write them."""
    done = subprocess.run(  # noqa: S603 - uv, with our own arguments
        _COMMAND, cwd=ROOT, capture_output=True, text=True, check=True
    )
    FILE.write_text(HEAD + done.stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
