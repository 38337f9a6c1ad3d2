"""The reports of the demo 1C: the dimensions, measures and filters of each, and its SQL."""

from typing import Final

from onecgw.auth.caller import COST, MONEY, SALES, STOCK
from onecgw.demo.report_definition import (
    CATALOGUE_STEP,
    Choice,
    Dimension,
    Filter,
    Measure,
    Report,
)
from onecgw.demo.simulation.catalogue_entries import CatalogueName

CURRENCY: Final = "currency"


def _reference(name: str, catalogue: CatalogueName, column: str | None = None) -> Dimension:
    return Dimension(name=name, column=column or name, catalogues=(catalogue,))


def _rounded(numerator: str, denominator: str) -> str:
    """A quotient of whole numbers, half away from zero; NULL where the denominator is zero."""
    half = f"CASE WHEN ({numerator} < 0) = ({denominator} < 0) THEN {denominator}"
    return f"(2 * {numerator} + {half} ELSE -{denominator} END) / (2 * {denominator})"


_FIRM: Final = _reference("firm", "firms")
_TIMES: Final = (
    Dimension(name="day", column="day", kind="date"),
    Dimension(name="week", column="week", kind="date"),
    Dimension(name="month", column="month", kind="date"),
)
_LONG_TIMES: Final = (
    Dimension(
        name="quarter",
        column="date(month, '-' || ((substr(month, 6, 2) - 1) % 3) || ' months')",
        kind="date",
    ),
    Dimension(name="year", column="substr(month, 1, 4) || '-01-01'", kind="date"),
    # ISO 8601: 1 is Monday; julianday counts from a Monday at noon.
    Dimension(
        name="weekday",
        column="CAST(CAST(julianday(day) + 0.5 AS INT) % 7 + 1 AS TEXT)",
        kind="string",
    ),
)


def _top_folder(name: str, catalogue: CatalogueName, column: str) -> Dimension:
    """The highest folder above an entry; the entry itself where it stands in none.

    The demo's catalogues have at most two levels of folders, and a folder in none has no parent.
    """
    above = f"(SELECT parent FROM {catalogue} AS above WHERE above.id = {column})"  # noqa: S608 - names of ours
    return _reference(name, catalogue, f"COALESCE({above}, {column})")


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
_PRODUCT_STATUS: Final = Choice(
    name="product_status",
    options={
        "active": "product NOT IN (SELECT id FROM products WHERE archived)",
        "archived": "product IN (SELECT id FROM products WHERE archived)",
    },
)
_NET_AMOUNT: Final = Measure(name="amount_net", sql="SUM(amount - vat)", places=2)
_IN_PERIOD: Final = "day BETWEEN :first AND :last"
_UP_TO_DATE: Final = "day <= :last"
_AMOUNT: Final = Measure(name="amount", sql="SUM(amount)", places=2)
_QTY: Final = Measure(name="qty", sql="SUM(qty)", places=3)
_RECEIPTS: Final = "COUNT(DISTINCT receipt)"

SALES_REPORT: Final = Report(
    name="sales_report",
    path="sales",
    scope=SALES,
    dated="period",
    source="register_sales",
    where=_IN_PERIOD,
    dimensions=(
        _reference("warehouse", "warehouses"),
        _reference("customer", "partners"),
        _reference("product", "products"),
        _reference("seller", "sellers"),
        _reference("sales_channel", "channels", "channel"),
        _FIRM,
        *_TIMES,
        *_LONG_TIMES,
        Dimension(
            name="cohort",
            column="CASE WHEN customer_created < :cohort_from THEN 'returning' ELSE 'new' END",
            kind="string",
        ),
        _reference("product_group", "products"),
        _reference("customer_group", "partners"),
        _top_folder("product_parent", "products", "product_group"),
        _top_folder("customer_parent", "partners", "COALESCE(customer_group, customer)"),
        _top_folder("channel_parent", "channels", "channel"),
    ),
    measures=(
        _AMOUNT,
        _NET_AMOUNT,
        Measure(name="returns", sql="SUM(IIF(receipt IS NULL, -amount, 0))", places=2),
        _QTY,
        Measure(name="receipts", sql=_RECEIPTS, places=0),
        Measure(
            name="avg_check",
            sql=_rounded("SUM(amount)", _RECEIPTS),
            places=2,
            is_ratio=True,
        ),
        Measure(name="customers", sql="COUNT(DISTINCT buyer)", places=0),
        Measure(name="cost", sql="SUM(cost)", places=2, scope=COST),
        Measure(name="profit", sql="SUM(amount - vat - cost)", places=2, scope=COST),
        Measure(
            name="margin",
            sql=_rounded("SUM(amount - vat - cost) * 10000", "SUM(amount - vat)"),
            places=2,
            scope=COST,
            is_ratio=True,
            is_percent=True,
        ),
    ),
    filters=(
        _CUSTOMER_IDS,
        _WAREHOUSE_IDS,
        Filter(name="sales_channel_ids", column="channel", catalogue="channels", branches=True),
        _FIRM_IDS,
        _PRODUCT_IDS,
        Filter(name="seller_ids", column="seller", catalogue="sellers"),
    ),
    choices=(
        Choice(
            name="customer_cohort",
            options={
                "new": "customer_created >= :cohort_from",
                "returning": "customer_created < :cohort_from",
            },
        ),
        _PRODUCT_STATUS,
    ),
    default_group_by=("warehouse", "customer"),
    default_measures=("amount", "qty"),
    warehouse_column="warehouse",
)

STOCK_BALANCE: Final = Report(
    name="stock_balance",
    path="stock",
    scope=STOCK,
    dated="date",
    source="""register_stock
        JOIN warehouses ON warehouses.id = warehouse
        JOIN products ON products.id = product""",
    where=_UP_TO_DATE,
    having="SUM(qty) <> 0 OR SUM(cost) <> 0",
    dimensions=(
        _reference("warehouse", "warehouses"),
        _reference("product", "products"),
        _reference("product_group", "products", "products.parent"),
        _FIRM,
    ),
    measures=(_QTY, Measure(name="amount", sql="SUM(cost)", places=2)),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS),
    choices=(_PRODUCT_STATUS,),
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
    source="register_cash_balances AS balances JOIN cash ON cash.id = balances.cash",
    where=_UP_TO_DATE,
    dimensions=(
        _reference("cash", "cash", "balances.cash"),
        _FIRM,
        Dimension(name=CURRENCY, column="currency", kind="string"),
    ),
    measures=(
        Measure(name="balance", sql="SUM(own)", places=2, is_own_currency=True),
        Measure(name="balance_base", sql="SUM(own * rate)", places=2),
    ),
    filters=(Filter(name="cash_ids", column="balances.cash", catalogue="cash"),),
    default_group_by=("cash",),
    default_measures=("balance",),
    always_by=(CURRENCY,),
    notes=(
        "each balance is in the row's own currency",
        "balance_base is in the base currency, at fixed rates",
    ),
)

CASH_FLOW: Final = Report(
    name="cash_flow",
    path="cash_flow",
    scope=MONEY,
    dated="period",
    source="register_cash",
    where=_IN_PERIOD,
    dimensions=(
        _reference("account", "cash", "cash"),
        _reference("operation", "operations"),
        _reference(
            "cost_article_parent",
            "cost_articles",
            """(SELECT COALESCE(articles.parent, articles.id)
                FROM cost_articles AS articles WHERE articles.id = cost_article)""",
        ),
        Dimension(
            name="analytics",
            column=f"""COALESCE(
                partner, {CATALOGUE_STEP} + cost_article, {2 * CATALOGUE_STEP} + other_cash)""",
            catalogues=("partners", "cost_articles", "cash"),
        ),
        _FIRM,
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
    choices=(
        Choice(name="own_transfers", options={"exclude": "other_cash IS NULL", "include": "TRUE"}),
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
            FROM register_{path}
            WHERE day <= :last
            GROUP BY firm, {partner}
        )""",  # noqa: S608 - the names are the two calls below
        where="TRUE",
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
    source="register_purchases",
    where=_IN_PERIOD,
    dimensions=(
        _reference("supplier", "partners"),
        _FIRM,
        _reference("warehouse", "warehouses"),
        _reference("product", "products"),
        _reference("product_group", "products"),
        *_TIMES,
        # A supplier is paid in the currency of the firm that buys.
        Dimension(
            name=CURRENCY,
            column="(SELECT currency FROM firms WHERE firms.id = firm)",
            kind="string",
        ),
    ),
    measures=(_AMOUNT, _NET_AMOUNT, _QTY),
    filters=(_SUPPLIER_IDS, _FIRM_IDS, _PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("supplier", "month"),
    default_measures=("amount",),
    warehouse_column="warehouse",
    notes=("amount includes VAT and is net of returns to suppliers",),
)

GOODS_IN_TRANSIT: Final = Report(
    name="goods_in_transit",
    path="goods_in_transit",
    scope=STOCK,
    dated="date",
    source="""shipments
        JOIN shipment_lines ON shipment_lines.shipment = shipments.id
        JOIN products ON products.id = product
        JOIN firms ON firms.id = firm""",
    where="day <= :last AND delivery_date > :last",
    dimensions=(
        _reference("warehouse", "warehouses"),
        _reference("product", "products"),
        _reference("product_group", "products", "products.parent"),
        _FIRM,
        _reference("supplier", "partners"),
        Dimension(name="document", column="number", kind="string"),
        Dimension(name="delivery_date", column="delivery_date", kind="date"),
        Dimension(name=CURRENCY, column="firms.currency", kind="string"),
    ),
    measures=(
        _QTY,
        _AMOUNT,
        Measure(name="amount_in_currency", sql="SUM(own)", places=2, is_own_currency=True),
    ),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS, _SUPPLIER_IDS),
    default_group_by=("supplier", "delivery_date"),
    default_measures=("qty", "amount"),
    warehouse_column="warehouse",
    always_by=(CURRENCY,),
    notes=("amount includes VAT; what arrives on the day is no longer on the way",),
)

_LEVEL: Final = "warehouse, product, product_group, qty"
_SUMS: Final = "days, IIF(qty <= 0, days, 0) AS oos_days, qty * days AS qty_days"
_STOCK_LEVELS: Final = f"""(
    SELECT {_LEVEL}, {_SUMS}
    FROM (
        SELECT {_LEVEL}, MIN(next_day, :after_number) - MAX(day, :first_number) AS days
        FROM stock_levels
        WHERE day < :after_number AND next_day > :first_number
    )
)"""  # noqa: S608 - the names stand above
# Whole weeks are read from the sums by week; of the first and the last week the period may have
# only a part, which is read from the levels.
_STOCK_WEEKS: Final = f"""(
    SELECT week, warehouse, product, product_group, days, oos_days, qty_days
    FROM stock_weeks
    WHERE week BETWEEN :first_number AND :after_number - 7
    UNION ALL
    SELECT week, warehouse, product, product_group, {_SUMS}
    FROM (
        SELECT
            week, {_LEVEL},
            MIN(next_day, week + 7, :after_number) - MAX(day, week, :first_number) AS days
        FROM (
            SELECT :first_number / 7 * 7 AS week UNION SELECT (:after_number - 1) / 7 * 7
        ) JOIN stock_levels
        WHERE week NOT BETWEEN :first_number AND :after_number - 7
    )
    WHERE days > 0
)"""  # noqa: S608 - the names stand above

AVAILABILITY_REPORT: Final = Report(
    name="availability_report",
    path="availability",
    scope=STOCK,
    dated="period",
    source=_STOCK_LEVELS,
    source_by={"week": _STOCK_WEEKS},
    where="TRUE",
    dimensions=(
        _reference("product", "products"),
        _reference("product_group", "products"),
        _reference("warehouse", "warehouses"),
        Dimension(name="week", column="week", kind="date"),
    ),
    measures=(
        Measure(name="oos_days", sql="SUM(oos_days)", places=0),
        Measure(name="days", sql="SUM(days)", places=0),
        Measure(
            name="availability_pct",
            sql=_rounded("SUM(days - oos_days) * 10000", "SUM(days)"),
            places=2,
            is_ratio=True,
            is_percent=True,
        ),
        Measure(
            name="avg_qty", sql=_rounded("SUM(qty_days)", "SUM(days)"), places=3, is_ratio=True
        ),
    ),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("product", "warehouse"),
    default_measures=("oos_days", "availability_pct"),
    warehouse_column="warehouse",
    notes=(
        "days: of a product in a warehouse, from its first movement to the end of the books",
        "oos_days: those that ended with nothing in stock",
    ),
)

TABULAR: Final = (
    SALES_REPORT,
    STOCK_BALANCE,
    CASH_BALANCE,
    CASH_FLOW,
    RECEIVABLES,
    PAYABLES,
    PURCHASES_REPORT,
    GOODS_IN_TRANSIT,
    AVAILABILITY_REPORT,
)
