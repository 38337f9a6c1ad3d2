from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.cycle.reading import FilterIgnored, exact_sum, read_balances, read_months
from onecgw.errors import OnecBadResponse
from tests.cycle.test_spans import span

QUARTER = span("2026-08-01", "2026-10-31")
NUMBERS = st.decimals(Decimal(-(10**19)), Decimal(10**19), allow_nan=False, places=18)


def balances(totals: str, rows: str = "[]") -> dict[str, Decimal]:
    body = f'{{"columns":[],"rows":{rows},"totals":{totals},"date":"2026-08-31"}}'
    found = read_balances(body.encode(), report="stock_balance", measures=["amount"], firm_ids=())
    return dict(found.of)


def months(rows: str, total: str = "0.00", columns: str = '"month","amount"') -> object:
    named = ",".join(f'{{"name":{name},"type":"x"}}' for name in columns.split(","))
    body = f'{{"columns":[{named}],"rows":[{rows}],"totals":{{"amount":{total}}}}}'
    found = read_months(
        body.encode(), report="sales_report", measures=["amount"], firm_ids=(), span=QUARTER
    )
    return {month.month: amount for month, amount in found.of["amount"].items()}


def test_a_total_is_read_digit_for_digit() -> None:
    told = "1234567890123456789012345678901234567.1"
    assert str(balances(f'{{"amount":{told}}}')["amount"]) == told


def test_the_total_of_nothing_is_zero() -> None:
    assert balances('{"amount":null}') == {"amount": Decimal(0)}


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
    told = months('["2026-08-01",1.10],["2026-10",2.00],["2026-10-05T00:00:00",0.50]', "3.60")
    assert told == {8: Decimal("1.10"), 9: Decimal(0), 10: Decimal("2.50")}


def test_columns_stand_in_any_order() -> None:
    assert months('[1.10,"x","2026-08-01"]', "1.10", '"amount","currency","month"') == {
        8: Decimal("1.10"),
        9: Decimal(0),
        10: Decimal(0),
    }


def test_a_kopeck_of_rounding_per_row_is_no_gap() -> None:
    rows = '["2026-08-01",1.10],["2026-09-01",1.10]'
    months(rows, "2.22")
    with pytest.raises(OnecBadResponse, match=r"add up to amount 2.20, its total is 2.23"):
        months(rows, "2.23")


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
    body = b'{"columns":[],"rows":[],"totals":{"amount":1}}'
    with pytest.raises(FilterIgnored, match="ask without firm_ids"):
        read_balances(body, report="stock_balance", measures=["amount"], firm_ids=["f1"])


def test_the_currency_is_that_of_the_report() -> None:
    body = b'{"columns":[],"rows":[],"totals":{"amount":1},"currency":"UAH"}'
    found = read_balances(body, report="stock_balance", measures=["amount"], firm_ids=())
    assert found.currency == "UAH"
    assert found.of == {"amount": Decimal(1)}


@given(st.lists(NUMBERS))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts), Fraction(0))
