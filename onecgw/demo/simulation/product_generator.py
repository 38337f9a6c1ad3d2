"""The catalogue of products in two levels of groups, with the oddities that every real one has."""

from collections.abc import Sequence
from random import Random
from typing import Final

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.catalogue_drafts import Draft, named, number_entries
from onecgw.demo.simulation.catalogue_entries import Partner, Product
from onecgw.demo.simulation.partner_generator import HOME_SUPPLIERS, IMPORTERS, POLISH_SUPPLIERS
from onecgw.demo.simulation.rounding import apportion

# The exponent of the popularity of products and customers by rank.
PARETO: Final = 1.25
ARCHIVED_PRODUCT: Final = "Шуруповёрт аккумуляторный Велмар СТ-77 (снят)"
NEGATIVE_PRODUCT: Final = "Секатор «Ёлка» пересортица"

_SCENARIO_SHARE: Final = 0.10
# Kopecks. Below it the rounding of a line to a kopeck would show in its margin.
_LEAST_PRICE: Final = 2_500
# With the discounts and the moves of purchase prices every line earns 25 to 40 %.
_MARGINS_PERCENT: Final = range(31, 39)
_PACKS: Final = (300, 200, 150, 100, 80, 60, 50, 40, 30, 25, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1)
_PACK_PRICE: Final = 12_000_00


def draw_products(rng: Random, count: int, partners: Sequence[Partner]) -> tuple[Product, ...]:
    """So many products in their groups, each with its supplier; some of them are odd."""
    suppliers = {
        label: [partner.id for partner in partners if partner.parent == named(partners, label).id]
        for label in (HOME_SUPPLIERS, IMPORTERS, POLISH_SUPPLIERS)
    }
    leaves = sum(len(groups) for _, groups in names.PRODUCT_GROUPS)
    counts = iter(apportion(count, [1] * leaves))
    drafts = []
    for folder, groups in names.PRODUCT_GROUPS:
        drafts.append(Draft(label=folder, is_group=True))
        for label, noun, unit, price in groups:
            drafts.append(Draft(label=label, folder=folder, is_group=True))
            is_scenario = label == names.SCENARIO_GROUP
            share = _SCENARIO_SHARE if is_scenario else rng.uniform(0.4, 1.6) / leaves
            source = POLISH_SUPPLIERS if unit in ("szt", "m") else HOME_SUPPLIERS
            sources = suppliers[source] + ([] if is_scenario else suppliers[IMPORTERS])
            pool = [rng.choice(sources) for _ in range(3)]
            ranks = [(rank + 3) ** -PARETO for rank in range(next(counts))]
            # Popularity is a share of money; dear things are bought less often.
            products = [
                Draft(
                    label=names.product_name(rng, noun),
                    facts=_facts(rng, unit, price, share * rank / sum(ranks), rng.choice(pool)),
                    folder=label,
                )
                for rank in ranks
            ]
            drafts += _with_odd_ones(label, products)
    return number_entries(rng, Product, "Т", drafts)


def _facts(
    rng: Random, unit: str, price: int, money_share: float, supplier: int
) -> dict[str, object]:
    unit_price = max(_LEAST_PRICE, round(price * 100 * rng.lognormvariate(0, 0.45)))
    return {
        "unit": unit,
        "unit_price": unit_price,
        "margin_percent": rng.choice(_MARGINS_PERCENT),
        "pack": next((pack for pack in _PACKS if pack * unit_price <= _PACK_PRICE), 1),
        "step": 500 if unit in ("м", "m", "кг") else 1000,
        "popularity": money_share,
        "supplier": supplier,
    }


def _with_odd_ones(group: str, products: Sequence[Draft]) -> list[Draft]:
    """The products of a group; odd ones take the places of the last."""
    last = products[-1]
    asleep = {**last.facts, "popularity": 0.0}
    odd = {
        "Лопаты": [products[-2]],  # the same name twice
        "Секаторы": [attrs.evolve(last, label=NEGATIVE_PRODUCT, facts=asleep)],
        "Шуруповёрты": [
            attrs.evolve(last, label="Шуруповёрт «Ёж» АХ-15"),
            attrs.evolve(last, label="Шуруповерт «Еж» АХ-15"),
            attrs.evolve(last, label=ARCHIVED_PRODUCT, facts=asleep, archived=True),
        ],
    }.get(group, [])
    return [*products[: len(products) - len(odd)], *odd]
