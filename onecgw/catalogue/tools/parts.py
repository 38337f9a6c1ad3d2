"""Argument types that several tools share."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import attrs

from onecgw.catalogue.declaration import Arg, fields_of
from onecgw.catalogue.scalars import shown
from onecgw.errors import Problem


@attrs.frozen(kw_only=True)
class Period:
    """Whole days, both ends included."""

    from_: Annotated[date, Arg(about="First day.", name="from")]
    to: Annotated[date, Arg(about="Last day, inclusive.")]

    @staticmethod
    def find_contradictions(
        values: Mapping[str, Any],
        refused: frozenset[str],  # noqa: ARG004 - one signature for all
    ) -> Iterator[Problem]:
        """The first day must not lie after the last one."""
        if "from_" in values and "to" in values and values["from_"] > values["to"]:
            message = f"lies after to ({values['to']}); from ≤ to is expected"
            yield Problem(path="from", message=f"{values['from_']} {message}")


@attrs.frozen(kw_only=True)
class Sort:
    """One key of the order of rows."""

    field: Annotated[str, Arg(about="A chosen dimension or measure.", max_length=40)]
    dir: Annotated[Literal["asc", "desc"] | None, Arg(about="Default asc.")] = None


class SortedRows:
    """A request whose `sort` may name what `group_by` and `measures` choose."""

    __slots__ = ()

    @classmethod
    def find_contradictions(
        cls, values: Mapping[str, Any], refused: frozenset[str]
    ) -> Iterator[Problem]:
        """Each sort key must be chosen; a choice that was refused says nothing about the keys."""
        request: Any = cls  # the classes that sort are request classes
        choices = [one for one in fields_of(request) if one.name in ("group_by", "measures")]
        if "sort" not in values or any(one.attribute in refused for one in choices):
            return
        chosen = [
            member for one in choices for member in values.get(one.attribute) or one.arg.default
        ]
        for index, key in enumerate(values["sort"]):
            if key.field not in chosen:
                message = f"is not chosen; one of {', '.join(chosen)} is expected"
                yield Problem(path=f"sort[{index}].field", message=f"{shown(key.field)} {message}")


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
