"""Catalogues, tabular parts and documents as entity sets."""

from onecgw.demo.odata.fields import (
    DOCUMENT,
    columns_of,
    day,
    flag,
    of_catalogue,
    plain,
    ref,
    text,
)
from onecgw.demo.odata.model import EntitySet, ODataField


def catalogue(
    name: str,
    source: str,
    *fields: ODataField,
    groups: str = "",
    parents: str = "",
    predefined: str = "''",
) -> EntitySet:
    """A catalogue of the books.

    Args:
        name: its name without `Catalog_`.
        source: the table, or the table with a condition.
        fields: what it has besides.
        groups: "folders" gives it IsFolder and Parent_Key, "items" only Parent_Key: any item may
            have children.
        parents: the table where parents stand.
        predefined: SQL of the name of a predefined entry.
    """
    whole = f"Catalog_{name}"
    hierarchy = []
    if groups:
        parent = of_catalogue(parents or source, "own.parent")
        hierarchy = [ref("Parent", whole, "parent", parent)]
        if groups == "folders":
            hierarchy.append(flag("IsFolder", "own.is_group"))
    standard = (
        plain("guid", "Ref_Key", "own.uuid"),
        text("DataVersion", "'AAAAAQAAAAA='"),
        flag("DeletionMark", "own.archived"),
        *hierarchy,
        text("Code", "own.code"),
        text("Description", "own.label"),
        *fields,
        flag("Predefined", f"{predefined} <> ''"),
        text("PredefinedDataName", predefined),
    )
    return EntitySet(
        name=whole,
        columns=columns_of(standard),
        source=f"(SELECT * FROM {source}) AS own ORDER BY own.id",  # noqa: S608 - as above
        stored=True,
    )


def simple_catalogue(name: str, source: str, *fields: ODataField, reference: str) -> EntitySet:
    """A catalogue that the books have no table for: keys of analytics, contracts, currencies."""
    whole = f"Catalog_{name}"
    standard = (
        plain("guid", "Ref_Key", reference),
        text("DataVersion", "'AAAAAQAAAAA='"),
        flag("DeletionMark"),
        *fields,
    )
    return EntitySet(name=whole, columns=columns_of(standard), source=source, stored=True)


def part(owner: str, name: str, source: str, *fields: ODataField, key: str) -> EntitySet:
    """A tabular part; its source has the column line."""
    standard = (plain("guid", "Ref_Key", key), plain("int64", "LineNumber", "line"), *fields)
    return EntitySet(
        name=f"{owner}_{name}",
        owner=owner,
        columns=columns_of(standard),
        source=source,
        keys=("Ref_Key", "LineNumber"),
    )


def document_set(name: str, title: str, source: str, *fields: ODataField) -> EntitySet:
    """A document; its source has the columns doc_kind, doc, period and number."""
    whole = f"Document_{name}"
    standard = (
        plain("guid", "Ref_Key", DOCUMENT),
        text("DataVersion", "'AAAAAQAAAAA='"),
        flag("DeletionMark"),
        text("Number", "number"),
        day("Date", "period"),
        flag("Posted", "1"),
        *fields,
    )
    return EntitySet(name=whole, columns=columns_of(standard), source=source, title=title)
