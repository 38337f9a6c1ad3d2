"""Runs one request to a report: what it needs is read side by side, planned, fetched and summed."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import trio

from onecgw.backends.odata.aggregate import Aggregation, ResultTable
from onecgw.backends.odata.base import Base
from onecgw.backends.odata.fetch import Fetcher
from onecgw.backends.odata.outline import Outline, outline
from onecgw.backends.odata.profile import Predefined, ToolProfile
from onecgw.backends.odata.query_plan import plan
from onecgw.backends.odata.references import References
from onecgw.backends.odata.refusals import lacking, refuse_lacking
from onecgw.backends.odata.request import RequestedReport
from onecgw.backends.odata.restrictions import restrictions_of
from onecgw.backends.scheduling.fan_out import Progress
from onecgw.locales.text import say


class ReportRunner:
    """Answers requests to reports. fetcher: reads the base."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        # Sorting a long report takes the processor: one at a time, outside of the event loop.
        self._working = trio.CapacityLimiter(1)

    async def report(
        self, base: Base, request: RequestedReport, progress: Progress
    ) -> dict[str, object]:
        """The whole answer of a tabular report.

        Raises:
            OnecError: as `aggregated`.
        """
        aggregation, chosen = await self.aggregated(base, request, progress)
        table: ResultTable = await self.table(aggregation)
        answer: dict[str, object] = {
            "columns": table.columns,
            "rows": table.rows,
            "totals": table.totals,
        }
        if "currency" in request.report.always_by:
            # Where currencies mix, the totals that mean something are one for each.
            by_currency = aggregation.totals_by("currency")
            answer["totals_by_currency"] = by_currency
            if len(by_currency) > 1:
                answer["totals"] = dict.fromkeys(table.totals)
        answer |= {**request.dated(), "applied_filters": request.applied}
        notes = self.notes(base, request, chosen, aggregation)
        return {**answer, "notes": notes} if notes else answer

    async def aggregated(
        self, base: Base, request: RequestedReport, progress: Progress
    ) -> tuple[Aggregation, Outline]:
        """Read everything that a request needs, and sum it up.

        Raises:
            OnecRejected: an id is wrong, or the answer would have too many rows.
            OnecNotPublished: the base lacks what it needs; the message names it.
            OnecError: 1C could not be read.
        """
        tool = request.report.tool
        refuse_lacking(base, request)
        chosen = outline(base.profile, base.profile.tools.get(tool, ToolProfile()), request)
        if isinstance(chosen, str):
            raise lacking(base, tool, "measures", chosen)
        references = await self.references(base, chosen, request)
        restrictions = restrictions_of(request, references)
        fetches = plan(chosen, request, restrictions, references, self.fetcher.bounds)
        aggregation = Aggregation(chosen, request, references)
        await self.fetcher.each(
            [one.query for one in fetches],
            lambda place, rows: aggregation.add(fetches[place], rows),
            progress,
        )
        return aggregation, chosen

    async def table(self, aggregation: Aggregation) -> ResultTable:
        """The rows and totals of what was summed up."""
        return await trio.to_thread.run_sync(aggregation.table, limiter=self._working)

    async def references(self, base: Base, chosen: Outline, request: RequestedReport) -> References:
        """Read the names, keys and accounts that a request needs.

        Raises:
            OnecError: one of them cannot be read.
        """
        loading = base.loading
        sources = [one for part in chosen.parts for one in part.sources]
        values = [value for source in sources for value in source.where.values()]
        days = (request.first, request.last)
        wanted: dict[tuple[str, Any], Callable[[], Awaitable[Any]]] = {}
        for kind in sorted(chosen.kinds):
            wanted["catalogue", kind] = partial(loading.catalogue, kind)
        for name in sorted(chosen.keys):
            wanted["keys", name] = partial(
                loading.keys, name, days, is_filtered=bool(request.applied or request.filters)
            )
        for value in values:
            if isinstance(value, Predefined):
                wanted["predefined", value] = partial(loading.predefined, value)
        if any(one.is_ledger for one in sources):
            wanted["accounts", ""] = loading.accounts
        found: dict[tuple[str, Any], Any] = {}

        async def load(place: tuple[str, Any]) -> None:
            found[place] = await wanted[place]()

        await self.fetcher.side_by_side([partial(load, place) for place in wanted])

        def named(of: str) -> dict[Any, Any]:
            return {name: value for (what, name), value in found.items() if what == of}

        return References(
            profile=base.profile,
            types=base.types,
            catalogues=named("catalogue"),
            keys=named("keys"),
            accounts=found.get(("accounts", ""), {}),
            predefined={one: key for one, key in named("predefined").items() if key is not None},
        )

    def notes(
        self, base: Base, request: RequestedReport, chosen: Outline, aggregation: Aggregation
    ) -> list[str]:
        """What the reader of an answer must know."""
        own_notes = [
            source.notes[fact]
            for part in chosen.parts
            for source in part.sources
            for fact in ("", *part.facts)
            if fact in source.notes and (not fact or fact in request.facts)
        ]
        notes = [*base.profile.tools[request.report.tool].notes, *own_notes]
        if aggregation.unknown:
            notes.append(say("odata.unknown_rows", names=", ".join(sorted(aggregation.unknown))))
        notes += [say("odata.partial")] if self.fetcher.bounds.is_partial_allowed else []
        return [*dict.fromkeys(notes)]
