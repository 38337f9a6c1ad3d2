"""The identities that an accountant checks, to the last kopeck, at both sizes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from onecgw.demo.books import Books
from tests.builders.demo_queries import TODAY, WHOLE, ask, call, months

ZERO = Decimal(0)
CUSTOMER_OPERATIONS = ("Оплата від покупця", "Розничная выручка", "Повернення коштів покупцю")
SUPPLIER_OPERATIONS = ("Оплата поставщику", "Повернення коштів від постачальника")


def roll(opening: Mapping[Any, Any], *changes: Mapping[Any, Any]) -> dict[Any, Any]:
    """Opening and changes by key; what comes to nothing is left out, as a balance leaves it out."""
    keys = set(opening).union(*changes)
    sums = {
        key: sum((change.get(key, ZERO) for change in changes), opening.get(key, ZERO))
        for key in keys
    }
    return {key: value for key, value in sums.items() if value != 0}


def negated(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: -value for key, value in values.items()}


def without_nothing(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in values.items() if value != 0}


def operations(books: Books, labels: tuple[str, ...]) -> dict[str, list[str]]:
    items = books.catalogues["operations"].items
    return {"operation_ids": [item.uuid for item in items if item.label in labels]}


def documents(books: Books, sql: str, period: Mapping[str, str]) -> dict[Any, Any]:
    """(warehouse, product) → a sum of the documents of a period, in units or in money."""
    warehouses = books.catalogues["warehouses"]
    products = books.catalogues["products"]
    with books.reading() as db:
        return {
            (warehouses.by_id(warehouse).uuid, products.by_id(product).uuid): Decimal(value)
            for warehouse, product, value in db.execute(sql, period)
        }


PURCHASED = """
SELECT warehouse, product, SUM(CASE WHEN return_of IS NULL THEN {} ELSE -({}) END)
FROM purchase_lines JOIN purchases ON purchases.id = purchase
WHERE day BETWEEN :from AND :to GROUP BY warehouse, product
"""
TRANSFERRED = """
SELECT warehouse, product, SUM(value) FROM (
    SELECT day, warehouse_from AS warehouse, product, -{} AS value
    FROM stock_transfer_lines JOIN stock_transfers ON stock_transfers.id = transfer
    UNION ALL
    SELECT day, warehouse_to, product, {}
    FROM stock_transfer_lines JOIN stock_transfers ON stock_transfers.id = transfer)
WHERE day BETWEEN :from AND :to GROUP BY warehouse, product
"""


@pytest.mark.parametrize(
    ("measure", "sold", "bought", "places"),
    [("amount", "cost", "amount - vat", 2), ("qty", "qty", "qty", 3)],
    ids=["value", "quantity"],
)
def test_opening_stock_and_purchases_less_cost_of_sales_are_the_closing_stock(
    books: Books, measure: str, sold: str, bought: str, places: int
) -> None:
    keys = {"group_by": ["warehouse", "product"]}
    balances: dict[str, dict[Any, Any]] = {}

    def balance(day: str) -> dict[Any, Any]:
        if day not in balances:
            found = ask(books, "stock", date=day, measures=[measure], **keys)
            balances[day] = without_nothing(found.by("warehouse", "product", measure=measure))
        return balances[day]

    def scaled(values: Mapping[Any, Any]) -> dict[Any, Any]:
        return {key: value.scaleb(-places) for key, value in values.items()}

    for before, period in months():
        sales = ask(books, "sales", period=period, measures=[sold], **keys)
        assert roll(
            balance(before),
            scaled(documents(books, PURCHASED.format(bought, bought), period)),
            scaled(documents(books, TRANSFERRED.format(sold, sold), period)),
            negated(sales.by("warehouse", "product", measure=sold)),
        ) == balance(period["to"]), period


@pytest.mark.parametrize(
    ("balance", "turnover", "partner", "labels"),
    [
        ("receivables", "sales", "customer", CUSTOMER_OPERATIONS),
        ("payables", "purchases", "supplier", SUPPLIER_OPERATIONS),
    ],
)
def test_debts_roll_forward_by_invoices_and_payments(
    books: Books, balance: str, turnover: str, partner: str, labels: tuple[str, ...]
) -> None:
    for before, period in months():
        invoiced = ask(
            books, turnover, period=period, group_by=[partner, "firm"], measures=["amount"]
        )
        paid = ask(
            books,
            "cash_flow",
            period=period,
            group_by=["analytics", "firm"],
            measures=["net"],
            filters=operations(books, labels),
        )
        opening, closing = (
            ask(books, balance, date=day, group_by=[partner, "firm"])
            for day in (before, period["to"])
        )
        payments = paid.by("analytics", "firm", measure="net")
        assert roll(
            without_nothing(opening.by(partner, "firm", measure="net")),
            invoiced.by(partner, "firm", measure="amount"),
            payments if partner == "supplier" else negated(payments),
        ) == without_nothing(closing.by(partner, "firm", measure="net")), period


def test_debt_less_advance_is_net_and_they_never_meet_in_one_balance(books: Books) -> None:
    for report, partner, debt in (
        ("receivables", "customer", "receivable"),
        ("payables", "supplier", "payable"),
    ):
        found = ask(books, report, date=TODAY.isoformat(), group_by=[partner, "firm"])
        assert all(
            net == owed - advance and min(owed, advance) == 0 and max(owed, advance) > 0
            for _, _, owed, advance, net in found.rows
        )
        assert found.sum("advance") > 0
        assert found.totals[debt] - found.totals["advance"] == found.totals["net"]


def test_cash_flow_is_the_change_of_cash_in_every_desk(books: Books) -> None:
    rates = {item.uuid: item.facts["rate"] for item in books.catalogues["cash"].items}
    for before, period in months():
        flow = ask(books, "cash_flow", period=period, group_by=["account"], measures=["net"])
        opening, closing = (
            ask(books, "cash_balance", date=day).by("cash", measure="balance")
            for day in (before, period["to"])
        )
        change = {desk: (closing[desk] - opening[desk]) * rates[desk] for desk in closing}
        net = flow.by("account", measure="net")
        assert {desk: net.get(desk, ZERO) for desk in closing} == change, period


def test_profit_is_the_amount_without_vat_less_cost(books: Books) -> None:
    measures = ["amount", "profit", "cost", "margin"]
    with books.reading() as db:
        for _, period in months():
            found = ask(books, "sales", period=period, group_by=["firm"], measures=measures)
            for firm, amount, profit, cost, margin in found.rows:
                item = books.catalogues["firms"].by_uuid(firm)
                assert item is not None
                (vat,) = db.execute(
                    """
                    SELECT SUM(CASE WHEN return_of IS NULL THEN vat ELSE -vat END)
                    FROM sale_lines JOIN sales ON sales.id = sale
                    WHERE firm = :firm AND day BETWEEN :from AND :to
                    """,
                    {**period, "firm": item.id},
                ).fetchone()
                without_vat = amount - Decimal(vat).scaleb(-2)
                assert profit == without_vat - cost
                assert abs(margin - profit * 100 / without_vat) <= Decimal("0.005")


def test_vat_of_every_line_is_its_firms_rate_of_the_amount(books: Books) -> None:
    with books.reading() as db:
        wrong = db.execute(
            """
            SELECT COUNT(*) FROM sale_lines
            JOIN sales ON sales.id = sale JOIN firms ON firms.id = firm
            WHERE ABS(vat * (100 + vat_percent) - amount * vat_percent) * 2
                > (100 + vat_percent) * rate
            """
        ).fetchone()
    assert wrong == (0,)


def test_return_takes_back_a_line_of_its_sale_as_it_was(books: Books) -> None:
    with books.reading() as db:
        returns, as_sold = db.execute(
            """
            SELECT COUNT(*), COUNT(sold.sale)
            FROM sales JOIN sale_lines AS line ON line.sale = sales.id
            LEFT JOIN sale_lines AS sold
                ON sold.sale = sales.return_of AND sold.product = line.product
                AND sold.qty = line.qty AND sold.amount = line.amount
                AND sold.vat = line.vat AND sold.cost = line.cost
            WHERE return_of IS NOT NULL
            """
        ).fetchone()
        (sales,) = db.execute("SELECT COUNT(*) FROM sales WHERE return_of IS NULL").fetchone()
    assert returns == as_sold
    assert 0.02 < returns / sales < 0.03


def test_no_desk_ever_holds_less_than_nothing(books: Books) -> None:
    with books.reading() as db:
        below = db.execute(
            """
            SELECT COUNT(*) FROM (
                SELECT SUM(own) OVER (PARTITION BY cash ORDER BY day) AS held
                FROM register_cash_balances)
            WHERE held < 0
            """
        ).fetchone()
    assert below == (0,)


def test_one_line_of_stock_is_negative_and_no_empty_shelf_has_a_value(books: Books) -> None:
    found = ask(books, "stock", date=TODAY.isoformat(), measures=["qty", "amount"])
    odd = [(qty, amount) for _, _, qty, amount in found.rows if qty <= 0 or amount <= 0]
    assert len(odd) == 1
    assert odd[0][0] == -3
    assert odd[0][1] < 0


def test_customer_summary_says_the_same_as_the_sales_report(books: Books) -> None:
    best = ask(books, "sales", period=WHOLE, group_by=["customer"], top=3)
    for customer in best.column("customer"):
        card = call(books, "reports/customer_summary", customer_id=customer, period=WHOLE)
        measures = ["amount", "qty", "receipts", "avg_check", "cost", "profit", "margin"]
        report = ask(
            books,
            "sales",
            period=WHOLE,
            filters={"customer_ids": [customer]},
            group_by=["product"],
            measures=measures,
        )
        assert card["totals"] == report.totals
        assert [line["amount"] for line in card["top_products"]] == report.column("amount")[:5]
