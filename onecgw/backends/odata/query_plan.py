"""One request → the GETs that answer it, and what is left to do with their rows. No I/O.

What a filter allows goes into the call itself as long as the address stays within its budget of
encoded bytes (a letter of Cyrillic takes six); a longer list is split over a few calls; a still
longer one is applied to the rows here. A dimension that a condition has settled is not fetched.
Where the address is too long for all facts but not for each of them, each half has a call.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
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

_Arguments = tuple[tuple[str, str], ...]
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
    """The days that each call covers: the rows of a virtual table have no dates.

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
        if not self.fits(pushed[0], rest, spans[-1]):
            facts = self._part.facts
            single = [self._of_facts((fact,)) for fact in facts]
            if len(facts) > 1 and all(one.fits(pushed[0], rest, spans[-1]) for one in single):
                for half in (facts[: len(facts) // 2], facts[len(facts) // 2 :]):
                    yield from self._of_facts(half).fetches(restrictions)
                return
        for first, last in spans:
            for conditions in pushed:
                yield from self._by_accounts(conditions, rest, first, last)

    def _of_facts(self, facts: tuple[str, ...]) -> "_SourcePlan":
        part = attrs.evolve(self._part, facts=facts)
        return _SourcePlan(self._source, part, self._request, self._references, self._bounds)

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
        possible = [
            (one, literals)
            for one in restrictions
            if (literals := comparisons(self._source, one, self._references)) is not None
        ]
        too_long: list[tuple[Restriction, list[str]]] = []
        for one, literals in sorted(possible, key=lambda pair: len(pair[1])):
            left = [other for other in rest if other is not one]
            candidate = [*pushed, url.any_of(literals)]
            if self.fits(candidate, left, span):
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
    ) -> list[Sequence[str]] | None:
        """A long list in as few parts as the budget allows; None where they are too many."""

        def fits(some: Sequence[str]) -> bool:
            return self.fits([*pushed, url.any_of(some)], rest, span)

        most = _MAX_BATCHES if self._source.max_days is None else _MAX_BATCHES_OF_RECORDS
        found = [*islice(url.batches(literals, fits), most + 1)]
        return found if len(found) <= most and all(fits(one) for one in found) else None

    def fits(
        self, conditions: list[str], rest: Sequence[Restriction], span: tuple[date, date]
    ) -> bool:
        """Whether the address of a call is short enough. rest: restrictions left to its rows."""
        return self._bounds.admits(self._queries.query(conditions, self._leaves(rest), span))

    # The GET itself.

    def _by_accounts(
        self, conditions: list[str], rest: Sequence[Restriction], first: date, last: date
    ) -> Iterator[Fetch]:
        """One call, or several where the accounts of an accounting register fill the address."""
        leaves = self._leaves(rest)
        span = (first, last)
        balanced: frozenset[str] | None = None
        arguments: list[_Arguments] = [()]
        if self._source.is_ledger:
            of_facts = self._source.terms(self._part.facts).values()
            codes = self._source.accounts or tuple(
                code for terms in of_facts for term in terms for code in term.accounts
            )
            keys = self._references.account_keys(codes)
            other_keys = self._references.account_keys(self._source.balanced_accounts)
            left_out = self._references.account_keys(self._source.unbalanced_accounts)
            without = _account_argument("BalancedAccountCondition", left_out, is_not=True)
            other = _account_argument("BalancedAccountCondition", other_keys) or without

            def query(some: Sequence[str]) -> ODataQuery:
                extra = (*_account_argument("AccountCondition", some), *other)
                return self._queries.query(
                    conditions, leaves, span, extra, shows_balanced=not other
                )

            if other_keys and not self._bounds.admits(query(keys[:1])):
                balanced, other = frozenset(other_keys), without
            arguments = [
                (*_account_argument("AccountCondition", batch), *other)
                for batch in url.batches(keys, lambda some: self._bounds.admits(query(some)))
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

    def _leaves(self, rest: Sequence[Restriction]) -> tuple[str, ...]:
        filtered = (
            leaf
            for one in rest
            for dimension, _ in one.alternatives
            for leaf in self._source.leaves(dimension)
        )
        return tuple(dict.fromkeys([*self._grouped, *filtered]))


def _account_argument(name: str, keys: Sequence[str], *, is_not: bool = False) -> _Arguments:
    """A condition on accounts; the corresponding account too is `Account_Key` in its own one."""
    if not keys:
        return ()
    sign, joint = ("ne", " and ") if is_not else ("eq", " or ")
    return ((name, url.text(joint.join(f"Account_Key {sign} {url.guid(one)}" for one in keys))),)
