"""Where the rendered files are."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
