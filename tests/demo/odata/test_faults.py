"""What goes wrong on demand, and a composition that lacks objects."""

import pytest

from onecgw.demo.books import Books
from onecgw.demo.fault_plan import BadFault
from onecgw.demo.odata.app import ODataApp, build_odata_app
from onecgw.demo.odata.configurations import read_configuration
from onecgw.demo.odata.faults import ODATA_FAULTS, parse_odata_faults
from tests.builders.odata_queries import (
    AUTHORIZATION,
    LOGIN,
    PASSWORD,
    ROOT,
    Reply,
    get,
    rows,
    send,
)

STOCK = "AccumulationRegister_ТоварыНаСкладах"


def with_fault(app: ODataApp, fault: str, target: str) -> Reply:
    """One call with a fault of its own."""
    headers = [(b"authorization", AUTHORIZATION), (b"x-demo-fault", fault.encode())]
    return send(app, f"{ROOT}{target}", headers=headers)


def test_right_to_a_part_is_401_with_code_20_unless_partial_sums_are_accepted(
    ut: ODataApp,
) -> None:
    for fault, target in (
        ("rls=Catalog_Партнеры", "Catalog_Партнеры?$format=json"),
        (f"rls=Catalog_Партнеры|{STOCK}", f"{STOCK}/Balance()?$format=json"),
        (f"rls={STOCK}", f"{STOCK}_RecordType?$format=json"),
        (f"rls={STOCK}", f"{STOCK}/Turnovers()?$format=json"),
    ):
        refused = with_fault(ut, fault, target)
        assert refused.error == (401, "20")
        assert refused.headers["www-authenticate"] == 'Basic realm="1C:Enterprise 8.3"'
        part = with_fault(ut, fault, f"{target}&allowedOnly=true")
        whole = with_fault(ut, "latency=1ms", target)
        assert part.status == 200
        assert 0 < len(part.json["value"]) < len(whole.json["value"])
    assert rows(ut, "Catalog_Склады", allowedOnly="true") == rows(ut, "Catalog_Склады")


def test_object_that_is_not_published_is_404_with_code_8(ut: ODataApp) -> None:
    for target in (f"{STOCK}/Balance()", f"{STOCK}_RecordType", STOCK):
        reply = with_fault(ut, f"unpublished={STOCK}", f"{target}?$format=json")
        assert reply.error == (404, "8")
    parts = with_fault(
        ut, "unpublished=Catalog_Партнеры", "Catalog_Партнеры_КонтактнаяИнформация?$format=json"
    )
    assert parts.error == (404, "8")


def test_reference_to_an_object_that_is_not_published_is_still_a_guid(ut: ODataApp) -> None:
    fault = "unpublished=Catalog_Склады"
    table = f"{STOCK}/Balance(Dimensions='Склад')?$format=json"
    found = with_fault(ut, fault, table).json["value"]
    assert found == rows(ut, f"{STOCK}/Balance(Dimensions='Склад')")
    assert with_fault(ut, fault, f"{table}&$expand=Склад&$select=Склад/Code").error == (400, "6")
    text = with_fault(ut, fault, "$metadata").body.decode()
    assert "Склад_Key" in text
    assert "Catalog_Склады" not in text


def test_field_that_the_configuration_lacks_is_400_with_code_6(ut: ODataApp) -> None:
    fault = "no_field=Catalog_Номенклатура.Артикул|ВНаличии|Серия"
    reply = with_fault(ut, fault, "Catalog_Номенклатура?$format=json&$select=Артикул")
    assert reply.error == (400, "6")
    table = with_fault(ut, fault, f"{STOCK}/Balance()?$format=json&$select=ВНаличииBalance")
    assert table.error == (400, "6")
    dimensions = with_fault(ut, fault, f"{STOCK}/Balance(Dimensions='Серия')?$format=json")
    assert dimensions.error == (400, "21")
    text = with_fault(ut, fault, "$metadata").body.decode()
    assert "ВНаличии" not in text
    assert "Артикул" not in text


def test_web_server_refuses_what_is_too_long(ut: ODataApp) -> None:
    long = "Catalog_Склады?$format=json&$filter=" + "Code%20eq%20'С-00001'%20or%20" * 60 + "true"
    assert send(ut, ROOT + long).status == 200
    refused = with_fault(ut, "long_url", long)
    assert (refused.status, b"404.15" in refused.body) == (404, True)
    table = (
        f"{STOCK}/Balance(Condition='{'Склад_Key%20eq%20Склад_Key%20or%20' * 12}true')?$format=json"
    )
    assert send(ut, ROOT + table).status == 200
    assert with_fault(ut, "long_segment", table).status == 400
    assert with_fault(ut, "long_segment=500", table).status == 200


def test_answers_and_errors_may_be_xml_though_json_was_requested(ut: ODataApp) -> None:
    assert with_fault(ut, "atom", "Catalog_Склады?$format=json").body.startswith(b"<?xml")
    wrong = with_fault(ut, "xml_errors", "Нет?$format=json")
    assert (wrong.status, b"<m:code>8</m:code>" in wrong.body) == (404, True)


def test_blocked_base_says_so_in_html(ut: ODataApp) -> None:
    reply = with_fault(ut, "blocked_page", "Catalog_Склады?$format=json")
    assert (reply.status, reply.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "Начало сеанса с информационной базой запрещено" in reply.body.decode()


def test_faults_of_the_http_service_happen_here_too(ut: ODataApp) -> None:
    for fault, status in (("blocked", 403), ("licence", 500), ("bad_gateway", 502)):
        assert with_fault(ut, fault, "Catalog_Склады?$format=json").status == status
    reply = with_fault(ut, "broken_json", "Catalog_Склады?$format=json")
    assert not reply.body.endswith(b"}")


def test_plan_of_a_run_happens_to_every_call_until_it_is_used_up(small_books: Books) -> None:
    app = build_odata_app(
        small_books,
        "ut",
        login=LOGIN,
        password=PASSWORD,
        faults=parse_odata_faults("licence,times=2,unpublished=Catalog_Кассы,slow_first_call=1ms"),
    )
    assert [get(app, "Catalog_Склады").status for _ in range(3)] == [500, 500, 200]
    assert get(app, "Catalog_Кассы").error == (404, "8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing", "unknown fault 'nothing'; known: rls, unpublished"),
        ("rls", "rls needs names; write rls=Catalog_Партнеры"),
        ("long_url=much", "long_url is 'much'; write a whole number from 1"),
        ("atom=1", "'1': the fault atom has no value"),
        ("slow_first_call=soon", "'soon' is no duration; write 300ms or 2s"),
        ("rate=1", "no fault in 'rate=1'"),
    ],
)
def test_wrong_plan_says_what_would_be_right(ut: ODataApp, text: str, message: str) -> None:
    with pytest.raises(BadFault, match=message):
        parse_odata_faults(text)
    assert with_fault(ut, text, "Catalog_Склады").status == 400


def test_every_fault_has_a_plan_that_it_names_itself() -> None:
    for name, what in ODATA_FAULTS.items():
        example = what.rpartition("; ")[2] if "; " in what else name
        assert parse_odata_faults(example) != parse_odata_faults("latency=1s"), name


def test_composition_publishes_what_it_names(small_books: Books) -> None:
    app = build_odata_app(
        small_books,
        "unf",
        login=LOGIN,
        password=PASSWORD,
        composition=["Catalog_Контрагенты", "AccumulationRegister_Продажи"],
    )
    names = [one["name"] for one in get(app, "").json["value"]]
    assert names == [
        "Catalog_Контрагенты",
        "Catalog_Контрагенты_КонтактнаяИнформация",
        "AccumulationRegister_Продажи",
        "AccumulationRegister_Продажи_RecordType",
    ]
    assert get(app, "Catalog_Склады").error == (404, "8")
    assert get(app, "Catalog_Кассы").error == (404, "8")


def test_composition_with_an_unknown_object_is_refused(small_books: Books) -> None:
    with pytest.raises(ValueError, match="ut has no Catalog_Нет"):
        build_odata_app(
            small_books, "ut", login=LOGIN, password=PASSWORD, composition=["Catalog_Нет"]
        )


def test_any_object_may_be_left_out(small_books: Books, ut: ODataApp) -> None:
    schema, _ = read_configuration("ut")
    for name in sorted(schema.objects()):
        fault = f"unpublished={name}"
        own = [one.name for one in schema.sets.values() if one.owner == name]
        listed = with_fault(ut, fault, "?$format=json").json["value"]
        assert [one["name"] for one in listed] == [one for one in schema.sets if one not in own]
        assert with_fault(ut, fault, "$metadata").status == 200
        for one in own:
            assert with_fault(ut, fault, f"{one}?$format=json").error == (404, "8")
