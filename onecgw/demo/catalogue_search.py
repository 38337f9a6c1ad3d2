"""A catalogue as the service reads it: look-up by reference, whole branches, search."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

import attrs

from onecgw.demo.simulation.catalogue_entries import CatalogueName, Entry
from onecgw.demo.simulation.text_folding import digits, fold

# A query is taken for a telephone number when it has this many digits and no letters.
_PHONE_DIGITS: Final = 4
# With fewer, too many numbers contain it for it to stand before words.
_SURE_PHONE_DIGITS: Final = 5
# The columns that every catalogue has.
_COMMON: Final = {field.name for field in attrs.fields(Entry)}


@attrs.frozen(kw_only=True)
class CatalogueItem(Entry):
    """A line of a catalogue.

    facts: what only this kind of catalogue has, by column.
    cell: how reports refer to it.
    """

    facts: Mapping[str, str | int]
    cell: dict[str, str]

    @cached_property
    def names(self) -> tuple[str, str, str]:
        """What is this line exactly: the folded name, the folded code, its digits."""
        return fold(self.label), fold(self.code), digits(self.code)

    @cached_property
    def words(self) -> str:
        """The folded name and code, for search."""
        return fold(f"{self.label} {self.code}")


class DemoCatalogue:
    """All lines of one catalogue, in the order of their labels."""

    def __init__(self, name: CatalogueName, items: Iterable[CatalogueItem]) -> None:
        self.name = name
        self.items = tuple(items)
        self._by_uuid = {item.uuid: item for item in self.items}
        self._children: dict[int, list[CatalogueItem]] = {}
        for item in self.items:
            if item.parent is not None:
                self._children.setdefault(item.parent, []).append(item)

    def by_id(self, number: int) -> CatalogueItem:
        """The line with an id."""
        return self.items[number - 1]

    def by_uuid(self, uuid: str) -> CatalogueItem | None:
        """The line with a reference, if there is one."""
        return self._by_uuid.get(uuid.lower())

    def branch(self, item: CatalogueItem) -> Iterator[int]:
        """The id of a line and of everything below it."""
        yield item.id
        for child in self._children.get(item.id, ()):
            yield from self.branch(child)

    def all(self) -> list[CatalogueItem]:
        """Every line by its label; those that are out of use stand last."""
        return sorted(self.items, key=lambda item: (item.archived, item.id))

    def search(self, query: str) -> list[CatalogueItem]:
        """Lines with all words of the query in their name, code or telephone, best first.

        A query that is a reference finds that line. Words are compared without case, ё/е, і/и,
        diacritics and punctuation, in any order, also as parts of words.
        """
        found = self.by_uuid(query.strip())
        if found is not None:
            return [found]
        wanted = fold(query)
        number = digits(query)
        by_phone = len(number) >= _PHONE_DIGITS and not any(sign.isalpha() for sign in query)
        ranked = [
            (item.archived and rank > 0, rank, item.archived, item.id, item)
            for item in self.items
            if (rank := _rank(item, wanted, number if by_phone else "")) is not None
        ]
        return [item for *_, item in sorted(ranked, key=lambda line: line[:-1])]


def read_catalogue(db: sqlite3.Connection, name: CatalogueName) -> DemoCatalogue:
    """Read a catalogue from the books."""
    cursor = db.execute(f"SELECT * FROM {name} ORDER BY id")  # noqa: S608 - a name of ours
    columns = [column[0] for column in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    labels = Counter(row["label"] for row in rows)
    items = []
    for row in rows:
        facts = {key: row.pop(key) for key in columns if key not in _COMMON}
        parent, label = row["parent"], row["label"]
        cell = {"id": row["uuid"], "label": label}
        if "unit" in facts and not row["is_group"]:
            cell |= {"code": row["code"], "unit": facts["unit"]}
        if labels[label] > 1 and parent is not None:  # two channels are called «Online»
            cell["parent"] = rows[parent - 1]["label"]
        items.append(CatalogueItem(**row, facts=facts, cell=cell))
    return DemoCatalogue(name, items)


def _rank(item: CatalogueItem, wanted: str, number: str) -> int | None:
    """How well a line fits: 0 is the very name or code, None is not at all."""
    if wanted and wanted in item.names:
        return 0
    phone = item.facts.get("phone")
    if number and isinstance(phone, str) and number in digits(phone):
        return 1 if len(number) >= _SURE_PHONE_DIGITS else 4
    words = wanted.split()
    if not words or not all(word in item.words for word in words):
        return None
    if item.words.startswith(wanted):
        return 2
    return 3 if all(f" {word}" in f" {item.words}" for word in words) else 4
