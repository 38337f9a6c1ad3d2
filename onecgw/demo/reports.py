"""The reports of the demo 1C: the dimensions, measures and filters of each, and its SQL."""

from typing import Final

from onecgw.auth.caller import COST, MONEY, SALES, STOCK
from onecgw.demo.report_definition import (
    CATALOGUE_STEP,
    CURRENCY,
    Choice,
    Dimension,
    Filter,
    Measure,
    Report,
)
from onecgw.demo.simulation.catalogue_entries import CatalogueName


def _reference(name: str, catalogue: CatalogueName, column: str | None = None) -> Dimension:
    return Dimension(name, column or name, catalogues=(catalogue,))


def _ratio(
    name: str,
    numerator: str,
    denominator: str,
    *,
    places: int = 2,
    scope: str | None = None,
    is_percent: bool = False,
) -> Measure:
    """A quotient rounded half away from zero; NULL where the denominator is zero."""
    top = f"{numerator} * 10000" if is_percent else numerator
    half = f"CASE WHEN ({top} < 0) = ({denominator} < 0) THEN {denominator}"
    sql = f"(2 * {top} + {half} ELSE -{denominator} END) / (2 * {denominator})"
    return Measure(
        name=name, sql=sql, places=places, scope=scope, is_ratio=True, is_percent=is_percent
    )


_FIRM: Final = _reference("firm", "firms")
_WAREHOUSE: Final = _reference("warehouse", "warehouses")
_SUPPLIER: Final = _reference("supplier", "partners")
_PRODUCT: Final = _reference("product", "products")
_PRODUCT_GROUP: Final = _reference("product_group", "products")
_TIMES: Final = (
    Dimension("day", kind="date"),
    Dimension("week", kind="date"),
    Dimension("month", kind="date"),
)
_LONG_TIMES: Final = (
    Dimension(
        "quarter", "date(month, '-' || ((substr(month, 6, 2) - 1) % 3) || ' months')", "date"
    ),
    Dimension("year", "substr(month, 1, 4) || '-01-01'", "date"),
    # ISO 8601: 1 is Monday; julianday counts from a Monday at noon.
    Dimension("weekday", "CAST(CAST(julianday(day) + 0.5 AS INT) % 7 + 1 AS TEXT)", "string"),
)


def _top_folder(name: str, catalogue: CatalogueName, column: str) -> Dimension:
    """The highest folder above an entry; the entry itself where it stands in none.

    The demo's catalogues have at most two levels of folders, and a folder in none has no parent.
    """
    above = f"(SELECT parent FROM {catalogue} AS above WHERE above.id = {column})"  # noqa: S608 - names of ours
    return _reference(name, catalogue, f"COALESCE({above}, {column})")


_FIRM_IDS: Final = Filter(name="firm_ids", catalogue="firms")
_CASH_IDS: Final = Filter(name="cash_ids", catalogue="cash")
_WAREHOUSE_IDS: Final = Filter(name="warehouse_ids", catalogue="warehouses")
_CUSTOMER_IDS: Final = Filter(name="customer_ids", catalogue="partners", branches=True)
_SUPPLIER_IDS: Final = Filter(name="supplier_ids", catalogue="partners", branches=True)
_PRODUCT_IDS: Final = Filter(name="product_ids", catalogue="products", branches=True)
_PRODUCT_STATUS: Final = Choice(
    name="product_status",
    options={
        "active": "product NOT IN (SELECT id FROM products WHERE archived)",
        "archived": "product IN (SELECT id FROM products WHERE archived)",
    },
)
_NET_AMOUNT: Final = Measure(name="amount_net", sql="SUM(amount - vat)", places=2)
_AMOUNT: Final = Measure(name="amount", sql="SUM(amount)", places=2)
_QTY: Final = Measure(name="qty", sql="SUM(qty)", places=3)
_RECEIPTS: Final = "COUNT(DISTINCT receipt)"

SALES_REPORT: Final = Report(
    name="sales_report",
    path="sales",
    scope=SALES,
    dated="period",
    dimensions=(
        _WAREHOUSE,
        _reference("customer", "partners"),
        _PRODUCT,
        _reference("seller", "sellers"),
        _reference("sales_channel", "channels", "channel"),
        _FIRM,
        *_TIMES,
        *_LONG_TIMES,
        Dimension("cohort", "IIF(customer_created < :cohort_from, 'returning', 'new')", "string"),
        _PRODUCT_GROUP,
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
        _ratio("avg_check", "SUM(amount)", _RECEIPTS),
        Measure(name="customers", sql="COUNT(DISTINCT buyer)", places=0),
        Measure(name="cost", sql="SUM(cost)", places=2, scope=COST),
        Measure(name="profit", sql="SUM(amount - vat - cost)", places=2, scope=COST),
        _ratio(
            "margin", "SUM(amount - vat - cost)", "SUM(amount - vat)", scope=COST, is_percent=True
        ),
    ),
    filters=(
        _CUSTOMER_IDS,
        _WAREHOUSE_IDS,
        Filter(name="sales_channel_ids", column="channel", catalogue="channels", branches=True),
        _FIRM_IDS,
        _PRODUCT_IDS,
        Filter(name="seller_ids", catalogue="sellers"),
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
)

STOCK_BALANCE: Final = Report(
    name="stock_balance",
    path="stock",
    scope=STOCK,
    dated="date",
    source="""register_stock
        JOIN warehouses ON warehouses.id = warehouse
        JOIN products ON products.id = product""",
    having="SUM(qty) <> 0 OR SUM(cost) <> 0",
    dimensions=(
        _WAREHOUSE,
        _PRODUCT,
        _reference("product_group", "products", "products.parent"),
        _FIRM,
    ),
    measures=(_QTY, Measure(name="amount", sql="SUM(cost)", places=2)),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS),
    choices=(_PRODUCT_STATUS,),
    default_group_by=("warehouse", "product"),
    default_measures=("qty",),
    notes=("amount is the cost of the stock without VAT, by moving average",),
)

CASH_BALANCE: Final = Report(
    name="cash_balance",
    path="cash_balance",
    scope=MONEY,
    dated="date",
    source="register_cash_balances JOIN cash ON cash.id = cash",
    dimensions=(_reference("cash", "cash"), _FIRM, Dimension(CURRENCY, kind="string")),
    measures=(
        Measure(name="balance", sql="SUM(own)", places=2, is_own_currency=True),
        Measure(name="balance_base", sql="SUM(own * rate)", places=2),
    ),
    filters=(_CASH_IDS,),
    default_group_by=("cash",),
    default_measures=("balance",),
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
    dimensions=(
        _reference("account", "cash", "cash"),
        _reference("operation", "operations"),
        _top_folder("cost_article_parent", "cost_articles", "cost_article"),
        Dimension(
            "analytics",
            f"""COALESCE(
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
        _CASH_IDS,
        Filter(name="operation_ids", catalogue="operations"),
        Filter(
            name="cost_article_ids", catalogue="cost_articles", branches=True, either="analytics"
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


def _settlements(path: str, *, partner: str, partner_ids: Filter, debt: str) -> Report:
    """Balances by firm and partner, split by their sign and never netted."""
    return Report(
        name=f"{path}_balance",
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
    "receivables", partner="customer", partner_ids=_CUSTOMER_IDS, debt="receivable"
)
PAYABLES: Final = _settlements(
    "payables", partner="supplier", partner_ids=_SUPPLIER_IDS, debt="payable"
)

PURCHASES_REPORT: Final = Report(
    name="purchases_report",
    path="purchases",
    scope=MONEY,
    dated="period",
    dimensions=(
        _SUPPLIER,
        _FIRM,
        _WAREHOUSE,
        _PRODUCT,
        _PRODUCT_GROUP,
        *_TIMES,
        # A supplier is paid in the currency of the firm that buys.
        Dimension(CURRENCY, "(SELECT currency FROM firms WHERE firms.id = firm)", "string"),
    ),
    measures=(_AMOUNT, _NET_AMOUNT, _QTY),
    filters=(_SUPPLIER_IDS, _FIRM_IDS, _PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("supplier", "month"),
    default_measures=("amount",),
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
        _WAREHOUSE,
        _PRODUCT,
        _reference("product_group", "products", "products.parent"),
        _FIRM,
        _SUPPLIER,
        Dimension("document", "number", "string"),
        Dimension("delivery_date", kind="date"),
        Dimension(CURRENCY, "firms.currency", "string"),
    ),
    measures=(
        _QTY,
        _AMOUNT,
        Measure(name="amount_in_currency", sql="SUM(own)", places=2, is_own_currency=True),
    ),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS, _SUPPLIER_IDS),
    default_group_by=("supplier", "delivery_date"),
    default_measures=("qty", "amount"),
    notes=("amount includes VAT; what arrives on the day is no longer on the way",),
)

_OOS_DAYS: Final = "SUM(IIF(qty <= 0, days, 0))"

AVAILABILITY_REPORT: Final = Report(
    name="availability_report",
    path="availability",
    scope=STOCK,
    dated="period",
    source="""(
        SELECT *, MIN(next_day, :after_number) - MAX(day, :first_number) AS days
        FROM stock_levels
    )""",
    where="days > 0",
    dimensions=(_PRODUCT, _PRODUCT_GROUP, _WAREHOUSE, Dimension("week", kind="date")),
    measures=(
        Measure(name="oos_days", sql=_OOS_DAYS, places=0),
        Measure(name="days", sql="SUM(days)", places=0),
        _ratio("availability_pct", f"(SUM(days) - {_OOS_DAYS})", "SUM(days)", is_percent=True),
        _ratio("avg_qty", "SUM(qty * days)", "SUM(days)", places=3),
    ),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("product", "warehouse"),
    default_measures=("oos_days", "availability_pct"),
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
