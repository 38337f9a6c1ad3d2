"""The company itself: its firms, catalogues and their sizes, drawn from the seed."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Literal

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_drafts import Draft, named, number_entries
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


@attrs.frozen(kw_only=True)
class Size:
    """How much of everything there is; documents per month on the average."""

    products: int
    customers: int
    suppliers: int
    sales_a_month: int
    purchases_a_month: int


SIZES: Final[Mapping[SizeName, Size]] = {
    "small": Size(
        products=300, customers=120, suppliers=8, sales_a_month=400, purchases_a_month=25
    ),
    "default": Size(
        products=3_000, customers=1_200, suppliers=80, sales_a_month=4_000, purchases_a_month=250
    ),
    "large": Size(
        products=21_000,
        customers=8_400,
        suppliers=560,
        sales_a_month=28_000,
        purchases_a_month=1_750,
    ),
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

    def channel(self, folder: str, label: str) -> int:
        """The id of a channel within its folder."""
        parent = named(self.channels, folder)
        return next(
            channel.id
            for channel in self.channels
            if channel.label == label and channel.parent == parent
        )

    def desk(self, firm: int, purpose: str) -> Cash:
        """The desk or account of a firm for a purpose; its bank account where it has no such."""
        own = [desk for desk in self.cash if desk.firm == firm]
        return next(
            (desk for desk in own if desk.purpose == purpose),
            next(desk for desk in own if desk.purpose == "bank"),
        )

    def warehouse(self, label: str) -> Warehouse:
        """A warehouse by its label."""
        return next(one for one in self.warehouses if one.label == label)

    def partners_in(self, folder: str) -> list[Partner]:
        """The partners of one folder."""
        parent = named(self.partners, folder)
        return [partner for partner in self.partners if partner.parent == parent]


def draw_company(rng: Random, size: Size, calendar: Calendar) -> Company:
    """Draw every catalogue; the same random numbers give the same company."""
    firms = _firms(rng)
    partners = draw_partners(
        rng, customers=size.customers, suppliers=size.suppliers, calendar=calendar
    )
    return Company(
        size=size,
        firms=firms,
        warehouses=_warehouses(rng, firms),
        partners=partners,
        products=draw_products(rng, size.products, partners),
        channels=_channels(rng),
        sellers=_sellers(rng, firms),
        cash=_cash(rng, firms),
        cost_articles=_cost_articles(rng),
        operations=number_entries(
            rng, Entry, "О", [Draft(label=label, facts={}) for label in names.OPERATIONS]
        ),
    )


def _firms(rng: Random) -> tuple[Firm, ...]:
    ukrainian = {"currency": BASE_CURRENCY, "rate": 1, "vat_percent": 20}
    polish = {"currency": "PLN", "rate": PLN_RATE, "vat_percent": 23}
    return number_entries(
        rng,
        Firm,
        "Ф",
        [
            Draft(label="ТОВ «Велмарен»", facts=ukrainian),
            Draft(label="Welmaren Polska Sp. z o.o.", facts=polish),
        ],
    )


def _warehouses(rng: Random, firms: Sequence[Firm]) -> tuple[Warehouse, ...]:
    polish, ukrainian = sorted(firms, key=lambda firm: firm.currency)
    return number_entries(
        rng,
        Warehouse,
        "С",
        [
            Draft(label=label, facts={"firm": firm.id, "restricted": restricted})
            for label, firm, restricted in (
                ("Центральний склад", ukrainian, False),
                ("Магазин «Річковий»", ukrainian, False),
                ("Южный склад", ukrainian, False),
                ("Резервний склад", ukrainian, True),
                ("Magazyn główny", polish, False),
                ("Sklep firmowy", polish, False),
            )
        ],
    )


def _channels(rng: Random) -> tuple[Entry, ...]:
    folders = (("B2B", ("Опт", "Online", "Тендеры")), ("B2C", ("Online", "Offline", "Marketplace")))
    drafts = []
    for folder, leaves in folders:
        drafts.append(Draft(label=folder, facts={}, is_group=True))
        drafts += [Draft(label=leaf, facts={}, folder=folder) for leaf in leaves]
    return number_entries(rng, Entry, "К", drafts)


def _sellers(rng: Random, firms: Sequence[Firm]) -> tuple[Seller, ...]:
    polish, ukrainian = sorted(firms, key=lambda firm: firm.currency)
    drafts: dict[str, Draft] = {}
    for language, firm, count in (("uk", ukrainian, 6), ("ru", ukrainian, 8), ("pl", polish, 12)):
        while len(drafts) < count:
            label = names.person_name(rng, language)
            drafts[label] = Draft(label=label, facts={"firm": firm.id})
    return number_entries(rng, Seller, "П", list(drafts.values()))


def _cash(rng: Random, firms: Sequence[Firm]) -> tuple[Cash, ...]:
    polish, ukrainian = sorted(firms, key=lambda firm: firm.currency)
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
    return number_entries(
        rng,
        Cash,
        "Г",
        [
            Draft(
                label=label,
                facts={
                    "firm": firm.id,
                    "currency": currency,
                    "rate": rate,
                    "purpose": purpose,
                },
            )
            for label, firm, currency, rate, purpose in rows
        ],
    )


def _cost_articles(rng: Random) -> tuple[CostArticle, ...]:
    drafts = []
    for folder, operation, purpose, articles in names.COST_ARTICLES:
        drafts.append(Draft(label=folder, facts={}, is_group=True))
        for label, weight in articles:
            travel = label == "Зарубежные командировки"
            facts = {
                "operation": operation,
                "purpose": "travel" if travel else purpose,
                "weight": float(weight),
                "pay_day": rng.randrange(2, 27),
            }
            drafts.append(Draft(label=label, facts=facts, folder=folder))
    return number_entries(rng, CostArticle, "СЗ", drafts)
