import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.odata.metadata import (
    MetadataCache,
    MetadataReader,
    Types,
    read_service_document,
    types_of,
)
from onecgw.errors import OnecBadResponse

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0">
 <edmx:DataServices>
  <Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">
   <EnumType Name="Виды"><Member Name="Первый" Value="0"/>
    <Member Name="Второй" Value="1"/></EnumType>
   <EntityType Name="Catalog_Один"><Key><PropertyRef Name="Ref_Key"/></Key>
    <Property Name="Ref_Key" Type="Edm.Guid"/><Property Name="Склад" Type="Edm.String"/>
    <Property Name="Склад_Type" Type="Edm.String"/><NavigationProperty Name="Владелец"/>
   </EntityType>
   <EntityType Name="Catalog_Чужой"><Property Name="Ref_Key" Type="Edm.Guid"/></EntityType>
   <ComplexType Name="AccumulationRegister_Два_Balance">
    <Property Name="Товар_Key" Type="Edm.Guid"/></ComplexType>
   <EntityContainer Name="C">
    <EntitySet Name="Catalog_Один" EntityType="StandardODATA.Catalog_Один"/>
    <FunctionImport Name="Balance"><Parameter Name="bindingParameter"
      Type="StandardODATA.AccumulationRegister_Два"/><Parameter Name="Period" Type="Edm.DateTime"/>
      <Parameter Name="Condition" Type="Edm.String"/></FunctionImport>
    <FunctionImport Name="Balance"><Parameter Name="bindingParameter"
      Type="StandardODATA.AccumulationRegister_Чужой"/><Parameter Name="Period"/></FunctionImport>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""
WANTED = types_of(["Catalog_Один", "AccumulationRegister_Два"])
EXPECTED = Types(
    fields={
        "Catalog_Один": {"Ref_Key": "Edm.Guid", "Склад": "Edm.String", "Склад_Type": "Edm.String"},
        "AccumulationRegister_Два_Balance": {"Товар_Key": "Edm.Guid"},
    },
    functions={"AccumulationRegister_Два": {"Balance": ("Period", "Condition")}},
    members={"Виды": ("Первый", "Второй")},
)


@given(st.integers(1, 4_000))
def test_only_the_wanted_types_are_read_whatever_the_pieces(size: int) -> None:
    body = DOCUMENT.encode()
    reader = MetadataReader(WANTED, ["Виды"])
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    assert reader.close() == EXPECTED


def test_column_is_a_key_or_a_composite_or_missing() -> None:
    assert EXPECTED.column("AccumulationRegister_Два_Balance", "Товар") == "Товар_Key"
    assert EXPECTED.column("Catalog_Один", "Склад") == "Склад"
    assert EXPECTED.is_composite("Catalog_Один", "Склад")
    assert EXPECTED.column("Catalog_Один", "Нет") is None


@pytest.mark.parametrize(
    "body",
    [DOCUMENT.encode()[:-20], b"{}", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', b""],
)
def test_damaged_document_is_refused(body: bytes) -> None:
    def read() -> Types:
        reader = MetadataReader(WANTED)
        reader.feed(body)
        return reader.close()

    with pytest.raises(OnecBadResponse):
        read()


def test_what_was_read_is_kept_on_disk_for_the_same_composition_alone(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path / "cache")
    digest = cache.digest("/trade/", ["Catalog_Один"], WANTED)
    assert cache.load(digest) is None
    cache.save(digest, EXPECTED)
    assert cache.load(digest) == EXPECTED
    assert cache.load(cache.digest("/trade/", ["Catalog_Два"], WANTED)) is None


def test_damaged_file_is_as_if_nothing_were_kept(tmp_path: Path) -> None:
    cache = MetadataCache(tmp_path)
    cache.save("d" * 64, EXPECTED)
    next(tmp_path.glob("*.json")).write_text('{"fields": []')
    assert cache.load("d" * 64) is None


@pytest.mark.parametrize("body", [b"", b"<service/>", b'{"value":[{}]}', b"[]", b'{"value":1}'])
def test_service_document_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(OnecBadResponse):
        read_service_document(body)


def test_service_document_is_the_names_of_the_sets() -> None:
    body = '\ufeff{"value":[{"name":"Catalog_Один","url":"x"}]}'.encode()
    assert read_service_document(body) == frozenset({"Catalog_Один"})


def chunks(types: int) -> Iterator[bytes]:
    yield b"<Schema>"
    for number in range(types):
        fields = "".join(f'<Property Name="F{place}" Type="Edm.Guid"/>' for place in range(20))
        yield f'<EntityType Name="Catalog_{number}">{fields}</EntityType>'.encode()
    yield b"</Schema>"


def peak_bytes(types: int) -> int:
    tracemalloc.start()
    try:
        reader = MetadataReader({"Catalog_7"})
        for chunk in chunks(types):
            reader.feed(chunk)
        assert {name: len(fields) for name, fields in reader.close().fields.items()} == {
            "Catalog_7": 20
        }
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_document() -> None:
    assert peak_bytes(4_000) < 2 * peak_bytes(40)
