"""Files that only their owner may read."""

import os
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700


def write_private_file(path: Path, content: bytes) -> None:
    """Write a new file, and its folder if need be; it is on the disk when this returns.

    Raises:
        OSError: it exists, or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
