"""The company itself: its firms, catalogues and their sizes, drawn from the seed."""

from collections.abc import Mapping
from functools import cached_property
from random import Random
from typing import Final, Literal

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_drafts import Draft, number_entries
from onecgw.demo.simulation.catalogue_entries import (
    Cash,
    CostArticle,
    Entry,
    Firm,
    Partner,
    Product,
    Seller,
    Warehouse,
)
from onecgw.demo.simulation.partner_generator import draw_partners
from onecgw.demo.simulation.product_generator import draw_products

SizeName = Literal["small", "default", "large"]


_TIMES: Final[Mapping[SizeName, int]] = {"small": 1, "default": 10, "large": 70}


@attrs.frozen(kw_only=True)
class Size:
    """How much of everything there is; documents per month on the average."""

    products: int
    customers: int
    suppliers: int
    sales_a_month: int
    purchases_a_month: int


SIZES: Final[Mapping[SizeName, Size]] = {
    name: Size(
        products=300 * times,
        customers=120 * times,
        suppliers=8 * times,
        sales_a_month=400 * times,
        purchases_a_month=25 * times,
    )
    for name, times in _TIMES.items()
}

BASE_CURRENCY: Final = "UAH"
# Whole numbers, so that an amount in the base currency is exact; they never change.
EUR_RATE: Final = 48
PLN_RATE: Final = 11


@attrs.frozen(kw_only=True)
class Company:
    """Every catalogue, each in the order of its ids."""

    size: Size
    firms: tuple[Firm, ...]
    warehouses: tuple[Warehouse, ...]
    partners: tuple[Partner, ...]
    products: tuple[Product, ...]
    channels: tuple[Entry, ...]
    sellers: tuple[Seller, ...]
    cash: tuple[Cash, ...]
    cost_articles: tuple[CostArticle, ...]
    operations: tuple[Entry, ...]

    def firm(self, number: int) -> Firm:
        """The firm with an id."""
        return self.firms[number - 1]

    def partner(self, number: int) -> Partner:
        """The partner with an id."""
        return self.partners[number - 1]

    def desk(self, firm: int, purpose: str) -> Cash:
        """The desk or account of a firm for a purpose; its bank account where it has no such."""
        return self._desks.get((firm, purpose)) or self._desks[firm, "bank"]

    @cached_property
    def _desks(self) -> dict[tuple[int, str], Cash]:
        return {(desk.firm, desk.purpose): desk for desk in self.cash}


def draw_company(rng: Random, size: Size, calendar: Calendar) -> Company:
    """Draw every catalogue; the same random numbers give the same company."""
    firms = _firms(rng)
    polish, ukrainian = firms  # in the order of their labels
    partners = draw_partners(
        rng, customers=size.customers, suppliers=size.suppliers, calendar=calendar
    )
    return Company(
        size=size,
        firms=firms,
        partners=partners,
        warehouses=_warehouses(rng, polish, ukrainian),
        products=draw_products(rng, size.products, partners),
        channels=_channels(rng),
        sellers=_sellers(rng, polish, ukrainian),
        cash=_cash(rng, polish, ukrainian),
        cost_articles=_cost_articles(rng),
        operations=number_entries(
            rng, Entry, "О", [Draft(label=label) for label in names.OPERATIONS]
        ),
    )


def _firms(rng: Random) -> tuple[Firm, ...]:
    ukrainian = {"currency": BASE_CURRENCY, "rate": 1, "vat_percent": 20}
    polish = {"currency": "PLN", "rate": PLN_RATE, "vat_percent": 23}
    drafts = [
        Draft(label="ТОВ «Велмарен»", facts=ukrainian),
        Draft(label="Welmaren Polska Sp. z o.o.", facts=polish),
    ]
    return number_entries(rng, Firm, "Ф", drafts)


def _warehouses(rng: Random, polish: Firm, ukrainian: Firm) -> tuple[Warehouse, ...]:
    rows = (
        ("Центральний склад", ukrainian, False),
        ("Магазин «Річковий»", ukrainian, False),
        ("Южный склад", ukrainian, False),
        ("Резервний склад", ukrainian, True),
        ("Magazyn główny", polish, False),
        ("Sklep firmowy", polish, False),
    )
    drafts = [
        Draft(label=label, facts={"firm": firm.id, "restricted": restricted})
        for label, firm, restricted in rows
    ]
    return number_entries(rng, Warehouse, "С", drafts)


def _channels(rng: Random) -> tuple[Entry, ...]:
    drafts = []
    for folder, leaves in (
        ("B2B", ("Опт", "Online", "Тендеры")),
        ("B2C", ("Online", "Offline", "Marketplace")),
    ):
        drafts.append(Draft(label=folder, is_group=True))
        drafts += [Draft(label=leaf, folder=folder) for leaf in leaves]
    return number_entries(rng, Entry, "К", drafts)


def _sellers(rng: Random, polish: Firm, ukrainian: Firm) -> tuple[Seller, ...]:
    drafts: dict[str, Draft] = {}
    for language, firm, count in (("uk", ukrainian, 6), ("ru", ukrainian, 8), ("pl", polish, 12)):
        while len(drafts) < count:
            label = names.person_name(rng, language)
            drafts[label] = Draft(label=label, facts={"firm": firm.id})
    return number_entries(rng, Seller, "П", list(drafts.values()))


def _cash(rng: Random, polish: Firm, ukrainian: Firm) -> tuple[Cash, ...]:
    rows = (
        ("Головна каса", ukrainian, BASE_CURRENCY, 1, "petty"),
        ("Каса магазину «Річковий»", ukrainian, BASE_CURRENCY, 1, "shop"),
        ("Валютная касса EUR", ukrainian, "EUR", EUR_RATE, "travel"),
        ("Kasa biura", polish, "PLN", PLN_RATE, "petty"),
        ("Kasa sklepu", polish, "PLN", PLN_RATE, "shop"),
        ("Поточний рахунок UAH", ukrainian, BASE_CURRENCY, 1, "bank"),
        ("Зарплатний рахунок UAH", ukrainian, BASE_CURRENCY, 1, "payroll"),
        ("Валютный счёт EUR", ukrainian, "EUR", EUR_RATE, "currency"),
        ("Rachunek bieżący PLN", polish, "PLN", PLN_RATE, "bank"),
    )
    drafts = [
        Draft(
            label=label,
            facts={"firm": firm.id, "currency": currency, "rate": rate, "purpose": purpose},
        )
        for label, firm, currency, rate, purpose in rows
    ]
    return number_entries(rng, Cash, "Г", drafts)


def _cost_articles(rng: Random) -> tuple[CostArticle, ...]:
    drafts = []
    for folder, operation, purpose, articles in names.COST_ARTICLES:
        drafts.append(Draft(label=folder, is_group=True))
        for label, weight in articles:
            travel = label == "Зарубежные командировки"
            dividends = label == names.DIVIDENDS_ARTICLE
            facts = {
                "operation": names.DIVIDENDS if dividends else operation,
                "purpose": "travel" if travel else purpose,
                "weight": float(weight),
                "pay_day": rng.randrange(2, 27),
            }
            drafts.append(Draft(label=label, facts=facts, folder=folder))
    return number_entries(rng, CostArticle, "СЗ", drafts)
