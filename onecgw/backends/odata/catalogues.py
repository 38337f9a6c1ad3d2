"""A catalogue of a base in memory: labels, groups, dates of creation, search."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.object_names import bare_type, spaced
from onecgw.backends.odata.profile import CatalogueSet, Contacts
from onecgw.backends.odata.search import Wanted, digits, fold

ZERO: Final = "00000000-0000-0000-0000-000000000000"
# 1C's empty date: an entry without a date of creation was created before any period.
_NEVER: Final = "0001-01-01"
_DAY: Final = len(_NEVER)

Row = Mapping[str, Any]


@attrs.frozen(kw_only=True, eq=False)
class CatalogueEntry:
    """An object of a catalogue.

    place: what sorts it: the folded label, the label, the id.
    parent: the id of its group; None at the root. created: a day in ISO 8601.
    currency: the key of the currency of a cash desk; "" without one.
    is_listed: search finds it; others only give their labels to reports.
    marks: what reports say of it beside its label.
    """

    id: str
    label: str
    code: str = ""
    parent: str | None = None
    is_group: bool = False
    is_archived: bool = False
    created: str = _NEVER
    currency: str = ""
    phone: str = ""
    city: str = ""
    is_listed: bool = True
    marks: Mapping[str, str] = attrs.field(factory=dict)
    place: tuple[str, str, str] = attrs.field(init=False)

    @place.default
    def _place(self) -> tuple[str, str, str]:
        return (fold(self.label), self.label, self.id)

    @property
    def cell(self) -> dict[str, str]:
        """How reports refer to it."""
        return {"id": self.id, "label": self.label, **self.marks}


class ODataCatalogue:
    """All entries of one kind, in the order of their labels.

    kind: as in the contract. has_folders: groups are marked as such and hold nothing themselves;
        otherwise a group is an entry with others below it, and may be meant itself.
    """

    def __init__(self, kind: str, entries: Iterable[CatalogueEntry], *, has_folders: bool) -> None:
        self.kind = kind
        self.has_folders = has_folders
        ordered = {entry.id: entry for entry in sorted(entries, key=lambda entry: entry.place)}
        labels = Counter(entry.label for entry in ordered.values())
        self.entries = {
            entry.id: attrs.evolve(entry, marks=marks)
            if (marks := _marks(entry, kind, ordered, is_repeated=labels[entry.label] > 1))
            else entry
            for entry in ordered.values()
        }
        self._children: dict[str, list[str]] = {}
        for entry in self.entries.values():
            if entry.parent is not None:
                self._children.setdefault(entry.parent, []).append(entry.id)
        self._words = [
            (
                entry,
                (entry.place[0], fold(entry.code), digits(entry.code)),
                fold(f"{entry.label} {entry.code}"),
                digits(entry.phone),
            )
            for entry in self.entries.values()
            if entry.is_listed
        ]

    def branch(self, entry_id: str) -> frozenset[str]:
        """The id of an entry and of everything below it."""
        found: set[str] = set()
        waiting = [entry_id]
        while waiting:
            one = waiting.pop()
            if one not in found:  # a damaged hierarchy may contain a cycle
                found.add(one)
                waiting += self._children.get(one, ())
        return frozenset(found)

    def is_group(self, entry: CatalogueEntry) -> bool:
        """Whether others stand below an entry, or could."""
        return entry.is_group or (not self.has_folders and entry.id in self._children)

    def all(self, *, with_groups: bool) -> list[CatalogueEntry]:
        """Every listed entry by its label; those that are out of use stand last."""
        listed = [entry for entry in self.entries.values() if entry.is_listed]
        found = [entry for entry in listed if with_groups or not self.is_group(entry)]
        return sorted(found, key=lambda entry: entry.is_archived)

    def search(self, query: str, *, with_groups: bool) -> list[CatalogueEntry]:
        """Entries with all words of the query in their name, code or telephone, best first.

        A query that is an id finds that entry. Where groups are entries like others, they are
        found without `with_groups` too, if nothing else is: one of them may be meant itself.
        """
        found = self.entries.get(query.strip().lower()) or self.entries.get(query.strip())
        if found is not None:
            ranked = [found]
        else:
            wanted = Wanted(query)
            placed = [
                (entry.is_archived and rank > 0, rank, entry.is_archived, place, entry)
                for place, (entry, names, words, phone) in enumerate(self._words)
                if (rank := wanted.rank(names=names, words=words, phone=phone)) is not None
            ]
            ranked = [entry for *_, entry in sorted(placed, key=lambda line: line[:-1])]
        if with_groups:
            return ranked
        leaves = [entry for entry in ranked if not self.is_group(entry)]
        return leaves if leaves or self.has_folders else ranked


def _marks(
    entry: CatalogueEntry,
    kind: str,
    entries: Mapping[str, CatalogueEntry],
    *,
    is_repeated: bool,
) -> dict[str, str]:
    """The code of a product, and the group of an entry that has a namesake."""
    marks = {"code": entry.code} if kind == "product" and entry.code and not entry.is_group else {}
    parent = entries.get(entry.parent or "")
    return marks | ({"parent": parent.label} if is_repeated and parent is not None else {})


def read_entries(
    one: CatalogueSet,
    rows: Iterable[Row],
    *,
    types: Types,
    contacts: Mapping[str, Mapping[str, str]],
) -> Iterator[CatalogueEntry]:
    """Read the entries of one entity set.

    Args:
        one: what the profile says of it.
        rows: as 1C answered.
        types: of the base.
        contacts: id → `phone` and `city`, as far as they are known.
    """
    parent = types.column(one.entity_set, one.parent.removesuffix("_Key")) if one.parent else None
    currency = types.column(one.entity_set, one.currency) if one.currency else None
    for row in rows:
        is_group = bool(row.get("IsFolder", False))
        is_listed = all(row.get(name) in values for name, values in one.only.items())
        code = str(row.get(one.code) or "") if one.code else ""
        above = row.get(parent) if parent else None
        found = contacts.get(row["Ref_Key"], {})
        yield CatalogueEntry(
            id=row["Ref_Key"],
            label=str(row[one.name]).strip(),
            code=code.strip(),
            parent=above if above and above != ZERO else None,
            is_group=is_group,
            is_archived=bool(row.get("DeletionMark") or (one.archived and row.get(one.archived))),
            created=str(row.get(one.created) or _NEVER)[:_DAY] if one.created else _NEVER,
            currency=str(row.get(currency) or "") if currency else "",
            is_listed=is_listed or is_group,
            phone=found.get("phone", ""),
            city=found.get("city", ""),
        )


def member_entry(name: str) -> CatalogueEntry:
    """The entry of one member of an enumeration.

    Its label is made of its name: OData gives no presentations.
    """
    return CatalogueEntry(id=name, label=spaced(name))


def unknown_entry(entry_id: str) -> CatalogueEntry:
    """The entry of a reference that leads nowhere: the object was deleted or is not readable."""
    return CatalogueEntry(id=entry_id, label=f"<object not found: {entry_id}>")


def read_contacts(one: Contacts, rows: Iterable[Row]) -> dict[str, dict[str, str]]:
    """Read the first telephone and the first city of every entry, by its id."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        contacts = found.setdefault(row["Ref_Key"], {})
        kind = bare_type(str(row[one.kind_field]))
        for name, field in one.fields.items():
            if kind == field.kind and not contacts.get(name):
                contacts[name] = str(row[field.take] or "").strip()
    return found
