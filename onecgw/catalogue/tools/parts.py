"""Argument types that several tools share."""

from datetime import date
from typing import Annotated, Literal

import attrs

from onecgw.catalogue.declaration import Arg


@attrs.frozen(kw_only=True)
class Period:
    """Whole days, both ends included."""

    from_: Annotated[date, Arg(about="First day.", name="from")]
    to: Annotated[date, Arg(about="Last day, inclusive.")]


@attrs.frozen(kw_only=True)
class Sort:
    """One key of the order of rows."""

    field: Annotated[str, Arg(about="A chosen dimension or measure.", max_length=40)]
    dir: Annotated[Literal["asc", "desc"] | None, Arg(about="Default asc.")] = None


RequiredPeriod = Annotated[Period, Arg(about="Days to report on.")]
BalanceDay = Annotated[date | None, Arg(about="Balance at the END of this day; default now.")]
SortKeys = Annotated[tuple[Sort, ...] | None, Arg(about="Order of rows.")]
Top = Annotated[
    int | None, Arg(about="Rows to return, after sorting.", minimum=1, maximum="max_rows")
]

CustomerIds = Annotated[
    tuple[str, ...] | None, Arg(about="A group id means its branch.", source="resolve_customer")
]
SupplierIds = Annotated[
    tuple[str, ...] | None,
    Arg(
        about="Suppliers are in the customer catalogue; a group id means its branch.",
        source="resolve_customer",
    ),
]
ProductIds = Annotated[
    tuple[str, ...] | None, Arg(about="A group id means its branch.", source="resolve_product")
]
WarehouseIds = Annotated[
    tuple[str, ...] | None, Arg(about="Warehouses, shops.", source="resolve_warehouse")
]
ChannelIds = Annotated[
    tuple[str, ...] | None, Arg(about="A parent means its branch.", source="resolve_sales_channel")
]
FirmIds = Annotated[
    tuple[str, ...] | None, Arg(about='Own legal entities; ids come from group_by ["firm"].')
]

Query = Annotated[
    str, Arg(about="Words of the name in any order, a code, or an id (UUID).", max_length=200)
]
Limit = Annotated[int | None, Arg(about="How many candidates.", minimum=1, maximum="resolve_limit")]
IncludeGroups = Annotated[
    bool | None, Arg(about="Also folders; as a filter a folder id means its branch. Default false.")
]
