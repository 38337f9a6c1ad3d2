"""The archive of `onecgw backup`: the database, its secrets and their checksums in one tar file."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Final, Literal

import msgspec

from onecgw import __version__
from onecgw.errors import ConfigError
from onecgw.storage.private_file import OWNER_ONLY, write_private_file

MANIFEST: Final = "manifest.json"
DATABASE: Final = "onecgw.db"
SECRETS: Final = "onecgw.secrets"


class Manifest(msgspec.Struct, kw_only=True):
    """What an archive holds.

    format: of the archive. version: of the onecgw that wrote it.
    sha256: the checksum of each member by its name, in hexadecimal.
    """

    format: Literal[1] = 1
    version: str = __version__
    sha256: dict[str, str]


def write_archive(path: Path, members: dict[str, bytes]) -> None:
    """Write an archive that only its owner may read, and read it again to verify it.

    It is written beside `path` and renamed, so an older file stays whole if that fails.

    Raises:
        OSError: it cannot be written.
        ConfigError: what was written is not what should be there.
    """
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = msgspec.json.encode(Manifest(sha256=checksums))
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in {MANIFEST: manifest, **members}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), OWNER_ONLY
            archive.addfile(member, io.BytesIO(content))
    try:
        write_private_file(unfinished, written.getvalue())
        if read_archive(unfinished) != members:
            raise ConfigError(f"{path}: the archive cannot be read back as it was written")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_archive(path: Path) -> dict[str, bytes]:
    """Return the members of an archive by their names, after their checksums are compared.

    Raises:
        OSError: it cannot be read.
        ConfigError: it is not such an archive, or it is damaged.
    """
    try:
        with tarfile.open(path, mode="r:") as archive:
            found = {
                member.name: opened.read()
                for member in archive
                if (opened := archive.extractfile(member)) is not None
            }
        manifest = msgspec.json.decode(found.pop(MANIFEST), type=Manifest)
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise ConfigError(f"{path} is not an archive of `onecgw backup`") from error
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    if checksums != manifest.sha256 or DATABASE not in found:
        raise ConfigError(f"{path} is damaged: a checksum differs")
    return found
