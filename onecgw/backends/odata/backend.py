"""The OData backend: an operation and the contract's JSON in, the contract's JSON out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import attrs
import msgspec
import trio

from onecgw.backends.odata.aggregate import Aggregation, Table
from onecgw.backends.odata.base import Base, BaseReader
from onecgw.backends.odata.catalogues import Catalogue, Entry
from onecgw.backends.odata.fetch import Fetcher, Progress, Transport
from onecgw.backends.odata.last_purchase import last_purchase
from onecgw.backends.odata.outline import Lacking, Outline, outline
from onecgw.backends.odata.profile import Predefined, Profile, ToolProfile
from onecgw.backends.odata.query_plan import plan
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import (
    CUSTOMER_SUMMARY,
    RESOLVERS,
    SALES,
    TABULAR,
    TOP_PRODUCTS,
    WITH_GROUPS,
    Report,
)
from onecgw.backends.odata.request import (
    Body,
    Request,
    check_keys,
    read_count,
    read_period,
    read_request,
)
from onecgw.backends.odata.restrictions import restrictions_of
from onecgw.backends.odata.settings import ODataSettings
from onecgw.contract import Capabilities
from onecgw.errors import OnecNotPublished, OnecRejected

_DEFAULT_TOP: Final = 10
_DEFAULT_CARD_TOP: Final = 5
_DEFAULT_LIMIT: Final = 10
_MAX_QUERY: Final = 200
_BY: Final = ("amount", "qty")
_CARD: Final = ("amount", "qty", "receipts", "avg_check", "cost", "profit", "margin")
_PARTIAL: Final = "only what 1C's user may read: figures may be a part of the whole"
# Decimals leave as JSON numbers with exactly their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


async def _ignore_progress(_: int, __: int) -> None:
    """Default: progress is not reported."""


class ODataBackend:
    """Answers the contract's operations from a stock base.

    Args:
        transport: HTTP to the base.
        profiles: those that may fit, in the order of preference.
        settings: limits.
        today: the day of a balance for which none is given.
    """

    def __init__(
        self,
        transport: Transport,
        profiles: Sequence[Profile],
        *,
        settings: ODataSettings,
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._today = today
        self._bounds = settings.bounds
        self._fetcher = Fetcher(
            transport,
            self._bounds,
            concurrency=settings.concurrency,
            changed=self.composition_changed,
        )
        self._reader = BaseReader(self._fetcher, profiles, settings)
        # One report's sums take the processor for seconds: they leave the event loop.
        self._working = trio.CapacityLimiter(1)

    def composition_changed(self) -> None:
        """Read the base once more before the next operation."""
        self._reader.forget()

    async def capabilities(self) -> Capabilities:
        """What the base does not support.

        Raises:
            OnecError: the base cannot be read.
        """
        return await self._reader.capabilities()

    async def base(self) -> Base:
        """What is known of the base, for `check`.

        Raises:
            OnecNotPublished: no profile fits it.
            OnecError: it cannot be read.
        """
        return await self._reader.base()

    async def fetch(
        self, operation: str, body: bytes, progress: Progress = _ignore_progress
    ) -> bytes:
        """Answer one operation, as in `reports/sales`.

        Raises:
            OnecRejected: the arguments are wrong, or the answer would have too many rows.
            OnecNotPublished: the base lacks what the answer needs; the message names it.
            OnecError: 1C could not be read.
        """
        asked = _object(body)
        base = await self._reader.base()
        kind, _, name = operation.partition("/")
        if kind == "resolve" and name in RESOLVERS:
            answer = await self._resolve(base, name, asked)
        elif name == "top_products":
            answer = await self._top_products(base, asked, progress)
        elif name == "customer_summary":
            answer = await self._customer_summary(base, asked, progress)
        else:
            report = next((one for one in TABULAR if one.operation == operation), None)
            if report is None:
                raise OnecRejected(f"unknown operation {operation:.60}")
            request = read_request(_as_the_base_has_it(base, report), asked, today=self._today())
            answer = await self._report(base, request, progress)
        encoded: bytes = await self._in_thread(_ENCODER.encode, answer)
        return encoded

    # Resolvers.

    async def _resolve(self, base: Base, kind: str, body: Body) -> dict[str, object]:
        self._refuse_unavailable(base, f"resolve_{kind}")
        check_keys(body, ("query", "limit", *(("include_groups",) if kind in WITH_GROUPS else ())))
        query = body.get("query")
        if not isinstance(query, str) or not query.strip() or len(query) > _MAX_QUERY:
            raise OnecRejected(f"query must be 1 to {_MAX_QUERY} characters of text")
        with_groups = body.get("include_groups", False)
        if not isinstance(with_groups, bool):
            raise OnecRejected("include_groups must be true or false")
        limit = read_count(body, "limit") or _DEFAULT_LIMIT
        if kind in base.profile.empty:
            return {"candidates": []}
        catalogue = await base.loading.catalogue(kind)
        found = await self._in_thread(
            lambda: catalogue.search(query, with_groups=with_groups)[:limit]
        )
        currencies = await self._currencies(base) if kind == "cash" else {}
        return {"candidates": [_candidate(one, catalogue, currencies) for one in found]}

    async def _currencies(self, base: Base) -> Mapping[str, Entry]:
        if "currency" not in base.profile.catalogues:
            return {}
        return (await base.loading.catalogue("currency")).entries

    # Reports.

    async def _report(self, base: Base, request: Request, progress: Progress) -> dict[str, object]:
        aggregation, chosen = await self._aggregated(base, request, progress)
        table: Table = await self._in_thread(aggregation.table)
        answer: dict[str, object] = {
            "columns": table.columns,
            "rows": table.rows,
            "totals": table.totals,
        }
        if "currency" in request.report.always_by:
            # Where currencies mix, the totals that mean something are one for each.
            answer["totals_by_currency"] = aggregation.totals_by("currency")
        answer |= {**request.dated(), "applied_filters": request.applied}
        notes = self._notes(base, request, chosen)
        return {**answer, "notes": notes} if notes else answer

    async def _aggregated(
        self, base: Base, request: Request, progress: Progress
    ) -> tuple[Aggregation, Outline]:
        """Read everything that a request needs, and sum it up.

        Raises:
            OnecError: as `fetch`.
        """
        tool = request.report.tool
        self._refuse_unavailable(base, tool)
        self._refuse_lacking(base, request)
        chosen = outline(base.profile, base.profile.tools.get(tool, ToolProfile()), request)
        if isinstance(chosen, Lacking):
            raise OnecNotPublished(_told(base, tool, chosen.kind, chosen.name))
        references = await self._references(base, chosen, request)
        restrictions = restrictions_of(request, references)
        fetches = plan(chosen, request, restrictions, references, self._bounds)
        aggregation = Aggregation(chosen, request, references)
        await self._fetcher.each(
            [one.query for one in fetches],
            lambda place, rows: aggregation.add(fetches[place], rows),
            progress,
        )
        return aggregation, chosen

    async def _references(self, base: Base, chosen: Outline, request: Request) -> References:
        """The names, keys and accounts that a request needs."""
        loading = base.loading
        sources = [one for part in chosen.parts for one in part.sources]
        values = [value for source in sources for value in source.where.values()]
        wanted = [value for value in values if isinstance(value, Predefined)]
        predefined = {one: await loading.predefined(one) for one in wanted}
        days = (request.first, request.last)
        return References(
            profile=base.profile,
            types=base.types,
            catalogues={kind: await loading.catalogue(kind) for kind in sorted(chosen.kinds)},
            keys={name: await loading.keys(name, days) for name in sorted(chosen.keys)},
            accounts=await loading.accounts() if any(one.is_ledger for one in sources) else {},
            predefined={one: key for one, key in predefined.items() if key is not None},
        )

    def _notes(self, base: Base, request: Request, chosen: Outline) -> list[str]:
        """What the reader of an answer must know."""
        told = [
            source.notes[fact]
            for part in chosen.parts
            for source in part.sources
            for fact in ("", *part.facts)
            if fact in source.notes and (not fact or fact in request.facts)
        ]
        notes = [*base.profile.tools[request.report.tool].notes, *told]
        notes += [_PARTIAL] if self._bounds.is_partial_allowed else []
        return [*dict.fromkeys(notes)]

    async def _top_products(self, base: Base, body: Body, progress: Progress) -> dict[str, object]:
        self._refuse_unavailable(base, TOP_PRODUCTS)
        check_keys(body, ("period", "filters", "by", "top"))
        by = body.get("by", "amount")
        if by not in _BY:
            raise OnecRejected(f"by is {by!r:.80}; accepted: {', '.join(_BY)}")
        filters = body.get("filters", {})
        if isinstance(filters, dict):
            check_keys(filters, ("customer_ids", "warehouse_ids"), within="filters.")
        sales: dict[str, Any] = {
            **{key: body[key] for key in ("period", "filters") if key in body},
            "group_by": ["product"],
            "measures": [*_BY],
            "sort": [{"field": by, "dir": "desc"}],
            "top": read_count(body, "top") or _DEFAULT_TOP,
        }
        request = read_request(SALES, sales, today=self._today())
        report = await self._report(base, request, progress)
        rest = {key: report.pop(key) for key in ("applied_filters", "notes") if key in report}
        return report | {"by": by} | rest

    async def _customer_summary(
        self, base: Base, body: Body, progress: Progress
    ) -> dict[str, object]:
        self._refuse_unavailable(base, CUSTOMER_SUMMARY)
        check_keys(body, ("customer_id", "period", "top_products"))
        customer = await self._customer(base, body)
        first, last = read_period(body)
        lacking = base.assessment.capabilities.lacks(SALES.tool, "measures")
        measures = tuple(name for name in _CARD if name not in lacking)
        request = Request(
            report=SALES,
            first=first,
            last=last,
            group_by=("product",),
            measures=measures,
            # The customer alone: a partner with others below it is still one customer.
            filters={"customer_ids": (customer.id,)},
            cohort=None,
            applied={},
            sort=(("amount", "desc"),),
            top=read_count(body, "top_products") or _DEFAULT_CARD_TOP,
        )
        aggregation, chosen = await self._aggregated(base, request, progress)
        table: Table = await self._in_thread(aggregation.table)
        names = [str(column["name"]) for column in table.columns]
        lines = [dict(zip(names, row, strict=True)) for row in table.rows]
        notes = self._notes(base, request, chosen)
        return {
            "customer": {
                "id": customer.id,
                "label": customer.label,
                "code": customer.code,
                "phone": customer.phone,
                "city": customer.city,
                "created": customer.created,
                "archived": customer.is_archived,
            },
            **request.dated(),
            "totals": table.totals,
            "last_purchase": await self._last_purchase(base, chosen, request, customer),
            "top_products": [
                {**product, "amount": line["amount"], "qty": line["qty"]}
                for line in lines
                if isinstance(product := line["product"], dict)
            ],
            **({"notes": notes} if notes else {}),
        }

    async def _customer(self, base: Base, body: Body) -> Entry:
        customer_id = body.get("customer_id")
        if not isinstance(customer_id, str):
            raise OnecRejected("customer_id is required: the id of a customer")
        catalogue = await base.loading.catalogue("customer")
        found = catalogue.entries.get(customer_id.lower())
        if found is None:
            raise OnecRejected(f"customer_id: nothing has the id {customer_id:.60}")
        if found.is_group:
            raise OnecRejected(f"customer_id is a folder: {found.label}")
        return found

    async def _last_purchase(
        self, base: Base, chosen: Outline, request: Request, customer: Entry
    ) -> str | None:
        name = base.profile.tools.get(CUSTOMER_SUMMARY, ToolProfile()).last_purchase
        source = base.profile.sources.get(name or "")
        if source is None or "customer" not in source.dims:
            return None
        references = await self._references(base, chosen, request)
        return await last_purchase(
            source,
            customer.id,
            request.last,
            references,
            self._fetcher,
            bounds=self._bounds,
            concurrency=self._settings.concurrency,
        )

    # Refusals.

    def _refuse_unavailable(self, base: Base, tool: str) -> None:
        if tool in base.assessment.capabilities.unavailable:
            raise OnecNotPublished(_told(base, tool, "", ""))

    def _refuse_lacking(self, base: Base, request: Request) -> None:
        """Refuse by name what the base lacks, before any call."""
        tool = request.report.tool
        asked = {
            "group_by": request.group_by,
            "measures": request.measures,
            "filters": (*request.filters, *(["customer_cohort"] if request.cohort else [])),
        }
        for kind, names in asked.items():
            for name in names:
                if name in base.assessment.capabilities.lacks(tool, kind):
                    raise OnecNotPublished(_told(base, tool, kind, name))

    async def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - what work gives
        return await trio.to_thread.run_sync(lambda: work(*arguments), limiter=self._working)


def _as_the_base_has_it(base: Base, report: Report) -> Report:
    """A report whose defaults the base can answer: nobody asked for what it lacks."""
    lacks = base.assessment.capabilities.lacks(report.tool, "group_by")
    no_measures = base.assessment.capabilities.lacks(report.tool, "measures")
    group_by = [name for name in report.default_group_by if name not in lacks]
    others = [name for name in report.dimension if name not in (*lacks, *report.always_by)]
    measures = tuple(name for name in report.default_measures if name not in no_measures)
    return attrs.evolve(
        report,
        default_group_by=tuple(group_by or others[:1] or report.default_group_by),
        default_measures=measures or report.default_measures,
        always_by=tuple(name for name in report.always_by if name not in lacks),
    )


def _told(base: Base, tool: str, kind: str, name: str) -> str:
    """Why a base lacks something."""
    reason = base.assessment.reasons.get((tool, kind, name))
    what = f"{kind} {name} of {tool}" if name else tool
    return f"this 1C base cannot answer {what}: " + (
        reason or "no register of its profile holds this together with the other arguments"
    )


def _candidate(
    one: Entry, catalogue: Catalogue, currencies: Mapping[str, Entry]
) -> dict[str, object]:
    is_group = catalogue.is_group(one)
    found: dict[str, object] = {
        "id": one.id,
        "label": one.label,
        "archived": one.is_archived,
        "code": one.code,
    }
    if catalogue.kind == "customer" and not one.is_group:
        found |= {"phone": one.phone, "city": one.city}
    if one.currency in currencies:
        found["currency"] = currencies[one.currency].label
    above = catalogue.entries.get(one.parent) if one.parent is not None else None
    if above is not None:
        found["group"] = above.label
    if is_group:
        found["is_group"] = True
    return found


def _object(body: bytes) -> Body:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OnecRejected("the body is not JSON") from error
    if not isinstance(found, dict):
        raise OnecRejected("the body is not a JSON object")
    return found
