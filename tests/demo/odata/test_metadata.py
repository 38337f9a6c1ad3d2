"""$metadata says what the interface answers, and nothing else."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from onecgw.demo.odata.app import ODataApp
from tests.builders.odata_queries import get, rows

EDM = "{http://schemas.microsoft.com/ado/2009/11/edm}"
TYPES = {
    "Edm.Guid": str,
    "Edm.String": str,
    "Edm.DateTime": str,
    "Edm.Int64": str,
    "Edm.Boolean": bool,
}


@pytest.fixture(params=["ut", "unf", "bp", "bas"])
def app(request: pytest.FixtureRequest, face: Callable[[Any], ODataApp]) -> ODataApp:
    return face(request.param)


def document(app: ODataApp) -> ET.Element:
    reply = get(app, "$metadata", fmt="")
    assert reply.headers["content-type"] == "application/xml;charset=utf-8"
    return ET.fromstring(reply.body)  # noqa: S314 - our own


def properties(document: ET.Element, name: str) -> dict[str, str]:
    (found,) = [
        one
        for kind in ("EntityType", "ComplexType")
        for one in document.iter(f"{EDM}{kind}")
        if one.get("Name") == name
    ]
    return {one.attrib["Name"]: one.attrib["Type"] for one in found.findall(f"{EDM}Property")}


def test_sets_are_those_of_the_service_document(app: ODataApp) -> None:
    sets = [one.get("Name") for one in document(app).iter(f"{EDM}EntitySet")]
    assert sets == [one["name"] for one in get(app, "").json["value"]]


def test_every_set_has_the_properties_that_it_declares(app: ODataApp) -> None:
    found = document(app)
    for one in found.iter(f"{EDM}EntitySet"):
        name = one.attrib["Name"]
        declared = properties(found, name)
        for row in rows(app, name, top="1"):
            assert [*row] == [*declared], name
            for field, value in row.items():
                expected = TYPES.get(declared[field])
                assert expected is None or isinstance(value, expected), (name, field)


def test_every_function_has_the_rows_that_it_declares(app: ODataApp) -> None:
    found = document(app)
    functions = list(found.iter(f"{EDM}FunctionImport"))
    assert functions
    for one in functions:
        first = one.find(f"{EDM}Parameter")
        assert first is not None
        assert first.attrib["Name"] == "bindingParameter"
        bound = first.attrib["Type"].removeprefix("StandardODATA.")
        result = one.attrib["ReturnType"].removeprefix("Collection(StandardODATA.")[:-1]
        path = f"{bound}/{one.attrib['Name']}()"
        for row in rows(app, path, top="1"):
            assert [*row] == [*properties(found, result)], path
        assert one.get("EntitySet") is None


def test_functions_of_a_register_are_those_of_its_kind(ut: ODataApp) -> None:
    functions: dict[str, set[str]] = {}
    arguments: dict[str, list[str]] = {}
    for one in document(ut).iter(f"{EDM}FunctionImport"):
        names = [parameter.attrib["Name"] for parameter in one]
        arguments[one.attrib["Name"]] = names[1:]
        bound = one[0].attrib["Type"].removeprefix("StandardODATA.")
        functions.setdefault(bound, set()).add(one.attrib["Name"])
    assert functions["AccumulationRegister_ВыручкаИСебестоимостьПродаж"] == {"Turnovers"}
    assert functions["AccumulationRegister_ТоварыНаСкладах"] == {
        "Balance",
        "Turnovers",
        "BalanceAndTurnovers",
    }
    assert arguments["Balance"] == ["Condition", "Dimensions", "Period"]
    assert arguments["Turnovers"] == ["Condition", "Dimensions", "EndPeriod", "StartPeriod"]


def test_navigation_properties_lead_to_published_sets(app: ODataApp) -> None:
    found = document(app)
    sets = {one.attrib["Name"] for one in found.iter(f"{EDM}EntitySet")}
    ends = {
        one.attrib["Name"]: one[1].attrib["Type"].removeprefix("StandardODATA.")
        for one in found.iter(f"{EDM}Association")
    }
    assert set(ends.values()) <= sets
    for one in found.iter(f"{EDM}NavigationProperty"):
        assert one.attrib["Relationship"].removeprefix("StandardODATA.") in ends


def test_operations_of_ut_are_members_of_an_enumeration(ut: ODataApp) -> None:
    (members,) = [
        [member.attrib["Name"] for member in one]
        for one in document(ut).iter(f"{EDM}EnumType")
        if one.get("Name") == "ХозяйственныеОперации"
    ]
    used = {
        row["ХозяйственнаяОперация"]
        for row in rows(
            ut,
            "AccumulationRegister_ДвиженияДенежныхСредств/Turnovers(Dimensions='ХозяйственнаяОперация')",
        )
    }
    assert used < set(members)
    assert len(used) == 12
