"""$filter against the same condition in Python, over the same rows."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onecgw.demo.odata.app import ODataApp
from onecgw.demo.odata.errors import ODataError
from onecgw.demo.odata.expression import parse_expression
from tests.builders.odata_queries import get, rows

SET = "AccumulationRegister_ДенежныеСредстваБезналичные_RecordType"
RECENT = "Period ge datetime'2026-08-01T00:00:00'"
Test = tuple[str, Callable[[dict[str, Any]], bool]]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
}
TEXT_FIELDS = ("ХозяйственнаяОперация", "RecordType", "Recorder_Type")
TEXTS = (
    "ПрочиеРасходы",
    "Receipt",
    "receipt",
    "'",
    "",
    "Опл",
    "StandardODATA.",
    "а",
    "%",
    "_",
    "[",
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def comparisons(draw: st.DrawFn) -> Test:
    operator = draw(st.sampled_from([*COMPARE]))
    kind = draw(st.sampled_from(["number", "date", "text", "guid", "bool", "sum"]))
    if kind == "number":
        kopecks = draw(st.integers(-100, 10_000_000))
        text = f"{kopecks / 100:.2f}"
        return f"СуммаРегл {operator} {text}", lambda row: COMPARE[operator](
            float(row["СуммаРегл"]), float(text)
        )
    if kind == "sum":
        sign = draw(st.sampled_from(["add", "sub", "mul"]))
        number = draw(st.integers(0, 50))
        calculate: dict[str, Callable[[float], float]] = {
            "add": lambda value: value + number,
            "sub": lambda value: value - number,
            "mul": lambda value: value * number,
        }
        return f"Сумма {sign} {number} {operator} 5000", lambda row: COMPARE[operator](
            calculate[sign](float(row["Сумма"])), 5000.0
        )
    if kind == "date":
        day = f"2026-{draw(st.integers(8, 10)):02}-{draw(st.integers(1, 28)):02}T17:00:00"
        return f"Period {operator} datetime'{day}'", lambda row: COMPARE[operator](
            row["Period"], day
        )
    if kind == "text":
        field, value = draw(st.sampled_from(TEXT_FIELDS)), draw(st.sampled_from(TEXTS))
        return f"{field} {operator} {quoted(value)}", lambda row: COMPARE[operator](
            row[field], value
        )
    if kind == "bool":
        word = draw(st.sampled_from(["true", "false"]))
        return f"Active {operator} {word}", lambda row: COMPARE[operator](
            row["Active"], word == "true"
        )
    guid = draw(st.sampled_from(GUIDS))
    return f"БанковскийСчет_Key {operator} guid'{guid}'", lambda row: COMPARE[operator](
        row["БанковскийСчет_Key"], guid
    )


# References of the small books, and the empty one.
GUIDS = [
    "00000000-0000-0000-0000-000000000000",
    "8b2878ac-1f77-42e5-a702-f78280d7e386",
    "91d658d3-a159-4984-b0b1-a60e6aa91005",
]


@pytest.fixture(scope="module")
def accounts(ut: ODataApp) -> list[dict[str, Any]]:
    """The records that conditions are tried on."""
    return [dict(row) for row in rows(ut, SET, filter=RECENT)]


@st.composite
def calls(draw: st.DrawFn) -> Test:
    field, value = draw(st.sampled_from(TEXT_FIELDS)), draw(st.sampled_from(TEXTS))
    name = draw(st.sampled_from(["substringof", "startswith", "endswith", "month", "concat"]))
    if name == "substringof":
        return (
            f"substringof({quoted(value)}, {field})",
            lambda row: value.lower() in row[field].lower(),
        )
    if name == "startswith":
        return (
            f"startswith({field},{quoted(value)})",
            lambda row: row[field].lower().startswith(value.lower()),
        )
    if name == "endswith":
        return (
            f"endswith({field},{quoted(value)})",
            lambda row: row[field].lower().endswith(value.lower()),
        )
    if name == "month":
        month = draw(st.integers(1, 12))
        return f"month(Period) eq {month}", lambda row: int(row["Period"][5:7]) == month
    return (
        f"concat({field}, {quoted(value)}) eq {quoted('Receipt' + value)}",
        lambda row: row[field] == "Receipt",
    )


def joined(inner: st.SearchStrategy[Test]) -> st.SearchStrategy[Test]:
    def both(word: str, one: Test, other: Test) -> Test:
        join: Callable[..., bool] = any if word == "or" else all
        return f"({one[0]}) {word} ({other[0]})", lambda row: join((one[1](row), other[1](row)))

    return st.one_of(
        st.builds(both, st.sampled_from(["and", "or"]), inner, inner),
        inner.map(lambda one: (f"not ({one[0]})", lambda row: not one[1](row))),
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.recursive(st.one_of(comparisons(), calls()), joined, max_leaves=6))
def test_filter_keeps_the_rows_that_python_keeps(
    ut: ODataApp, accounts: list[dict[str, Any]], condition: Test
) -> None:
    text, keeps = condition
    found = rows(ut, SET, filter=f"{RECENT} and ({text})", select="Recorder,LineNumber")
    assert [(row["Recorder"], row["LineNumber"]) for row in found] == [
        (row["Recorder"], row["LineNumber"]) for row in accounts if keeps(row)
    ]


@settings(max_examples=300)
@given(st.text(alphabet="абX_09'(),/:. -guidatetmeqornl\t+%#", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse_expression(text)
    except ODataError as error:
        assert (error.status, error.code) in [(400, "14"), *[(500, "-1")] * ("+" in text)]


def test_and_binds_closer_than_or_and_not_closest(ut: ODataApp) -> None:
    a, b, c = "Active eq false", "Active eq true", "Сумма gt 100000"
    assert rows(ut, SET, filter=f"{a} and {b} or {c}") == rows(
        ut, SET, filter=f"({a} and {b}) or {c}"
    )
    assert rows(ut, SET, filter=f"{c} or {b} and {a}") == rows(
        ut, SET, filter=f"{c} or ({b} and {a})"
    )
    assert rows(ut, SET, filter=f"not {a} and {c}") == rows(ut, SET, filter=f"(not ({a})) and {c}")


@pytest.mark.parametrize(
    "text",
    [
        "tolower(Description) eq 'x'",
        "toupper(Description) eq 'x'",
        "trim(Description) eq 'x'",
        "length(Description) eq 3",
        "indexof(Description,'x') eq 0",
        "replace(Description,'x','y') eq 'y'",
        "Description",
        "Description eq",
        "Description eq 'x",
        "Description = 'x'",
        "(Description eq 'x'",
        "Ref_Key eq guid'x'",
        "Description eq datetime'2026-01-01'",
        "Description eq 'x' and",
        "",
        "Description mod 2 eq 1",
    ],
)
def test_what_1c_cannot_parse_is_code_14(ut: ODataApp, text: str) -> None:
    assert get(ut, "Catalog_Склады", filter=text or " ").error == (400, "14")


@pytest.mark.parametrize(
    "text", ["Нет eq 1", "Parent/Нет eq 1", "Description/Code eq '1'", "Нет/any(x: x/Y eq 1)"]
)
def test_unknown_field_in_a_filter_is_code_6(ut: ODataApp, text: str) -> None:
    assert get(ut, "Catalog_Склады", filter=text).error == (400, "6")


def test_like_has_the_signs_of_the_query_language(ut: ODataApp) -> None:
    names = {row["Description"] for row in rows(ut, "Catalog_Склады")}

    def like(pattern: str) -> set[str]:
        return {
            row["Description"]
            for row in rows(ut, "Catalog_Склады", filter=f"like(Description,'{pattern}')")
        }

    assert like("%склад") == {name for name in names if name.lower().endswith("склад")}
    assert like("[ЦЮ]%") == {"Центральний склад", "Южный склад"}
    assert like("[^ЦЮ]%") == names - {"Центральний склад", "Южный склад"}
    assert like("_ентр%") == {"Центральний склад"}


def test_dates_can_be_calculated_with(ut: ODataApp) -> None:
    for text in (
        "dateadd(Period,'month',1) eq datetime'2025-02-28T17:30:00' and day(Period) ge 28",
        "datedifference(datetime'2025-01-31T00:00:00',Period,'month') eq 1",
        "year(Period) eq 2025",
        "quarter(Period) eq 4 and dayofweek(Period) eq 1 and hour(Period) eq 17",
    ):
        assert rows(ut, SET, filter=text, top="1"), text


def test_lambda_looks_into_a_tabular_part(ut: ODataApp) -> None:
    partners = rows(ut, "Catalog_Партнеры")
    city = "КонтактнаяИнформация/any(c: c/Тип eq 'Адрес' and c/Город eq 'Київ')"
    found = rows(ut, "Catalog_Партнеры", filter=city)
    assert found == [
        row
        for row in partners
        if any(one["Город"] == "Київ" for one in row["КонтактнаяИнформация"])
    ]
    every = "КонтактнаяИнформация/all(c: c/Тип eq 'Телефон')"
    assert rows(ut, "Catalog_Партнеры", filter=every) == [
        row
        for row in partners
        if all(one["Тип"] == "Телефон" for one in row["КонтактнаяИнформация"])
    ]
