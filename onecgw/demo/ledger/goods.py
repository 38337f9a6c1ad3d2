"""The catalogue of products in two levels of groups, with the oddities that every real one has."""

from collections.abc import Sequence
from random import Random
from typing import Final

import attrs

from onecgw.demo.ledger import names
from onecgw.demo.ledger.catalogues import Partner, Product
from onecgw.demo.ledger.drafts import Draft, named, number_entries

# The exponent of the popularity of products and customers by rank.
PARETO: Final = 1.25
ARCHIVED_PRODUCT: Final = "Шуруповёрт аккумуляторный Велмар СТ-77 (снят)"
NEGATIVE_PRODUCT: Final = "Секатор «Ёлка» пересортица"

_STORY_SHARE: Final = 0.10


def draw_products(rng: Random, count: int, partners: Sequence[Partner]) -> tuple[Product, ...]:
    """So many products in their groups, each with its supplier, and some odd ones."""
    suppliers = {
        leaf: [partner.id for partner in partners if partner.parent == named(partners, leaf)]
        for leaf in names.PARTNER_GROUPS[-1][1]
    }
    drafts = []
    leaves = []
    for folder, groups in names.PRODUCT_GROUPS:
        drafts.append(Draft(label=folder, facts={}, is_group=True))
        for label, noun, unit, price in groups:
            drafts.append(Draft(label=label, facts={}, folder=folder, is_group=True))
            leaves.append((label, noun, unit, price))
    per_leaf = count // len(leaves)
    for label, noun, unit, price in leaves:
        share = _STORY_SHARE if label == names.STORY_GROUP else rng.uniform(0.4, 1.6) / len(leaves)
        source = "Dostawcy Polska" if unit in ("szt", "m") else "Постачальники України"
        pool = suppliers[source] + suppliers["Поставщики: импорт"]
        pool = [rng.choice(pool) for _ in range(3)]
        ranks = [(rank + 3) ** -PARETO for rank in range(per_leaf)]
        # Popularity is a share of money; dear things are bought less often.
        drafts += [
            _product(rng, (label, noun, unit, price), share * rank / sum(ranks), rng.choice(pool))
            for rank in ranks
        ]
    drafts += _odd_products(drafts, leaves[0][0])
    return number_entries(rng, Product, "Т", drafts)


def _product(
    rng: Random, leaf: tuple[str, str, str, int], money_share: float, supplier: int
) -> Draft:
    label, noun, unit, price = leaf
    unit_price = max(500, round(price * 100 * rng.lognormvariate(0, 0.45)))
    pack = next(
        pack for limit, pack in ((10_000, 40), (50_000, 15), (200_000, 5), (10**12, 2))
        if unit_price < limit
    )  # fmt: skip
    facts = {
        "unit": unit,
        "unit_price": unit_price,
        "margin_percent": rng.randrange(32, 44),
        "pack": pack,
        "step": 500 if unit in ("м", "m", "кг") else 1000,
        "popularity": money_share,
        "supplier": supplier,
    }
    return Draft(label=names.product_name(rng, noun), facts=facts, folder=label)


def _odd_products(drafts: Sequence[Draft], story_group: str) -> list[Draft]:
    """A duplicate, an ё/е pair, an archived product that still lies there, a negative one."""
    last = next(draft for draft in reversed(drafts) if draft.folder != story_group)
    asleep = {**last.facts, "popularity": 0.0, "unit": "шт", "step": 1000}
    return [
        attrs.evolve(last),
        attrs.evolve(last, label="Шуруповёрт «Ёж» АХ-15", folder="Шуруповёрты"),
        attrs.evolve(last, label="Шуруповерт «Еж» АХ-15", folder="Шуруповёрты"),
        attrs.evolve(
            last, label=ARCHIVED_PRODUCT, facts=asleep, folder="Шуруповёрты", archived=True
        ),
        attrs.evolve(last, label=NEGATIVE_PRODUCT, facts=asleep, folder="Секаторы"),
    ]
