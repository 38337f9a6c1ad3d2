"""compare, share and ids of a report: computed from its whole list, never sent to 1C."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

import attrs

from onecgw.analysis.comparison import aligned
from onecgw.analysis.figure_table import FigureTable
from onecgw.analysis.periods import DateRange, compared_with, earlier_day, period_from
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.composite import encode_figures
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.analysed_rows import AnalysedTable
from onecgw.catalogue.tools.books_check import BooksKey, books_requests, outside_books
from onecgw.catalogue.tools.parts import ANALYSIS_ROWS
from onecgw.catalogue.tools.table_labels import without_ids
from onecgw.catalogue.tools.whole_report import currency_and_as_of, succeeded, whole_report
from onecgw.locales.text import localized, say
from onecgw.responses.notices import after_last_document, notice_member, text_notices
from onecgw.responses.raw_json import Members, read_members, splice
from onecgw.responses.shaping import Answer

NOW: Final = "now"
BEFORE: Final = "before"


class ReportTool(TableTool):
    """A report with the arguments of PeriodReport or BalanceReport."""

    async def analyse(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401 - any request class
        """The answer to a request with compare, compare_with, share or ids.

        Raises:
            OnecgwError: 1C did not answer, the list is not whole, or it does not add up.
        """
        if request.compare is request.compare_with is request.share is None:
            answer = await self.answer_of_onec(request, upstream)
            return answer if request.ids else attrs.evolve(answer, body=without_ids(answer.body))
        analysis = _Analysis(self, request, upstream)
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
    """One request, with its defaults filled in.

    sides: NOW and, with a comparison, BEFORE → the period, or the day of the balances.
    """

    def __init__(self, tool: TableTool, request: Any, upstream: Upstream) -> None:  # noqa: ANN401
        self._tool, self._request, self._upstream = tool, request, upstream
        defaults = {field.name: field.arg.default for field in fields_of(tool.request)}
        self.group_by: Sequence[str] = request.group_by or defaults["group_by"]
        self.measures: Sequence[str] = request.measures or defaults["measures"]
        when: DateRange | date = (
            request.period if hasattr(request, "period") else request.date or upstream.today
        )
        self.sides = {NOW: when}
        if (before := _compared_with(when, request.compare, request.compare_with)) is not None:
            self.sides[BEFORE] = before

    def requests(self) -> dict[str | BooksKey, SubRequest]:
        """The whole list of each side; for a comparison, also the reports on where books end."""
        requests: dict[str | BooksKey, SubRequest] = {
            side: whole_report(
                self._tool,
                self._upstream,
                group_by=self.group_by,
                measures=self.measures,
                when=when,
                filters=self._request.filters,
            )
            for side, when in self.sides.items()
        }
        if BEFORE in self.sides:
            for side, when in self.sides.items():
                requests.update(books_requests(self._tool, when, side, self._upstream).items())
        return requests

    def outside(self, outcomes: Mapping[Any, object]) -> dict[str, str]:
        """Side → why it lies beyond the books; without a comparison this is not examined."""
        found = {
            side: outside_books(self._tool, when, side, outcomes)
            for side, when in self.sides.items()
        }
        return {side: reason for side, reason in found.items() if reason}

    def answer(
        self, now: FigureTable, before: FigureTable | None, outside: Mapping[str, str]
    ) -> Answer:
        """The rows that fit, and the rest as one row.

        outside: NOW or BEFORE → why that side lies beyond the books; it has no figures.
        """
        request, limits, when = self._request, self._upstream.limits, self.sides[NOW]
        if before is not None:
            now = aligned(now, _ends(when)[0])
            before = aligned(before, _ends(self.sides[BEFORE])[0])
        table = AnalysedTable(
            now, before, request.share, self._tool.units, unknown=frozenset(outside)
        )
        table.sort([(key.field, key.dir == "desc") for key in request.sort or ()])
        is_mcp = self._upstream.context.surface == "mcp"
        requested = request.top or (ANALYSIS_ROWS if is_mcp else limits.max_rows)
        rows = min(requested, limits.max_rows)
        tables = (now,) if before is None else (now, before)
        about = self._about(table, tables, outside)
        notices = [sentence for one in tables for sentence in one.notices]
        notices += after_last_document(now.members, _ends(when)[1])
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
        body = encode_figures({**members, **about})
        language = self._upstream.context.language
        notices = notice_member((cut, *sentences, *text_notices(body)), about, language)
        return splice(notices, read_members(body)) if notices else body

    def _about(
        self, table: AnalysedTable, tables: Sequence[FigureTable], outside: Mapping[str, str]
    ) -> Members:
        """The members beside the rows; those of 1C as it sent them."""
        when = self.sides[NOW]
        members: dict[str, object] = {
            "period" if isinstance(when, DateRange) else "date": _dated(when)
        }
        if BEFORE in self.sides:
            members["compared_with"] = _dated(self.sides[BEFORE])
        if outside:
            members["outside_books"] = outside
        members["basis"] = table.basis(self._tool.name)
        members["proof"] = table.proof(self._tool.name)
        members |= currency_and_as_of(
            tables, self._upstream, has_money=self._tool.units.are_in_base_currency(self.measures)
        )
        kept = ("applied_filters", "notes", "notice")
        ours = localized(members, self._upstream.context.language)
        return read_members(encode_figures(ours)) | {
            name: tables[0].members[name] for name in kept if name in tables[0].members
        }


def _compared_with(
    when: DateRange | date,
    comparison: Any,  # noqa: ANN401 - the words differ between periods and days
    first: date | None,
) -> DateRange | date | None:
    """What is compared with; None without a comparison. first: given instead of `comparison`."""
    if comparison is None and first is None:
        return None
    if isinstance(when, DateRange):
        return period_from(when, first) if first else compared_with(when, comparison)
    return first or earlier_day(when, comparison)


def _ends(when: DateRange | date) -> tuple[date, date]:
    return (when.first, when.last) if isinstance(when, DateRange) else (when, when)


def _dated(when: DateRange | date) -> object:
    return {"from": when.first, "to": when.last} if isinstance(when, DateRange) else when
