"""One request → the GETs that answer it, and what is left to do with their rows. No I/O.

What a filter allows goes into the call itself as long as the address stays within its budget of
encoded bytes (a letter of Cyrillic takes six); a longer list is split over a few calls; a still
longer one is applied to the rows here. A dimension that a condition has settled is not fetched.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import attrs

from onecgw.backends.odata import url
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.outline import Outline, OutlinePart
from onecgw.backends.odata.profile import COUNTS, RegisterSource
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import TIMES
from onecgw.backends.odata.request import RequestedReport
from onecgw.backends.odata.restrictions import Restriction, comparisons
from onecgw.backends.odata.source_query import SourceQuery
from onecgw.backends.odata.url import ODataQuery
from onecgw.errors import OnecRejected
from onecgw.locales.text import say

_NEXT_QUARTER: Final = (4, 7, 10, 1)  # the month in which it begins
# More calls than this cost 1C more than one call without the condition; but a long period of
# single records is read with a condition or not at all.
_MAX_BATCHES: Final = 4
_MAX_BATCHES_OF_RECORDS: Final = 40


@attrs.frozen(kw_only=True)
class Fetch:
    """One GET, and what its rows mean.

    facts: that are summed or counted. leaves: the dimensions that the rows have. first, last:
    the days that it covers. restrictions: applied to the rows. balanced_accounts: keys of the
    corresponding accounts; rows of others do not count; None is any.
    """

    source: RegisterSource
    query: ODataQuery
    facts: tuple[str, ...]
    leaves: tuple[str, ...]
    first: date
    last: date
    restrictions: tuple[Restriction, ...]
    balanced_accounts: frozenset[str] | None = None


def plan(
    chosen: Outline,
    request: RequestedReport,
    restrictions: Sequence[Restriction],
    references: References,
    bounds: Bounds,
) -> tuple[Fetch, ...]:
    """Make the GETs of a request.

    Raises:
        OnecRejected: the period has too many days, weeks or months, or is too long to be read
            record by record.
        OnecNotPublished: the base lacks an account or a predefined object.
    """
    if any(not any(ids for _, ids in one.alternatives) for one in restrictions):
        return ()
    return tuple(
        fetch
        for part in chosen.parts
        for source in part.sources
        for fetch in _SourcePlan(source, part, request, references, bounds).fetches(restrictions)
    )


def buckets(
    request: RequestedReport, source: RegisterSource, limit: int
) -> list[tuple[date, date]]:
    """The days that each call covers: a virtual table tells no days, weeks or months apart.

    Raises:
        OnecRejected: they are too many.
    """
    if source.table == "Balance":
        return [(request.first, request.last)]
    # Single records have their own date; they are read by months so that answers stay small.
    derivations = {request.report.dimension[name].derivation for name in request.dimensions}
    times = {"month"} if source.table == "Records" else derivations & {*TIMES}
    starts = [request.first]
    while times and (start := _next_start(starts[-1], times)) <= request.last:
        starts.append(start)
        if len(starts) > limit:
            finest = next(name for name in TIMES if name in times)
            is_fine = finest in ("day", "weekday", "week")
            key = "odata.parts" if is_fine else "odata.parts_by_month"
            raise OnecRejected(say(key, parts=limit, dimension=finest))
    ends = [start - timedelta(days=1) for start in starts[1:]]
    return [*zip(starts, [*ends, request.last], strict=True)]


def _next_start(day: date, times: Collection[str]) -> date:
    """The first day after a day on which one of these parts of time begins."""
    tomorrow = day + timedelta(days=1)
    month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    begins = {
        "day": tomorrow,
        "weekday": tomorrow,
        "week": day + timedelta(days=7 - day.weekday()),
        "month": month,
        "quarter": date(day.year + (day.month - 1) // 9, _NEXT_QUARTER[(day.month - 1) // 3], 1),
        "year": date(day.year + 1, 1, 1),
    }
    return min(begins[name] for name in times)


class _SourcePlan:
    """The GETs to one source."""

    def __init__(
        self,
        source: RegisterSource,
        part: OutlinePart,
        request: RequestedReport,
        references: References,
        bounds: Bounds,
    ) -> None:
        self._source = source
        self._part = part
        self._request = request
        self._references = references
        self._bounds = bounds
        self._queries = SourceQuery(source, part.facts, references, bounds)
        grouped = [leaf for name in request.dimensions for leaf in self._of(name)]
        counted = [COUNTS[fact] for fact in part.facts if fact in COUNTS]
        cohort = ["customer"] if request.cohort is not None else []
        self._grouped = (*grouped, *counted, *cohort)

    def _of(self, dimension: str) -> tuple[str, ...]:
        of = self._request.report.dimension[dimension].of
        return self._source.leaves(of) if of else ()

    def fetches(self, restrictions: Sequence[Restriction]) -> Iterator[Fetch]:
        spans = buckets(self._request, self._source, self._bounds.buckets)
        if any(comparisons(self._source, one, self._references) == [] for one in restrictions):
            return  # behind what is wanted stands no key at all
        pushed, rest = self._conditions(restrictions, spans[-1])
        self._check_length(is_restricted=pushed != [[]])
        for first, last in spans:
            for conditions in pushed:
                yield from self._by_accounts(conditions, rest, first, last)

    def _check_length(self, *, is_restricted: bool) -> None:
        limit = self._source.max_days
        days = (self._request.last - self._request.first).days + 1
        if limit is not None and days > limit and not is_restricted:
            names = [
                name
                for name in self._request.measures
                if set(self._part.facts) & set(self._request.report.measure[name].facts)
            ]
            raise OnecRejected(
                say("odata.single_records", names=", ".join(names), most=limit, days=days)
            )

    # Conditions that 1C itself applies.

    def _conditions(
        self, restrictions: Sequence[Restriction], span: tuple[date, date]
    ) -> tuple[list[list[str]], list[Restriction]]:
        """The conditions of each call, and the restrictions that are left to the rows."""
        pushed: list[str] = []
        rest = [*restrictions]
        waiting: list[tuple[Restriction, list[str]]] = []
        for one in restrictions:
            literals = comparisons(self._source, one, self._references)
            if literals is not None:
                waiting.append((one, literals))
        too_long: list[tuple[Restriction, list[str]]] = []
        for one, literals in sorted(waiting, key=lambda pair: len(pair[1])):
            left = [other for other in rest if other is not one]
            candidate = [*pushed, url.any_of(literals)]
            if self._fits(candidate, left, span):
                pushed, rest = candidate, left
            else:
                too_long.append((one, literals))
        for one, literals in too_long:
            if len(one.alternatives) > 1:
                continue  # a row that fulfils two of them would come in two answers
            left = [other for other in rest if other is not one]
            batches = self._batches(pushed, literals, left, span)
            if batches is not None:
                return [[*pushed, url.any_of(batch)] for batch in batches], left
        return [pushed], rest

    def _batches(
        self,
        pushed: list[str],
        literals: list[str],
        rest: list[Restriction],
        span: tuple[date, date],
    ) -> list[list[str]] | None:
        """A long list in as few parts as the budget allows; None where they are too many."""
        batches: list[list[str]] = []
        waiting = [*literals]
        most = _MAX_BATCHES if self._source.max_days is None else _MAX_BATCHES_OF_RECORDS
        while waiting and len(batches) < most:
            size = 1
            while size <= len(waiting) and self._fits(
                [*pushed, url.any_of(waiting[:size])], rest, span
            ):
                size += 1
            if size == 1:
                return None
            batches.append(waiting[: size - 1])
            waiting = waiting[size - 1 :]
        return None if waiting or not batches else batches

    def _fits(
        self, conditions: list[str], rest: Sequence[Restriction], span: tuple[date, date]
    ) -> bool:
        query = self._queries.query(conditions, self._leaves(rest), span)
        return len(query.encoded(self._bounds.spelling)) <= self._bounds.url_bytes

    # The GET itself.

    def _by_accounts(
        self, conditions: list[str], rest: Sequence[Restriction], first: date, last: date
    ) -> Iterator[Fetch]:
        """One call, or several where the accounts of an accounting register fill the address."""
        leaves = self._leaves(rest)
        span = (first, last)
        balanced: frozenset[str] | None = None
        arguments: list[tuple[tuple[str, str], ...]] = [()]
        if self._source.is_ledger:
            codes = self._source.accounts or tuple(
                code
                for terms in self._queries.terms.values()
                for term in terms
                for code in term.accounts
            )
            keys = self._references.account_keys(codes)
            other_keys = self._references.account_keys(self._source.balanced_accounts)
            left_out = self._references.account_keys(self._source.unbalanced_accounts)
            without = _account_argument("BalancedAccountCondition", left_out, is_not=True)
            other = _account_argument("BalancedAccountCondition", other_keys) or without
            alone = self._queries.query(
                conditions, leaves, span, (*other, *_account_argument("AccountCondition", keys[:1]))
            )
            if other_keys and len(alone.encoded(self._bounds.spelling)) > self._bounds.url_bytes:
                balanced, other = frozenset(other_keys), without
            arguments = [
                (*_account_argument("AccountCondition", batch), *other)
                for batch in self._account_batches(keys, other, conditions, leaves, span)
            ]
        for extra in arguments:
            yield Fetch(
                source=self._source,
                query=self._queries.query(
                    conditions, leaves, span, extra, shows_balanced=balanced is not None
                ),
                facts=self._part.facts,
                leaves=leaves,
                first=first,
                last=last,
                restrictions=tuple(rest),
                balanced_accounts=balanced,
            )

    def _account_batches(
        self,
        keys: tuple[str, ...],
        other: tuple[tuple[str, str], ...],
        conditions: list[str],
        leaves: tuple[str, ...],
        span: tuple[date, date],
    ) -> Iterator[tuple[str, ...]]:
        waiting = keys
        while waiting:
            size = 1
            while size < len(waiting):
                extra = (*_account_argument("AccountCondition", waiting[: size + 1]), *other)
                query = self._queries.query(
                    conditions, leaves, span, extra, shows_balanced=not other
                )
                if len(query.encoded(self._bounds.spelling)) > self._bounds.url_bytes:
                    break
                size += 1
            yield waiting[:size]
            waiting = waiting[size:]

    def _leaves(self, rest: Sequence[Restriction]) -> tuple[str, ...]:
        filtered = (
            leaf
            for one in rest
            for dimension, _ in one.alternatives
            for leaf in self._source.leaves(dimension)
        )
        return tuple(dict.fromkeys([*self._grouped, *filtered]))


def _account_argument(
    name: str, keys: Sequence[str], *, is_not: bool = False
) -> tuple[tuple[str, str], ...]:
    """A condition on accounts; the corresponding account too is `Account_Key` in its own one."""
    if not keys:
        return ()
    sign, joint = ("ne", " and ") if is_not else ("eq", " or ")
    return ((name, url.text(joint.join(f"Account_Key {sign} {url.guid(one)}" for one in keys))),)
