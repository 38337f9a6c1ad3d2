"""How long the stock lasts: stock beside the sales of the days before it."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

import attrs
import msgspec

from onecgw.analysis.decimals import EXACT, rounded
from onecgw.analysis.decimals import days as to_tenths
from onecgw.analysis.figure_table import ZERO, FigureTable
from onecgw.analysis.periods import DateRange
from onecgw.analysis.stock_cover import (
    BUCKETS,
    LOW_DAYS,
    Bucket,
    ProductStock,
    StockSum,
    add_stock,
    cover_of,
    urgency,
)
from onecgw.auth.caller import SALES, STOCK
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.figure_answer import OUTPUT, proof_of, table_of
from onecgw.catalogue.tools.parts import AnalysisTop, BalanceDay, FirmIds, WarehouseIds
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.catalogue.tools.stock import STOCK_BALANCE, STOCK_VALUE
from onecgw.catalogue.tools.whole_report import about_books, succeeded, whole_report
from onecgw.locales.text import say

DEFAULT_DAYS: Final = 180
MOST_DAYS: Final = 731
_QTY_PLACES: Final = 3  # of quantities in 1C
_FIGURES: Final = ("qty", "amount", "daily_sales", "cover_days", "sold_amount")


@attrs.frozen(kw_only=True)
class CoverFilters:
    """What stock_cover can be narrowed by."""

    warehouse_ids: WarehouseIds = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class StockCover:
    """Arguments of stock_cover."""

    date: BalanceDay = None
    days: Annotated[
        int | None,
        Arg(about=f"Days of sales up to date; default {DEFAULT_DAYS}.", minimum=1, most=MOST_DAYS),
    ] = None
    bucket: Annotated[
        Bucket | None,
        Arg(
            about=(
                f"Products to list. low: under {LOW_DAYS} days of cover; out_of_stock: sold, "
                "nothing left; no_quantity: value without quantity."
            ),
            default=("no_sale",),
        ),
    ] = None
    filters: Annotated[CoverFilters | None, Arg(about="Apply together.")] = None
    top: AnalysisTop = None


@attrs.frozen(kw_only=True)
class Listed:
    """A product of the list. last_sale: the month, YYYY-MM; None = not in the period."""

    cell: msgspec.Raw
    stock: ProductStock
    last_sale: str | None


def plan(request: StockCover, upstream: Upstream) -> dict[str, SubRequest]:
    """The stock by product, and the sales by product and month."""
    period = _period(request, upstream)
    filters = request.filters and attrs.asdict(request.filters)
    return {
        STOCK_BALANCE.name: whole_report(
            STOCK_BALANCE,
            upstream,
            group_by=("product",),
            measures=tuple(
                name
                for name in ("qty", "amount")
                if name not in upstream.restrictions[STOCK_COVER.name]
            ),
            when=period.last,
            filters=filters and STOCK_BALANCE.filters_of(**filters),
        ),
        # By month and not by day: six times fewer rows, so that large bases can be answered.
        SALES_REPORT.name: whole_report(
            SALES_REPORT,
            upstream,
            group_by=("product", "month"),
            measures=("qty", "amount"),
            when=period,
            filters=filters and SALES_REPORT.filters_of(**filters),
        ),
    }


def compose(
    request: StockCover, outcomes: Mapping[str, Any], upstream: Upstream
) -> dict[str, object]:
    """The buckets, and the products of one of them.

    Raises:
        OnecgwError: a report failed, or the buckets do not add up.
    """
    period = _period(request, upstream)
    days = period.days
    closed = upstream.restrictions[STOCK_COVER.name]
    stock: FigureTable = succeeded(outcomes[STOCK_BALANCE.name])
    sales: FigureTable = succeeded(outcomes[SALES_REPORT.name])
    sold, last_sales = _sold(sales)
    products = cover_of(
        {
            row.key[0]: (row.values["qty"] or ZERO, row.values.get("amount") or ZERO)
            for row in stock.rows
        },
        sold,
        days=days,
    )
    cells = {row.key[0]: row.cells[0] for row in (*sales.rows, *stock.rows)}
    wanted = request.bucket or "no_sale"
    listed = [
        Listed(cell=cells[key], stock=product, last_sale=last_sales.get(key))
        for key, product in products.items()
        if product.bucket == wanted
    ]
    listed.sort(key=lambda one: urgency(one.stock))
    sums = {
        bucket: add_stock(one for one in products.values() if one.bucket == bucket)
        for bucket in BUCKETS
    }
    return {
        "date": period.last,
        "bucket": wanted,
        "buckets": {bucket: _amounts_of(together, closed) for bucket, together in sums.items()},
        **table_of(
            (("product", "ref"), ("last_sale_month", "string")),
            tuple(name for name in _FIGURES if name not in closed),
            listed,
            top=request.top,
            cells=lambda one: [one.cell, one.last_sale, *_figures(one.stock, closed)],
            values=lambda several: _amounts_of(add_stock(one.stock for one in several), closed),
        ),
        "basis": {
            "sales": say("stock_cover.sales", first=period.first, last=period.last, days=days),
            "daily_sales": say("stock_cover.daily_sales"),
            "cover_days": "qty / daily_sales",
            "no_sale": say("stock_cover.no_sale"),
            **({} if closed >= STOCK_VALUE else {"amount": say("stock_cover.amount")}),
            "quantities": say("stock_cover.quantities"),
            "reports": [STOCK_BALANCE.name, SALES_REPORT.name],
        },
        "proof": [
            proof_of(
                say("proof.all_buckets", what=attribute),
                (getattr(together, attribute) for together in sums.values()),
                table.total(measure),
                report=f"{table_name} totals.{measure}",
            )
            for table, table_name, measure, attribute in (
                (stock, STOCK_BALANCE.name, "qty", "qty"),
                (stock, STOCK_BALANCE.name, "amount", "amount"),
                (sales, SALES_REPORT.name, "amount", "sold_amount"),
            )
            if attribute not in closed
        ],
        **about_books((stock, sales), upstream, period.last),
    }


def _period(request: StockCover, upstream: Upstream) -> DateRange:
    last: date = request.date or upstream.today
    before = timedelta(days=(request.days or DEFAULT_DAYS) - 1)
    return DateRange(last - before, last)


def _sold(sales: FigureTable) -> tuple[dict[str, tuple[Decimal, Decimal]], dict[str, str]]:
    """Quantity and amount by product, and the last month with sales above its returns."""
    sold: dict[str, tuple[Decimal, Decimal]] = {}
    last: dict[str, str] = {}
    for row in sales.rows:
        product = row.key[0]
        qty, amount = (row.values[name] or ZERO for name in ("qty", "amount"))
        before = sold.get(product, (ZERO, ZERO))
        sold[product] = (EXACT.add(before[0], qty), EXACT.add(before[1], amount))
        if qty > 0:
            month = msgspec.json.decode(row.cells[1], type=str)[:7]
            last[product] = max(month, last.get(product, ""))
    return sold, last


def _figures(product: ProductStock, closed: frozenset[str]) -> list[object]:
    figures = (
        product.qty,
        product.amount,
        rounded(product.daily_sales, _QTY_PLACES),
        to_tenths(product.cover_days),
        product.sold_amount,
    )
    return [value for name, value in zip(_FIGURES, figures, strict=True) if name not in closed]


def _amounts_of(together: StockSum, closed: frozenset[str]) -> dict[str, object]:
    amounts = {
        "products": together.products,
        "amount": together.amount,
        "sold_amount": together.sold_amount,
    }
    return {name: value for name, value in amounts.items() if name not in closed}


STOCK_COVER = CompositeTool(
    name="stock_cover",
    title="Stock cover",
    scopes=frozenset({SALES, STOCK}),
    about=(
        "What does not sell, what runs out, what is sold out, what is negative: every product in "
        "one of these buckets, and the products of one bucket with stock, daily sales, days of "
        "cover and last month of sale. `buckets` cover all products, whatever is listed."
    ),
    remarks=("amount: the money in them, at cost without VAT.",),
    request=StockCover,
    operation="reports/stock_cover",
    stock_value=STOCK_VALUE,
    tools=(STOCK_BALANCE, SALES_REPORT),
    plan=plan,
    compose=compose,
    output={
        "date": {"type": "string"},
        "bucket": {"type": "string"},
        "buckets": {"type": "object"},
        **OUTPUT,
    },
)

TOOLS = (STOCK_COVER,)
