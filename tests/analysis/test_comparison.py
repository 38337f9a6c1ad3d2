from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.comparison import MeasureChange, compare_tables, sum_of_changes
from onecgw.analysis.figure_table import read_table
from onecgw.errors import OnecBadResponse
from tests.builders.report_tables import members_of, table_of

MONEY = st.decimals(-(10**9), 10**9, places=2)
TABLES = st.dictionaries(st.sampled_from("абвгде"), st.tuples(MONEY))


def test_rows_that_appeared_and_that_are_gone_count_as_zero() -> None:
    found = compare_tables(
        table_of({"а": [Decimal(30)], "в": [Decimal(5)]}),
        table_of({"а": [Decimal(40)], "б": [Decimal(8)]}),
    )

    assert {row.key[0]: row.changes["amount"] for row in found.rows} == {
        "id а": MeasureChange(now=Decimal(30), before=Decimal(40)),
        "id б": MeasureChange(now=Decimal(0), before=Decimal(8)),
        "id в": MeasureChange(now=Decimal(5), before=Decimal(0)),
    }
    assert (found.appeared, found.gone) == (1, 1)
    assert found.totals["amount"].amount == Decimal(-13)
    assert found.totals["amount"].percent == Decimal("-27.08")
    assert found.rows[2].changes["amount"].percent is None


def test_a_ratio_of_an_absent_row_has_no_figure() -> None:
    both = ("amount", "margin")
    found = compare_tables(
        table_of({"а": [Decimal(1), Decimal(20)]}, measures=both),
        table_of({"б": [Decimal(1), None]}, measures=both),
    )

    assert {row.key[0]: row.changes["margin"] for row in found.rows} == {
        "id а": MeasureChange(now=Decimal(20), before=None),
        "id б": MeasureChange(now=None, before=None),
    }
    assert all(row.changes["margin"].amount is None for row in found.rows)


def test_a_percentage_is_of_the_size_before_whatever_its_sign() -> None:
    assert MeasureChange(now=Decimal(5), before=Decimal(-10)).percent == Decimal("150.00")


def test_reports_of_other_columns_are_refused() -> None:
    other = members_of(("amount",), {}, columns=[{"name": "firm"}, {"name": "amount"}])
    before = read_table(other, measures=("amount",), additive=(), max_rows=9)
    with pytest.raises(OnecBadResponse, match="the columns customer and firm"):
        compare_tables(table_of({}), before)


@given(TABLES, TABLES)
def test_changes_of_any_rows_add_up_to_the_change_of_the_total(
    now: dict[str, tuple[Decimal]], before: dict[str, tuple[Decimal]]
) -> None:
    found = compare_tables(table_of(now), table_of(before))

    assert sum((row.changes["amount"].amount or 0 for row in found.rows), Decimal(0)) == sum(
        (value for (value,) in now.values()), Decimal(0)
    ) - sum((value for (value,) in before.values()), Decimal(0))
    assert sum_of_changes(found.rows, "amount").amount == found.totals["amount"].amount
    assert len(found.rows) == len(now.keys() | before.keys())
