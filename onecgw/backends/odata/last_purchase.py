"""When a customer bought for the last time: the newest record of sales that is no return."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any, Final

import attrs

from onecgw.backends.odata import url
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.fetch import Fetcher, side_by_side
from onecgw.backends.odata.metadata import result_type
from onecgw.backends.odata.object_names import bare_type, records_of
from onecgw.backends.odata.profile import RegisterSource, matches
from onecgw.backends.odata.references import References
from onecgw.backends.odata.restrictions import Restriction, comparisons
from onecgw.backends.odata.url import ODataQuery

# Most often the newest record is a sale; a long document of a return has many records.
_PAGE: Final = 50
_MAX_PAGES: Final = 20
_DAY: Final = len("2026-01-31")


@attrs.frozen(kw_only=True)
class _Known:
    """What every call needs. returns: the fields that tell returns from sales."""

    bounds: Bounds
    returns: tuple[str, ...]


async def last_purchase(
    source: RegisterSource,
    customer: str,
    last: date,
    references: References,
    fetcher: Fetcher,
    *,
    bounds: Bounds,
    concurrency: int,
) -> str | None:
    """The day of the last purchase up to a day, both in ISO 8601; None without one.

    Raises:
        OnecError: it cannot be read.
    """
    restriction = Restriction(
        alternatives=(("customer", frozenset({customer})),), filters=("customer_id",)
    )
    literals = comparisons(source, restriction, references) or []
    fields = references.types.fields.get(result_type(source.register, source.table), {})
    known = _Known(bounds=bounds, returns=tuple(one for one in source.returns if one in fields))
    found: list[str] = []

    async def look(condition: str) -> None:
        for page in range(_MAX_PAGES):
            rows = await fetcher.rows(_query(source, condition, last, page * _PAGE, known=known))
            sales = [str(row["Period"])[:_DAY] for row in rows if not _is_return(source, row)]
            if sales:
                found.append(sales[0])
            if sales or len(rows) < _PAGE:
                return

    batches = _batches(source, literals, last, known=known)
    await side_by_side([partial(look, condition) for condition in batches], limit=concurrency)
    return max(found, default=None)


def _batches(
    source: RegisterSource, literals: list[str], last: date, *, known: _Known
) -> Iterator[str]:
    """The conditions of as many calls as the budget of an address needs."""
    waiting = literals
    while waiting:
        size = 1
        while size < len(waiting):
            longer = url.any_of(waiting[: size + 1])
            query = _query(source, longer, last, _PAGE * _MAX_PAGES, known=known)
            if len(query.encoded(known.bounds.spelling)) > known.bounds.url_bytes:
                break
            size += 1
        yield url.any_of(waiting[:size])
        waiting = waiting[size:]


def _query(
    source: RegisterSource, condition: str, last: date, skip: int, *, known: _Known
) -> ODataQuery:
    options = (
        ("$filter", f"Period le {url.end_of(last)} and Active eq true and {condition}"),
        ("$orderby", "Period desc"),
        ("$select", ",".join(dict.fromkeys(["Period", *known.returns]))),
        ("$top", str(_PAGE)),
        ("$skip", str(skip)),
    )
    partial_data = (("allowedOnly", "true"),) if known.bounds.is_partial_allowed else ()
    return ODataQuery(resource=records_of(source.register), options=(*options, *partial_data))


def _is_return(source: RegisterSource, row: dict[str, Any]) -> bool:
    return any(
        matches(bare_type(str(row.get(field) or "")), patterns)
        for field, patterns in source.returns.items()
    )
