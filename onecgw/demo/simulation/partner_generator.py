"""The catalogue of customers and suppliers, with the oddities that every real one has."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_drafts import Draft, number_entries
from onecgw.demo.simulation.catalogue_entries import Partner
from onecgw.demo.simulation.rounding import apportion

ADVANCE_ONLY: Final = f"ТОВ{names.NBSP}«Лише{names.NBSP}аванси»"
ARCHIVED_CUSTOMER: Final = "ЧП «Закрытый»"
IMPORTERS: Final = "Поставщики: импорт"
HOME_SUPPLIERS, POLISH_SUPPLIERS = "Постачальники України", "Dostawcy Polska"

_IN_ADVANCE: Final = None
_CUSTOMERS_FOR_LONG: Final = 3
_SHARE_OF_NEW: Final = 0.3
_SHARE_OF_PREPAYERS: Final = 0.04


@attrs.frozen
class _PartnerGroup:
    """A group of the catalogue.

    share: of all customers, or of all suppliers, percent.
    kind: what its names are like.
    terms: after how many days its partners agree to be paid or to pay; 0 is at once.
    """

    label: str
    share: int
    kind: str
    terms: tuple[int, ...]


# Folder → its groups: twelve of customers, three of suppliers.
CUSTOMER_GROUPS: Final = (
    ("Покупці: опт", (
        _PartnerGroup("Дилери", 16, "uk", (14, 21, 30, 45)),
        _PartnerGroup("Будівельні магазини", 12, "uk", (14, 21, 30)),
        _PartnerGroup("Монтажные организации", 10, "ru", (21, 30, 45)),
        _PartnerGroup("Корпоративні клієнти", 8, "ru", (21, 30, 45)),
        _PartnerGroup("Тендерные заказчики", 5, "uk", (45, 60)),
    )),
    ("Покупці: роздріб", (
        _PartnerGroup("Інтернет-покупці", 17, "person", (0,)),
        _PartnerGroup("Магазинні покупці", 5, "person", (0,)),
        _PartnerGroup("Постоянные покупатели", 7, "person", (0,)),
    )),
    ("Klienci Polska", (
        _PartnerGroup("Hurt Polska", 7, "pl", (14, 30, 45)),
        _PartnerGroup("Instalatorzy", 5, "pl", (14, 21, 30)),
        _PartnerGroup("Detal Polska", 4, "person-pl", (0,)),
        _PartnerGroup("Sklep internetowy", 4, "person-pl", (0,)),
    )),
)  # fmt: skip
SUPPLIER_GROUPS: Final = (
    ("Поставщики", (
        _PartnerGroup(HOME_SUPPLIERS, 50, "uk", (30, 35)),
        _PartnerGroup(IMPORTERS, 25, "ru", (25, 35, 45)),
        _PartnerGroup(POLISH_SUPPLIERS, 25, "pl", (30, 35, 45)),
    )),
)  # fmt: skip


def draw_partners(
    rng: Random, *, customers: int, suppliers: int, calendar: Calendar
) -> tuple[Partner, ...]:
    """The partners in their folders: so many customers and so many suppliers."""
    drafts = []
    facts = {"created": _long_ago(calendar)}
    for folders, count, draw in (
        (CUSTOMER_GROUPS, customers, _customers),
        (SUPPLIER_GROUPS, suppliers, _suppliers),
    ):
        shares = [group.share for _, groups in folders for group in groups]
        counts = iter(apportion(count, shares))
        for folder, groups in folders:
            drafts.append(Draft(label=folder, facts=facts, is_group=True))
            for group in groups:
                drafts.append(Draft(label=group.label, facts=facts, folder=folder, is_group=True))
                drafts += draw(rng, group, next(counts), calendar)
    return number_entries(rng, Partner, "К", drafts)


def _customers(rng: Random, group: _PartnerGroup, count: int, calendar: Calendar) -> list[Draft]:
    """So many customers of a group; the odd ones take the places of the last."""
    drafts = [_partner(rng, group, number, calendar) for number in range(count)]
    odd = [draft for draft in _odd_customers(calendar) if draft.folder == group.label]
    return [*drafts[: count - len(odd)], *odd]


def _suppliers(rng: Random, group: _PartnerGroup, count: int, calendar: Calendar) -> list[Draft]:
    """So many suppliers of a group; a part of the importers want money before they deliver."""
    drafts = []
    for number in range(count):
        draft = _partner(rng, group, number, calendar)
        in_advance = group.label == IMPORTERS and number % 4 == 1
        terms_days = _IN_ADVANCE if in_advance else rng.choice(group.terms)
        facts = {**draft.facts, "created": _long_ago(calendar), "terms_days": terms_days}
        drafts.append(attrs.evolve(draft, facts=facts))
    return drafts


def _partner(rng: Random, group: _PartnerGroup, number: int, calendar: Calendar) -> Draft:
    polish = group.kind in ("pl", "person-pl")
    if group.kind.startswith("person"):
        label = names.person_name(rng, "pl" if polish else rng.choice(("uk", "uk", "ru")))
    else:
        label = names.company_name(rng, group.kind)
    span = (calendar.today - calendar.first_day).days
    # Each group has customers from the first day on.
    is_new = number >= _CUSTOMERS_FOR_LONG and rng.random() < _SHARE_OF_NEW
    offset = rng.randrange(span) if is_new else -rng.randrange(1, 1500)
    in_advance = group.terms != (0,) and rng.random() < _SHARE_OF_PREPAYERS
    facts = {
        "phone": names.phone(rng, "48" if polish else "380"),
        "city": rng.choice(names.CITIES_PL if polish else names.CITIES_UA),
        "created": calendar.first_day + timedelta(days=offset),
        "terms_days": _IN_ADVANCE if in_advance else rng.choice(group.terms),
    }
    return Draft(label=label, facts=facts, folder=group.label)


def _odd_customers(calendar: Calendar) -> list[Draft]:
    """What every real base has: look-alikes, duplicates, an archived one, a nameless buyer."""
    created = calendar.first_day - timedelta(days=200)
    rows: Sequence[tuple[str, str, int | None]] = (
        (names.ANONYMOUS, "Магазинні покупці", 0),
        ("ТОВ «Мрія-Тест»", "Дилери", 30),
        ("ООО «Мрия-Тест»", "Корпоративні клієнти", 30),
        ("ООО «Тёплый дом»", "Монтажные организации", 21),
        ("ООО «Теплый дом»", "Дилери", 21),
        ("ФОП Зорецвіт Олена", "Дилери", 14),
        ("ФОП Зорецвіт Олена", "Будівельні магазини", 30),
        (ARCHIVED_CUSTOMER, "Дилери", 30),
        (ADVANCE_ONLY, "Тендерные заказчики", _IN_ADVANCE),
    )
    return [
        Draft(
            label=label,
            facts={"created": created, "terms_days": terms, "city": names.CITIES_UA[0]},
            folder=folder,
            archived=label == ARCHIVED_CUSTOMER,
        )
        for label, folder, terms in rows
    ]


def _long_ago(calendar: Calendar) -> date:
    return calendar.first_day - timedelta(days=400)
