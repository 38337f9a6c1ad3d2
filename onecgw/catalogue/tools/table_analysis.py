"""compare, share and ids of a report: computed from its whole list, never sent to 1C."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

import attrs
import msgspec

from onecgw.analysis.comparison import aligned
from onecgw.analysis.figure_table import FigureTable
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds import CompositeContext, SubRequest, TableTool, Upstream
from onecgw.catalogue.tools.analysed_rows import AnalysedTable
from onecgw.catalogue.tools.books_check import BooksKey, books_requests, outside_books
from onecgw.catalogue.tools.compared_period import earlier_day, earlier_period, period_from
from onecgw.catalogue.tools.parts import Period
from onecgw.catalogue.tools.table_labels import without_ids
from onecgw.catalogue.tools.whole_report import currency_and_as_of, succeeded, whole_report
from onecgw.locales.text import localized, say
from onecgw.responses.notices import after_last_document, notice_member, text_notices
from onecgw.responses.raw_json import Members, read_members, splice
from onecgw.responses.shaping import Answer

NOW: Final = "now"
BEFORE: Final = "before"
DEFAULT_ROWS: Final = 10  # over MCP


async def analyse_table(tool: TableTool, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401 - any request class
    """The answer to a request with compare, compare_with, share or ids.

    Raises:
        OnecgwError: 1C did not answer, the list cannot be had whole, or it does not add up.
    """
    if request.compare is request.compare_with is request.share is None:
        answer = await tool.answer_of_onec(request, upstream)
        return answer if request.ids else attrs.evolve(answer, body=without_ids(answer.body))
    analysis = _Analysis(tool, request, upstream)
    outcomes = await upstream.fetch_all(analysis.requests())
    tables: dict[str, Any] = {
        key: succeeded(outcome) for key, outcome in outcomes.items() if isinstance(key, str)
    }
    outside = analysis.outside(outcomes)
    analysed: Answer = await upstream.compute(
        partial(analysis.answer, tables[NOW], tables.get(BEFORE), outside)
    )
    return analysed


class _Analysis:
    """One request, with its defaults filled in."""

    def __init__(self, tool: TableTool, request: Any, upstream: Upstream) -> None:  # noqa: ANN401
        self._tool, self._request, self._upstream = tool, request, upstream
        self._context = CompositeContext(
            now=datetime.now(UTC),
            today=upstream.today(),
            limits=upstream.limits,
            restrictions=upstream.restrictions,
            capabilities=upstream.capabilities,
            base_currency=upstream.base_currency,
        )
        defaults = {field.name: field.arg.default for field in fields_of(tool.request)}
        self.group_by: Sequence[str] = request.group_by or defaults["group_by"]
        self.measures: Sequence[str] = request.measures or defaults["measures"]
        self.when: Period | date = (
            request.period if hasattr(request, "period") else request.date or self._context.today
        )

    @property
    def when_before(self) -> Period | date | None:
        """What is compared with; None without a comparison."""
        compare, first = self._request.compare, self._request.compare_with
        if compare is None and first is None:
            return None
        if not isinstance(self.when, Period):
            return first or earlier_day(self.when, compare)
        return period_from(self.when, first) if first else earlier_period(self.when, compare)

    def requests(self) -> dict[str | BooksKey, SubRequest]:
        """The whole list, and that of before; then what tells where the books end."""
        whens = {NOW: self.when, BEFORE: self.when_before}
        lists: dict[str | BooksKey, SubRequest] = {
            name: whole_report(
                self._tool,
                self._context,
                group_by=self.group_by,
                measures=self.measures,
                when=when,
                filters=self._request.filters,
            )
            for name, when in whens.items()
            if when is not None
        }
        if self.when_before is None:
            return lists
        return (
            lists
            | books_requests(self._tool, self.when, NOW, self._context)
            | books_requests(self._tool, self.when_before, BEFORE, self._context)
        )

    def outside(self, outcomes: Mapping[Any, object]) -> dict[str, str]:
        """Side → why it lies beyond the books."""
        if self.when_before is None:
            return {}
        whens = {NOW: self.when, BEFORE: self.when_before}
        found = {
            side: outside_books(self._tool, when, side, outcomes) for side, when in whens.items()
        }
        return {side: reason for side, reason in found.items() if reason}

    def answer(
        self, now: FigureTable, before: FigureTable | None, outside: Mapping[str, str]
    ) -> Answer:
        """The rows that fit, and the rest as one row.

        outside: NOW or BEFORE → why that side lies beyond the books; it has no figures.
        """
        request, limits = self._request, self._upstream.limits
        if before is not None and isinstance(self.when, Period):
            now, before = _aligned(now, self.when), _aligned(before, self.when_before)
        table = AnalysedTable(
            now, before, request.share, self._tool.units, unknown=frozenset(outside)
        )
        table.sort([(key.field, key.dir == "desc") for key in request.sort or ()])
        is_mcp = self._upstream.context.surface == "mcp"
        requested = request.top or (DEFAULT_ROWS if is_mcp else limits.max_rows)
        rows = min(requested, limits.max_rows)
        tables = (now,) if before is None else (now, before)
        about = self._about(table, tables, outside)
        last = self.when.to if isinstance(self.when, Period) else self.when
        notices = [sentence for one in tables for sentence in one.notices]
        notices += after_last_document(now.members, last)
        sentences = (*self._upstream.notices, *outside.values(), *dict.fromkeys(notices))
        body = self._body(table, rows, about, sentences, is_limited=requested > rows)
        while is_mcp and len(body) > limits.max_result_bytes and rows > 1:
            rows = max(1, min(rows - 1, rows * limits.max_result_bytes // len(body)))
            body = self._body(table, rows, about, sentences, is_limited=True)
        return Answer(body=body, rows=min(rows, len(table)))

    def _body(
        self,
        table: AnalysedTable,
        rows: int,
        about: Members,
        sentences: Sequence[str],
        *,
        is_limited: bool,
    ) -> bytes:
        """The JSON of the answer with so many rows."""
        members = table.members(rows, with_ids=self._request.ids is not False)
        cut = ""
        if len(table) > rows:
            key = "notices.first_of_limited" if is_limited else "notices.first_of"
            cut = say(key, count=rows, total=len(table))
        body = _encode({**members, **about})
        language = self._upstream.context.language
        notices = notice_member((cut, *sentences, *text_notices(body)), about, language)
        return splice(notices, read_members(body)) if notices else body

    def _about(
        self, table: AnalysedTable, tables: Sequence[FigureTable], outside: Mapping[str, str]
    ) -> Members:
        """The members beside the rows; those of 1C as it sent them."""
        members: dict[str, object] = {
            "period" if isinstance(self.when, Period) else "date": _dated(self.when)
        }
        if self.when_before is not None:
            members["compared_with"] = _dated(self.when_before)
        if outside:
            members["outside_books"] = outside
        members["basis"] = table.basis(self._tool.name)
        members["proof"] = table.proof(self._tool.name)
        members |= currency_and_as_of(
            tables, self._context, has_money=self._tool.units.are_in_base_currency(self.measures)
        )
        kept = ("applied_filters", "notes", "notice")
        ours = localized(members, self._upstream.context.language)
        return read_members(_encode(ours)) | {
            name: tables[0].members[name] for name in kept if name in tables[0].members
        }


_encode: Final[Callable[[Mapping[str, object]], bytes]] = msgspec.json.Encoder(
    decimal_format="number"
).encode


def _aligned(table: FigureTable, period: Period | date | None) -> FigureTable:
    return aligned(table, period.from_) if isinstance(period, Period) else table


def _dated(when: Period | date) -> object:
    return {"from": when.from_, "to": when.to} if isinstance(when, Period) else when
