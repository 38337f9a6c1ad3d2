"""What is refused, and where: families of mistakes, and the tools that have what they are about.

A mistake is a value and the places of its problems, counted from the argument: "" is the argument
itself, "[0]" its first element, ".from" a member.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.tools import BY_NAME
from tests.catalogue_truth import MAY, TRUTH, Json
from tests.wire.row import MAY_AS_TEXT

ABSENT: Final = object()
SHORT: Final = "x" * 200  # the longest text that is accepted

Mistakes = Mapping[str, tuple[object, tuple[str, ...]]]

LEAST: Final[Mapping[str, Json]] = {name: truth.least for name, truth in TRUTH.items()}

TEXTS: Final[Mistakes] = {
    "null": (None, ("",)),
    "empty": ("", ("",)),
    "blank": (" \t\u00a0", ("",)),
    "a fraction": (5.5, ("",)),
    "a boolean": (True, ("",)),
    "a list": (["ромашка"], ("",)),
    "an object": ({"text": "ромашка"}, ("",)),
    "over-long": (SHORT + "x", ("",)),
}
# A resolver lists its catalogue for an empty query.
QUERIES: Final[Mistakes] = {
    name: mistake for name, mistake in TEXTS.items() if name not in ("empty", "blank")
}
WHOLE_NUMBERS: Final[Mistakes] = {
    "zero": (0, ("",)),
    "zero as text": ("0", ("",)),
    "negative": (-1, ("",)),
    "a fraction": (1.5, ("",)),
    "a fraction as text": ("1.5", ("",)),
    "a whole float as text": ("10.0", ("",)),
    "a word": ("ten", ("",)),
    "an exponent": ("1e2", ("",)),
    "arabic digits": ("١٠", ("",)),
    "an underscore": ("1_0", ("",)),
    "empty": ("", ("",)),
    "a boolean": (True, ("",)),
    "a list": ([5], ("",)),
    "an object": ({}, ("",)),
    "beyond all numbers": (10**30, ("",)),
    "a float beyond all numbers": (1e300, ("",)),
}
FLAGS: Final[Mistakes] = {
    "one": (1, ("",)),
    "zero": (0, ("",)),
    "yes": ("yes", ("",)),
    "another case": ("True", ("",)),
    "empty": ("", ("",)),
    "a list": ([True], ("",)),
}
DAYS: Final[Mistakes] = {
    "empty": ("", ("",)),
    "no such day": ("2026-02-30", ("",)),
    "no such month": ("2026-13-01", ("",)),
    "another order": ("01.05.2026", ("",)),
    "without zeros": ("2026-5-1", ("",)),
    "without hyphens": ("20260501", ("",)),
    "of ISO weeks": ("2026-W18-5", ("",)),
    "a moment": ("2026-05-01T00:00:00", ("",)),
    "a word": ("today", ("",)),
    "other digits": ("２０２６-05-01", ("",)),
    "a number": (20260501, ("",)),
    "a boolean": (False, ("",)),
    "a list": (["2026-05-01"], ("",)),
    "an object": ({"from": "2026-05-01"}, ("",)),
}
PERIODS: Final[Mistakes] = {
    "absent": (ABSENT, ("",)),
    "null": (None, ("",)),
    "a word": ("May 2026", ("",)),
    "a month that does not exist": ("2026-13", (".from", ".to")),
    "a number": (202605, ("",)),
    "a list": (["2026-05-01", "2026-05-31"], ("",)),
    "empty": ({}, (".from", ".to")),
    "without its end": ({"from": "2026-05-01"}, (".to",)),
    "without its beginning": ({"to": "2026-05-31"}, (".from",)),
    "reversed": ({"from": "2026-05-31", "to": "2026-05-01"}, (".from",)),
    "reversed, as text": ('{"from":"2026-05-31","to":"2026-05-01"}', (".from",)),
    "broken text": (MAY_AS_TEXT[:-1], ("",)),
    "text that says a key twice": ('{"from":"2026-05-01","from":"2026-05-02"}', ("",)),
    "an unknown member": ({**MAY, "zone": "UTC"}, (".zone",)),
    **{
        f"{end}: {name}": ({**MAY, end: value}, (f".{end}",))
        for end in ("from", "to")
        for name, (value, _) in {"null": (None, ("",)), **DAYS}.items()
    },
}
IDS: Final[Mistakes] = {
    "empty": ([], ("",)),
    "empty, as text": ("[]", ("",)),
    "an empty text": ("", ("",)),
    "an empty element": (["c1", " "], ("[1]",)),
    "a null element": ([None], ("[0]",)),
    "a number": (5, ("",)),
    "fractions and booleans": ([5.5, True], ("[0]", "[1]")),
    "a list in a list": ([["c1"]], ("[0]",)),
    "an object": ({"id": "c1"}, ("",)),
    "repeated": (["c1", "c2", "c1"], ("[2]",)),
    "repeated, as text": ('["c1","c1"]', ("[1]",)),
    "broken text": ('["c1"', ("",)),
    "too many": ([str(number) for number in range(1001)], ("",)),
}
MEMBERS: Final[Mistakes] = {
    "empty": ([], ("",)),
    "empty, as text": ("[]", ("",)),
    "an empty text": ("", ("",)),
    "unknown": (["nope"], ("[0]",)),
    "unknown, alone": ("nope", ("[0]",)),
    "two in one": ("day,week", ("[0]",)),
    "a null element": ([None], ("[0]",)),
    "a number": (5, ("",)),
    "an object": ({}, ("",)),
    "broken text": ('["day"', ("",)),
}
CHOICES: Final[Mistakes] = {
    "empty": ("", ("",)),
    "unknown": ("nope", ("",)),
    "a number": (5, ("",)),
    "an object": ({}, ("",)),
}
FILTERS: Final[Mistakes] = {
    "a list": ([], ("",)),
    "a word": ("c1", ("",)),
    "a number": (5, ("",)),
    "broken text": ('{"firm_ids":["f1"]', ("",)),
    "unknown": ({"nope_ids": ["c1"]}, (".nope_ids",)),
    "unknown, as text": ('{"nope_ids":["c1"]}', (".nope_ids",)),
    "a nested period": ({"period": MAY}, (".period",)),
}
SORTS: Final[Mistakes] = {
    "empty": ([], ("",)),
    "a word that is not chosen": ("nope", ("[0].field",)),
    "a phrase": (["amount first"], ("[0]",)),
    "two directions": ("-amount desc", ("[0]",)),
    "broken text": ('[{"field":"amount"}', ("",)),
    "without its field": ([{"dir": "asc"}], ("[0].field",)),
    "an unknown field": ([{"field": "nope"}], ("[0].field",)),
    "an empty field": ([{"field": ""}], ("[0].field",)),
    "an over-long field": ([{"field": "x" * 41}], ("[0].field",)),
    "an unknown member": ([{"field": "nope", "order": "asc"}], ("[0].order",)),
    "an unknown member, as text": ('[{"by":"nope"}]', ("[0].by", "[0].field")),
}

PERIOD_TOOLS: Final = tuple(name for name, truth in TRUTH.items() if "period" in truth.least)
DATE_TOOLS: Final = tuple(name for name, truth in TRUTH.items() if "date" in truth.everything)
RESOLVERS: Final = tuple(tool for tool in LEAST if tool.startswith("resolve_"))
WITH_GROUPS: Final = tuple(
    name for name, truth in TRUTH.items() if "include_groups" in truth.everything
)
FILTERS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(one for one in truth.everything["filters"] if one.endswith("_ids"))
    for name, truth in TRUTH.items()
    if "filters" in truth.everything
}


def _default_dimensions(tool: str) -> tuple[str, ...]:
    fields = {field.name: field for field in fields_of(BY_NAME[tool].request)}
    return fields["group_by"].arg.default


# Of each table: a dimension, a measure, and a field that it has but that is not chosen.
TABLES: Final[Mapping[str, tuple[str, str, str]]] = {
    name: (
        truth.everything["group_by"][0],
        truth.everything["measures"][0],
        next(one for one in truth.everything["group_by"] if one not in _default_dimensions(name)),
    )
    for name, truth in TRUTH.items()
    if "group_by" in truth.everything
}
CHOICES_OF: Final = (
    ("sales_report", "filters.customer_cohort"),
    ("top_products", "by"),
    ("cash_conversion_cycle", "compare"),
    ("cash_conversion_cycle", "breakdown"),
    ("cash_conversion_cycle", "balance_basis"),
    ("cash_conversion_cycle", "dpo_base"),
)


@attrs.frozen
class Refusal:
    """One call that is wrong. paths: of its problems, in their order."""

    tool: str
    mistake: str
    sent: Json
    paths: tuple[str, ...]


def _about(tool: str, argument: str, mistakes: Mistakes) -> Iterator[Refusal]:
    """The mistakes in one argument of a tool; `filters.x` is a member of its filters."""
    for name, (value, places) in mistakes.items():
        outer, _, inner = argument.partition(".")
        sent: dict[str, Any] = {**LEAST[tool], outer: {inner: value} if inner else value}
        if value is ABSENT:
            del sent[outer]
        paths = tuple(f"{argument}{place}" for place in places)
        yield Refusal(tool, f"{argument} is {name}", sent, paths)


def _of_tables() -> Iterator[Refusal]:
    for tool, (dimension, measure, unchosen) in TABLES.items():
        for argument, known in (("group_by", dimension), ("measures", measure)):
            yield from _about(tool, argument, MEMBERS)
            more: Mistakes = {
                "repeated": ([known, known], ("[1]",)),
                "known and unknown": ([known, "nope"], ("[1]",)),
                "in another case": ([known.upper()], ("[0]",)),
                "with a space": (f" {known}", ("[0]",)),
            }
            yield from _about(tool, argument, more)
        keys: Mistakes = {
            "by an unchosen field": ([{"field": unchosen}], ("[0].field",)),
            "an unknown direction": ([{"field": measure, "dir": "down"}], ("[0].dir",)),
            "repeated": ([{"field": measure}, {"field": measure}], ("[1]",)),
        }
        yield from _about(tool, "sort", {**SORTS, **keys})


def _one_by_one() -> Iterator[Refusal]:
    for tool in LEAST:
        yield from _about(tool, "nope", {"unknown": (1, ("",)), "unknown and null": (None, ("",))})
    for tool in RESOLVERS:
        yield from _about(tool, "query", {**QUERIES, "absent": (ABSENT, ("",))})
        yield from _about(tool, "limit", WHOLE_NUMBERS)
        yield from _about(tool, "period", {"of no use here": (MAY, ("",))})
    for tool in RESOLVERS:
        flags = FLAGS if tool in WITH_GROUPS else {"of no use here": (True, ("",))}
        yield from _about(tool, "include_groups", flags)
    for tool in PERIOD_TOOLS:
        yield from _about(tool, "period", PERIODS)
        yield from _about(tool, "date", {"of no use here": ("2026-05-31", ("",))})
    for tool in DATE_TOOLS:
        yield from _about(tool, "date", DAYS)
        yield from _about(tool, "period", {"of no use here": (MAY, ("",))})
    for tool, filters in FILTERS_OF.items():
        yield from _about(tool, "filters", FILTERS)
        for name in filters:
            yield from _about(tool, f"filters.{name}", IDS)
            yield from _about(tool, name, {"outside of filters": (["c1"], ("",))})
    for tool in (*TABLES, "top_products"):
        yield from _about(tool, "top", WHOLE_NUMBERS)
    for tool, argument in CHOICES_OF:
        yield from _about(tool, argument, CHOICES)
    yield from _about("cash_conversion_cycle", "firm_ids", IDS)
    yield from _about("customer_summary", "top_products", WHOLE_NUMBERS)
    yield from _about("customer_summary", "customer_id", TEXTS)


def _together() -> Iterator[Refusal]:
    """Arguments that are wrong together, and several mistakes at once."""
    name = {"period": MAY, "customer": "Ромашка"}
    both = {**name, "customer_id": "c1"}
    yield Refusal("customer_summary", "neither name nor id", {"period": MAY}, ("customer_id",))
    yield Refusal("customer_summary", "name and id", both, ("customer_id",))
    for mistake, (value, _) in TEXTS.items():
        sent = {**name, "customer": value}
        place = "customer" if value is not None else "customer_id"  # as if neither were given
        yield Refusal("customer_summary", f"customer is {mistake}", sent, (place,))
    long = {"period": {"from": "2024-05-01", "to": "2026-05-31"}}
    old = {"period": {"from": "1899-12-01", "to": "1899-12-31"}}
    late = {"period": {"from": "2999-12-01", "to": "3000-01-31"}}
    yield Refusal("cash_conversion_cycle", "25 months", long, ("period",))
    yield Refusal("cash_conversion_cycle", "before all books", old, ("period.from", "period.to"))
    yield Refusal("cash_conversion_cycle", "after all books", late, ("period.to",))
    yield Refusal(
        "sales_report",
        "everything is wrong",
        {
            "periods": MAY,
            "filters": {"customer_ids": [], "firm_ids": ["f1", 2.5], "cash_ids": ["k1"]},
            "group_by": ["day", "hour"],
            "measures": ["sum"],
            "top": "many",
            "sort": [{"field": "day", "dir": "up"}],
        },
        (
            "periods",
            "period",
            "filters.cash_ids",
            "filters.customer_ids",
            "filters.firm_ids[1]",
            "group_by[1]",
            "measures[0]",
            "top",
            "sort[0].dir",
        ),
    )


TABLE: Final = (*_one_by_one(), *_of_tables(), *_together())
