"""The catalogue of customers and suppliers, with the oddities that every real one has."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Final

import attrs

from onecgw.demo.ledger import names
from onecgw.demo.ledger.calendar import Calendar
from onecgw.demo.ledger.catalogues import Partner
from onecgw.demo.ledger.drafts import Draft, number_entries

_IMPORTERS: Final = "Поставщики: импорт"
ADVANCE_ONLY: Final = f"ТОВ{names.NBSP}«Лише{names.NBSP}аванси»"


def draw_partners(
    rng: Random, *, customers: int, suppliers: int, calendar: Calendar
) -> tuple[Partner, ...]:
    """The partners in their folders: so many customers and suppliers, and some odd ones."""
    drafts = []
    old = calendar.first_day - timedelta(days=400)
    for folder, leaves in names.PARTNER_GROUPS:
        drafts.append(Draft(label=folder, facts={"created": old}, is_group=True))
        drafts += [
            Draft(label=leaf, facts={"created": old}, folder=folder, is_group=True)
            for leaf in leaves
        ]
    for folder, share, language, terms in (
        ("Дилери", 0.28, "uk", (14, 21, 30, 45)),
        ("Корпоративні клієнти", 0.18, "ru", (21, 30, 45)),
        ("Тендерные заказчики", 0.05, "uk", (45, 60)),
        ("Інтернет-покупці", 0.25, "person", (0,)),
        ("Магазинні покупці", 0.04, "person", (0,)),
        ("Hurt Polska", 0.12, "pl", (14, 30, 45)),
        ("Detal Polska", 0.08, "person-pl", (0,)),
    ):
        drafts += [
            _customer(rng, folder, language, terms, calendar)
            for _ in range(round(customers * share))
        ]
    drafts += _odd_customers(calendar)
    for folder, share, language, terms in (
        ("Постачальники України", 0.5, "uk", (30, 35, 40)),
        (_IMPORTERS, 0.25, "ru", (25, 35, 45)),
        ("Dostawcy Polska", 0.25, "pl", (30, 35, 45)),
    ):
        for number in range(round(suppliers * share)):
            draft = _customer(rng, folder, language, terms, calendar)
            # A part of the importers want their money before they deliver.
            in_advance = folder == _IMPORTERS and number % 4 == 1
            terms_days = None if in_advance else draft.facts["terms_days"]
            facts = {**draft.facts, "created": old, "terms_days": terms_days}
            drafts.append(attrs.evolve(draft, facts=facts))
    return number_entries(rng, Partner, "К", drafts)


def _customer(
    rng: Random, folder: str, language: str, terms: Sequence[int], calendar: Calendar
) -> Draft:
    polish = language in ("pl", "person-pl")
    if language.startswith("person"):
        label = names.person_name(rng, "pl" if polish else rng.choice(("uk", "uk", "ru")))
    else:
        label = names.company_name(rng, language)
    span = (calendar.today - calendar.first_day).days
    is_new = rng.random() < 0.3  # noqa: PLR2004 - the share of customers won in the two years
    offset = rng.randrange(span) if is_new else -rng.randrange(1, 1500)
    in_advance = terms != (0,) and rng.random() < 0.04  # noqa: PLR2004 - the share of prepayers
    facts = {
        "phone": names.phone(rng, "48" if polish else "380"),
        "city": rng.choice(names.CITIES_PL if polish else names.CITIES_UA),
        "created": calendar.first_day + timedelta(days=offset),
        "terms_days": None if in_advance else rng.choice(terms),
    }
    return Draft(label=label, facts=facts, folder=folder)


def _odd_customers(calendar: Calendar) -> list[Draft]:
    """What every real base has: look-alikes, duplicates, an archived one, a nameless buyer."""
    created = calendar.first_day - timedelta(days=200)
    rows = (
        (names.ANONYMOUS, "Магазинні покупці", 0, False),
        ("ТОВ «Мрія-Тест»", "Дилери", 30, False),
        ("ООО «Мрия-Тест»", "Корпоративні клієнти", 30, False),
        ("ООО «Тёплый дом»", "Корпоративні клієнти", 21, False),
        ("ООО «Теплый дом»", "Дилери", 21, False),
        ("ФОП Зорецвіт Олена", "Дилери", 14, False),
        ("ФОП Зорецвіт Олена", "Корпоративні клієнти", 30, False),
        ("ЧП «Закрытый»", "Дилери", 30, True),
        (ADVANCE_ONLY, "Тендерные заказчики", None, False),
    )
    return [
        Draft(
            label=label,
            facts={"created": created, "terms_days": terms, "city": names.CITIES_UA[0]},
            folder=folder,
            archived=archived,
        )
        for label, folder, terms, archived in rows
    ]
