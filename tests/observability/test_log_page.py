"""The page of log events says what each event of the code means."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import onecgw

PACKAGE = Path(onecgw.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "log-events.md"
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
LEVELS = {"debug", "info", "warning", "error"}
EVENT = re.compile(r"[a-z_]+\.[a-z_]+|audit")


def events_of_code() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_log = isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
                if is_log and node.func.attr in METHODS:
                    for argument in ast.walk(node):
                        if isinstance(argument, ast.Constant) and argument in node.args:
                            yield str(argument.value)
    yield "log.dropped"  # the writer of the log makes this line itself


def rows_of_page() -> dict[str, list[str]]:
    """Level, meaning and advice by event."""
    rows: dict[str, list[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            names, *rest = [cell.strip() for cell in line.strip("|").split(" | ")]
            for name in re.findall(r"`([^`]+)`", names):
                assert name not in rows, name
                rows[name] = rest
    return rows


def test_the_page_has_every_event_of_the_code_and_no_other() -> None:
    assert set(events_of_code()) ^ set(rows_of_page()) == set()


def test_every_name_of_an_event_has_an_area() -> None:
    assert [name for name in events_of_code() if not EVENT.fullmatch(name)] == []


def test_every_event_has_a_level_a_meaning_and_an_advice() -> None:
    for name, (level, meaning, advice) in rows_of_page().items():
        assert set(level.split(", ")) <= LEVELS, name
        assert meaning, name
        assert advice, name
