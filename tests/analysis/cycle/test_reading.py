from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.cycle.reading import Amounts, read_balances, read_months
from onecgw.analysis.decimals import exact_sum
from onecgw.errors import OnecBadResponse
from onecgw.responses.response_check import FilterIgnored
from tests.analysis.test_periods import period

QUARTER = period("2026-08-01", "2026-10-31")
NUMBERS = st.decimals(Decimal(-(10**19)), Decimal(10**19), allow_nan=False, places=18)


def balances(totals: str, rows: str = "[]", more: str = "") -> Amounts:
    return read_balances(
        f'{{"rows":{rows},"totals":{totals}{more}}}'.encode(),
        report="stock_balance",
        measures=["amount"],
        firm_ids=(),
        day=date(2026, 8, 31),
    )


def months(
    rows: str, total: str = "0.00", columns: str = '"month","amount"', more: str = ""
) -> object:
    named = ",".join(f'{{"name":{name},"type":"x"}}' for name in columns.split(","))
    body = f'{{"columns":[{named}],"rows":[{rows}],"totals":{{"amount":{total}}}{more}}}'
    found = read_months(
        body.encode(), report="sales_report", measures=["amount"], firm_ids=(), period=QUARTER
    )
    return {month.month: amount for month, amount in found.of["amount"].items()}


def test_a_total_is_read_digit_for_digit() -> None:
    value = "1234567890123456789012345678901234567.1"
    assert str(balances(f'{{"amount":{value}}}').of["amount"]) == value


def test_the_total_of_nothing_is_zero() -> None:
    assert balances('{"amount":null}').of == {"amount": Decimal(0)}


@pytest.mark.parametrize(
    ("totals", "rows"),
    [
        ("{}", "[]"),
        ('{"amount":null}', "[[1]]"),
        ('{"amount":"NaN"}', "[]"),
        ('{"amount":"much"}', "[]"),
        ('{"amount":true}', "[]"),
        ('{"amount":[1]}', "[]"),
        ('{"amount":1e999999}', "[]"),
        ('{"amount":1e-99}', "[]"),
        ('{"amount":123456789012345678901234567890123456789}', "[]"),
        ("[]", "[]"),
    ],
)
def test_a_total_that_is_none_is_refused(totals: str, rows: str) -> None:
    with pytest.raises(OnecBadResponse, match="stock_balance"):
        balances(totals, rows)


def test_months_are_read_from_days_and_months_and_those_without_movements_are_zero() -> None:
    value = months('["2026-08-01",1.10],["2026-10",2.00],["2026-10-05T00:00:00",0.50]', "3.60")
    assert value == {8: Decimal("1.10"), 9: Decimal(0), 10: Decimal("2.50")}


def test_columns_stand_in_any_order() -> None:
    assert months('[1.10,"x","2026-08-01"]', "1.10", '"amount","currency","month"') == {
        8: Decimal("1.10"),
        9: Decimal(0),
        10: Decimal(0),
    }


def test_a_kopeck_of_rounding_per_row_is_no_gap() -> None:
    rows = '["2026-08-01",1.10],["2026-09-01",1.10],["2026-10-01",1.10]'
    months(rows, "3.33")
    with pytest.raises(OnecBadResponse, match=r"add up to amount 3.30, its total is 3.34"):
        months(rows, "3.34")
    months('["2026-08-01",1.10]', "1.11")
    with pytest.raises(OnecBadResponse, match=r"add up to amount 1.10, its total is 1.12"):
        months('["2026-08-01",1.10]', "1.12")


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ('["2026-08-01",1.10]', "100.00"),
        ('["2026-07-01",1.10]', "1.10"),
        ('["autumn",1.10]', "1.10"),
        ('["2026-13-01",1.10]', "1.10"),
        ("[null,1.10]", "1.10"),
        ('["2026-08-01",null]', "1.10"),
        ('["2026-08-01"]', "1.10"),
    ],
)
def test_months_that_are_none_or_do_not_add_up_are_refused(rows: str, total: str) -> None:
    with pytest.raises(OnecBadResponse, match="sales_report"):
        months(rows, total)


def test_a_report_without_months_is_refused() -> None:
    with pytest.raises(OnecBadResponse, match="lacks the column month"):
        months('["2026-08-01",1.10]', "1.10", '"day","amount"')


def test_an_unconfirmed_filter_is_an_error_of_its_own() -> None:
    body = b'{"rows":[],"totals":{"amount":1}}'
    with pytest.raises(FilterIgnored, match="ask without firm_ids"):
        read_balances(
            body, report="stock", measures=["amount"], firm_ids=["f1"], day=date(2026, 8, 31)
        )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"UAH"', "UAH"),
        ('{"id":"c1","label":"UAH"}', "UAH"),
        ("980", ""),
        ('{"id":"c1"}', ""),
        ("null", ""),
    ],
)
def test_the_currency_is_what_the_report_names_and_never_in_the_way(
    value: str, expected: str
) -> None:
    found = balances('{"amount":1}', more=f',"currency":{value}')
    assert found == Amounts(of={"amount": Decimal(1)}, currency=expected)


def test_columns_that_balances_never_read_may_be_anything() -> None:
    assert balances('{"amount":1}', more=',"columns":["warehouse"]').of == {"amount": Decimal(1)}


@pytest.mark.parametrize("value", ['"2026-08-31T23:59:59"', '"31.08.2026"', '""', "{}", "null"])
def test_balances_of_the_requested_day_are_read(value: str) -> None:
    assert balances('{"amount":1}', more=f',"date":{value}').of == {"amount": Decimal(1)}


@pytest.mark.parametrize("value", ['"2026-11-22"', '"30.08.2026"', '"08.2026"', "20260831"])
def test_balances_of_another_day_are_refused(value: str) -> None:
    with pytest.raises(
        OnecBadResponse, match="asked for 2026-08-31, and the date of its answer is"
    ):
        balances('{"amount":1}', more=f',"date":{value}')


@pytest.mark.parametrize(
    "value",
    [
        '{"from":"2026-08-01","to":"2026-10-31"}',
        '{"from":"2026-08-01T00:00:00","to":"2026-10-31T23:59:59"}',
        "null",
    ],
)
def test_flows_of_the_requested_period_are_read(value: str) -> None:
    months('["2026-08-01",1.10]', "1.10", more=f',"period":{value}')


@pytest.mark.parametrize(
    "value",
    [
        '{"from":"2026-08-01","to":"2026-10-30"}',
        '{"from":"2026-07-01","to":"2026-10-31"}',
        '{"from":"2026-08-01"}',
        '"2026-08"',
    ],
)
def test_flows_of_another_period_are_refused(value: str) -> None:
    with pytest.raises(OnecBadResponse, match="and the period of its answer is"):
        months('["2026-08-01",1.10]', "1.10", more=f',"period":{value}')


def test_a_measure_that_cannot_be_read_leaves_the_others() -> None:
    body = (
        b'{"columns":[{"name":"month"},{"name":"amount"},{"name":"cost"}],'
        b'"rows":[["2026-08",1.10,null]],"totals":{"amount":1.10,"cost":null}}'
    )
    found = read_months(
        body, report="sales_report", measures=["amount", "cost"], firm_ids=(), period=QUARTER
    )
    assert sorted(found.of["amount"].values()) == [0, 0, Decimal("1.10")]
    assert {name: error.message for name, error in found.unreadable.items()} == {
        "cost": "sales_report of 1C: cost in 2026-08 is not a number"
    }
    assert "cost" not in found.of


@given(st.lists(NUMBERS))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts), Fraction(0))
