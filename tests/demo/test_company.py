"""The company is the one that the reference page describes: every number that can be counted."""

import calendar
from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.demo.catalogue_search import CatalogueItem
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_entries import CatalogueName, Entry
from onecgw.demo.simulation.company import SIZES, SizeName, draw_company
from tests.builders.demo_queries import FIRST_DAY, OPENING, TODAY, WHOLE, ask

FULL_MONTHS = 24
FULL = {"from": FIRST_DAY.isoformat(), "to": "2026-09-30"}
SUPPLIERS = "Поставщики"


def items(books: Books, name: CatalogueName) -> Iterator[tuple[CatalogueItem, list[str]]]:
    """Every line with the labels of the folders it is in, the nearest first."""
    catalogue = books.catalogues[name]
    for item in catalogue.items:
        folders = []
        parent = item.parent
        while parent is not None:
            folder = catalogue.by_id(parent)
            folders.append(folder.label)
            parent = folder.parent
        yield item, folders


def leaves(books: Books, name: CatalogueName) -> list[tuple[CatalogueItem, list[str]]]:
    return [(item, folders) for item, folders in items(books, name) if not item.is_group]


def rows(books: Books, sql: str, *values: object) -> list[Any]:
    with books.reading() as db:
        return db.execute(sql, values).fetchall()


def test_customers_are_in_twelve_groups_and_suppliers_in_the_same_catalogue(books: Books) -> None:
    size = SIZES["small" if books.size == "small" else "default"]
    groups = Counter(tuple(folders) for _, folders in leaves(books, "partners"))
    suppliers = {folders: count for folders, count in groups.items() if SUPPLIERS in folders}
    customers = {folders: count for folders, count in groups.items() if SUPPLIERS not in folders}
    assert (sum(customers.values()), len(customers)) == (size.customers, 12)
    assert len({folder for _, folder in customers}) == 3
    assert (sum(suppliers.values()), len(suppliers)) == (size.suppliers, 3)


def test_products_are_in_forty_groups_of_two_levels(books: Books) -> None:
    size = SIZES["small" if books.size == "small" else "default"]
    products = leaves(books, "products")
    assert len(products) == size.products
    groups = [folders for item, folders in items(books, "products") if item.is_group]
    assert (len(groups), sum(1 for folders in groups if not folders)) == (40, 8)
    assert {len(folders) for _, folders in products} == {2}
    assert len({folders[0] for _, folders in products}) == 32


@pytest.mark.parametrize(
    ("size", "customers", "suppliers", "products"),
    [("small", 120, 8, 300), ("default", 1_200, 80, 3_000), ("large", 8_400, 560, 21_000)],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_catalogues_have_exactly_the_size_whatever_the_seed(
    size: SizeName, customers: int, suppliers: int, products: int, seed: int
) -> None:
    company = draw_company(Random(seed), SIZES[size], Calendar(today=TODAY))  # noqa: S311 - figures

    def count(entries: tuple[Entry, ...]) -> int:
        return sum(1 for entry in entries if not entry.is_group)

    assert (count(company.partners), count(company.products)) == (customers + suppliers, products)
    folder = next(one.id for one in company.partners if one.label == SUPPLIERS)
    groups = {one.id for one in company.partners if one.parent == folder}
    assert sum(1 for one in company.partners if one.parent in groups) == suppliers


def test_firms_warehouses_desks_articles_sellers_and_channels_are_the_ones_described(
    books: Books,
) -> None:
    firms = {item.label: item.facts["currency"] for item, _ in leaves(books, "firms")}
    assert firms == {"ТОВ «Велмарен»": "UAH", "Welmaren Polska Sp. z o.o.": "PLN"}
    hidden = [item.facts["restricted"] for item, _ in leaves(books, "warehouses")]
    assert sorted(hidden) == [0, 0, 0, 0, 0, 1]
    kinds = Counter(
        ("desk" if item.label.casefold().find("кас") + item.label.casefold().find("kas") > -2
         else "account", item.facts["currency"])
        for item, _ in leaves(books, "cash")
    )  # fmt: skip
    assert kinds == {
        ("desk", "UAH"): 2,
        ("desk", "EUR"): 1,
        ("desk", "PLN"): 2,
        ("account", "UAH"): 2,
        ("account", "EUR"): 1,
        ("account", "PLN"): 1,
    }
    articles = leaves(books, "cost_articles")
    assert (len(articles), len({folders[0] for _, folders in articles})) == (60, 8)
    assert len({item.label for item, _ in leaves(books, "sellers")}) == 12
    channels = sorted((folders[0], item.label) for item, folders in leaves(books, "channels"))
    assert channels == [
        ("B2B", "Online"),
        ("B2B", "Опт"),
        ("B2B", "Тендеры"),
        ("B2C", "Marketplace"),
        ("B2C", "Offline"),
        ("B2C", "Online"),
    ]


def test_all_twelve_operations_occur(books: Books) -> None:
    assert len(leaves(books, "operations")) == 12
    flow = ask(books, "cash_flow", period=WHOLE, group_by=["operation"], measures=["net"])
    assert set(flow.column("operation")) == {item.uuid for item, _ in leaves(books, "operations")}


def test_every_cost_article_desk_seller_and_warehouse_is_used(books: Books) -> None:
    for report, dimension, name in (
        ("cash_flow", "analytics", "cost_articles"),
        ("cash_flow", "account", "cash"),
        ("sales", "seller", "sellers"),
        ("sales", "warehouse", "warehouses"),
        ("purchases", "firm", "firms"),
    ):
        found = ask(books, report, period=WHOLE, group_by=[dimension])
        catalogue: Any = name
        expected = {item.uuid for item, _ in leaves(books, catalogue)}
        assert expected <= set(found.column(dimension)), dimension


def test_documents_of_a_month_are_as_many_as_the_size_says(books: Books) -> None:
    size = SIZES["small" if books.size == "small" else "default"]
    for table, expected in (("sales", size.sales_a_month), ("purchases", size.purchases_a_month)):
        sql = f"""
        SELECT COUNT(*), COUNT(DISTINCT substr(day, 1, 7)), MIN(day) FROM {table}
        WHERE return_of IS NULL AND day <= ?
        """  # noqa: S608 - one of two tables
        ((count, months, first),) = rows(books, sql, FULL["to"])
        assert (months, first[:7]) == (FULL_MONTHS, FIRST_DAY.isoformat()[:7])
        assert abs(count / FULL_MONTHS / expected - 1) < 0.03, table
        ((last,),) = rows(books, f"SELECT MAX(day) FROM {table}")  # noqa: S608 - the same
        assert last == TODAY.isoformat()


def test_two_to_three_percent_of_the_documents_are_returns(books: Books) -> None:
    for table in ("sales", "purchases"):
        ((share,),) = rows(
            books,
            f"SELECT COUNT(return_of) * 1.0 / (COUNT(*) - COUNT(return_of)) FROM {table}",  # noqa: S608
        )
        assert 0.02 < share < 0.03, table


def receipts_a_day(books: Books) -> dict[date, float]:
    """Sales documents of an average day of each full month."""
    found = ask(books, "sales", period=FULL, group_by=["month"], measures=["receipts"])
    months = {
        date.fromisoformat(month): count
        for month, count in found.by("month", measure="receipts").items()
    }
    return {
        month: float(count) / calendar.monthrange(month.year, month.month)[1]
        for month, count in months.items()
    }


def test_sales_follow_the_season_and_grow(books: Books) -> None:
    by_month = receipts_a_day(books)

    def mean(*numbers: int) -> float:
        found = [count for month, count in by_month.items() if month.month in numbers]
        return sum(found) / len(found)

    usual = mean(*range(3, 11))
    assert 1.42 < mean(11) / usual < 1.58
    assert 1.42 < mean(12) / usual < 1.58
    assert 0.70 < mean(1) / usual < 0.80
    first, second = [*by_month.values()][:12], [*by_month.values()][12:]
    assert 1.04 < sum(second) / sum(first) < 1.08


def test_firms_buy_on_workdays_and_people_most_on_saturday(books: Books) -> None:
    found = rows(
        books,
        """
        SELECT folder.label, strftime('%w', day), COUNT(*)
        FROM sales
        JOIN channels AS leaf ON leaf.id = channel
        JOIN channels AS folder ON folder.id = leaf.parent
        WHERE return_of IS NULL GROUP BY 1, 2
        """,
    )
    week = {(folder, number): count for folder, number, count in found}
    firms = {number for folder, number in week if folder == "B2B"}
    assert firms == {"1", "2", "3", "4", "5"}
    people = {number: count for (folder, number), count in week.items() if folder == "B2C"}
    assert max(people, key=lambda number: people[number]) == "6"
    assert people["6"] > 1.4 * people["1"]
    assert len(people) == 7


def test_a_fifth_of_customers_and_products_make_most_of_the_sales(books: Books) -> None:
    # The small company has too few products in a group for some to be hardly sold at all.
    most = {"small": 0.5, "default": 0.75}[books.size]
    for dimension in ("customer", "product"):
        amounts = ask(books, "sales", period=WHOLE, group_by=[dimension]).column("amount")
        assert sum(amounts[: len(amounts) // 5]) / sum(amounts) > most, dimension


def test_every_line_and_every_product_earns_25_to_40_percent(books: Books) -> None:
    margin = "(amount - vat - cost) * 100.0 / (amount - vat)"
    ((least, most),) = rows(books, f"SELECT MIN({margin}), MAX({margin}) FROM sale_lines")  # noqa: S608
    assert 25 <= least <= most <= 40
    found = ask(books, "sales", period=WHOLE, group_by=["product"], measures=["amount", "margin"])
    margins = [margin for margin in found.column("margin") if margin is not None]
    assert len(margins) > len(leaves(books, "products")) * 0.8
    assert 25 <= min(margins) <= max(margins) <= 40
    assert 30 < found.totals["margin"] < 36


def test_purchases_move_the_price_by_two_percent_and_no_more(books: Books) -> None:
    """The one reason why the margin of a product is not the same on every day."""
    ((least, most),) = rows(
        books,
        """
        SELECT MIN(low), MAX(high) FROM (
            SELECT
                MIN((amount - vat) * 1000.0 / qty) / AVG((amount - vat) * 1000.0 / qty) AS low,
                MAX((amount - vat) * 1000.0 / qty) / AVG((amount - vat) * 1000.0 / qty) AS high
            FROM purchase_lines JOIN purchases ON purchases.id = purchase
            GROUP BY firm, product HAVING COUNT(*) > 1)
        """,
    )
    assert 0.955 < least < most < 1.045


def test_names_are_as_untidy_as_in_a_real_base(books: Books) -> None:
    partners = [item.label for item, _ in leaves(books, "partners")]
    products = [item.label for item, _ in leaves(books, "products")]
    assert any("\N{NO-BREAK SPACE}" in label for label in partners)
    assert any("«" in label and "»" in label for label in partners)
    assert any("\N{NO-BREAK SPACE}" in label for label in products)
    assert any("«" in label and "»" in label for label in products)
    for labels, pair in (
        (partners, {"ООО «Тёплый дом»", "ООО «Теплый дом»"}),
        (partners, {"ТОВ «Мрія-Тест»", "ООО «Мрия-Тест»"}),
        (products, {"Шуруповёрт «Ёж» АХ-15", "Шуруповерт «Еж» АХ-15"}),
    ):
        assert pair <= set(labels)
    assert Counter(partners)["ФОП Зорецвіт Олена"] == 2
    assert max(Counter(products).values()) >= 2


def test_nameless_buyer_archived_product_and_payer_in_advance_are_there(books: Books) -> None:
    partners = {item.label: item.uuid for item, _ in leaves(books, "partners")}
    sold = ask(books, "sales", period=WHOLE, group_by=["customer"]).by("customer", measure="amount")
    assert sold[partners["Розничный покупатель"]] > 0
    (archived,) = [item.uuid for item, _ in leaves(books, "products") if item.archived]
    assert ask(books, "stock", group_by=["product"]).by("product", measure="qty")[archived] > 0
    only_paid = partners["ТОВ\N{NO-BREAK SPACE}«Лише\N{NO-BREAK SPACE}аванси»"]
    assert only_paid not in sold
    debts = ask(books, "receivables", group_by=["customer"])
    assert debts.by("customer", measure="advance")[only_paid] == 250_000
    assert debts.by("customer", measure="receivable")[only_paid] == 0


def test_one_channel_is_empty(books: Books) -> None:
    sold = set(
        ask(books, "sales", period=WHOLE, group_by=["sales_channel"]).column("sales_channel")
    )
    empty = [item.label for item, _ in leaves(books, "channels") if item.uuid not in sold]
    assert empty == ["Marketplace"]


def test_exactly_one_line_of_stock_is_negative(books: Books) -> None:
    for day in (OPENING, "2026-10-01", TODAY.isoformat()):
        stock = ask(books, "stock", date=day, group_by=["product", "warehouse"], measures=["qty"])
        below = [qty for qty in stock.column("qty") if qty < 0]
        assert below == ([-3] if day == TODAY.isoformat() else [])
