"""When a customer bought for the last time: the newest record of sales that is no return."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Final

from onecgw.backends.odata import url
from onecgw.backends.odata.fetch import Fetcher
from onecgw.backends.odata.object_names import records_of
from onecgw.backends.odata.profile import RegisterSource, has_marks
from onecgw.backends.odata.references import References
from onecgw.backends.odata.restrictions import Restriction, comparisons
from onecgw.backends.odata.url import ODataQuery

# Most often the newest record is a sale; a long document of a return has many records.
_PAGE: Final = 50
_MAX_PAGES: Final = 20
_DAY: Final = len("2026-01-31")


async def last_purchase(
    fetcher: Fetcher, source: RegisterSource, customer: str, last: date, references: References
) -> str | None:
    """The day of the last purchase up to a day, both in ISO 8601; None without one.

    Raises:
        OnecError: it cannot be read.
    """
    restriction = Restriction(alternatives=(("customer", frozenset({customer})),))
    literals = comparisons(source, restriction, references) or []
    known = references.types.fields.get(source.row_type, {})
    returns = [field for field in source.returns if field in known]
    found: list[str] = []

    def query(some: Sequence[str], skip: int) -> ODataQuery:
        condition = f"Period le {url.end_of(last)} and Active eq true and {url.any_of(some)}"
        options = (
            ("$filter", condition),
            ("$orderby", "Period desc"),
            ("$select", ",".join(dict.fromkeys(["Period", *returns]))),
            ("$top", str(_PAGE)),
            ("$skip", str(skip)),
            *fetcher.bounds.options,
        )
        return ODataQuery(resource=records_of(source.register), options=options)

    def fits(some: Sequence[str]) -> bool:
        return fetcher.bounds.admits(query(some, _PAGE * _MAX_PAGES))

    async def look(some: Sequence[str]) -> None:
        for page in range(_MAX_PAGES):
            rows = await fetcher.rows(query(some, page * _PAGE))
            sales = [
                str(row["Period"])[:_DAY] for row in rows if not has_marks(row, source.returns)
            ]
            if sales:
                found.append(sales[0])
            if sales or len(rows) < _PAGE:
                return

    await fetcher.side_by_side([partial(look, some) for some in url.batches(literals, fits)])
    return max(found, default=None)
