"""Sends queries to the demo 1C."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from onecgw.auth.caller import ALL_SCOPES
from onecgw.demo.books import Books
from onecgw.demo.http_service import endpoints

TODAY: Final = date(2026, 10, 15)
FIRST_DAY: Final = date(2024, 10, 1)
WHOLE: Final = {"from": FIRST_DAY.isoformat(), "to": TODAY.isoformat()}
OPENING: Final = "2024-09-30"


@attrs.frozen
class ReportAnswer:
    """An answer, taken apart. Ref cells are their ids; `raw` is the answer itself."""

    raw: Mapping[str, Any]
    names: Sequence[str]
    rows: Sequence[Sequence[Any]]
    totals: Mapping[str, Any]

    def by(self, *names: str, measure: str) -> dict[Any, Any]:
        """A measure by some dimensions of the rows."""
        keys = [self.names.index(name) for name in names]
        value = self.names.index(measure)
        return {
            (row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)): row[value]
            for row in self.rows
        }

    def column(self, name: str) -> list[Any]:
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def sum(self, name: str) -> Decimal:
        return sum(self.column(name), Decimal(0))


def call(books: Books, path: str, scopes: Sequence[str] = ALL_SCOPES, **body: object) -> Any:
    """The answer of a path, as the service makes it."""
    endpoint = next(one for one in endpoints(books) if one.path == f"/mcp/{path}")
    return endpoint.answer(body, frozenset(scopes))


def ask(
    books: Books, report: str, scopes: Sequence[str] = ALL_SCOPES, **body: object
) -> ReportAnswer:
    """The answer of a report."""
    answer = call(books, f"reports/{report}", scopes, **body)
    return ReportAnswer(
        raw=answer,
        names=[column["name"] for column in answer["columns"]],
        rows=[
            [cell["id"] if isinstance(cell, dict) else cell for cell in row]
            for row in answer["rows"]
        ],
        totals=answer["totals"],
    )


def months() -> Iterator[tuple[str, dict[str, str]]]:
    """(the day before, the period) of the whole books and of every month of them."""
    yield OPENING, WHOLE
    day = date.fromisoformat(WHOLE["from"])
    while day <= TODAY:
        after = (day + timedelta(days=31)).replace(day=1)
        last = min(after - timedelta(days=1), TODAY)
        before = day - timedelta(days=1)
        yield before.isoformat(), {"from": day.isoformat(), "to": last.isoformat()}
        day = after
