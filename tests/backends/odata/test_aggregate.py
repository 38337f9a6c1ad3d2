"""The sums of a report against plain loops, and the form of its numbers."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.odata.aggregate import Aggregation
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.catalogues import ZERO, CatalogueEntry, ODataCatalogue, member_entry
from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.numbers import divide, shown
from onecgw.backends.odata.outline import Outline, outline
from onecgw.backends.odata.profile_reader import load_profile
from onecgw.backends.odata.query_plan import Fetch, plan
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import SALES
from onecgw.backends.odata.request import RequestedReport, read_request
from onecgw.backends.odata.restrictions import Restriction
from onecgw.backends.odata.row_reading import _reader
from onecgw.errors import OnecBadResponse

UNF = load_profile("unf")
KINDS = ("customer", "product", "warehouse", "firm", "seller")
IDS = {kind: [f"{place:08}-0000-4000-8000-{kind:>012.12}" for place in range(4)] for kind in KINDS}
COLUMNS = {
    "customer": "Контрагент_Key",
    "product": "Номенклатура_Key",
    "warehouse": "Склад_Key",
    "firm": "Организация_Key",
    "seller": "Ответственный_Key",
}
RESOURCES = ("Количество", "Сумма", "СуммаНДС", "СебестоимостьБезНДС")
SALE, RETURN = (
    "StandardODATA.Document_РасходнаяНакладная",
    "StandardODATA.Document_ПриходнаяНакладная",
)
AMOUNTS = st.decimals(-(10**30), 10**30, places=2)


def entry(kind: str, place: int, entry_id: str) -> CatalogueEntry:
    # Labels repeat, and the first entries are the groups of the others.
    return CatalogueEntry(
        id=entry_id,
        label=f"{kind} {'яб'[place % 2]}",
        parent=IDS[kind][place % 2] if place > 1 else None,
        created=f"2026-0{place + 1}-15",
    )


def references() -> References:
    columns = {f"{name}Turnover": "Edm.Double" for name in RESOURCES}
    columns |= dict.fromkeys((*COLUMNS.values(), "Документ", "Документ_Type"), "")
    return References(
        profile=UNF,
        types=Types(
            fields={"AccumulationRegister_Продажи_Turnover": columns}, functions={}, members={}
        ),
        catalogues={
            kind: ODataCatalogue(
                kind,
                [entry(kind, place, one) for place, one in enumerate(IDS[kind])],
                has_folders=True,
            )
            for kind in KINDS
        },
        keys={},
        accounts={},
        predefined={},
    )


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    def row() -> dict[str, Any]:
        found: dict[str, Any] = {
            column: draw(st.sampled_from([*IDS[kind], ZERO])) for kind, column in COLUMNS.items()
        }
        found |= {
            "Документ": draw(st.sampled_from("abc")),
            "Документ_Type": draw(st.sampled_from([SALE, RETURN])),
        }
        return found | {f"{name}Turnover": draw(AMOUNTS) for name in RESOURCES}

    return [row() for _ in range(draw(st.integers(0, 8)))]


def naive(found: Sequence[dict[str, Any]], measures: Sequence[str]) -> list[Any]:
    """The measures of some rows, with as many digits as it takes."""

    def total(name: str) -> Decimal:
        return sum((row[f"{name}Turnover"] for row in found), Decimal(0))

    with localcontext(prec=200):
        sales = [row for row in found if row["Документ_Type"] == SALE]
        returned = [row for row in found if row["Документ_Type"] == RETURN]
        receipts = Decimal(len({row["Документ"] for row in sales}))
        net = total("Сумма") - total("СуммаНДС")
        profit = net - total("СебестоимостьБезНДС")
        amount = total("Сумма")
        kopeck = Decimal("0.01")
        values: dict[str, Decimal | None] = {
            "amount": amount,
            "amount_net": net,
            "returns": -sum((row["СуммаTurnover"] for row in returned), Decimal(0)),
            "qty": total("Количество"),
            "receipts": receipts,
            "customers": Decimal(
                len({row["Контрагент_Key"] for row in sales if row["Контрагент_Key"] != ZERO})
            ),
            "cost": total("СебестоимостьБезНДС"),
            "profit": profit,
            "avg_check": (amount / receipts).quantize(kopeck, ROUND_HALF_UP) if receipts else None,
            "margin": (profit * 100 / net).quantize(kopeck, ROUND_HALF_UP) if net else None,
        }
        return [values[name] for name in measures]


@given(
    found=rows(),
    group_by=st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True),
    measures=st.lists(
        st.sampled_from([one.name for one in SALES.measures]), min_size=1, unique=True
    ),
    of=st.none() | st.sampled_from(IDS["firm"]),
)
def test_rows_and_totals_are_those_of_plain_loops(
    found: list[dict[str, Any]], group_by: list[str], measures: list[str], of: str | None
) -> None:
    body = {
        "period": {"from": "2026-03-01", "to": "2026-03-31"},
        "group_by": group_by,
        "measures": measures,
    }
    request = read_request(SALES, body, today=date(2026, 3, 31))
    table = table_of(request, found, of)
    wanted = [row for row in found if of is None or row["Организация_Key"] == of]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in wanted:
        groups.setdefault(tuple(row[COLUMNS[name]] for name in group_by), []).append(row)
    places = len(group_by)
    assert {
        tuple(cell["id"] if isinstance(cell, dict) else ZERO for cell in line[:places]): line[
            places:
        ]
        for line in table.rows
    } == {key: naive(group, measures) for key, group in groups.items()}
    assert [table.totals[name] for name in measures] == naive(wanted, measures)


def table_of(request: RequestedReport, found: list[dict[str, Any]], of: str | None) -> Any:
    known = references()
    chosen = outline(UNF, UNF.tools["sales_report"], request)
    assert isinstance(chosen, Outline)
    # With so small a budget nothing is left to 1C: the rows are filtered here.
    bounds = Bounds(url_bytes=1, rows=10, buckets=62)
    restrictions = [] if of is None else [
        Restriction(alternatives=(("firm", frozenset({of})),))
    ]  # fmt: skip
    (whole,) = plan(chosen, request, restrictions, known, bounds)
    assert whole.restrictions == tuple(restrictions)
    aggregation = Aggregation(chosen, request, known)
    fetches: Sequence[Fetch] = (whole,)
    if len(whole.facts) > 1 and not restrictions:
        # One byte less than the whole address takes: several calls, each with some of the facts.
        shorter = attrs.evolve(bounds, url_bytes=len(whole.query.encoded(bounds.spelling)) - 1)
        fetches = plan(chosen, request, restrictions, known, shorter)
        assert [fact for one in fetches for fact in one.facts] == [*whole.facts]
        # One fact alone may need all columns: net is the amount less its VAT.
        assert len(fetches) == 1 or all(shorter.admits(one.query) for one in fetches)
    for fetch in fetches:
        aggregation.add(fetch, found)
    return aggregation.table()


@given(
    numerator=st.decimals(-(10**20), 10**20, places=4),
    divisor=st.decimals(-(10**6), 10**6, places=3).filter(bool),
)
def test_quotient_is_rounded_once_and_half_away_from_zero(
    numerator: Decimal, divisor: Decimal
) -> None:
    with localcontext(prec=300):
        expected = (numerator / divisor).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert divide(numerator, divisor, 2) == expected


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("0", 2, "0.00"), ("10", 2, "10.00"), ("1E+3", 2, "1000.00"), ("10.50", 2, "10.50"),
        ("10.5", 2, "10.50"), ("10.125", 2, "10.125"), ("10.1250", 2, "10.125"),
        ("5", 3, "5"), ("5.000", 3, "5"), ("0.5", 3, "0.500"), ("0.1255", 3, "0.1255"),
        ("-0.00", 2, "0.00"), ("-0", 3, "0"), ("12345678901234567890123456789012345678.1", 2,
        "12345678901234567890123456789012345678.10"),
    ],
)  # fmt: skip
def test_number_has_the_form_of_the_contract(value: str, places: int, text: str) -> None:
    assert str(shown(Decimal(value), places)) == text


def test_member_of_an_enumeration_has_a_label_made_of_its_name() -> None:
    assert member_entry("ОплатаПоставщику").label == "Оплата поставщику"


def test_a_reference_without_its_type_is_refused_where_types_decide() -> None:
    read = _reader("AccumulationRegister_Х", ("Аналитика",), ("Catalog_Контрагенты",), "")
    row = {
        "Аналитика": "00000001-0000-4000-8000-000000000001",
        "Аналитика_Type": "StandardODATA.Catalog_Контрагенты",
    }

    assert read(row) == "00000001-0000-4000-8000-000000000001"
    assert read({"Аналитика": ZERO, "Аналитика_Type": None}) is None
    assert read(row | {"Аналитика_Type": "StandardODATA.Catalog_Кассы"}) is None
    with pytest.raises(OnecBadResponse, match="Аналитика_Type"):
        read(row | {"Аналитика_Type": None})


def test_the_facts_of_a_too_long_address_are_read_by_several_calls() -> None:
    body = {
        "period": {"from": "2026-03-01", "to": "2026-03-31"},
        "group_by": ["customer"],
        "measures": ["amount", "qty"],
    }
    request = read_request(SALES, body, today=date(2026, 3, 31))
    chosen = outline(UNF, UNF.tools["sales_report"], request)
    assert isinstance(chosen, Outline)
    enough = Bounds(url_bytes=1_900, rows=10, buckets=62)
    (whole,) = plan(chosen, request, [], references(), enough)
    shorter = attrs.evolve(enough, url_bytes=len(whole.query.encoded(enough.spelling)) - 1)

    fetches = plan(chosen, request, [], references(), shorter)

    assert [one.facts for one in fetches] == [("amount",), ("qty",)]
    assert all(shorter.admits(one.query) for one in fetches)
