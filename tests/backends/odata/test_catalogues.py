from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.odata.catalogues import CatalogueEntry, ODataCatalogue
from onecgw.backends.odata.search import fold


def entry(
    label: str, *, parent: str | None = None, is_group: bool = False, **more: str
) -> CatalogueEntry:
    return CatalogueEntry(
        id=f"id {fold(label)}",
        label=label,
        code=more.get("code", ""),
        parent=parent,
        is_group=is_group,
        is_archived="archived" in more,
        phone=more.get("phone", ""),
    )


FOLDERS = ODataCatalogue(
    "product",
    [
        entry("Ёлки", is_group=True),
        entry("Ёлка «Київ» зелена", parent="id елки", code="Т-0007"),
        entry("Елка старая", parent="id елки", archived="yes"),
        entry("Шланг поливочный", phone="+380 (44) 123-45-67"),
    ],
    has_folders=True,
)
ITEMS = ODataCatalogue(
    "customer",
    [entry("Холдинг"), entry("Холдинг Захід", parent="id холдинг"), entry("Ромашка")],
    has_folders=False,
)


def labels(catalogue: ODataCatalogue, query: str, *, with_groups: bool = False) -> list[str]:
    return [one.label for one in catalogue.search(query, with_groups=with_groups)]


def test_words_are_found_in_any_order_without_case_and_diacritics() -> None:
    assert labels(FOLDERS, "киів ЕЛКА") == ["Ёлка «Київ» зелена"]
    assert labels(FOLDERS, "т-0007") == ["Ёлка «Київ» зелена"]
    assert labels(FOLDERS, "1234567") == ["Шланг поливочный"]
    assert labels(FOLDERS, "нет такого") == []


def test_archived_entries_stand_last_unless_they_are_named_exactly() -> None:
    assert labels(FOLDERS, "елк") == ["Ёлка «Київ» зелена", "Елка старая"]
    assert labels(FOLDERS, "елка старая") == ["Елка старая"]


def test_folders_are_found_only_on_request() -> None:
    assert labels(FOLDERS, "ёлки") == []
    assert labels(FOLDERS, "ёлки", with_groups=True) == ["Ёлки"]


def test_entry_with_others_below_it_is_a_group_but_may_be_meant_itself() -> None:
    assert labels(ITEMS, "холдинг") == ["Холдинг Захід"]
    assert labels(ITEMS, "холдинг", with_groups=True) == ["Холдинг", "Холдинг Захід"]
    head = ODataCatalogue("customer", [entry("Центр"), entry("Филиал", parent="id центр")],
                     has_folders=False)  # fmt: skip
    assert labels(head, "центр") == ["Центр"]


@given(st.lists(st.integers(0, 11), min_size=12, max_size=12))
def test_branch_is_everything_below_even_where_the_hierarchy_is_a_circle(
    parents: list[int],
) -> None:
    catalogue = ODataCatalogue(
        "product",
        [entry(f"e{place}", parent=f"id e{above}") for place, above in enumerate(parents)],
        has_folders=True,
    )
    for place in range(12):
        found = {place}
        while True:
            more = {one for one, above in enumerate(parents) if above in found} | found
            if more == found:
                break
            found = more
        assert catalogue.branch(f"id e{place}") == {f"id e{one}" for one in found}
