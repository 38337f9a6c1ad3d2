"""The demo's books as the tables of УТ and of УНФ, for the fake base."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from onecgw.backends.odata.catalogues import ZERO
from onecgw.demo.books import Books
from tests.backends.odata.fake_onec import FakeOnec, Register, Row
from tests.demo.reference import Reference

NOUGHT = Decimal(0)
DESKS = ("Catalog_Кассы", "Catalog_БанковскиеСчетаОрганизаций", "Catalog_КассыККМ")


def key(*parts: object) -> str:
    return str(uuid5(NAMESPACE_OID, "|".join(str(part) for part in parts)))


def of_type(name: str) -> str:
    return f"StandardODATA.{name}"


class World:
    """What both configurations share."""

    def __init__(self, books: Books, reference: Reference) -> None:
        self.books = books
        self.reference = reference

    def catalogue(self, name: Any, code: str = "Code", **more: Any) -> list[Row]:
        catalogue = self.books.catalogues[name]
        return [
            {
                "Ref_Key": item.uuid,
                "Description": item.label,
                code: item.code,
                "Parent_Key": ZERO if item.parent is None else catalogue.by_id(item.parent).uuid,
                "IsFolder": item.is_group,
                "DeletionMark": item.archived,
                **{field: make(item) for field, make in more.items()},
            }
            for item in catalogue.items
        ]

    def currencies(self) -> list[Row]:
        return [
            {"Ref_Key": key("currency", name), "Description": name, "Code": str(place)}
            for place, name in enumerate(("EUR", "PLN", "UAH"))
        ]

    def contacts(self) -> list[Row]:
        rows = []
        for item in self.books.catalogues["partners"].items:
            if item.is_group:
                continue
            phone, city = item.facts["phone"], item.facts["city"]
            base = {"Ref_Key": item.uuid, "LineNumber": "1", "Представление": "", "Город": ""}
            rows.append({**base, "Тип": "Адрес", "Город": city, "Представление": f"{city}, 1"})
            phone_line = {"LineNumber": "2", "Тип": "Телефон", "Представление": phone}
            rows.append({**base, **phone_line})
        return rows

    def operation_names(self) -> Mapping[str, str]:
        return {
            item.uuid: f"Операция{item.id}" for item in self.books.catalogues["operations"].items
        }

    def money(self) -> list[tuple[Row, Row | None]]:
        """(change of the balance, the same movement of the flow or None for an opening)."""
        flow = [*self.reference.cash_flow]
        balance = [*self.reference.cash_balance]
        opening = len(balance) - len(flow)
        return [*zip(balance, [*[None] * opening, *flow], strict=True)]


def at_noon(day: str) -> str:
    return f"{day}T12:00:00"


def record(day: str, number: int, **fields: Any) -> Row:
    return {"Period": at_noon(day), "LineNumber": str(number), "Active": True, **fields}


def settled(world: World, rows: Sequence[Row], partner: str) -> list[tuple[Row, str, str]]:
    return [(row, row[partner], row["firm"]) for row in rows]


def ut(books: Books, reference: Reference) -> FakeOnec:
    world = World(books, reference)
    partner_keys: dict[str, Row] = {}
    product_keys: dict[str, Row] = {}

    def partner_key(partner: str, firm: str, contract: object = 0) -> str:
        name = key("partner", partner, firm, contract)
        partner_keys[name] = {"Ref_Key": name, "Партнер_Key": partner, "Организация_Key": firm}
        return name

    def product_key(product: str, warehouse: str) -> str:
        name = key("product", product, warehouse)
        product_keys[name] = {
            "Ref_Key": name,
            "Номенклатура_Key": product,
            "МестоХранения": warehouse,
            "МестоХранения_Type": of_type("Catalog_Склады"),
        }
        return name

    def sale(number: int, row: Row) -> Row:
        is_return = row["kind"] == "return"
        document = "ВозвратТоваровОтКлиента" if is_return else "РеализацияТоваровУслуг"
        return record(
            row["day"],
            number,
            Recorder=key("sale", row["document"]),
            Recorder_Type=of_type(f"Document_{document}"),
            АналитикаУчетаНоменклатуры_Key=product_key(row["product"], row["warehouse"]),
            # Several contracts of a customer are several keys.
            АналитикаУчетаПоПартнерам_Key=partner_key(
                row["customer"], row["firm"], row["document"] % 3
            ),
            Склад=row["warehouse"],
            Склад_Type=of_type("Catalog_Склады"),
            Менеджер_Key=row["seller"],
            ХозяйственнаяОперация="ВозвратТоваровОтКлиента" if is_return else "РеализацияКлиенту",
            Количество=row["qty"],
            СуммаВыручки=row["amount"],
            СуммаВыручкиБезНДС=row["amount"] - row["vat"],
            СтоимостьБезНДС=row["cost"] - Decimal("0.10"),
            ДопРасходыБезНДС=Decimal("0.10"),
        )

    def split(row: Row) -> Sequence[Row]:
        balance = row["ДолгРегл"]
        return [{**row, "ДолгРегл": max(balance, NOUGHT), "ПредоплатаРегл": max(-balance, NOUGHT)}]

    def settlements(rows: Sequence[Row], partner: str) -> list[Row]:
        return [
            record(
                row["day"],
                number,
                RecordType="Receipt",
                АналитикаУчетаПоПартнерам_Key=partner_key(row[partner], row["firm"]),
                ДолгРегл=row["amount"],
                ПредоплатаРегл=NOUGHT,
            )
            for number, row in enumerate(rows)
        ]

    desk_of = {item.uuid: place % 3 for place, item in enumerate(books.catalogues["cash"].items)}
    names = world.operation_names()
    money: list[list[Row]] = [[], [], []]
    fields = ("Касса_Key", "БанковскийСчет_Key", "КассаККМ_Key")
    articles = {item.uuid for item in books.catalogues["cost_articles"].items}
    partners = {item.uuid for item in books.catalogues["partners"].items}
    for number, (change, flow) in enumerate(world.money()):
        place = desk_of[change["cash"]]
        analytics = None if flow is None else flow["analytics"]
        is_in = change["balance"] >= 0
        money[place].append(
            record(
                change["day"],
                number,
                RecordType="Receipt" if is_in else "Expense",
                Организация_Key=change["firm"],
                ХозяйственнаяОперация="ВводОстатковВКассах"
                if flow is None
                else names[flow["operation"]],
                СтатьяДвиженияДенежныхСредств_Key=analytics if analytics in articles else ZERO,
                АналитикаУчетаПоПартнерам_Key=partner_key(analytics, change["firm"])
                if analytics in partners
                else ZERO,
                Сумма=abs(change["balance"]),
                СуммаРегл=NOUGHT if flow is None else flow["inflow"] + flow["outflow"],
                **{fields[place]: change["cash"]},
            )
        )
    stock = reference.stock
    registers = [
        Register(
            "AccumulationRegister_ВыручкаИСебестоимостьПродаж",
            "turnover",
            ("АналитикаУчетаНоменклатуры", "АналитикаУчетаПоПартнерам", "Склад", "Менеджер",
             "ХозяйственнаяОперация"),
            ("Количество", "СуммаВыручки", "СуммаВыручкиБезНДС", "СтоимостьБезНДС",
             "ДопРасходыБезНДС"),
            [sale(number, row) for number, row in enumerate(reference.sales)],
        ),
        Register(
            "AccumulationRegister_ТоварыНаСкладах",
            "balance",
            ("Номенклатура", "Склад"),
            ("ВНаличии",),
            [
                record(row["day"], number, RecordType="Receipt", Номенклатура_Key=row["product"],
                       Склад_Key=row["warehouse"], ВНаличии=row["qty"])
                for number, row in enumerate(stock)
            ],
        ),
        Register(
            "AccumulationRegister_СебестоимостьТоваров",
            "balance",
            ("АналитикаУчетаНоменклатуры", "РазделУчета", "Организация"),
            ("Количество", "СтоимостьБезНДС", "ДопРасходыБезНДС"),
            [
                record(row["day"], number, RecordType="Receipt", РазделУчета=section,
                       АналитикаУчетаНоменклатуры_Key=product_key(row["product"], row["warehouse"]),
                       Организация_Key=row["firm"], Количество=row["qty"],
                       СтоимостьБезНДС=row["amount"] - 1, ДопРасходыБезНДС=Decimal(1))
                for number, row in enumerate(stock)
                for section in ("ТоварыНаСкладах", "ТоварыПереданные")
            ],
        ),
        *(
            Register(f"AccumulationRegister_ДенежныеСредства{name}", "balance",
                     (field.removesuffix("_Key"), "Организация"), ("Сумма", "СуммаРегл"), rows)
            for name, field, rows in zip(
                ("Наличные", "Безналичные", "ВКассахККМ"), fields, money, strict=True
            )
        ),
        Register(
            "AccumulationRegister_РасчетыСКлиентамиПоСрокам", "balance",
            ("АналитикаУчетаПоПартнерам",), ("ДолгРегл", "ПредоплатаРегл"),
            settlements(reference.receivables, "customer"), split,
        ),
        Register(
            "AccumulationRegister_РасчетыСПоставщикамиПоСрокам", "balance",
            ("АналитикаУчетаПоПартнерам",), ("ДолгРегл", "ПредоплатаРегл"),
            settlements(reference.payables, "supplier"), split,
        ),
        Register(
            "AccumulationRegister_Закупки", "turnover",
            ("Партнер", "Организация", "Склад", "АналитикаУчетаНоменклатуры"),
            ("Количество", "Сумма"),
            [
                record(row["day"], number, Партнер_Key=row["supplier"], Организация_Key=row["firm"],
                       Склад=row["warehouse"], Склад_Type=of_type("Catalog_Склады"),
                       АналитикаУчетаНоменклатуры_Key=product_key(row["product"], row["warehouse"]),
                       Количество=row["qty"], Сумма=row["amount"])
                for number, row in enumerate(reference.purchases)
            ],
        ),
    ]  # fmt: skip
    desks = world.catalogue(
        "cash", ВалютаДенежныхСредств_Key=lambda item: key("currency", item.facts["currency"])
    )
    sets = {
        "Catalog_Партнеры": [
            {name: value for name, value in row.items() if name != "IsFolder"}
            for row in world.catalogue(
                "partners",
                ДатаРегистрации=lambda item: f"{item.facts['created'] or '0001-01-01'}T00:00:00",
            )
        ],
        "Catalog_Партнеры_КонтактнаяИнформация": world.contacts(),
        "Catalog_Номенклатура": world.catalogue("products", "Артикул"),
        "Catalog_Склады": world.catalogue("warehouses"),
        "Catalog_Организации": world.catalogue("firms"),
        "Catalog_Пользователи": world.catalogue("sellers"),
        **{
            name: [row for row in desks if desk_of[row["Ref_Key"]] == place]
            for place, name in enumerate(DESKS)
        },
        "Catalog_СтатьиДвиженияДенежныхСредств": world.catalogue("cost_articles"),
        "Catalog_Валюты": world.currencies(),
        "Catalog_КлючиАналитикиУчетаПоПартнерам": [*partner_keys.values()],
        "Catalog_КлючиАналитикиУчетаНоменклатуры": [*product_keys.values()],
    }
    return FakeOnec(sets=sets, registers={one.name: one for one in registers})


def unf(books: Books, reference: Reference) -> FakeOnec:
    world = World(books, reference)
    desk_kind = {
        item.uuid: ("Catalog_Кассы", "Catalog_БанковскиеСчета")[place % 2]
        for place, item in enumerate(books.catalogues["cash"].items)
    }
    documents: dict[str, dict[str, Row]] = {
        "Document_ПриходнаяНакладная": {}, "Document_РасходнаяНакладная": {}
    }  # fmt: skip

    def purchase(number: int, row: Row) -> Row:
        kind = "Document_ПриходнаяНакладная" if row["qty"] > 0 else "Document_РасходнаяНакладная"
        name = key(kind, row["day"], row["supplier"], row["warehouse"])
        documents[kind][name] = {
            "Ref_Key": name,
            "Date": at_noon(row["day"]),
            "Контрагент_Key": row["supplier"],
            "СтруктурнаяЕдиница_Key": row["warehouse"],
        }
        return record(
            row["day"], number, Организация_Key=row["firm"], Номенклатура_Key=row["product"],
            Документ=name, Документ_Type=of_type(kind), Количество=row["qty"], Сумма=row["amount"],
        )  # fmt: skip

    def sale(number: int, row: Row) -> Row:
        is_return = row["kind"] == "return"
        kind = "Document_ПриходнаяНакладная" if is_return else "Document_РасходнаяНакладная"
        return record(
            row["day"], number,
            Номенклатура_Key=row["product"], Контрагент_Key=row["customer"],
            Организация_Key=row["firm"], Склад_Key=row["warehouse"],
            Ответственный_Key=row["seller"], Документ=key("sale", row["document"]),
            Документ_Type=of_type(kind), Количество=row["qty"], Сумма=row["amount"],
            СуммаНДС=row["vat"], СебестоимостьБезНДС=row["cost"],
        )  # fmt: skip

    def split(row: Row) -> Sequence[Row]:
        balance = row["Сумма"]
        return [
            {**row, "ТипРасчетов": "Долг", "Сумма": max(balance, NOUGHT)},
            {**row, "ТипРасчетов": "Аванс", "Сумма": min(balance, NOUGHT)},
        ]

    def settlements(name: str, rows: Sequence[Row], partner: str) -> Register:
        return Register(
            name, "balance", ("Организация", "Контрагент", "ТипРасчетов"), ("Сумма",),
            [
                record(row["day"], number, RecordType="Receipt", Организация_Key=row["firm"],
                       Контрагент_Key=row[partner], ТипРасчетов="Долг", Сумма=row["amount"])
                for number, row in enumerate(rows)
            ],
            split,
        )  # fmt: skip

    scenario, plan = key("actual"), key("plan")
    partners = {item.uuid for item in books.catalogues["partners"].items}
    articles = {item.uuid for item in books.catalogues["cost_articles"].items}

    def analytics(flow: Mapping[str, Any]) -> Row:
        found = flow["analytics"]
        kind = "Catalog_Контрагенты" if found in partners else desk_kind.get(found, "")
        return {
            "Аналитика": found if kind else "",
            "Аналитика_Type": of_type(kind) if kind else "StandardODATA.Undefined",
            "Статья_Key": found if found in articles else ZERO,
        }

    flows = [
        record(row["day"], number, Организация_Key=row["firm"], СценарийПланирования_Key=which,
               БанковскийСчетКасса=row["cash"],
               БанковскийСчетКасса_Type=of_type(desk_kind[row["cash"]]),
               ХозяйственнаяОперация_Key=row["operation"], **analytics(row),
               СуммаПриход=row["inflow"], СуммаРасход=row["outflow"])
        for number, row in enumerate(reference.cash_flow)
        for which in (scenario, plan)
    ]  # fmt: skip
    moneys = [
        record(row["day"], number, RecordType="Receipt", Организация_Key=row["firm"],
               БанковскийСчетКасса=row["cash"],
               БанковскийСчетКасса_Type=of_type(desk_kind[row["cash"]]),
               Валюта_Key=key("currency", row["currency"]), СуммаВал=row["balance"])
        for number, row in enumerate(reference.cash_balance)
    ]  # fmt: skip
    registers = [
        Register(
            "AccumulationRegister_Продажи", "turnover",
            ("Номенклатура", "Контрагент", "Организация", "Склад", "Ответственный", "Документ"),
            ("Количество", "Сумма", "СуммаНДС", "СебестоимостьБезНДС"),
            [sale(number, row) for number, row in enumerate(reference.sales)],
        ),
        Register(
            "AccumulationRegister_ЗапасыНаСкладах", "balance",
            ("Организация", "Номенклатура", "СтруктурнаяЕдиница"), ("Количество",),
            [
                record(row["day"], number, RecordType="Receipt", Организация_Key=row["firm"],
                       Номенклатура_Key=row["product"], СтруктурнаяЕдиница_Key=row["warehouse"],
                       Количество=row["qty"])
                for number, row in enumerate(reference.stock)
            ],
        ),
        Register(
            "AccumulationRegister_Запасы", "balance",
            ("Организация", "Номенклатура", "СтруктурнаяЕдиница"), ("Сумма",),
            [
                record(row["day"], number, RecordType="Receipt", Организация_Key=row["firm"],
                       Номенклатура_Key=row["product"], СтруктурнаяЕдиница=row["warehouse"],
                       СтруктурнаяЕдиница_Type=of_type("Catalog_СтруктурныеЕдиницы"),
                       Сумма=row["amount"])
                for number, row in enumerate(reference.stock)
            ],
        ),
        settlements(
            "AccumulationRegister_РасчетыСПокупателями", reference.receivables, "customer"
        ),
        settlements(
            "AccumulationRegister_РасчетыСПоставщиками", reference.payables, "supplier"
        ),
        Register(
            "AccumulationRegister_ДенежныеСредства", "balance",
            ("Организация", "БанковскийСчетКасса", "Валюта"), ("СуммаВал",), moneys,
        ),
        Register(
            "AccumulationRegister_ДвиженияДенежныхСредств", "turnover",
            ("Организация", "СценарийПланирования", "БанковскийСчетКасса", "ХозяйственнаяОперация",
             "Статья", "Аналитика"),
            ("СуммаПриход", "СуммаРасход"), flows,
        ),
        Register(
            "AccumulationRegister_Закупки", "turnover",
            ("Организация", "Номенклатура", "Документ"), ("Количество", "Сумма"),
            [purchase(number, row) for number, row in enumerate(reference.purchases)],
        ),
    ]  # fmt: skip
    desks = world.catalogue(
        "cash", ВалютаПоУмолчанию_Key=lambda item: key("currency", item.facts["currency"]),
        ВалютаДенежныхСредств_Key=lambda item: key("currency", item.facts["currency"]),
    )  # fmt: skip
    sets = {
        "Catalog_Контрагенты": world.catalogue(
            "partners",
            ДатаСоздания=lambda item: f"{item.facts['created'] or '0001-01-01'}T00:00:00",
            Недействителен=lambda item: item.archived,
        ),
        "Catalog_Контрагенты_КонтактнаяИнформация": world.contacts(),
        "Catalog_Номенклатура": world.catalogue("products", "Артикул"),
        "Catalog_СтруктурныеЕдиницы": [
            {name: value for name, value in row.items() if name != "IsFolder"}
            for row in world.catalogue("warehouses", ТипСтруктурнойЕдиницы=lambda _: "Склад")
        ],
        "Catalog_Организации": world.catalogue("firms"),
        "Catalog_Сотрудники": world.catalogue("sellers"),
        **{
            name: [row for row in desks if desk_kind[row["Ref_Key"]] == name]
            for name in ("Catalog_Кассы", "Catalog_БанковскиеСчета")
        },
        "Catalog_СтатьиДвиженияДенежныхСредств": world.catalogue("cost_articles"),
        "Catalog_ХозяйственныеОперации": world.catalogue("operations"),
        "Catalog_Валюты": world.currencies(),
        "Catalog_СценарииПланирования": [
            {"Ref_Key": scenario, "PredefinedDataName": "Фактический", "Description": "Факт"},
            {"Ref_Key": plan, "PredefinedDataName": "", "Description": "План"},
        ],
        **{name: [*rows.values()] for name, rows in documents.items()},
    }
    return FakeOnec(sets=sets, registers={one.name: one for one in registers})
