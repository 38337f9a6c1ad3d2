from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.shares import shares_of
from onecgw.errors import ValidationFailed
from tests.builders.report_tables import table_of


def test_rows_from_the_largest_on_with_classes() -> None:
    table = table_of(
        {name: [Decimal(part)] for name, part in zip("абвг", (4, 80, 1, 15), strict=True)}
    )

    assert [
        (share.row.key[0], share.share, share.cumulative_share, share.abc_class)
        for share in shares_of(table, "amount")
    ] == [
        ("id б", Decimal("80.00"), Decimal("80.00"), "A"),
        ("id г", Decimal("15.00"), Decimal("95.00"), "B"),
        ("id а", Decimal("4.00"), Decimal("99.00"), "C"),
        ("id в", Decimal("1.00"), Decimal("100.00"), "C"),
    ]


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-5)])
def test_shares_of_nothing_are_refused(amount: Decimal) -> None:
    with pytest.raises(ValidationFailed, match=f"share: .*that of amount is {amount}"):
        shares_of(table_of({"а": [amount]}), "amount")


@given(st.lists(st.decimals("0.01", 10**9, places=2), min_size=1, max_size=40))
def test_classes_follow_the_order_and_shares_add_up_to_all(amounts: list[Decimal]) -> None:
    rows = {f"{index}": [amount] for index, amount in enumerate(amounts)}
    shares = shares_of(table_of(rows), "amount")

    classes = "".join(share.abc_class for share in shares)
    assert classes == "".join(sorted(classes))
    assert classes[0] == "A"
    assert shares[-1].cumulative_share == Decimal(100)
    # Each share is rounded to 0.01 on its own.
    difference = sum((share.share for share in shares), Decimal(-100))
    assert abs(difference) <= len(shares) * Decimal("0.005")
