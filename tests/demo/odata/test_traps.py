"""The traps of 1C's interface, each as a client would fall into it."""

import base64
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp, build_odata_app
from tests.builders.odata_queries import AUTHORIZATION, LOGIN, PASSWORD, ROOT, get, rows, send

STOCK = "AccumulationRegister_ТоварыНаСкладах"
SALES = "AccumulationRegister_ВыручкаИСебестоимостьПродаж"
WAREHOUSE = "17f1b3a2-49ee-4e83-9c1a-ab146a6b246b"


def test_inlinecount_is_a_string_and_switches_top_and_skip_off(ut: ODataApp) -> None:
    reply = get(ut, "Catalog_Склады", top="1", skip="2", inlinecount="allpages").json
    assert (reply["odata.count"], len(reply["value"])) == ("6", 6)


def test_balance_at_a_date_is_without_that_day(ut: ODataApp) -> None:
    def total(moment: str) -> Decimal:
        (row,) = rows(
            ut,
            f"{STOCK}/Balance(Period=datetime'{moment}',Dimensions='Серия')",
            select="ВНаличииBalance",
        ) or [{"ВНаличииBalance": Decimal(0)}]
        return Decimal(row["ВНаличииBalance"])

    # The opening balance is written at the end of 30 September.
    assert total("2024-09-30T00:00:00") == 0
    assert total("2024-10-01T00:00:00") > 0


def test_period_that_ends_at_a_date_is_without_that_day(ut: ODataApp) -> None:
    def sold(end: str) -> int:
        period = f"StartPeriod=datetime'2026-09-14T00:00:00',EndPeriod=datetime'{end}'"
        return len(rows(ut, f"{SALES}/Turnovers({period})", select="Склад"))

    assert sold("2026-09-14T00:00:00") == 0
    assert sold("2026-09-14T23:59:59") > 0


def test_without_a_format_the_answer_is_atom(ut: ODataApp) -> None:
    reply = get(ut, "Catalog_Склады", fmt="")
    assert reply.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(reply.body.decode())  # noqa: S314 - our own
    names = [one.text for one in feed.iter() if one.tag.endswith("}Description")]
    assert names == [row["Description"] for row in rows(ut, "Catalog_Склады")]


def test_header_accept_asks_for_json_too(ut: ODataApp) -> None:
    headers = [(b"authorization", AUTHORIZATION), (b"accept", b"application/json")]
    reply = send(ut, f"{ROOT}Catalog_Склады", headers=headers)
    assert len(reply.json["value"]) == 6


def test_plus_is_no_space(ut: ODataApp) -> None:
    reply = send(ut, f"{ROOT}Catalog_Склады?$format=json&$filter=Code+eq+'С-00001'")
    assert reply.error == (500, "-1")
    assert "ГДЕ" in reply.json["odata.error"]["message"]["value"]
    assert send(ut, f"{ROOT}Catalog_Склады?$format=json&$orderby=Code+desc").error == (400, "6")


def test_guid_never_equals_a_composite_field(ut: ODataApp) -> None:
    path = f"{SALES}/Turnovers(Dimensions='Склад')"
    cast = f"cast(guid'{WAREHOUSE}','Catalog_Склады')"
    assert rows(ut, path, filter=f"Склад eq guid'{WAREHOUSE}'") == []
    assert rows(ut, path, filter=f"Склад eq '{WAREHOUSE}'") == []
    assert [row["Склад"] for row in rows(ut, path, filter=f"Склад eq {cast}")] == [WAREHOUSE]
    assert rows(ut, path, filter=f"Склад eq cast(guid'{WAREHOUSE}','Catalog_Кассы')") == []
    assert len(rows(ut, path, filter=f"Склад ne {cast}")) == 5
    doubled = cast.replace("'", "''")
    inside = f"{SALES}/Turnovers(Dimensions='Склад',Condition='Склад eq {doubled}')"
    assert [row["Склад"] for row in rows(ut, inside)] == [WAREHOUSE]
    assert len(rows(ut, path, filter="isof(Склад,'Catalog_Склады')")) == 6
    assert rows(ut, path, filter="isof(Склад,'Catalog_Кассы')") == []


def test_composite_field_has_its_type_beside_it(ut: ODataApp) -> None:
    row = rows(ut, f"{SALES}/Turnovers()", top="1")[0]
    assert row["Склад_Type"] == "StandardODATA.Catalog_Склады"
    assert (row["Партия"], row["Партия_Type"]) == ("", "StandardODATA.Undefined")
    assert row["Подразделение_Key"] == "00000000-0000-0000-0000-000000000000"


def test_expand_without_the_field_in_select_is_silently_nothing(ut: ODataApp) -> None:
    path = f"{STOCK}/Balance(Dimensions='Склад')"
    assert rows(ut, path, expand="Склад", select="ВНаличииBalance")[0].keys() == {"ВНаличииBalance"}
    (first, *_) = rows(ut, path, expand="Склад", select="Склад/Description,ВНаличииBalance")
    assert first["Склад"].keys() == {"Description"}
    (first, *_) = rows(ut, path, select="Склад/Description,ВНаличииBalance")
    assert first.keys() == {"ВНаличииBalance"}


def test_expanded_composite_stands_under_another_name(ut: ODataApp) -> None:
    path = f"{SALES}/Turnovers(Dimensions='Склад')"
    (first, *_) = rows(ut, path, expand="Склад", select="Склад/Code")
    assert first.keys() == {"Склад_Expanded"}
    assert first["Склад_Expanded"].keys() == {"Code"}
    (whole, *_) = rows(ut, path, expand="Склад", select="Склад")
    assert whole["Склад"] == whole["Склад_Expanded"]["Ref_Key"]


def test_presentation_has_four_underscores(ut: ODataApp) -> None:
    (row,) = rows(
        ut,
        f"{STOCK}/Balance(Dimensions='Склад',Condition='Склад_Key eq guid''{WAREHOUSE}''')",
        select="*,Склад____Presentation",
    )
    assert row["Склад____Presentation"] == "Центральний склад"
    (record, *_) = rows(
        ut, f"{SALES}_RecordType", select="*____Presentation", top="1", orderby="Period"
    )
    assert record["Recorder____Presentation"] == (
        "Реализация товаров и услуг РН-0000001 от 01.10.2024 12:00:00"
    )


def test_partners_have_children_and_no_folders(ut: ODataApp, unf: ODataApp) -> None:
    partners = rows(ut, "Catalog_Партнеры", select="Ref_Key,Parent_Key")
    assert get(ut, "Catalog_Партнеры", select="IsFolder").error == (400, "6")
    parents = {row["Parent_Key"] for row in partners} - {"00000000-0000-0000-0000-000000000000"}
    folders = {
        row["Ref_Key"] for row in rows(unf, "Catalog_Контрагенты", filter="IsFolder eq true")
    }
    assert parents == folders


def test_rows_of_nothing_come_back_too(ut: ODataApp) -> None:
    balances = rows(ut, f"{STOCK}/Balance(Dimensions='Склад,Номенклатура')")
    assert any(row["ВНаличииBalance"] == 0 for row in balances)


def test_numbers_have_the_digits_that_1c_prints(ut: ODataApp) -> None:
    body = get(ut, f"{SALES}_RecordType", select="Количество,СуммаВыручки", top="200").body
    text = body.decode()
    assert ".00" not in text
    assert "E" not in text.partition('"value"')[2]
    for row in rows(ut, f"{SALES}_RecordType", select="Количество,СуммаВыручки", top="200"):
        assert Decimal(row["СуммаВыручки"]) == Decimal(row["СуммаВыручки"]).quantize(
            Decimal("0.01")
        )
    assert '"LineNumber":"1"' in get(ut, f"{SALES}_RecordType", top="1").body.decode()


def test_only_get_is_answered_and_the_log_tells(small_books: Books) -> None:
    app = build_odata_app(small_books, "ut", login=LOGIN, password=PASSWORD)
    get(app, "Catalog_Склады", select="Code")
    app.log.check(max_url_bytes=200)
    with pytest.raises(AssertionError, match="more than 20"):
        app.log.check(max_url_bytes=20)
    for method in ("POST", "PATCH", "DELETE", "PUT"):
        reply = send(app, f"{ROOT}Catalog_Склады?$format=json", method=method)
        assert reply.error == (405, "19")
    with pytest.raises(AssertionError, match="other methods"):
        app.log.check(max_url_bytes=2_000)
    assert app.log.methods == {"GET": 1, "POST": 1, "PATCH": 1, "DELETE": 1, "PUT": 1}


def test_user_is_checked_in_utf_8(ut: ODataApp) -> None:
    wrong = b"Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode("cp1251"))
    reply = send(ut, f"{ROOT}?$format=json", headers=[(b"authorization", wrong)])
    assert (reply.status, reply.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert send(ut, f"{ROOT}?$format=json", headers=[]).status == 401
