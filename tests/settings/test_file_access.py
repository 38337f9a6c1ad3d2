import os
from pathlib import Path

import pytest

from onecgw.settings.file_access import GROUP_AND_OTHERS, others_may_read, sddl_opens_to_everybody


@pytest.mark.skipif(os.name != "posix", reason="permission bits are of POSIX")
@pytest.mark.parametrize(
    ("mode", "others", "group_too"),
    [(0o600, False, False), (0o640, False, True), (0o604, True, True), (0o644, True, True)],
)
def test_permission_bits_say_who_may_read(
    tmp_path: Path, mode: int, others: bool, group_too: bool
) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.chmod(mode)

    assert (others_may_read(file), others_may_read(file, mask=GROUP_AND_OTHERS)) == (
        others,
        group_too,
    )
    assert not others_may_read(tmp_path / "absent")


@pytest.mark.parametrize(
    ("entries", "opened"),
    [
        ("(A;ID;FA;;;SY)(A;ID;FA;;;BA)", False),
        ("(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)", True),
        ("(A;;FR;;;WD)", True),
        ("(A;;GA;;;AU)", True),
        ("(A;;0x100;;;WD)", False),  # to read attributes alone
        ("(D;;FA;;;WD)", False),
        ("(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-512)", False),
        ("(A;;FR;;;S-1-1-0)", True),
    ],
)
def test_an_access_list_of_windows_says_who_may_read(entries: str, opened: bool) -> None:
    """No test runs icacls: the lists are in the form that [MS-DTYP] 2.5.1 describes."""
    assert sddl_opens_to_everybody(f"onecgw.secrets\r\nD:PAI{entries}S:AI\r\n") is opened
