from decimal import Decimal

import pytest

from onecgw.analysis.figure_table import percent, read_table
from onecgw.errors import LimitExceeded, OnecBadResponse
from tests.builders.report_tables import label_of, members_of, table_of

TWO = {"а": [Decimal("10.10")], "б": [Decimal("-0.10")]}


def test_rows_have_keys_cells_and_exact_figures() -> None:
    digits = Decimal("12345678901234567890123456.12")
    table = table_of({"А": [digits, None]}, measures=("amount", "margin"))

    row = table.rows[0]
    assert (row.key, label_of(row.cells[0])) == (("id а",), "А")
    assert row.values == {"amount": digits, "margin": None}
    assert table.dimensions == ("customer",)
    assert table.totals == {"amount": digits, "margin": Decimal(0)}


def test_a_list_that_is_longer_than_accepted_or_cut_is_refused() -> None:
    for members in (
        members_of(("amount",), {**TWO, "в": [Decimal(1)]}),
        members_of(("amount",), TWO, truncated=True),
    ):
        with pytest.raises(LimitExceeded, match="narrow the period or the filters"):
            read_table(members, measures=("amount",), additive=(), max_rows=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"totals": {"amount": Decimal("10.01")}},
            "add up to amount 10.00, and its total is 10.01",
        ),
        ({"totals": {}}, "add up to amount 10.00, and its total is None"),
        ({"totals": {"amount": "1e60"}}, "more than 38 digits"),
        ({"totals": {"amount": "ten"}}, "not a number"),
        ({"totals": None}, "totals: an object"),
        ({"rows": [[{"id": "а"}]]}, "a row of 1 cells for 2 columns"),
        ({"rows": [[{"id": "а"}, 5], [{"id": "А"}, 5]]}, "two rows for the same object"),
        ({"columns": [{"name": "customer"}, {"name": "qty"}]}, "lacks the column amount"),
    ],
)
def test_an_answer_that_proves_nothing_is_refused(changes: dict[str, object], message: str) -> None:
    members = members_of(("amount",), TWO, **changes)
    with pytest.raises(OnecBadResponse, match=message):
        read_table(members, measures=("amount",), additive=("amount",), max_rows=9)


def test_a_report_without_rows_may_have_null_for_a_total() -> None:
    members = members_of(("amount",), {}, totals={"amount": None})
    table = read_table(members, measures=("amount",), additive=("amount",), max_rows=9)

    assert (table.rows, table.total("amount")) == ((), Decimal(0))


def test_percent_is_rounded_half_away_from_zero() -> None:
    assert percent(Decimal("0.00005"), Decimal(1)) == Decimal("0.01")
    assert percent(Decimal("-0.00005"), Decimal(1)) == Decimal("-0.01")
    assert percent(Decimal(1), Decimal(0)) is None
