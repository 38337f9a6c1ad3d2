"""The figures of УТ and УНФ over OData are those of the HTTP service, digit for digit."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp
from onecgw.demo.odata.common import OPERATIONS
from tests.builders.demo_queries import WHOLE, ask
from tests.builders.odata_queries import Entity, by_key, get, period, rows

PERIODS = (
    WHOLE,
    {"from": "2026-02-11", "to": "2026-03-17"},
    {"from": "2025-12-01", "to": "2025-12-01"},
)
DAYS = ("2024-09-29", "2024-09-30", "2025-11-07", "2026-10-15")
Sums = dict[tuple[Any, ...], tuple[Decimal, ...]]


def end_of(day: str) -> str:
    """A balance at the end of a day is one at the beginning of the next."""
    return f"Period=datetime'{date.fromisoformat(day) + timedelta(days=1)}T00:00:00'"


def added(lines: Iterable[tuple[tuple[Any, ...], tuple[Any, ...]]]) -> Sums:
    """Sums by key; what is nothing but zeros is left out."""
    sums: Sums = {}
    for key, values in lines:
        old = sums.get(key, (Decimal(0),) * len(values))
        sums[key] = tuple(one + Decimal(other) for one, other in zip(old, values, strict=True))
    return {key: values for key, values in sums.items() if any(values)}


def reported(
    books: Books, report: str, dimensions: tuple[str, ...], measures: tuple[str, ...], **body: Any
) -> Sums:
    """The same from the HTTP service, in pieces that its ceiling of rows does not cut."""
    found = ask(books, report, group_by=[*dimensions], measures=[*measures], **body)
    assert "cut at" not in str(found.raw.get("notes"))
    places = len(dimensions)
    return {
        tuple(row[:places]): tuple(Decimal(value) for value in row[places : places + len(measures)])
        for row in found.rows
        if any(row[places:])
    }


@pytest.mark.parametrize("span", PERIODS[1:])
def test_sales_of_ut_are_those_of_the_report(
    ut: ODataApp, small_books: Books, span: Mapping[str, str]
) -> None:
    products = by_key(ut, "Catalog_КлючиАналитикиУчетаНоменклатуры")
    partners = by_key(ut, "Catalog_КлючиАналитикиУчетаПоПартнерам")
    names = "АналитикаУчетаНоменклатуры,АналитикаУчетаПоПартнерам,Менеджер,Склад"
    found = added(
        (
            (
                partners[row["АналитикаУчетаПоПартнерам_Key"]]["Организация_Key"],
                partners[row["АналитикаУчетаПоПартнерам_Key"]]["Партнер_Key"],
                products[row["АналитикаУчетаНоменклатуры_Key"]]["Номенклатура_Key"],
                row["Менеджер_Key"],
                row["Склад"],
            ),
            (
                row["СуммаВыручкиTurnover"],
                row["КоличествоTurnover"],
                row["СтоимостьБезНДСTurnover"] + row["ДопРасходыБезНДСTurnover"],
                row["СуммаВыручкиБезНДСTurnover"]
                - row["СтоимостьБезНДСTurnover"]
                - row["ДопРасходыБезНДСTurnover"],
            ),
        )
        for row in rows(
            ut,
            f"AccumulationRegister_ВыручкаИСебестоимостьПродаж/Turnovers({period(span)},"
            f"Dimensions='{names}')",
        )
    )
    dimensions = ("firm", "customer", "product", "seller", "warehouse")
    assert found == reported(
        small_books, "sales", dimensions, ("amount", "qty", "cost", "profit"), period=span
    )


@pytest.mark.parametrize("span", PERIODS[1:])
def test_sales_of_unf_are_those_of_the_report(
    unf: ODataApp, small_books: Books, span: Mapping[str, str]
) -> None:
    found = added(
        (
            (
                row["Организация_Key"],
                row["Контрагент_Key"],
                row["Номенклатура_Key"],
                row["Ответственный_Key"],
                row["Склад_Key"],
            ),
            (
                row["СуммаTurnover"],
                row["КоличествоTurnover"],
                row["СебестоимостьБезНДСTurnover"],
                row["СуммаTurnover"] - row["СуммаНДСTurnover"] - row["СебестоимостьБезНДСTurnover"],
            ),
        )
        for row in rows(unf, f"AccumulationRegister_Продажи/Turnovers({period(span)})")
    )
    dimensions = ("firm", "customer", "product", "seller", "warehouse")
    assert found == reported(
        small_books, "sales", dimensions, ("amount", "qty", "cost", "profit"), period=span
    )


@pytest.mark.parametrize("span", PERIODS)
def test_receipts_and_customers_leave_returns_out(
    ut: ODataApp, unf: ODataApp, small_books: Books, span: Mapping[str, str]
) -> None:
    spanned = (
        f"Period ge datetime'{span['from']}T00:00:00' and Period le datetime'{span['to']}T23:59:59'"
    )
    records = rows(
        ut,
        "AccumulationRegister_ВыручкаИСебестоимостьПродаж_RecordType",
        select="Recorder,Recorder_Type,Склад",
        filter=f"{spanned} and Recorder_Type eq 'StandardODATA.Document_РеализацияТоваровУслуг'",
    )
    of_ut = added(
        ((warehouse,), (Decimal(1),))
        for warehouse, _ in {(row["Склад"], row["Recorder"]) for row in records}
    )
    sold = [
        row
        for row in rows(
            unf,
            f"AccumulationRegister_Продажи/Turnovers({period(span)},Dimensions='Документ,Склад')",
        )
        if row["Документ_Type"] == "StandardODATA.Document_РасходнаяНакладная"
    ]
    of_unf = added(((row["Склад_Key"],), (Decimal(1),)) for row in sold)
    assert (
        of_ut
        == of_unf
        == reported(small_books, "sales", ("warehouse",), ("receipts",), period=span)
    )
    buyers = rows(
        ut,
        f"AccumulationRegister_ВыручкаИСебестоимостьПродаж/Turnovers({period(span)},"
        "Dimensions='АналитикаУчетаПоПартнерам',"
        "Condition='ХозяйственнаяОперация eq ''РеализацияКлиенту''')",
        expand="АналитикаУчетаПоПартнерам",
        select="АналитикаУчетаПоПартнерам/Партнер_Key",
    )
    totals = ask(small_books, "sales", measures=["customers"], period=span).totals
    assert (
        len({row["АналитикаУчетаПоПартнерам"]["Партнер_Key"] for row in buyers})
        == totals["customers"]
    )


@pytest.mark.parametrize("day", DAYS)
def test_stock_is_that_of_the_report(
    ut: ODataApp, unf: ODataApp, small_books: Books, day: str
) -> None:
    qty = added(
        ((row["Склад_Key"], row["Номенклатура_Key"]), (row["ВНаличииBalance"],))
        for row in rows(
            ut,
            f"AccumulationRegister_ТоварыНаСкладах/Balance({end_of(day)},Dimensions='Номенклатура,Склад')",
        )
    )
    keys = by_key(ut, "Catalog_КлючиАналитикиУчетаНоменклатуры")
    cost = added(
        (
            (
                row["Организация_Key"],
                keys[row["АналитикаУчетаНоменклатуры_Key"]]["МестоХранения"],
                keys[row["АналитикаУчетаНоменклатуры_Key"]]["Номенклатура_Key"],
            ),
            (
                row["КоличествоBalance"],
                row["СтоимостьБезНДСBalance"] + row["ДопРасходыБезНДСBalance"],
            ),
        )
        for row in rows(
            ut,
            f"AccumulationRegister_СебестоимостьТоваров/Balance({end_of(day)},"
            "Dimensions='АналитикаУчетаНоменклатуры,Организация',"
            "Condition='РазделУчета eq ''ТоварыНаСкладах''')",
        )
    )
    of_unf = added(
        (
            (row["Организация_Key"], row["СтруктурнаяЕдиница"], row["Номенклатура_Key"]),
            (row["КоличествоBalance"], row["СуммаBalance"]),
        )
        for row in rows(
            unf,
            f"AccumulationRegister_Запасы/Balance({end_of(day)},"
            "Dimensions='Организация,СтруктурнаяЕдиница,Номенклатура')",
        )
    )
    pieces = rows(
        unf,
        f"AccumulationRegister_ЗапасыНаСкладах/Balance({end_of(day)},"
        "Dimensions='СтруктурнаяЕдиница,Номенклатура')",
    )
    whole = reported(
        small_books, "stock", ("firm", "warehouse", "product"), ("qty", "amount"), date=day
    )
    assert cost == of_unf == whole
    assert qty == added((key[1:], values[:1]) for key, values in whole.items())
    assert qty == added(
        ((row["СтруктурнаяЕдиница_Key"], row["Номенклатура_Key"]), (row["КоличествоBalance"],))
        for row in pieces
    )


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    "names",
    [
        (
            "receivables",
            "РасчетыСКлиентамиПоСрокам",
            "РасчетыСПокупателями",
            "customer",
            "receivable",
        ),
        ("payables", "РасчетыСПоставщикамиПоСрокам", "РасчетыСПоставщиками", "supplier", "payable"),
    ],
)
def test_settlements_are_those_of_the_report(
    ut: ODataApp,
    unf: ODataApp,
    small_books: Books,
    names: tuple[str, ...],
    day: str,
) -> None:
    report, of_ut, of_unf, partner, debt = names
    keys = by_key(ut, "Catalog_КлючиАналитикиУчетаПоПартнерам")
    native = added(
        (
            (
                keys[row["АналитикаУчетаПоПартнерам_Key"]]["Организация_Key"],
                keys[row["АналитикаУчетаПоПартнерам_Key"]]["Партнер_Key"],
            ),
            (row["ДолгРеглBalance"], row["ПредоплатаРеглBalance"]),
        )
        for row in rows(
            ut,
            f"AccumulationRegister_{of_ut}/Balance({end_of(day)},Dimensions='АналитикаУчетаПоПартнерам')",
        )
    )
    # In УНФ an advance is a balance below zero of the type Аванс.
    typed = added(
        (
            (row["Организация_Key"], row["Контрагент_Key"]),
            (row["СуммаBalance"], 0) if row["ТипРасчетов"] == "Долг" else (0, -row["СуммаBalance"]),
        )
        for row in rows(
            unf,
            f"AccumulationRegister_{of_unf}/Balance({end_of(day)},"
            "Dimensions='Организация,Контрагент,ТипРасчетов')",
        )
    )
    assert (
        native
        == typed
        == reported(small_books, report, ("firm", partner), (debt, "advance"), date=day)
    )


@pytest.mark.parametrize("day", DAYS)
def test_cash_is_that_of_the_report(
    ut: ODataApp, unf: ODataApp, small_books: Books, day: str
) -> None:
    found = [
        ((row[f"{place}_Key"], row["Организация_Key"]), (row["СуммаBalance"],))
        for register, place in (
            ("Безналичные", "БанковскийСчет"),
            ("Наличные", "Касса"),
            ("ВКассахККМ", "КассаККМ"),
        )
        for row in rows(
            ut, f"AccumulationRegister_ДенежныеСредства{register}/Balance({end_of(day)})"
        )
    ]
    of_unf = [
        ((row["БанковскийСчетКасса"], row["Организация_Key"]), (row["СуммаВалBalance"],))
        for row in rows(unf, f"AccumulationRegister_ДенежныеСредства/Balance({end_of(day)})")
    ]
    reported_sums = {
        (row[0], row[1]): (row[3],)
        for row in ask(
            small_books, "cash_balance", group_by=["cash", "firm"], measures=["balance"], date=day
        ).rows
    }
    assert added(found) == added(of_unf) == added(reported_sums.items())


@pytest.mark.parametrize("span", [PERIODS[1], {"from": "2024-09-01", "to": "2024-10-20"}])
def test_cash_flow_of_ut_is_that_of_the_report(
    ut: ODataApp, small_books: Books, span: Mapping[str, str]
) -> None:
    keys = by_key(ut, "Catalog_КлючиАналитикиУчетаПоПартнерам")
    operations = {
        OPERATIONS[item.label]: item.uuid for item in small_books.catalogues["operations"].items
    }
    spanned = (
        f"Period ge datetime'{span['from']}T00:00:00' and Period le datetime'{span['to']}T23:59:59'"
    )
    records: list[tuple[str, Entity]] = [
        (row[f"{place}_Key"], row)
        for register, place in (
            ("Безналичные", "БанковскийСчет"),
            ("Наличные", "Касса"),
            ("ВКассахККМ", "КассаККМ"),
        )
        for row in rows(
            ut,
            f"AccumulationRegister_ДенежныеСредства{register}_RecordType",
            # The opening balance is no flow.
            filter=f"{spanned} and not startswith(ХозяйственнаяОперация,'ВводОстатков')",
        )
    ]
    # A transfer is two records of one document: the other's desk is the analytics of each.
    desks: dict[str, set[str]] = {}
    for desk, row in records:
        desks.setdefault(row["Recorder"], set()).add(desk)

    def analytics(desk: str, row: Entity) -> str:
        if row["СтатьяДвиженияДенежныхСредств_Key"].strip("0-"):
            return str(row["СтатьяДвиженияДенежныхСредств_Key"])
        key = keys.get(row["АналитикаУчетаПоПартнерам_Key"])
        if key is not None:
            return str(key["Партнер_Key"])
        (other,) = desks[row["Recorder"]] - {desk}
        return other

    found = added(
        (
            (
                desk,
                operations[row["ХозяйственнаяОперация"]],
                analytics(desk, row),
                row["Организация_Key"],
                row["Period"][:10],
            ),
            (row["СуммаРегл"], 0) if row["RecordType"] == "Receipt" else (0, row["СуммаРегл"]),
        )
        for desk, row in records
    )
    assert found == reported(
        small_books,
        "cash_flow",
        ("account", "operation", "analytics", "firm", "day"),
        ("inflow", "outflow"),
        period=span,
    )


@pytest.mark.parametrize("span", [PERIODS[1], {"from": "2024-09-01", "to": "2024-10-20"}])
def test_cash_flow_of_unf_is_that_of_the_report(
    unf: ODataApp, small_books: Books, span: Mapping[str, str]
) -> None:
    found = added(
        (
            (
                row["БанковскийСчетКасса"],
                row["ХозяйственнаяОперация_Key"],
                row["Аналитика"] or row["Статья_Key"],
                row["Организация_Key"],
            ),
            (row["СуммаПриходTurnover"], row["СуммаРасходTurnover"]),
        )
        for row in rows(
            unf,
            f"AccumulationRegister_ДвиженияДенежныхСредств/Turnovers({period(span)})",
            filter="СценарийПланирования/PredefinedDataName eq 'Фактический'",
        )
    )
    assert found == reported(
        small_books,
        "cash_flow",
        ("account", "operation", "analytics", "firm"),
        ("inflow", "outflow"),
        period=span,
    )


def test_purchases_are_those_of_the_report(ut: ODataApp, unf: ODataApp, small_books: Books) -> None:
    span = PERIODS[1]
    keys = by_key(ut, "Catalog_КлючиАналитикиУчетаНоменклатуры")
    found = added(
        (
            (
                row["Партнер_Key"],
                row["Организация_Key"],
                row["Склад"],
                keys[row["АналитикаУчетаНоменклатуры_Key"]]["Номенклатура_Key"],
            ),
            (row["СуммаTurnover"], row["КоличествоTurnover"]),
        )
        for row in rows(ut, f"AccumulationRegister_Закупки/Turnovers({period(span)})")
    )
    whole = reported(
        small_books,
        "purchases",
        ("supplier", "firm", "warehouse", "product"),
        ("amount", "qty"),
        period=span,
    )
    assert found == whole
    documents = {
        **by_key(unf, "Document_ПриходнаяНакладная"),
        **by_key(unf, "Document_РасходнаяНакладная"),
    }
    of_unf = added(
        (
            (
                documents[row["Документ"]]["Контрагент_Key"],
                row["Организация_Key"],
                documents[row["Документ"]]["СтруктурнаяЕдиница_Key"],
                row["Номенклатура_Key"],
            ),
            (row["СуммаTurnover"], row["КоличествоTurnover"]),
        )
        for row in rows(unf, f"AccumulationRegister_Закупки/Turnovers({period(span)})")
    )
    assert of_unf == whole


def test_balance_and_turnovers_agree_with_balances_and_turnovers(
    face: Callable[[Any], ODataApp],
) -> None:
    for configuration, register in (
        ("ut", "ТоварыНаСкладах"),
        ("ut", "РасчетыСКлиентамиПоСрокам"),
        ("unf", "ДенежныеСредства"),
        ("unf", "РасчетыСПокупателями"),
    ):
        app, path = face(configuration), f"AccumulationRegister_{register}"
        span = PERIODS[1]

        def keyed(function: str, app: ODataApp = app, path: str = path) -> dict[Any, Entity]:
            found = rows(app, f"{path}/{function}")
            return {
                tuple(value for value in row.values() if isinstance(value, str)): row
                for row in found
            }

        both = keyed(f"BalanceAndTurnovers({period(span)})")
        opening = keyed(f"Balance(Period=datetime'{span['from']}T00:00:00')")
        closing = keyed(f"Balance({end_of(span['to'])})")
        turnovers = keyed(f"Turnovers({period(span)})")
        assert both
        for key, row in both.items():
            for name in (name for name in row if name.endswith("OpeningBalance")):
                resource = name.removesuffix("OpeningBalance")
                begun = opening.get(key, {}).get(f"{resource}Balance", 0)
                turned = turnovers.get(key, {})
                expected = {
                    "OpeningBalance": begun,
                    "ClosingBalance": closing[key][f"{resource}Balance"],
                    **{
                        suffix: turned.get(resource + suffix, 0)
                        for suffix in ("Turnover", "Receipt", "Expense")
                    },
                }
                assert {suffix: row[resource + suffix] for suffix in expected} == expected
                assert (
                    row[f"{resource}Receipt"] - row[f"{resource}Expense"]
                    == row[f"{resource}Turnover"]
                )
                assert row[name] + row[f"{resource}Turnover"] == row[f"{resource}ClosingBalance"]


def test_count_of_rows_is_their_number(ut: ODataApp) -> None:
    path = "AccumulationRegister_ТоварыНаСкладах/Balance(Dimensions='Склад')"
    assert get(ut, f"{path}/$count").body == str(len(rows(ut, path))).encode()
