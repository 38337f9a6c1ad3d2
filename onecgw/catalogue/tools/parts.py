"""Argument types that several tools share."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Literal

import attrs

from onecgw.analysis.periods import DateRange, Earlier, EarlierDay
from onecgw.catalogue.declaration import Arg, fields_of
from onecgw.catalogue.period_text import read_period_text
from onecgw.catalogue.scalars import shown
from onecgw.errors import Problem
from onecgw.locales.text import say

ANALYSIS_ROWS: Final = 10  # that an analysis shows without `top`
CHANGES: Final = ("_before", "_change", "_change_pct")  # what a comparison adds to a measure
_SORT_TEXT: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<field>[a-z_]+)(?:(?:\s+|:)(?P<dir>asc|desc))?", re.ASCII | re.IGNORECASE
)


@attrs.frozen(kw_only=True)
class Period(DateRange):
    """Whole days, both ends included."""

    TEXT_FORM: ClassVar[str] = "errors.period_form"

    first: Annotated[date, Arg(about="First day.", name="from")]
    last: Annotated[date, Arg(about="Last day, inclusive.", name="to")]

    @staticmethod
    def from_text(text: str) -> dict[str, str] | None:
        """The members that a text means; None if it means none."""
        ends = read_period_text(text)
        return {"from": ends[0], "to": ends[1]} if ends else None

    @staticmethod
    def find_contradictions(
        values: Mapping[str, Any],
        refused: frozenset[str],  # noqa: ARG004 - one signature for all
    ) -> Iterator[Problem]:
        """The first day must not lie after the last one."""
        if values.keys() >= {"first", "last"} and values["first"] > values["last"]:
            message = say("errors.from_after_to", **values)
            yield Problem(path="from", message=message)


@attrs.frozen(kw_only=True)
class Sort:
    """One key of the order of rows."""

    TEXT_FORM: ClassVar[str] = "errors.sort_form"

    field: Annotated[str, Arg(about="Dimension or measure.")]
    dir: Annotated[Literal["asc", "desc"] | None, Arg(about="Default asc.")] = None

    @staticmethod
    def from_text(text: str) -> dict[str, str] | None:
        """The members that a text such as `-amount` or `amount DESC` means."""
        found = _SORT_TEXT.fullmatch(text.strip())
        if found is None or (found["sign"] and found["dir"]):
            return None
        direction = found["dir"] or {"-": "desc", "+": "asc"}.get(found["sign"], "")
        return {"field": found["field"], **({"dir": direction} if direction else {})}

    @staticmethod
    def mended(members: Mapping[str, object]) -> dict[str, object]:
        """The members with the direction in lower case, as SQL's is often not."""
        direction = members.get("dir")
        changed = {"dir": direction.lower()} if isinstance(direction, str) else {}
        return {**members, **changed}


RequiredPeriod = Annotated[Period, Arg(about="Whole days.")]
BalanceDay = Annotated[date | None, Arg(about="At the END of this day; default now.")]
SortKeys = Annotated[tuple[Sort, ...] | None, Arg(about="Order of rows.")]
Top = Annotated[int | None, Arg(about="Rows to return.", minimum=1, maximum="max_rows")]
COMPARE: Final = Arg(about="Adds <measure>_before, _change, _change_pct.", is_local=True)
CompareWithPeriod = Annotated[
    date | None, Arg(about="Instead: first day of a period as long.", is_local=True)
]
CompareWithDay = Annotated[date | None, Arg(about="Instead: that day.", is_local=True)]
SHARE: Final = Arg(about="Adds share, cumulative_share, class (A, B, C).", is_local=True)
Ids = Annotated[bool | None, Arg(about="false: labels alone, shorter.", is_local=True)]
AnalysisTop = Annotated[
    int | None,
    Arg(about=f"Rows to show; default {ANALYSIS_ROWS}.", minimum=1, maximum="default_rows"),
]


class SortedRows:
    """A request of a table: `sort` and `share` name what `group_by` and `measures` choose."""

    __slots__ = ()

    @classmethod
    def find_contradictions(
        cls, values: Mapping[str, Any], refused: frozenset[str]
    ) -> Iterator[Problem]:
        """Each sort key and the share must be chosen; there is one comparison.

        A choice that was refused says nothing about the others.
        """
        request: Any = cls  # the classes that sort are request classes
        choices = {
            one.name: one for one in fields_of(request) if one.name in ("group_by", "measures")
        }
        if any(one.attribute in refused for one in choices.values()):
            return
        group_by, measures = (
            values.get(name) or choices[name].arg.default for name in ("group_by", "measures")
        )
        is_compared = "compare" in values or "compare_with" in values
        if "compare" in values and "compare_with" in values:
            yield Problem(path="compare_with", message=say("errors.beside_compare"))
        if "share" in values and values["share"] not in measures:
            yield Problem(path="share", message=_not_chosen(values["share"], measures))
        figures = [f"{name}{end}" for name in measures for end in ("", *CHANGES[: 3 * is_compared])]
        chosen = [*group_by, *figures]
        for index, key in enumerate(values.get("sort", ())):
            if key.field not in chosen:
                message = _not_chosen(key.field, chosen)
                yield Problem(path=f"sort[{index}].field", message=message)


def _not_chosen(value: object, chosen: Iterable[str]) -> str:
    return say("errors.not_chosen", value=shown(value), chosen=", ".join(chosen))


@attrs.frozen(kw_only=True)
class PeriodReport(SortedRows):
    """Arguments of a report on a period; each report declares anew what is Any here."""

    period: RequiredPeriod
    filters: Any = None
    group_by: Any = None
    measures: Any = None
    top: Top = None
    sort: SortKeys = None
    compare: Annotated[Earlier | None, COMPARE] = None
    compare_with: CompareWithPeriod = None
    share: Any = None
    ids: Ids = None


@attrs.frozen(kw_only=True)
class BalanceReport(SortedRows):
    """Arguments of a report on the end of a day; each report declares anew what is Any here."""

    date: BalanceDay = None
    filters: Any = None
    group_by: Any = None
    measures: Any = None
    top: Top = None
    sort: SortKeys = None
    compare: Annotated[EarlierDay | None, COMPARE] = None
    compare_with: CompareWithDay = None
    share: Any = None
    ids: Ids = None


CustomerIds = Annotated[
    tuple[str, ...] | None,
    Arg(about="A group means all in it.", source="resolve_customer", takes_groups=True),
]
SupplierIds = Annotated[
    tuple[str, ...] | None,
    Arg(
        about="Suppliers; a group means all in it.",
        source="resolve_customer",
        takes_groups=True,
    ),
]
ProductIds = Annotated[
    tuple[str, ...] | None,
    Arg(about="A group means all in it.", source="resolve_product", takes_groups=True),
]
ProductStatus = Annotated[Literal["active", "archived"] | None, Arg(about="archived: out of use.")]
WarehouseIds = Annotated[
    tuple[str, ...] | None, Arg(about="Warehouses, shops.", source="resolve_warehouse")
]
ChannelIds = Annotated[
    tuple[str, ...] | None,
    Arg(about="A parent means all below.", source="resolve_sales_channel", takes_groups=True),
]
FirmIds = Annotated[tuple[str, ...] | None, Arg(about='Own firms; ids: group_by ["firm"].')]

Query = Annotated[
    str,
    Arg(
        about="Words of the name, a code or an id; empty: list all, with the total.",
        max_length=200,
        may_be_empty=True,
    ),
]
Limit = Annotated[int | None, Arg(about="How many candidates.", minimum=1, maximum="resolve_limit")]
IncludeGroups = Annotated[
    bool | None, Arg(about="Also folders, which in a filter mean all in them.")
]
