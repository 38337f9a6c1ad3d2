import re
from pathlib import Path

from onecgw import errors
from onecgw.errors import ConfigError, OnecError, OnecgwError

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"


def _leaves(kind: type[OnecgwError]) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for leaf in kind.__subclasses__():
        if leaf.__module__ == errors.__name__ and leaf is not ConfigError:
            found |= _leaves(leaf) if leaf is OnecError else {(leaf.code, leaf.http_status)}
    return found


def test_every_error_has_its_row_and_every_row_its_error() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    documented = {(code, int(status)) for code, status in rows}
    assert documented == _leaves(OnecgwError) | {(OnecgwError.code, OnecgwError.http_status)}
