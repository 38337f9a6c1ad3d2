"""cash_conversion_cycle as its callers see it, in front of a scripted 1C."""

import json
from collections.abc import Mapping
from decimal import Decimal

import httpx
import pytest

from onecgw.errors import (
    ValidationFailed,
)
from tests.builders.constant_books import (
    APRIL,
    answer_of,
    ask,
    ok,
    read_answer,
    report_of,
)
from tests.builders.gateway_rig import open_rig


async def test_the_worked_example_of_the_docs() -> None:
    async with open_rig(answer_of) as rig:
        answer = await ask(rig)

    # April has 30 days: 600/600×30, 450/900×30, 240/720×30; advances 30/900×30, 12/720×30.
    tens = {
        "dio": Decimal("30.0"),
        "dso": Decimal("15.0"),
        "dpo": Decimal("10.0"),
        "ccc": Decimal("35.0"),
        "advance_days_received": Decimal("1.0"),
        "advance_days_paid": Decimal("0.5"),
        "ccc_net": Decimal("34.5"),
    }
    # March has 31 days, and the same books.
    march = {
        "dio": Decimal("31.0"),
        "dso": Decimal("15.5"),
        "dpo": Decimal("10.3"),
        "ccc": Decimal("36.2"),
        "advance_days_received": Decimal("1.0"),
        "advance_days_paid": Decimal("0.5"),
        "ccc_net": Decimal("35.7"),
    }
    change = {
        "dio": Decimal("-1.0"),
        "dso": Decimal("-0.5"),
        "dpo": Decimal("-0.3"),
        "ccc": Decimal("-1.2"),
        "advance_days_received": Decimal("0.0"),
        "advance_days_paid": Decimal("0.0"),
        "ccc_net": Decimal("-1.2"),
    }
    assert answer["headline"] == (
        "From 2025-04-01 to 2025-04-30 money was tied up for 35.0 days: DIO 30.0 + DSO 15.0 − "
        "DPO 10.0. That is 1.2 days less than from 2025-03-01 to 2025-03-31. The driver is DIO: "
        "−1.0 days, of which its balance makes +0.0 and its flow −1.0. Stock + receivables − "
        "payables stayed at 810.00: days −27.00, volume +27.00."
    )
    assert answer["summary"] == {
        **tens,
        "previous": march,
        "change": change,
        "driver": "dio",
        "driver_effect": "flow",
    }
    assert answer["months"] == [
        {
            "month": "2025-04",
            **APRIL,
            "days": 30,
            **tens,
            "stock": Decimal("600.00"),
            "receivable": Decimal("450.00"),
            "payable": Decimal("240.00"),
            "advance_received": Decimal("30.00"),
            "advance_paid": Decimal("12.00"),
            "cost": Decimal("600.00"),
            "sales": Decimal("900.00"),
            "purchases": Decimal("720.00"),
        }
    ]
    assert answer["bridge"][0] == {
        "component": "dio",
        "balance_effect": Decimal("0.0"),
        "flow_effect": Decimal("-1.0"),
        "change": Decimal("-1.0"),
        "contribution": Decimal("-1.0"),
    }
    # The balances are the same; a day less of them is made up by more flow per day.
    parts = ("before", "now", "change", "days_effect", "volume_effect")
    assert answer["working_capital"] == {
        name: dict(zip(parts, map(Decimal, figures), strict=True))
        for name, figures in {
            "stock": ("600.00", "600.00", "0.00", "-20.00", "20.00"),
            "receivable": ("450.00", "450.00", "0.00", "-15.00", "15.00"),
            "payable": ("240.00", "240.00", "0.00", "-8.00", "8.00"),
            "total": ("810.00", "810.00", "0.00", "-27.00", "27.00"),
        }.items()
    }
    assert answer["basis"]["dpo"] == {
        "formula": "average payables / purchases incl. VAT × days",
        "days": 30,
        "numerator": Decimal("240.00"),
        "denominator": Decimal("720.00"),
        "previous": {
            "days": 31,
            "numerator": Decimal("240.00"),
            "denominator": Decimal("720.00"),
        },
    }
    assert [one["date"] for one in answer["basis"]["balances"]] == [
        "2025-02-28",
        "2025-03-31",
        "2025-04-30",
    ]
    assert (answer["missing"], answer["warnings"]) == ([], [])


async def test_without_a_choice_it_is_compared_with_the_same_days_of_a_year_before() -> None:
    async with open_rig(answer_of) as rig:
        chosen = await ask(rig, compare="previous_year")
        arguments = json.dumps({"period": APRIL}).encode()
        answer = json.loads(await rig.call("cash_conversion_cycle", arguments), parse_float=Decimal)

    assert answer == chosen
    assert answer["basis"]["previous_period"] == {"from": "2024-04-01", "to": "2024-04-30"}


async def test_money_is_returned_digit_for_digit() -> None:
    digits = "12345678901234567890123456789012345.67"
    async with open_rig(lambda request: answer_of(request, stock={"amount": digits})) as rig:
        answer = await ask(rig, compare="none")

    assert answer["months"][0]["stock"] == Decimal(digits)
    assert answer["basis"]["balances"][0]["stock"] == Decimal(digits)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"sales": {"amount": "0.00"}},
            "dso is null in 2025-04-01 to 2025-04-30: sales there are not above zero",
        ),
        (
            {"purchases": {"amount": "-5.00"}},
            "dpo is null in 2025-04-01 to 2025-04-30: purchases there are not above zero",
        ),
        (
            {"stock": {"amount": "-1.50"}},
            "stock at the end of 2025-04-30 is negative: -1.50",
        ),
    ],
)
async def test_unusual_figures_have_a_warning(
    changes: Mapping[str, Mapping[str, str]], warning: str
) -> None:
    async with open_rig(lambda request: answer_of(request, **changes)) as rig:
        answer = await ask(rig, compare="none")

    assert warning in answer["warnings"]
    assert answer["missing"] == []
    ratio = warning.partition(" is null")[0]
    if ratio in answer["summary"]:
        assert answer["summary"][ratio] is answer["summary"]["ccc"] is None


@pytest.mark.parametrize(
    ("balance", "is_negative"),
    [("-0.01", True), ("0.00", False), ("-0.00", False), ("0.01", False)],
)
async def test_only_a_balance_below_zero_is_said_to_be_negative(
    balance: str, is_negative: bool
) -> None:
    async with open_rig(lambda one: answer_of(one, stock={"amount": balance})) as rig:
        answer = await ask(rig, compare="none")

    assert any("is negative" in warning for warning in answer["warnings"]) is is_negative


async def test_a_part_of_a_month_is_said_to_be_one() -> None:
    async with open_rig(answer_of) as rig:
        answer = await ask(rig, period={"from": "2025-04-11", "to": "2025-05-31"})

    assert answer["warnings"] == [
        "2025-04 is here with 20 of its days and weighs in the average by them"
    ]
    assert answer["basis"]["previous_period"] == {"from": "2025-02-19", "to": "2025-04-10"}


async def test_reports_in_several_currencies_are_warned_of() -> None:
    def in_currencies(request: httpx.Request) -> httpx.Response:
        currency = "EUR" if report_of(request) == "purchases" else "UAH"
        return ok(json.dumps(read_answer(answer_of(request)) | {"currency": currency}))

    async with open_rig(in_currencies) as rig:
        answer = await ask(rig, compare="none")

    assert any("different currencies (EUR, UAH)" in warning for warning in answer["warnings"])


@pytest.mark.parametrize(
    ("period", "paths"),
    [
        ({"from": "2020-01-01", "to": "2022-01-01"}, {"period"}),
        ({"from": "0001-01-01", "to": "0001-01-31"}, {"period.from", "period.to"}),
        ({"from": "9999-12-01", "to": "9999-12-31"}, {"period.from", "period.to"}),
        ({"from": "2025-02-01", "to": "2025-01-01"}, {"period.from"}),
    ],
)
async def test_a_period_that_no_books_have_is_refused(
    period: dict[str, str], paths: set[str]
) -> None:
    async with open_rig(answer_of) as rig:
        with pytest.raises(ValidationFailed) as caught:
            await ask(rig, period=period)

    assert {problem.path for problem in caught.value.problems} == paths
    assert rig.onec.requests == []


@pytest.mark.parametrize(
    ("july", "stock", "sentence"),
    [
        (
            600,
            600,
            (
                "money was tied up for 36.2 days: DIO 31.0 + DSO 15.5 − DPO 10.3. That is as "
                "long as from 2025-07-01 to 2025-07-31. Stock + receivables − payables stayed at "
                "810.00."
            ),
        ),
        (
            1200,
            600,
            (
                "money was tied up for 36.2 days: DIO 31.0 + DSO 15.5 − DPO 10.3. That is "
                "15.5 days more than from 2025-07-01 to 2025-07-31. The driver is DIO: "
                "+15.5 days, of "
                "which its balance makes +0.0 and its flow +15.5. Stock + receivables − payables "
                "stayed at 810.00: days +300.00, volume −300.00."
            ),
        ),
        (
            300,
            600,
            (
                "money was tied up for 36.2 days: DIO 31.0 + DSO 15.5 − DPO 10.3. That is "
                "31.0 days less than from 2025-07-01 to 2025-07-31. The driver is DIO: "
                "−31.0 days, of "
                "which its balance makes +0.0 and its flow −31.0. Stock + receivables − payables "
                "stayed at 810.00: days −600.00, volume +600.00."
            ),
        ),
        (
            600,
            -600,
            (
                "other people's money was in use for 25.8 days (a cycle of −25.8): DIO −31.0 "
                "+ DSO 15.5 − DPO 10.3. That is as long as from 2025-07-01 to 2025-07-31. Stock + "
                "receivables − payables stayed at −390.00."
            ),
        ),
    ],
)
async def test_the_headline_says_how_long_the_cycle_is_and_how_it_changed(
    july: int, stock: int, sentence: str
) -> None:
    def since_july(request: httpx.Request) -> httpx.Response:
        if report_of(request) != "sales":
            return answer_of(request, stock={"amount": str(stock)})
        columns = [{"name": name} for name in ("month", "amount", "cost")]
        rows = [["2025-07", 900, july], ["2025-08", 900, 600]]
        totals = {"amount": 1800, "cost": july + 600}
        return ok(json.dumps({"columns": columns, "rows": rows, "totals": totals}))

    async with open_rig(since_july) as rig:
        answer = await ask(rig, period={"from": "2025-08-01", "to": "2025-08-31"})

    assert answer["headline"] == f"From 2025-08-01 to 2025-08-31 {sentence}"
