"""The URLs of the interface and the bytes that they are answered with."""

import json
from urllib.parse import quote

import pytest

from onecgw.demo.odata.app import ODataApp
from tests.builders.odata_queries import ROOT, get, rows, send

STOCK = "AccumulationRegister_ТоварыНаСкладах"
SALES = "AccumulationRegister_ВыручкаИСебестоимостьПродаж"
WAREHOUSE = "17f1b3a2-49ee-4e83-9c1a-ab146a6b246b"
PERIOD = "StartPeriod=datetime'2026-09-01T00:00:00',EndPeriod=datetime'2026-09-30T23:59:59'"


def test_set_with_selected_fields_is_these_bytes(ut: ODataApp) -> None:
    reply = send(
        ut,
        f"{ROOT}Catalog_Склады?$format=application/json;odata=nometadata"
        f"&$select=Ref_Key,Description,IsFolder&$filter=Ref_Key%20eq%20guid'{WAREHOUSE}'",
    )
    assert reply.body.decode() == (
        '{"value":[{"Ref_Key":"17f1b3a2-49ee-4e83-9c1a-ab146a6b246b",'
        '"Description":"Центральний склад","IsFolder":false}]}'
    )
    assert reply.headers["content-type"] == "application/json;charset=utf-8"
    assert reply.headers["dataserviceversion"] == "3.0"


def test_virtual_table_is_these_bytes(ut: ODataApp) -> None:
    target = (
        f"{ROOT}{STOCK}/Balance(Period=datetime'2026-10-16T00:00:00',Dimensions='Склад',"
        f"Condition='Склад_Key%20eq%20guid''{WAREHOUSE}''')"
    )
    nometadata = send(ut, f"{target}?$format=application/json;odata=nometadata")
    qty = nometadata.json["value"][0]["ВНаличииBalance"]
    row = f'{{"Склад_Key":"{WAREHOUSE}","ВНаличииBalance":{qty},"КОтгрузкеBalance":0}}'
    assert nometadata.body.decode() == f'{{"value":[{row}]}}'
    assert send(ut, f"{target}?$format=json").body.decode() == (
        '{"odata.metadata":"http://demo.test/trade/odata/standard.odata/$metadata#'
        f'{STOCK}_Balance","value":[{row}]}}'
    )


def test_arguments_stand_in_the_path_or_in_the_query_string(ut: ODataApp) -> None:
    in_path = rows(ut, f"{SALES}/Turnovers({PERIOD},Dimensions='Склад')")
    whole = get(
        ut,
        f"{SALES}/Turnovers()",
        StartPeriod="datetime'2026-09-01T00:00:00'",
        EndPeriod="datetime'2026-09-30T23:59:59'",
        Dimensions="'Склад'",
    )
    mixed = get(ut, f"{SALES}/Turnovers({PERIOD})", Dimensions="'Склад'")
    without_parentheses = get(ut, f"{SALES}/Turnovers", Dimensions="'Склад'")
    assert in_path
    assert whole.json["value"] == mixed.json["value"] == in_path
    assert len(without_parentheses.json["value"]) == len(in_path)


def test_arguments_may_stand_in_any_order_and_be_encoded(ut: ODataApp) -> None:
    plain = f"{SALES}/Turnovers({PERIOD},Dimensions='Склад')"
    turned = (
        f"{SALES}/Turnovers(Dimensions='Склад', EndPeriod=datetime'2026-09-30T23:59:59' ,"
        "StartPeriod=datetime'2026-09-01T00:00:00')"
    )
    encoded = quote(f"{ROOT}{turned}", safe="/")
    assert send(ut, f"{encoded}?%24format=json").json["value"] == rows(ut, plain)


def test_slash_and_comma_in_a_condition_do_not_split_the_path(ut: ODataApp) -> None:
    condition = "Склад/Description eq ''Центральний склад'' or startswith(Склад/Code,''Г,/'')"
    path = f"{STOCK}/Balance(Dimensions='Склад',Condition='{condition}')"
    assert [row["Склад_Key"] for row in rows(ut, path)] == [WAREHOUSE]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("Catalog_Нет", (404, "8")),
        (f"{STOCK}/Нет()", (400, "6")),
        (f"{STOCK}/SliceLast()", (400, "11")),
        (f"{SALES}/Balance()", (400, "11")),
        ("Catalog_Склады/Balance()", (400, "11")),
        ("Catalog_Склады(guid'00000000-0000-0000-0000-000000000000')", (404, "9")),
        ("Catalog_Склады(guid'x')", (400, "6")),
        ("Catalog_Склады(Нет=guid'00000000-0000-0000-0000-000000000000')", (400, "6")),
        (f"{STOCK}/Balance(Period=datetime'2026-10-16')", (400, "21")),
        (f"{STOCK}/Balance(Period=datetime'2026-10-16T00:00:00Z')", (400, "21")),
        (f"{STOCK}/Balance(Period='2026-10-16')", (400, "21")),
        (f"{STOCK}/Balance(Dimensions='Нет')", (400, "21")),
        (f"{STOCK}/Balance(Dimensions='Склад_Key')", (400, "21")),
        (f"{STOCK}/Balance(Dimensions=Склад)", (400, "21")),
        (f"{STOCK}/Balance(Dimensions='Склад',Dimensions='Склад')", (400, "21")),
        (f"{STOCK}/Balance(Condition='Склад_Key eq')", (400, "14")),
        (f"{STOCK}/Balance(Condition='ВНаличии gt 0')", (400, "6")),
        (f"{STOCK}/Balance(StartPeriod=datetime'2026-10-16T00:00:00')", (501, "0")),
        (f"{SALES}/Turnovers(StartDate=datetime'2026-10-16T00:00:00')", (501, "0")),
        (f"{SALES}/Turnovers(Периодичность='Месяц')", (501, "0")),
        ("Catalog_Склады/Description", (400, "6")),
        ("$count", (404, "8")),
    ],
)
def test_wrong_path_has_its_error_code(ut: ODataApp, path: str, error: tuple[int, str]) -> None:
    assert get(ut, path).error == error


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"select": "Нет"}, (400, "6")),
        ({"select": "Description,Parent/Нет", "expand": "Parent"}, (400, "6")),
        ({"expand": "Нет"}, (400, "6")),
        ({"orderby": "Нет"}, (400, "6")),
        ({"orderby": "Description down"}, (400, "6")),
        ({"top": "many"}, (400, "1")),
        ({"skip": "-1"}, (400, "1")),
        ({"inlinecount": "some"}, (400, "1")),
    ],
)
def test_wrong_option_has_its_error_code(
    ut: ODataApp, options: dict[str, str], error: tuple[int, str]
) -> None:
    assert get(ut, "Catalog_Склады", **options).error == error


def test_error_is_these_bytes(ut: ODataApp) -> None:
    reply = get(ut, "Catalog_Склады", select="Нет")
    assert json.loads(reply.body) == {
        "odata.error": {
            "code": "6",
            "message": {"lang": "ru", "value": "Сегмент пути Нет не найден!"},
        }
    }
    xml = get(ut, "Catalog_Склады", fmt="", select="Нет")
    assert (xml.status, xml.headers["content-type"]) == (400, "application/xml;charset=utf-8")
    assert xml.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        '<m:code>6</m:code><m:message xml:lang="ru">Сегмент пути Нет не найден!</m:message>'
        "</m:error>"
    )


def test_page_is_a_stretch_of_the_order(ut: ODataApp) -> None:
    every = rows(ut, "Catalog_Номенклатура", orderby="Description desc,Code", select="Code")
    page = rows(
        ut,
        "Catalog_Номенклатура",
        orderby="Description desc,Code",
        select="Code",
        top="7",
        skip="5",
    )
    assert page == every[5:12]
    table = f"{STOCK}/Balance(Dimensions='Склад,Номенклатура')"
    ordered = rows(ut, table, orderby="ВНаличииBalance desc", select="ВНаличииBalance")
    values = [row["ВНаличииBalance"] for row in ordered]
    assert values == sorted(values, reverse=True)
    assert (
        rows(ut, table, orderby="ВНаличииBalance desc", top="3", select="ВНаличииBalance")
        == ordered[:3]
    )


def test_filter_of_a_virtual_table_may_use_resources_and_paths(ut: ODataApp) -> None:
    table = f"{STOCK}/Balance(Dimensions='Склад,Номенклатура')"
    every = rows(ut, table, expand="Номенклатура", select="*,Номенклатура/Code")
    assert rows(ut, table, filter="ВНаличииBalance gt 10") == [
        {name: value for name, value in row.items() if name != "Номенклатура"}
        for row in every
        if row["ВНаличииBalance"] > 10
    ]
    code = every[0]["Номенклатура"]["Code"]
    found = rows(ut, table, filter=f"Номенклатура/Code eq '{code}'")
    assert {row["Номенклатура_Key"] for row in found} == {every[0]["Номенклатура_Key"]}
    folder = by_name(ut, "Кліматична техніка")
    levels = (
        f"(Номенклатура/Parent_Key eq guid'{folder}' "
        f"or Номенклатура/Parent/Parent_Key eq guid'{folder}')"
    )
    below = {
        row["Ref_Key"]
        for row in rows(
            ut, "Catalog_Номенклатура", expand="Parent", select="Ref_Key,Parent/Parent_Key"
        )
        if row["Parent"]["Parent_Key"] == folder
    }
    assert {row["Номенклатура_Key"] for row in rows(ut, table, filter=levels)} <= below


def by_name(app: ODataApp, name: str) -> str:
    (found,) = rows(app, "Catalog_Номенклатура", filter=f"Description eq '{name}'")
    return str(found["Ref_Key"])


def test_entity_is_found_by_its_key(ut: ODataApp) -> None:
    one = get(ut, f"Catalog_Склады(guid'{WAREHOUSE}')", fmt="application/json;odata=nometadata")
    named = get(
        ut, f"Catalog_Склады(Ref_Key=guid'{WAREHOUSE}')", fmt="application/json;odata=nometadata"
    )
    assert one.json == named.json
    assert one.json["Description"] == "Центральний склад"


def test_information_register_has_slices(ut: ODataApp) -> None:
    euro = "Валюта/Description eq ''EUR''"
    (last,) = rows(ut, f"InformationRegister_КурсыВалют/SliceLast(Condition='{euro}')")
    assert (last["Курс"], last["Кратность"]) == (48, 1)
    before = "Period=datetime'2024-01-01T00:00:00'"
    assert rows(ut, f"InformationRegister_КурсыВалют/SliceLast({before})") == []
    assert len(rows(ut, f"InformationRegister_КурсыВалют/SliceFirst({before})")) == 3


def test_record_sets_hold_their_records(ut: ODataApp) -> None:
    (record_set,) = rows(ut, f"{SALES}", top="1")
    recorder = record_set["Recorder"]
    assert record_set["RecordSet"] == rows(
        ut,
        f"{SALES}_RecordType",
        filter=f"Recorder eq cast(guid'{recorder}','Document_РеализацияТоваровУслуг')",
    )


def test_publication_may_have_any_name(ut: ODataApp) -> None:
    assert send(ut, "/a/b/odata/standard.odata/?$format=json").status == 200
    assert send(ut, "/odata/standard.odata?$format=json").status == 200
    assert send(ut, "/trade/hs/mcp/health").status == 404
