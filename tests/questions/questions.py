"""The questions of docs/explanation/questions.md: their texts, and which calls answer it.

The page and the replay are made of this one list, so that they cannot differ. The calls
need nothing but what tools/list says.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tests.catalogue_truth import Found


@attrs.frozen
class FoundRow:
    """The id in the first cell of the first row of a report."""

    tool: str
    arguments: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of question, in three languages."""

    en: str
    uk: str
    ru: str


@attrs.frozen(kw_only=True)
class Question:
    """One question.

    role: who asks. kind: a key of KINDS. text: in English.
    tool, arguments: the last call; what it needs first is Found or FoundRow in the arguments.
    lacks: why it cannot be answered exactly, and what 1C would have to report; "" if it can.
    """

    role: str
    kind: str
    text: str
    tool: str = ""
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    lacks: str = ""


KINDS: Final[Mapping[str, Kind]] = {
    "debts": Kind(
        en="who owes, and since when", uk="хто винен і відколи", ru="кто должен и с каких пор"
    ),
    "overdue": Kind(
        en="overdue by 30, 60, 90 days",
        uk="прострочено на 30, 60, 90 днів",
        ru="просрочено на 30, 60, 90 дней",
    ),
    "money": Kind(
        en="money by firm and currency",
        uk="гроші за фірмами й валютами",
        ru="деньги по фирмам и валютам",
    ),
    "flow": Kind(
        en="what came in and what was spent",
        uk="що надійшло й на що витрачено",
        ru="что поступило и на что потрачено",
    ),
    "cycle": Kind(
        en="how long money is tied up",
        uk="на скільки днів зв'язані гроші",
        ru="на сколько дней связаны деньги",
    ),
    "margin": Kind(
        en="why profit changed", uk="чому змінився прибуток", ru="почему изменилась прибыль"
    ),
    "year": Kind(
        en="this year against the last one",
        uk="цей рік проти минулого",
        ru="этот год против прошлого",
    ),
    "trend": Kind(
        en="month by month, by weekday",
        uk="за місяцями, за днями тижня",
        ru="по месяцам, по дням недели",
    ),
    "groups": Kind(
        en="turnover by group", uk="оборот за групами товарів", ru="оборот по группам товаров"
    ),
    "largest": Kind(
        en="share of the five largest", uk="частка п'яти найбільших", ru="доля пяти крупнейших"
    ),
    "abc": Kind(en="ABC", uk="АВС-аналіз", ru="АВС-анализ"),
    "fell": Kind(
        en="whose purchases fell", uk="чиї закупівлі впали", ru="чьи закупки упали"
    ),
    "churn": Kind(
        en="who stopped buying, who is new",
        uk="хто перестав купувати, хто новий",
        ru="кто перестал покупать, кто новый",
    ),
    "product": Kind(en="one product", uk="один товар", ru="один товар"),
    "price": Kind(
        en="price of a product by month",
        uk="ціна товару за місяцями",
        ru="цена товара по месяцам",
    ),
    "seller": Kind(en="one seller", uk="один продавець", ru="один продавец"),
    "customer": Kind(en="one customer", uk="один покупець", ru="один покупатель"),
    "returns": Kind(en="returns", uk="повернення", ru="возвраты"),
    "channels": Kind(en="B2B against B2C", uk="B2B проти B2C", ru="B2B против B2C"),
    "stock": Kind(en="what lies where", uk="що де лежить", ru="что где лежит"),
    "idle": Kind(en="what does not sell", uk="що не продається", ru="что не продаётся"),
    "out": Kind(
        en="what runs out, what is on the way",
        uk="що закінчується, що в дорозі",
        ru="что заканчивается, что в пути",
    ),
    "bought": Kind(
        en="from whom we buy", uk="у кого купуємо", ru="у кого покупаем"
    ),
    "books": Kind(
        en="what the books hold", uk="що є в обліку", ru="что есть в учёте"
    ),
}  # fmt: skip

FINANCE, SALES, STORE, AUDIT = "finance director", "sales head", "warehouse manager", "auditor"

OCTOBER: Final = {"from": "2026-10-01", "to": "2026-10-31"}
QUARTER: Final = {"from": "2026-07-01", "to": "2026-09-30"}
YEAR: Final = {"from": "2025-11-01", "to": "2026-10-31"}
SINCE_JANUARY: Final = {"from": "2026-01-01", "to": "2026-10-31"}
END: Final = "2026-10-31"
A_CUSTOMER: Final = Found("resolve_customer", "толумтар")
A_PRODUCT: Final = Found("resolve_product", "обігрівач палгенум")


def _down(field: str) -> list[dict[str, str]]:
    return [{"field": field, "dir": "desc"}]


QUESTIONS: Final = (
    Question(
        role=FINANCE,
        kind="debts",
        text="Who owes us most, and since when?",
        tool="debt_aging",
        arguments={"side": "receivable", "date": END},
    ),
    Question(
        role=FINANCE,
        kind="debts",
        text="Whom do we owe, and how old are these debts?",
        tool="debt_aging",
        arguments={"side": "payable", "date": END},
    ),
    Question(
        role=FINANCE,
        kind="debts",
        text="Who owes more than a year ago?",
        tool="receivables_balance",
        arguments={
            "date": END,
            "group_by": ["customer"],
            "measures": ["receivable"],
            "compare": "previous_year",
            "sort": _down("receivable_change"),
            "top": 10,
        },
    ),
    Question(
        role=FINANCE,
        kind="money",
        text="How much money has each firm, in which currency?",
        tool="cash_balance",
        arguments={"date": END, "group_by": ["firm"], "measures": ["balance"]},
    ),
    Question(
        role=FINANCE,
        kind="flow",
        text="What came in and went out month by month, without transfers of our own?",
        tool="cash_flow",
        arguments={
            "period": SINCE_JANUARY,
            "filters": {"own_transfers": "exclude"},
            "group_by": ["month"],
            "measures": ["inflow", "outflow", "net"],
        },
    ),
    Question(
        role=FINANCE,
        kind="flow",
        text="What do we spend money on, by group of articles?",
        tool="cash_flow",
        arguments={
            "period": SINCE_JANUARY,
            "filters": {"own_transfers": "exclude"},
            "group_by": ["cost_article_parent"],
            "measures": ["outflow"],
            "sort": _down("outflow"),
        },
    ),
    Question(
        role=FINANCE,
        kind="flow",
        text="What did we pay for the rent of the warehouse each month?",
        tool="cash_flow",
        arguments={
            "period": SINCE_JANUARY,
            "filters": {"cost_article_ids": [Found("resolve_cost_article", "оренда складу")]},
            "group_by": ["month"],
            "measures": ["outflow"],
        },
    ),
    Question(
        role=FINANCE,
        kind="cycle",
        text="How long is our money tied up against last year, and what moved it?",
        tool="cash_conversion_cycle",
        arguments={"period": QUARTER, "breakdown": "none", "balance_basis": "closing"},
    ),
    Question(
        role=FINANCE,
        kind="margin",
        text="Why is the profit of the quarter another one than last year's?",
        tool="margin_bridge",
        arguments={"period": QUARTER, "by": "product_group"},
    ),
    Question(
        role=FINANCE,
        kind="year",
        text="How do sales and profit since January compare with last year's, by firm?",
        tool="sales_report",
        arguments={
            "period": SINCE_JANUARY,
            "group_by": ["firm"],
            "measures": ["amount", "profit"],
            "compare": "previous_year",
        },
    ),
    Question(
        role=FINANCE,
        kind="trend",
        text="Revenue, profit and margin month by month?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "group_by": ["month"],
            "measures": ["amount", "profit", "margin"],
        },
    ),
    Question(
        role=FINANCE,
        kind="trend",
        text="Revenue without VAT by quarter, for each firm?",
        tool="sales_report",
        arguments={"period": YEAR, "group_by": ["quarter", "firm"], "measures": ["amount_net"]},
    ),
    Question(
        role=FINANCE,
        kind="overdue",
        text="Which debts are past their due date by 30, 60 and 90 days?",
        lacks="The age of a debt is known (debt_aging), the terms of payment are not: 1C would "
        "have to report the due date of each debt.",
    ),
    Question(
        role=FINANCE,
        kind="year",
        text="How far are we from the budget?",
        lacks="1C would have to publish its plans: a report of plan and fact by month.",
    ),
    Question(
        role=SALES,
        kind="groups",
        text="What do the large product groups bring, and which share?",
        tool="sales_report",
        arguments={
            "period": QUARTER,
            "group_by": ["product_parent"],
            "measures": ["amount", "profit"],
            "share": "amount",
        },
    ),
    Question(
        role=SALES,
        kind="largest",
        text="Which share of revenue have the five largest customers?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "group_by": ["customer"],
            "measures": ["amount"],
            "share": "amount",
            "top": 5,
        },
    ),
    Question(
        role=SALES,
        kind="abc",
        text="Which product groups are A, which B, which C by profit?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "group_by": ["product_group"],
            "measures": ["profit"],
            "share": "profit",
            "ids": False,
            "top": 40,
        },
    ),
    Question(
        role=SALES,
        kind="fell",
        text="Which customers bought less than last year?",
        tool="sales_report",
        arguments={
            "period": QUARTER,
            "group_by": ["customer"],
            "measures": ["amount"],
            "compare": "previous_year",
            "sort": [{"field": "amount_change", "dir": "asc"}],
            "top": 10,
        },
    ),
    Question(
        role=SALES,
        kind="churn",
        text="Who bought a year ago and nothing now?",
        tool="sales_report",
        arguments={
            "period": QUARTER,
            "group_by": ["customer"],
            "measures": ["amount"],
            "compare": "previous_year",
            "sort": [
                {"field": "amount", "dir": "asc"},
                {"field": "amount_before", "dir": "desc"},
            ],
            "top": 10,
        },
    ),
    Question(
        role=SALES,
        kind="churn",
        text="Which new customers came in October, and what did they buy for?",
        tool="sales_report",
        arguments={
            "period": OCTOBER,
            "filters": {"customer_cohort": "new"},
            "group_by": ["customer"],
            "measures": ["amount", "receipts"],
            "top": 10,
        },
    ),
    Question(
        role=SALES,
        kind="groups",
        text="What were the ten best sellers of October?",
        tool="top_products",
        arguments={"period": OCTOBER},
    ),
    Question(
        role=SALES,
        kind="seller",
        text="How did each seller do in October against September?",
        tool="sales_report",
        arguments={
            "period": OCTOBER,
            "group_by": ["seller"],
            "measures": ["amount"],
            "compare": "previous_period",
            "ids": False,
        },
    ),
    Question(
        role=SALES,
        kind="seller",
        text="What did our best seller sell month by month?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "filters": {
                "seller_ids": [
                    FoundRow(
                        "sales_report",
                        {
                            "period": YEAR,
                            "group_by": ["seller"],
                            "measures": ["amount"],
                            "sort": _down("amount"),
                            "top": 1,
                        },
                    )
                ]
            },
            "group_by": ["month"],
            "measures": ["amount", "receipts"],
        },
    ),
    Question(
        role=SALES,
        kind="product",
        text="In which warehouses does this heater sell?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "filters": {"product_ids": [A_PRODUCT]},
            "group_by": ["warehouse"],
            "measures": ["amount", "qty"],
        },
    ),
    Question(
        role=SALES,
        kind="returns",
        text="Who returned most this year?",
        tool="sales_report",
        arguments={
            "period": SINCE_JANUARY,
            "group_by": ["customer"],
            "measures": ["returns", "amount"],
            "sort": _down("returns"),
            "top": 10,
        },
    ),
    Question(
        role=SALES,
        kind="channels",
        text="How do B2B and B2C develop against last year?",
        tool="sales_report",
        arguments={
            "period": SINCE_JANUARY,
            "group_by": ["channel_parent"],
            "measures": ["amount", "receipts"],
            "compare": "previous_year",
        },
    ),
    Question(
        role=SALES,
        kind="trend",
        text="What is the average check of each shop?",
        tool="sales_report",
        arguments={
            "period": OCTOBER,
            "group_by": ["warehouse"],
            "measures": ["avg_check", "receipts", "amount"],
        },
    ),
    Question(
        role=SALES,
        kind="trend",
        text="On which weekday do we sell most?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "group_by": ["weekday"],
            "measures": ["amount", "receipts"],
            "sort": _down("amount"),
        },
    ),
    Question(
        role=SALES,
        kind="customer",
        text="What do we know of this customer: revenue, last purchase, best products?",
        tool="customer_summary",
        arguments={"customer": "толумтар", "period": YEAR},
    ),
    Question(
        role=SALES,
        kind="price",
        text="What was the price of this heater month by month?",
        tool="sales_report",
        arguments={
            "period": YEAR,
            "filters": {"product_ids": [A_PRODUCT]},
            "group_by": ["month"],
            "measures": ["amount", "qty"],
        },
        lacks="Amount and quantity of each month are exact; the price is their quotient, which the "
        "model divides itself. 1C would have to report a measure avg_price.",
    ),
    Question(
        role=SALES,
        kind="customer",
        text="What do we sell in each city?",
        lacks="A candidate of resolve_customer has its city, no report groups by it: 1C would have "
        "to report a dimension city.",
    ),
    Question(
        role=SALES,
        kind="price",
        text="Which discounts did we give, and who got them?",
        lacks="1C would have to report the price before the discount beside the amount.",
    ),
    Question(
        role=STORE,
        kind="stock",
        text="What lies in each warehouse, in pieces and in money?",
        tool="stock_balance",
        arguments={"date": END, "group_by": ["warehouse"], "measures": ["qty", "amount"]},
    ),
    Question(
        role=STORE,
        kind="idle",
        text="What did not sell for half a year, and what is it worth?",
        tool="stock_cover",
        arguments={"date": END, "days": 180},
    ),
    Question(
        role=STORE,
        kind="out",
        text="What will run out within a week?",
        tool="stock_cover",
        arguments={"date": END, "days": 30, "bucket": "low"},
    ),
    Question(
        role=STORE,
        kind="out",
        text="What sells and is out of stock?",
        tool="stock_cover",
        arguments={"date": END, "days": 90, "bucket": "out_of_stock"},
    ),
    Question(
        role=STORE,
        kind="stock",
        text="Where is stock below zero?",
        tool="stock_balance",
        arguments={
            "date": END,
            "group_by": ["product", "warehouse"],
            "measures": ["qty", "amount"],
            "sort": [{"field": "qty", "dir": "asc"}],
            "top": 5,
        },
    ),
    Question(
        role=STORE,
        kind="out",
        text="In which warehouses were goods missing in October, and for how long?",
        tool="availability_report",
        arguments={
            "period": OCTOBER,
            "group_by": ["warehouse"],
            "measures": ["oos_days", "days", "availability_pct"],
        },
    ),
    Question(
        role=STORE,
        kind="out",
        text="What is on the way, and when does it arrive?",
        tool="goods_in_transit",
        arguments={"date": END, "group_by": ["delivery_date"], "measures": ["qty", "amount"]},
    ),
    Question(
        role=STORE,
        kind="product",
        text="How many of this heater lie where?",
        tool="stock_balance",
        arguments={
            "date": END,
            "filters": {"product_ids": [A_PRODUCT]},
            "group_by": ["warehouse"],
            "measures": ["qty"],
        },
    ),
    Question(
        role=STORE,
        kind="idle",
        text="Which goods that are out of use still lie here?",
        tool="stock_balance",
        arguments={
            "date": END,
            "filters": {"product_status": "archived"},
            "group_by": ["product"],
            "measures": ["qty", "amount"],
            "top": 10,
        },
    ),
    Question(
        role=STORE,
        kind="product",
        text="What are code, group and unit of this heater?",
        tool="product_details",
        arguments={"product_ids": [A_PRODUCT]},
    ),
    Question(
        role=STORE,
        kind="stock",
        text="Which warehouses and shops are there?",
        tool="resolve_warehouse",
        arguments={"query": ""},
    ),
    Question(
        role=STORE,
        kind="stock",
        text="Which batches expire next month, and on which shelf are they?",
        lacks="1C would have to report batches with their dates, and places within a warehouse.",
    ),
    Question(
        role=AUDIT,
        kind="stock",
        text="In which groups did the value of the stock change over a year?",
        tool="stock_balance",
        arguments={
            "date": END,
            "group_by": ["product_group"],
            "measures": ["amount"],
            "compare": "previous_year",
            "top": 10,
        },
    ),
    Question(
        role=AUDIT,
        kind="bought",
        text="Which share of purchases have the five largest suppliers?",
        tool="purchases_report",
        arguments={
            "period": YEAR,
            "group_by": ["supplier"],
            "measures": ["amount"],
            "share": "amount",
            "top": 5,
        },
    ),
    Question(
        role=AUDIT,
        kind="bought",
        text="In which currencies do we buy, with and without VAT?",
        tool="purchases_report",
        arguments={
            "period": YEAR,
            "group_by": ["currency"],
            "measures": ["amount", "amount_net"],
        },
    ),
    Question(
        role=AUDIT,
        kind="debts",
        text="Which suppliers hold advances of ours?",
        tool="payables_balance",
        arguments={
            "date": END,
            "group_by": ["supplier"],
            "measures": ["advance"],
            "sort": _down("advance"),
            "top": 10,
        },
    ),
    Question(
        role=AUDIT,
        kind="money",
        text="What was in the foreign currency desk at the end of March?",
        tool="cash_balance",
        arguments={
            "date": "2026-03-31",
            "filters": {"cash_ids": [Found("resolve_cash", "валютная касса")]},
            "group_by": ["cash"],
            "measures": ["balance"],
        },
    ),
    Question(
        role=AUDIT,
        kind="customer",
        text="What did this customer pay us month by month?",
        tool="cash_flow",
        arguments={
            "period": YEAR,
            "filters": {"customer_ids": [A_CUSTOMER]},
            "group_by": ["month"],
            "measures": ["inflow", "outflow"],
        },
    ),
    Question(
        role=AUDIT,
        kind="books",
        text="Up to which day are there documents, which firms and desks are there?",
        tool="company",
        arguments={},
    ),
    Question(
        role=AUDIT,
        kind="books",
        text="Which documents make up this figure, and who changed them?",
        lacks="Reports have no documents: 1C would have to report a dimension document with number "
        "and day, and its log of changes.",
    ),
)
