"""The reports of the demo 1C: what each can be asked, and its SQL over the registers."""

from typing import Final

import attrs

from onecgw.auth.caller import COST, MONEY, SALES, STOCK
from onecgw.demo.ledger.catalogues import CatalogueName
from onecgw.demo.report import ID_BITS, Dimension, Filter, Measure, Report

CURRENCY: Final = "currency"


def _reference(
    name: str, catalogue: CatalogueName, *, column: str | None = None, given_by: str | None = None
) -> Dimension:
    return Dimension(name=name, column=column or name, catalogues=(catalogue,), given_by=given_by)


def _folder(
    name: str, catalogue: CatalogueName, *, given_by: str, column: str | None = None
) -> Dimension:
    return attrs.evolve(
        _reference(name, catalogue, column=column, given_by=given_by), of_folders=True
    )


def _rounded(numerator: str, denominator: str) -> str:
    """A quotient of whole numbers, half away from zero; nothing where it cannot be divided.

    Exact, and a plain expression: reports sort by it as it is shown.
    """
    half = f"CASE WHEN ({numerator} < 0) = ({denominator} < 0) THEN {denominator}"
    return f"(2 * {numerator} + {half} ELSE -{denominator} END) / (2 * {denominator})"


_FIRM: Final = _reference("firm", "firms")
_FIRM_OF_WAREHOUSE: Final = _reference("firm", "firms", given_by="warehouse")
_TIMES: Final = (
    Dimension(name="day", column="day", kind="date"),
    Dimension(name="week", column="week", kind="date", given_by="day"),
    Dimension(name="month", column="month", kind="date", given_by="day"),
)
_FIRM_IDS: Final = Filter(name="firm_ids", column="firm", catalogue="firms")
_WAREHOUSE_IDS: Final = Filter(name="warehouse_ids", column="warehouse", catalogue="warehouses")
_CUSTOMER_IDS: Final = Filter(
    name="customer_ids", column="customer", catalogue="partners", branches=True
)
_SUPPLIER_IDS: Final = Filter(
    name="supplier_ids", column="supplier", catalogue="partners", branches=True
)
_PRODUCT_IDS: Final = Filter(
    name="product_ids", column="product", catalogue="products", branches=True
)
_IN_PERIOD: Final = "day BETWEEN :day_from AND :day_to"
_AMOUNT: Final = Measure(name="amount", sql="SUM(amount)", places=2)
_QTY: Final = Measure(name="qty", sql="SUM(qty)", places=3)

SALES_REPORT: Final = Report(
    name="sales_report",
    path="sales",
    scope=SALES,
    dated="period",
    source="turnovers_receipts",
    line_source="turnovers_sales",
    product_source="turnovers_sales_by_product",
    where=_IN_PERIOD,
    dimensions=(
        _reference("warehouse", "warehouses"),
        _reference("customer", "partners"),
        _reference("product", "products"),
        _reference("seller", "sellers"),
        _reference("sales_channel", "channels", column="channel"),
        _FIRM_OF_WAREHOUSE,
        *_TIMES,
        Dimension(
            name="cohort",
            column="(customer_created < :cohort_from)",
            kind="string",
            texts=("new", "returning"),
            given_by="customer",
        ),
        _folder("product_group", "products", given_by="product"),
        _folder("customer_group", "partners", given_by="customer"),
    ),
    measures=(
        _AMOUNT,
        _QTY,
        Measure(name="receipts", sql="{receipts}", places=0),
        Measure(
            name="avg_check",
            sql=_rounded("SUM(amount)", "{receipts}"),
            places=2,
            is_ratio=True,
        ),
        Measure(name="customers", sql="{customers}", places=0),
        Measure(name="cost", sql="SUM(cost)", places=2, scope=COST),
        Measure(name="profit", sql="SUM(net) - SUM(cost)", places=2, scope=COST),
        Measure(
            name="margin",
            sql=_rounded("(SUM(net) - SUM(cost)) * 10000", "SUM(net)"),
            places=2,
            scope=COST,
            is_ratio=True,
        ),
    ),
    filters=(
        _CUSTOMER_IDS,
        _WAREHOUSE_IDS,
        Filter(name="sales_channel_ids", column="channel", catalogue="channels", branches=True),
        _FIRM_IDS,
    ),
    default_group_by=("warehouse", "customer"),
    default_measures=("amount", "qty"),
    warehouse_column="warehouse",
    cohort_column="customer_created",
    counts={
        "receipts": {
            "product": "COUNT(receipt_of_product)",
            "product_group": "COUNT(receipt_of_group)",
            "": "COUNT(receipt)",
        },
        "customers": {"customer": "MAX(buyer IS NOT NULL)", "": "COUNT(DISTINCT buyer)"},
    },
)

STOCK_BALANCE: Final = Report(
    name="stock_balance",
    path="stock",
    scope=STOCK,
    dated="date",
    source="""(
        SELECT warehouse, product, qty, cost FROM totals_stock WHERE month = :month
        UNION ALL
        SELECT warehouse, product, qty, cost FROM register_stock WHERE day BETWEEN :month AND :day
    ) AS stock
    JOIN warehouses ON warehouses.id = stock.warehouse
    JOIN products ON products.id = stock.product""",
    having="SUM(qty) <> 0 OR SUM(cost) <> 0",
    dimensions=(
        _reference("warehouse", "warehouses"),
        _reference("product", "products"),
        _folder("product_group", "products", given_by="product", column="products.parent"),
        _FIRM_OF_WAREHOUSE,
    ),
    measures=(_QTY, Measure(name="amount", sql="SUM(cost)", places=2)),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS),
    default_group_by=("warehouse", "product"),
    default_measures=("qty",),
    warehouse_column="warehouse",
    notes=("amount is the cost of the stock without VAT, by moving average",),
)

CASH_BALANCE: Final = Report(
    name="cash_balance",
    path="cash_balance",
    scope=MONEY,
    dated="date",
    source="""(
        SELECT cash, own FROM totals_cash_balances WHERE month = :month
        UNION ALL
        SELECT cash, own FROM register_cash_balances WHERE day BETWEEN :month AND :day
    ) AS balances
    JOIN cash ON cash.id = balances.cash""",
    dimensions=(
        _reference("cash", "cash", column="balances.cash"),
        _reference("firm", "firms", given_by="cash"),
        Dimension(
            name=CURRENCY,
            column="CASE currency WHEN 'EUR' THEN 0 WHEN 'PLN' THEN 1 WHEN 'UAH' THEN 2 END",
            kind="string",
            texts=("EUR", "PLN", "UAH"),
        ),
    ),
    measures=(Measure(name="balance", sql="SUM(own)", places=2),),
    filters=(Filter(name="cash_ids", column="balances.cash", catalogue="cash"),),
    default_group_by=("cash",),
    default_measures=("balance",),
    always_by=(CURRENCY,),
    notes=("each row is in its own currency; a total over several currencies means nothing",),
)

CASH_FLOW: Final = Report(
    name="cash_flow",
    path="cash_flow",
    scope=MONEY,
    dated="period",
    source="turnovers_cash",
    where=_IN_PERIOD,
    dimensions=(
        _reference("account", "cash", column="cash"),
        _reference("operation", "operations"),
        Dimension(
            name="analytics",
            column=f"COALESCE(partner, 1 << {ID_BITS} | cost_article, 2 << {ID_BITS} | other_cash)",
            catalogues=("partners", "cost_articles", "cash"),
        ),
        _reference("firm", "firms"),
        *_TIMES,
    ),
    measures=(
        Measure(name="inflow", sql="SUM(inflow)", places=2),
        Measure(name="outflow", sql="SUM(outflow)", places=2),
        Measure(name="net", sql="SUM(inflow - outflow)", places=2),
    ),
    filters=(
        Filter(name="cash_ids", column="cash", catalogue="cash"),
        Filter(name="operation_ids", column="operation", catalogue="operations"),
        Filter(
            name="cost_article_ids",
            column="cost_article",
            catalogue="cost_articles",
            branches=True,
            either="analytics",
        ),
        Filter(name="customer_ids", column="partner", catalogue="partners", either="analytics"),
    ),
    default_group_by=("operation",),
    default_measures=("inflow", "outflow", "net"),
    notes=("in the base currency, at fixed rates; a transfer is an outflow and an inflow",),
)


def _settlements(name: str, path: str, *, partner: str, partner_ids: Filter, debt: str) -> Report:
    """Balances by firm and partner, split by their sign and never netted."""
    return Report(
        name=name,
        path=path,
        scope=MONEY,
        dated="date",
        source=f"""(
        SELECT firm, {partner}, SUM(amount) AS balance
        FROM (
            SELECT firm, {partner}, amount FROM totals_{path} WHERE month = :month
            UNION ALL
            SELECT firm, {partner}, amount FROM register_{path} WHERE day BETWEEN :month AND :day
        )
        GROUP BY firm, {partner}
    )""",  # noqa: S608 - the names are the two calls below
        having="SUM(ABS(balance)) <> 0",
        dimensions=(_reference(partner, "partners"), _FIRM),
        measures=(
            Measure(name=debt, sql="SUM(MAX(balance, 0))", places=2),
            Measure(name="advance", sql="SUM(MAX(-balance, 0))", places=2),
            Measure(name="net", sql="SUM(balance)", places=2),
        ),
        filters=(partner_ids, _FIRM_IDS),
        default_group_by=(partner,),
        default_measures=(debt, "advance", "net"),
        notes=(f"split by the sign of the balance of each {partner} with each firm",),
    )


RECEIVABLES: Final = _settlements(
    "receivables_balance",
    "receivables",
    partner="customer",
    partner_ids=_CUSTOMER_IDS,
    debt="receivable",
)
PAYABLES: Final = _settlements(
    "payables_balance", "payables", partner="supplier", partner_ids=_SUPPLIER_IDS, debt="payable"
)

PURCHASES_REPORT: Final = Report(
    name="purchases_report",
    path="purchases",
    scope=MONEY,
    dated="period",
    source="turnovers_purchases",
    where=_IN_PERIOD,
    dimensions=(
        _reference("supplier", "partners"),
        _FIRM_OF_WAREHOUSE,
        _reference("warehouse", "warehouses"),
        _reference("product", "products"),
        _folder("product_group", "products", given_by="product"),
        *_TIMES,
    ),
    measures=(_AMOUNT, _QTY),
    filters=(_SUPPLIER_IDS, _FIRM_IDS, _PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("supplier", "month"),
    default_measures=("amount",),
    warehouse_column="warehouse",
    notes=("amount includes VAT and is net of returns to suppliers",),
)

TABULAR: Final = (
    SALES_REPORT,
    STOCK_BALANCE,
    CASH_BALANCE,
    CASH_FLOW,
    RECEIVABLES,
    PAYABLES,
    PURCHASES_REPORT,
)
