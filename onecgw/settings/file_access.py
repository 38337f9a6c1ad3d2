"""Whether other accounts of this computer may read a file."""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

GROUP_AND_OTHERS: Final = 0o077
OTHERS: Final = 0o007
# Where containers mount secrets, which everybody inside may read: only the service is inside.
_MOUNTED: Final = ("/run/secrets", "/var/run/secrets")
# SDDL names groups that hold any account: Everyone, Authenticated Users, Users, Interactive,
# Guests, Anonymous. [MS-DTYP] 2.4.2.4 and 2.5.1.1.
_EVERYBODY: Final = frozenset(
    {"WD", "AU", "BU", "IU", "BG", "AN", "S-1-1-0", "S-1-5-11", "S-1-5-32-545", "S-1-5-4"}
)
_ACE: Final = re.compile(r"\(([^()]*)\)")
_ICACLS_SECONDS: Final = 5


def others_may_read(path: Path, *, mask: int = OTHERS) -> bool:
    """Whether another account may read a file.

    Args:
        path: the file.
        mask: the permission bits of those who count as others; Windows has none.

    Returns:
        The answer; False if there is no such file, or Windows does not say who may read it.
    """
    try:
        if os.name == "posix":
            is_mounted = str(path.absolute()).startswith(_MOUNTED)
            return bool(path.stat().st_mode & mask) and not is_mounted
        return sddl_opens_to_everybody(_sddl(path))
    except (OSError, subprocess.SubprocessError):
        return False


def sddl_opens_to_everybody(sddl: str) -> bool:
    """Whether an access list in SDDL, as `icacls /save` writes it, lets any account read."""
    _, _, entries = sddl.partition("D:")
    for entry in _ACE.findall(entries.partition("S:(")[0]):
        # ace_type;ace_flags;rights;object_guid;inherit_object_guid;account_sid
        fields = entry.split(";")
        if len(fields) >= 6 and fields[0] == "A" and fields[5] in _EVERYBODY:  # noqa: PLR2004
            return _reads(fields[2])
    return False


def _reads(rights: str) -> bool:
    """Whether rights hold FILE_READ_DATA: by name, or as bit 0, GENERIC_READ or GENERIC_ALL."""
    if rights.startswith("0x"):
        return bool(int(rights, 16) & 0x9000_0001)
    names = {rights[index : index + 2] for index in range(0, len(rights), 2)}
    return not names.isdisjoint({"FA", "FR", "GA", "GR", "CC"})


def _sddl(path: Path) -> str:
    """The access list of a file on Windows: names of groups are translated there, SDDL is not."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "acl"
        command = ["icacls", str(path), "/save", str(saved), "/q"]
        subprocess.run(command, check=True, capture_output=True, timeout=_ICACLS_SECONDS)  # noqa: S603 - no shell, a path of the settings
        return saved.read_text(encoding="utf-16-le")
