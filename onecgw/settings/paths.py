"""Paths in the settings: where relative ones start, and the files that hold one secret each."""

from pathlib import Path
from typing import Final

from onecgw.settings.parse import RawValue

CONFIG_FOLDER: Final = "config"
FILE_SUFFIX: Final = "_file"
"""`onec.auth.password_file` names the file of `onec.auth.password`."""


def base_folder(path: Path | None) -> Path:
    """Return the folder at which relative paths in the settings start.

    It is the folder of the settings file, and for a file in a folder `config` the one above it, as
    in a clone. Thus it does not depend on the working directory of a command. Without a file it is
    the working directory.
    """
    if path is None:
        return Path.cwd()
    folder = path.absolute().parent
    return folder.parent if folder.name == CONFIG_FOLDER else folder


def read_secret_file(place: str, path: Path) -> RawValue:
    """Read the one secret in a file, without the line break at its end.

    Args:
        place: where the file is named, for messages.
        path: the file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return RawValue(place=place, error=f"{path} cannot be read: {error.strerror}")
    except ValueError:  # not UTF-8, or a path with a zero byte
        return RawValue(place=place, error=f"{path} is not a file of UTF-8 text")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        return RawValue(place=place, error=f"{path} is empty")
    return RawValue(place=place, text=text, file=path)
