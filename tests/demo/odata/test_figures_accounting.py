"""The figures of БП over OData, by its own chart of accounts and by that of BAS."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp
from tests.builders.demo_queries import ask
from tests.builders.odata_queries import Entity, by_key, get, period, rows
from tests.demo.odata.test_figures_trade import DAYS, PERIODS, added, end_of, reported

REGISTER = "AccountingRegister_Хозрасчетный"
SPAN = PERIODS[1]


@attrs.frozen
class Base:
    """A face and the codes of its accounts."""

    app: ODataApp
    receivable: str
    received: str
    payable: str
    paid: str
    goods: str
    revenue: str
    cost: str
    banks: tuple[str, str]
    desks: tuple[str, str]
    vat: str

    def account(self, code: str) -> str:
        (found,) = rows(
            self.app,
            "ChartOfAccounts_Хозрасчетный",
            select="Ref_Key",
            filter=f"Code eq '{code}'",
        )
        return f"Account_Key eq guid''{found['Ref_Key']}''"

    def balance(self, day: str, *codes: str) -> list[Entity]:
        condition = " or ".join(self.account(code) for code in codes)
        return rows(self.app, f"{REGISTER}/Balance({end_of(day)},AccountCondition='{condition}')")


@pytest.fixture(params=["bp", "bas"])
def base(request: pytest.FixtureRequest, face: Callable[[Any], ODataApp]) -> Base:
    app = face(request.param)
    if request.param == "bp":
        return Base(
            app, "62.01", "62.02", "60.01", "60.02", "41.01", "90.01.1", "90.02.1",
            ("51", "52"), ("50.01", "50.21"), "19.03",
        )  # fmt: skip
    return Base(
        app, "361", "6811", "631", "3711", "281", "702", "902", ("311", "312"), ("301", "302"),
        "6442",
    )  # fmt: skip


@pytest.mark.parametrize("day", DAYS)
def test_debts_and_advances_stand_on_accounts_of_their_own(
    base: Base, small_books: Books, day: str
) -> None:
    for report, partner, measure, debt, advance, debit_first in (
        ("receivables", "customer", "receivable", base.receivable, base.received, True),
        ("payables", "supplier", "payable", base.payable, base.paid, False),
    ):
        sides = ("СуммаBalanceDr", "СуммаBalanceCr")
        debt_side, advance_side = sides if debit_first else sides[::-1]
        found = added(
            ((row["Организация_Key"], row["ExtDimension1"]), values)
            for values, row in [
                *(((row[debt_side], 0), row) for row in base.balance(day, debt)),
                *(((0, row[advance_side]), row) for row in base.balance(day, advance)),
            ]
        )
        assert found == reported(
            small_books, report, ("firm", partner), (measure, "advance"), date=day
        )


@pytest.mark.parametrize("day", DAYS)
def test_stock_is_found_by_the_types_of_its_subconto(
    base: Base, small_books: Books, day: str
) -> None:
    def of(row: Entity, catalogue: str) -> str:
        (found,) = (
            row[f"ExtDimension{place}"]
            for place in (1, 2, 3)
            if row[f"ExtDimension{place}_Type"] == f"StandardODATA.{catalogue}"
        )
        return str(found)

    found = added(
        (
            (
                row["Организация_Key"],
                of(row, "Catalog_Склады"),
                of(row, "Catalog_Номенклатура"),
            ),
            (row["КоличествоBalance"], row["СуммаBalance"]),
        )
        for row in base.balance(day, base.goods)
    )
    assert found == reported(
        small_books, "stock", ("firm", "warehouse", "product"), ("qty", "amount"), date=day
    )


@pytest.mark.parametrize("day", DAYS)
def test_accounts_in_banks_have_their_balances_and_desks_only_a_total(
    base: Base, small_books: Books, day: str
) -> None:
    home, foreign = base.banks
    of_banks = added(
        [
            *(((row["ExtDimension1"],), (row["СуммаBalance"],)) for row in base.balance(day, home)),
            *(
                ((row["ExtDimension1"],), (row["ВалютнаяСуммаBalance"],))
                for row in base.balance(day, foreign)
            ),
        ]
    )
    accounts = {(key,) for key in by_key(base.app, "Catalog_БанковскиеСчета")}
    report = ask(small_books, "cash_balance", group_by=["cash", "firm"], date=day)
    whole = added(((row[0],), (row[3],)) for row in report.rows)
    assert of_banks == {key: value for key, value in whole.items() if key in accounts}
    desks = added(
        ((row["Организация_Key"],), (row["СуммаBalance"],))
        for row in base.balance(day, base.desks[0])
    )
    assert desks == added(
        ((row[1],), (row[3],))
        for row in report.rows
        if (row[0],) not in accounts and row[2] == "UAH"
    )


def test_sales_by_customer_and_product_are_turnovers_between_two_accounts(
    base: Base, small_books: Books
) -> None:
    found = added(
        (
            (row["Организация_Key"], row["ExtDimensionDr1"], row["ExtDimensionCr3"]),
            (row["СуммаTurnover"], row["КоличествоTurnoverCr"]),
        )
        for row in rows(
            base.app,
            f"{REGISTER}/DrCrTurnovers({period(SPAN)},"
            f"AccountCondition='{base.account(base.receivable)}',"
            f"BalancedAccountCondition='{base.account(base.revenue)}')",
        )
    )
    dimensions = ("firm", "customer", "product")
    assert found == reported(small_books, "sales", dimensions, ("amount", "qty"), period=SPAN)


def test_cost_of_sales_is_known_by_product_group(base: Base, small_books: Books) -> None:
    found = added(
        ((row["ExtDimension1"],), (row["СуммаTurnoverDr"],))
        for row in rows(
            base.app,
            f"{REGISTER}/Turnovers({period(SPAN)},AccountCondition='{base.account(base.cost)}')",
        )
    )
    assert found == reported(small_books, "sales", ("product_group",), ("cost",), period=SPAN)


def test_purchases_by_supplier_are_turnovers_and_by_product_lines_of_documents(
    base: Base, small_books: Books
) -> None:
    found = added(
        ((row["ExtDimensionCr1"],), (row["СуммаTurnover"],))
        for account in (base.goods, base.vat)
        for row in rows(
            base.app,
            f"{REGISTER}/DrCrTurnovers({period(SPAN)},"
            f"AccountCondition='{base.account(account)}',"
            f"BalancedAccountCondition='{base.account(base.payable)}')",
        )
    )
    assert found == reported(small_books, "purchases", ("supplier",), ("amount",), period=SPAN)
    lines = []
    for name, sign in (("ПоступлениеТоваровУслуг", 1), ("ВозвратТоваровПоставщику", -1)):
        spanned = (
            f"Date ge datetime'{SPAN['from']}T00:00:00' and Date le datetime'{SPAN['to']}T23:59:59'"
        )
        for document in rows(base.app, f"Document_{name}", filter=spanned):
            lines += [
                ((line["Номенклатура_Key"],), (sign * line["Сумма"], sign * line["Количество"]))
                for line in document["Товары"]
            ]
    assert added(lines) == reported(
        small_books, "purchases", ("product",), ("amount", "qty"), period=SPAN
    )


def test_cash_flow_of_banks_is_read_from_the_turnovers_of_their_accounts(
    base: Base, small_books: Books
) -> None:
    accounts = " or ".join(base.account(code) for code in (*base.banks, *base.desks))
    found = added(
        ((row["Организация_Key"],), (row["СуммаTurnoverDr"], row["СуммаTurnoverCr"]))
        for row in rows(
            base.app, f"{REGISTER}/Turnovers({period(SPAN)},AccountCondition='{accounts}')"
        )
    )
    assert found == reported(
        small_books, "cash_flow", ("firm",), ("inflow", "outflow"), period=SPAN
    )


def test_every_side_of_a_record_is_a_turnover(base: Base) -> None:
    span: Mapping[str, str] = {"from": "2026-03-02", "to": "2026-03-03"}
    records = rows(base.app, f"{REGISTER}/RecordsWithExtDimensions({period(span)})")
    turnovers = rows(base.app, f"{REGISTER}/Turnovers({period(span)})")
    debit = added(((row["AccountDr_Key"],), (row["Сумма"],)) for row in records)
    credit = added(((row["AccountCr_Key"],), (row["Сумма"],)) for row in records)
    assert records
    assert debit == added(((row["Account_Key"],), (row["СуммаTurnoverDr"],)) for row in turnovers)
    assert credit == added(((row["Account_Key"],), (row["СуммаTurnoverCr"],)) for row in turnovers)


def test_subconto_of_records_is_listed_by_kind(base: Base) -> None:
    kinds = by_key(base.app, "ChartOfCharacteristicTypes_ВидыСубконтоХозрасчетные")
    (found, *_) = rows(base.app, f"{REGISTER}/ExtDimensions()", top="1")
    assert kinds[found["Kind_Key"]]["Description"] == "Номенклатура"
    assert found["Value_Type"] == "StandardODATA.Catalog_Номенклатура"


def test_arguments_that_the_demo_does_not_carry_out_are_refused(base: Base) -> None:
    reply = get(base.app, f"{REGISTER}/Balance(ExtraDimensions='x')")
    assert reply.error == (501, "0")
