import json
import re
import unicodedata
from datetime import date
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from onecgw.auth.caller import ALL_SCOPES, COST_MEASURES
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.json_schema import input_schema
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.parsing import (
    MAX_ELEMENTS,
    MAX_PROBLEMS,
    null_filters,
    parse_arguments,
    to_onec,
)
from onecgw.catalogue.scalars import shown
from onecgw.catalogue.tools import ALL
from onecgw.catalogue.tools.parts import Period
from onecgw.catalogue.tools.references import ResolveWithGroups
from onecgw.catalogue.tools.sales import CustomerSummary, SalesFilters, SalesReport
from onecgw.errors import ValidationFailed
from onecgw.text import normalized
from tests.builders.gateway_rig import view_of
from tests.catalogue_truth import TRUTH

MAY = {"from": "2026-05-01", "to": "2026-05-31"}


def problems_of(request: type, raw: object) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as caught:
        parse_arguments(request, raw)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_arguments_become_a_typed_request() -> None:
    raw = {"period": MAY, "filters": {"customer_ids": ["c1", "c2"]}, "top": 5}

    assert parse_arguments(SalesReport, raw) == SalesReport(
        period=Period(first=date(2026, 5, 1), last=date(2026, 5, 31)),
        filters=SalesFilters(customer_ids=("c1", "c2")),
        top=5,
    )


def test_1c_gets_exactly_what_was_given_and_nothing_that_was_absent() -> None:
    raw = {
        "period": MAY,
        "filters": {"customer_cohort": "new"},
        "sort": [{"field": "amount", "dir": "desc"}],
    }

    assert to_onec(parse_arguments(SalesReport, raw)) == raw


@pytest.mark.parametrize("limit", ["7", "7 ", 7.0, 7])
def test_a_whole_number_may_come_as_a_text_or_as_a_float(limit: object) -> None:
    raw = {"query": "ромашка", "limit": limit}

    assert parse_arguments(ResolveWithGroups, raw).limit == 7


def test_an_id_or_a_code_may_come_as_a_number() -> None:
    raw = {"period": MAY, "filters": {"customer_ids": [15, "16"]}}

    assert parse_arguments(SalesReport, raw).filters == SalesFilters(customer_ids=("15", "16"))
    assert parse_arguments(ResolveWithGroups, {"query": 15}).query == "15"


@pytest.mark.parametrize(("sent", "meant"), [("true", True), ("false", False), (True, True)])
def test_a_boolean_may_come_as_a_text(sent: object, meant: bool) -> None:
    raw = {"query": "ромашка", "include_groups": sent}

    assert parse_arguments(ResolveWithGroups, raw).include_groups is meant


def test_objects_and_arrays_may_come_as_json_texts() -> None:
    raw = {
        "period": json.dumps(MAY),
        "filters": '{"customer_ids": "[\\"c1\\"]"}',
        "group_by": '["month"]',
        "sort": '[{"field": "month"}]',
    }

    assert to_onec(parse_arguments(SalesReport, raw)) == {
        "period": MAY,
        "filters": {"customer_ids": ["c1"]},
        "group_by": ["month"],
        "sort": [{"field": "month"}],
    }


def test_one_text_is_taken_where_an_array_of_texts_is_due() -> None:
    raw = {"period": MAY, "group_by": "month", "filters": {"customer_ids": "c1"}}

    assert to_onec(parse_arguments(SalesReport, raw)) == {
        "period": MAY,
        "filters": {"customer_ids": ["c1"]},
        "group_by": ["month"],
    }


@pytest.mark.parametrize("value", [True, 1.5, "1.5", "ten", [], {}, "1e3", 1e300, 10**18])
def test_nothing_else_is_guessed_to_be_a_whole_number(value: object) -> None:
    assert list(problems_of(ResolveWithGroups, {"query": "x", "limit": value})) == ["limit"]


@pytest.mark.parametrize("value", [1, 0, "True", "yes", ""])
def test_nothing_else_is_guessed_to_be_a_boolean(value: object) -> None:
    hint = " (or leave it out)" if value == "" else ""
    assert problems_of(ResolveWithGroups, {"query": "x", "include_groups": value}) == {
        "include_groups": f"true or false is expected{hint}; got {json.dumps(value)}"
    }


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30",
        "01.05.2026",
        "2026-5-1",
        "0001-01-01",
        "3999-11-01",
        "",
        20260501,
        None,
        "٢٠٢٦-٠٥-٠١",
        "today",
    ],
)
def test_a_day_is_a_calendar_day_in_iso_form(value: object) -> None:
    assert list(problems_of(SalesReport, {"period": {"from": value, "to": "2026-05-31"}})) == [
        "period.from"
    ]


def test_all_problems_are_reported_at_once_with_their_paths() -> None:
    raw = {
        "period": {"from": "2026-02-30", "till": "2026-03-01"},
        "filters": {"customer_ids": ["c1", 7.5, ""], "region": "x", "firm_ids": []},
        "group_by": ["month", "decade", "month"],
        "measures": "revenue",
        "top": 0,
        "sort": [{"field": "amount", "dir": "down"}],
        "Top": 5,
    }

    assert problems_of(SalesReport, raw) == {
        "Top": "unknown argument; did you mean top? accepted: period, filters, group_by, "
        "measures, top, sort, compare, compare_with, share, ids",
        "period.till": "unknown argument; accepted: from, to",
        "period.from": 'a day that exists, as YYYY-MM-DD, is expected; got "2026-02-30"',
        "period.to": "is required: Last day, inclusive.",
        "filters.region": "unknown argument; accepted: customer_ids, warehouse_ids, "
        "sales_channel_ids, firm_ids, customer_cohort, product_ids, seller_ids, product_status",
        "filters.customer_ids[1]": "a text that is not empty is expected; got 7.5",
        "filters.customer_ids[2]": 'a text that is not empty is expected; got ""',
        "filters.firm_ids": "an array of at least one element is expected (or leave it out); "
        "got []",
        "group_by[1]": "one of warehouse, customer, product, seller, sales_channel, firm, day, "
        "week, month, quarter, year, weekday, cohort, product_group, customer_group, "
        'product_parent, customer_parent, channel_parent is expected; got "decade"',
        "group_by[2]": '"month" is repeated',
        "measures[0]": "one of amount, amount_net, returns, qty, receipts, avg_check, customers, "
        'cost, profit, margin is expected; got "revenue"',
        "top": "a whole number from 1 is expected; got 0",
        "sort[0].dir": 'one of asc, desc is expected; got "down"',
    }


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    period = {"from": "2026-06-01", "to": "2026-05-01"}

    assert problems_of(SalesReport, {"period": period}) == {
        "period.from": "2026-06-01 lies after to (2026-05-01); from ≤ to is expected"
    }


def test_rows_are_sorted_only_by_what_is_chosen_or_chosen_by_default() -> None:
    by_default = {"period": MAY, "sort": [{"field": "warehouse"}, {"field": "qty"}]}
    chosen = {"period": MAY, "group_by": ["day"], "sort": [{"field": "day"}]}
    neither = {"period": MAY, "group_by": ["day"], "sort": [{"field": "warehouse"}]}

    assert to_onec(parse_arguments(SalesReport, by_default)) == by_default
    assert to_onec(parse_arguments(SalesReport, chosen)) == chosen
    assert problems_of(SalesReport, neither) == {
        "sort[0].field": '"warehouse" is not chosen; one of day, amount, qty is expected'
    }


def optional_paths(request: type, prefix: str = "") -> list[str]:
    """The optional arguments of a request, with those inside of objects."""
    paths = []
    for field in fields_of(request):
        if not field.is_required:
            paths.append(f"{prefix}{field.name}")
        if attrs.has(field.type):
            paths += optional_paths(field.type, f"{prefix}{field.name}.")
    return paths


OPTIONAL = [(tool, path) for tool in ALL for path in optional_paths(tool.request)]


@pytest.mark.parametrize(
    ("tool", "path"), OPTIONAL, ids=[f"{tool.name}-{path}" for tool, path in OPTIONAL]
)
@pytest.mark.parametrize("base", ["least", "everything"])
def test_null_is_like_absent_for_every_optional_argument(tool: Tool, path: str, base: str) -> None:
    truth = TRUTH[tool.name]
    given: dict[str, Any] = json.loads(json.dumps(getattr(truth, base)))
    *outer, name = path.split(".")
    owner = given
    for part in outer:
        owner = owner.setdefault(part, {})
    owner.pop(name, None)
    if name in ("group_by", "measures"):
        given.pop("sort", None)  # it names what they choose
    without = to_onec(parse_arguments(tool.request, given))
    owner[name] = None

    assert to_onec(parse_arguments(tool.request, given)) == without
    is_filter = name == "filters" or name.endswith("_ids") or name == "customer_cohort"
    assert null_filters(tool.request, given) == ((path,) if is_filter else ())


def test_there_are_dozens_of_optional_arguments() -> None:
    assert len(OPTIONAL) >= 82


@pytest.mark.parametrize("empty", ["", []])
def test_what_is_empty_is_refused_with_the_hint_to_leave_it_out(empty: object) -> None:
    for tool, path in OPTIONAL:
        if "." not in path:
            raw = {**TRUTH[tool.name].least, path: empty}
            [(place, message)] = problems_of(tool.request, raw).items()
            assert place.startswith(path)
            assert "(or leave it out)" in message or path == "filters"


def test_what_n8n_adds_is_dropped_at_the_root_and_nowhere_else() -> None:
    added = dict.fromkeys(("toolCallId", "sessionId", "action", "chatInput", "tool"), "x")

    assert to_onec(parse_arguments(SalesReport, {"period": MAY, **added})) == {"period": MAY}
    assert set(problems_of(SalesReport, {"period": {**MAY, **added}, "filters": added})) == {
        *(f"period.{name}" for name in added),
        *(f"filters.{name}" for name in added),
    }


@pytest.mark.parametrize(
    ("sort", "meant"),
    [
        ("-amount", [{"field": "amount", "dir": "desc"}]),
        ("+amount", [{"field": "amount", "dir": "asc"}]),
        ("amount", [{"field": "amount"}]),
        ("amount DESC", [{"field": "amount", "dir": "desc"}]),
        ("amount:asc", [{"field": "amount", "dir": "asc"}]),
        (["-amount", "qty"], [{"field": "amount", "dir": "desc"}, {"field": "qty"}]),
        ({"field": "amount", "dir": "DESC"}, [{"field": "amount", "dir": "desc"}]),
        ([{"field": "amount", "dir": "Asc"}], [{"field": "amount", "dir": "asc"}]),
        ('["-amount"]', [{"field": "amount", "dir": "desc"}]),
    ],
)
def test_an_order_may_be_written_as_in_sql_and_rest(sort: object, meant: object) -> None:
    assert to_onec(parse_arguments(SalesReport, {"period": MAY, "sort": sort}))["sort"] == meant


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-09", "2026-09-01", "2026-09-30"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-09-05", "2026-09-05", "2026-09-05"),
        ("2026-09-05..2026-10-01", "2026-09-05", "2026-10-01"),
        (" 2026-09\u200b ", "2026-09-01", "2026-09-30"),
    ],
)
def test_a_period_may_be_a_text(text: str, first: str, last: str) -> None:
    assert to_onec(parse_arguments(SalesReport, {"period": text})) == {
        "period": {"from": first, "to": last}
    }


@given(st.text(alphabet="аїИ\u0306\u0308 \u00a0«»'’\u200b\ufeff\u202e\x00e\u0301", max_size=12))
def test_a_text_goes_to_1c_composed_and_without_invisible_characters(text: str) -> None:
    sent = parse_arguments(ResolveWithGroups, {"query": text}).query
    if not normalized(text).strip():
        assert sent == ""
    else:
        expected = re.sub("[\u200b\ufeff\u202e\x00]", "", text)
        assert sent == unicodedata.normalize("NFC", expected)


@given(
    st.uuids(),
    st.sampled_from(["{}", "{{{}}}"]),
    st.booleans(),
    st.booleans(),
)
def test_a_guid_goes_to_1c_in_one_form(
    uuid: UUID, form: str, has_dashes: bool, is_upper: bool
) -> None:
    text = form.format(uuid if has_dashes else uuid.hex)
    given_id = text.upper() if is_upper else text
    raw = {"period": MAY, "customer_id": given_id}

    assert parse_arguments(CustomerSummary, raw).customer_id == str(uuid)
    filters = {"period": MAY, "filters": {"customer_ids": [given_id]}}
    sent = to_onec(parse_arguments(SalesReport, filters))
    assert sent["filters"] == {"customer_ids": [str(uuid)]}


def test_a_query_is_at_most_200_characters() -> None:
    assert parse_arguments(ResolveWithGroups, {"query": "я" * 200}).query == "я" * 200
    assert list(problems_of(ResolveWithGroups, {"query": "я" * 201})) == ["query"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 500, '"' + "x" * 59 + "…"),
        (10**400, "a number of more than 18 digits"),
        ({"a": 1}, "an object"),
        ([1], "an array"),
        ({}, "{}"),
        ("a\nb", '"a\\nb"'),
        ("\ud800", '"?"'),
        (None, "null"),
    ],
)
def test_a_value_in_an_error_text_is_bounded_and_safe(value: object, text: str) -> None:
    assert shown(value) == text


def test_no_error_text_offers_a_measure_that_the_caller_may_not_see() -> None:
    raw = {"period": MAY, "measures": ["zz"]}

    with pytest.raises(ValidationFailed) as caught:
        parse_arguments(SalesReport, raw, restricted=COST_MEASURES)

    assert str(caught.value) == (
        "measures[0]: one of amount, amount_net, returns, qty, receipts, avg_check, customers "
        'is expected; got "zz"'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"from":"2026-05-01","from":"2026-04-01","to":"2026-05-31"}', "says one key twice"),
        (
            '{"from":"\\ud800","to":"2026-05-31"}',
            "is not valid JSON: a text in it holds half a character",
        ),
        ('{"from":', "is not valid JSON"),
        ('{"a":' * 5000, "is nested too deeply"),
    ],
)
def test_a_json_text_is_read_as_strictly_as_the_body(text: str, message: str) -> None:
    problems = problems_of(SalesReport, {"period": text})

    assert list(problems) == ["period"]
    assert f"the JSON text {message}" in problems["period"]


def test_an_array_is_bounded_and_read_in_one_pass() -> None:
    ids = [str(number) for number in range(MAX_ELEMENTS)]
    raw = {"period": MAY, "filters": {"customer_ids": ids}}

    assert to_onec(parse_arguments(SalesReport, raw)) == raw
    assert problems_of(SalesReport, {"period": MAY, "filters": {"customer_ids": [*ids, "x"]}}) == {
        "filters.customer_ids": "at most 1000 elements are accepted; got an array"
    }


def test_only_the_first_of_very_many_problems_are_listed_and_the_last_says_so() -> None:
    floods: list[dict[str, object]] = [
        {"group_by": ["zz"] * MAX_ELEMENTS},
        {"sort": [{"field": "x", "dir": "y", "z": 1}] * MAX_ELEMENTS},
        {f"key{number}" + "x" * 1000: 1 for number in range(10_000)},
    ]
    for flood in floods:
        with pytest.raises(ValidationFailed) as caught:
            parse_arguments(SalesReport, {"period": MAY, **flood})
        assert len(caught.value.problems) <= MAX_PROBLEMS
        assert "there may be more problems" in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(ALL), JSON)
def test_no_json_whatsoever_raises_anything_but_problems(tool: Tool, raw: object) -> None:
    try:
        parse_arguments(tool.request, raw)
    except ValidationFailed as error:
        assert error.problems


# Letters are named, because hypothesis else reads the whole of Unicode on its first run.
TEXTS = st.text(alphabet="aЇё «»'\\\"{[1", min_size=1, max_size=210)


def arguments_like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema describes, and now and then one that it does not."""
    right: st.SearchStrategy[Any]
    if schema["type"] == "object":
        members = {key: arguments_like(value) for key, value in schema["properties"].items()}
        required = {key: members.pop(key) for key in schema.get("required", ())}
        right = st.fixed_dictionaries(required, optional=members)
    elif schema["type"] == "array":
        right = st.lists(arguments_like(schema["items"]), min_size=1, max_size=3)
    elif "enum" in schema:
        right = st.sampled_from(schema["enum"])
    elif schema.get("format") == "date":
        right = st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(date.isoformat)
    elif schema["type"] == "integer":
        right = st.integers(schema.get("minimum"), schema.get("maximum"))
    else:
        right = st.booleans() if schema["type"] == "boolean" else TEXTS
    wrong = st.sampled_from([None, 3.5, 0, -1, "x", [], {}, ["x"], {"x": 1}])
    return st.integers(0, 30).flatmap(lambda dice: wrong if dice == 0 else right)


def is_beyond_schema(error: ValidationFailed) -> bool:
    """Whether only rules failed that the portable subset of JSON Schema cannot say."""
    beyond = (
        "unknown argument",  # additionalProperties: false is not published
        "lies after to",
        "is not chosen",
        "is not accepted beside",
        "is repeated",
        "a text that is not empty",
    )
    return all(any(rule in problem.message for rule in beyond) for problem in error.problems)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.data())
def test_the_published_schema_and_the_parser_agree(data: st.DataObject) -> None:
    tool = data.draw(st.sampled_from(ALL))
    schema = input_schema(tool, view_of(frozenset(ALL_SCOPES)))
    raw = data.draw(arguments_like(schema))
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))

    is_valid = validator.is_valid(raw)
    try:
        sent = to_onec(parse_arguments(tool.request, raw))
    except ValidationFailed as error:
        assert not is_valid or is_beyond_schema(error)
    else:
        # What was mended is valid as it goes to 1C; what was valid goes as it came, and blanks
        # are an empty query.
        assert validator.is_valid(sent)
        local = {one.name for one in fields_of(tool.request) if one.arg.is_local}
        kept = {name: raw[name] for name in raw if name not in local}
        if isinstance(query := kept.get("query"), str) and not query.strip():
            kept["query"] = ""
        assert not is_valid or sent == kept
