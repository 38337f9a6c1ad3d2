"""Catalogues, keys and accounts of a base, read whole and kept for a while."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar, cast

import trio

from onecgw.backends.odata import url
from onecgw.backends.odata.catalogues import (
    ZERO,
    CatalogueEntry,
    ODataCatalogue,
    member_entry,
    read_contacts,
    read_entries,
)
from onecgw.backends.odata.fetch import Fetcher
from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.object_names import bare_type
from onecgw.backends.odata.profile import CatalogueSet, DimensionField, KeySet, Predefined, Profile
from onecgw.backends.odata.references import ACCOUNT
from onecgw.backends.odata.url import ODataQuery

Keys = Mapping[str, Mapping[str, str]]
Days = tuple[date, date]

FILTER_KEYS_SECONDS: Final = 10
_ACCOUNTS: Final = "accounts"
_LoadedT = TypeVar("_LoadedT")


class Loading:
    """Reads what is needed once, and keeps it for `ttl_seconds`; 0 keeps nothing.

    A catalogue is one call, or a few pages: labels by their keys would be a hundred.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        profile: Profile,
        types: Types,
        *,
        ttl_seconds: float,
    ) -> None:
        self._fetcher = fetcher
        self._profile = profile
        self._types = types
        self._ttl = ttl_seconds
        self._kept: dict[str, tuple[float, Any]] = {}
        self._locks: dict[str, trio.Lock] = {}

    async def catalogue(self, kind: str) -> ODataCatalogue:
        """The catalogue of a kind.

        Raises:
            OnecError: it cannot be read.
        """
        return await self._once(f"catalogue {kind}", lambda: self._catalogue(kind))

    async def keys(self, name: str, days: Days, *, is_filtered: bool) -> Keys:
        """Key → dimension → id of a key set; of documents only those of the days.

        A filter is sent as keys: one that is newer than the kept set would be left out of the sums
        in silence. So a filtered report takes a set that is at most FILTER_KEYS_SECONDS old.

        Raises:
            OnecError: it cannot be read.
        """
        sets = self._profile.keys[name]
        span = f" {days[0]} {days[1]}" if any(one.dated for one in sets) else ""
        max_age = min(self._ttl, FILTER_KEYS_SECONDS) if is_filtered else self._ttl
        return await self._once(
            f"keys {name}{span}", lambda: self._keys(sets, days), max_age=max_age
        )

    async def accounts(self) -> Mapping[str, str]:
        """Code → key of the chart of accounts.

        Raises:
            OnecError: it cannot be read.
        """
        rows = await self._once(_ACCOUNTS, self._account_rows)
        return {str(row["Code"]).strip(): str(row["Ref_Key"]) for row in rows}

    async def predefined(self, one: Predefined) -> str | None:
        """The key of a predefined object; None where the catalogue has none.

        Raises:
            OnecError: it cannot be read.
        """
        name = f"predefined {one.entity_set} {one.name}"
        return await self._once(name, lambda: self._predefined(one))

    async def _once(
        self, name: str, load: Callable[[], Awaitable[_LoadedT]], *, max_age: float | None = None
    ) -> _LoadedT:
        """What was loaded at most max_age seconds ago (None = `ttl_seconds`), else loaded now."""
        async with self._locks.setdefault(name, trio.Lock()):
            if name in self._kept:
                loaded_at, kept = self._kept[name]
                if trio.current_time() < loaded_at + (self._ttl if max_age is None else max_age):
                    return cast(_LoadedT, kept)
            value = await load()
            self._forget_old()
            if self._ttl > 0:
                self._kept[name] = (trio.current_time(), value)
            return value

    def _forget_old(self) -> None:
        oldest = trio.current_time() - self._ttl
        for name in [name for name, (loaded_at, _) in self._kept.items() if loaded_at <= oldest]:
            del self._kept[name]

    async def _catalogue(self, kind: str) -> ODataCatalogue:
        members = self._profile.members.get(kind)
        if members is not None:
            # OData may lack some of the members.
            published = self._types.members.get(members.enumeration, ())
            names = dict.fromkeys([*members.names, *published])
            return ODataCatalogue(kind, map(member_entry, names), has_folders=False)
        entries: list[CatalogueEntry] = []
        sets = self._profile.catalogues.get(kind, ())
        for one in sets:
            contacts = await self._contacts(one)
            rows = await self._whole(one.entity_set, [*self._fields(one)])
            entries += read_entries(one, rows, types=self._types, contacts=contacts)
        if kind == "cash":
            entries += await self._accounts_as_desks()
        has_folders = all(one.hierarchy != "items" for one in sets)
        return ODataCatalogue(kind, entries, has_folders=has_folders)

    def _fields(self, one: CatalogueSet) -> Sequence[str]:
        known = self._types.fields.get(one.entity_set, {})
        columns = [
            self._types.column(one.entity_set, field.removesuffix("_Key")) for field in one.fields
        ]
        mark = ["DeletionMark"] if "DeletionMark" in known else []
        return [*(column for column in columns if column), *mark]

    async def _contacts(self, one: CatalogueSet) -> Mapping[str, Mapping[str, str]]:
        contacts = one.contacts
        if contacts is None:
            return {}
        taken = [part.take for part in contacts.fields.values()]
        rows = await self._whole(contacts.table, [contacts.kind_field, *taken])
        return read_contacts(contacts, rows)

    async def _accounts_as_desks(self) -> list[CatalogueEntry]:
        """The accounts that stand for desks, where the accounting register has no desks."""
        codes = [
            code
            for source in self._profile.sources.values()
            for field in source.dims.values()
            if field.field == ACCOUNT
            for code in source.all_accounts
        ]
        if not codes:
            return []
        found: list[CatalogueEntry] = []
        for row in await self._once(_ACCOUNTS, self._account_rows):
            code = str(row["Code"]).strip()
            if any(code == one or code.startswith(f"{one}.") for one in codes):
                label = f"{code} {str(row['Description']).strip()}"
                found.append(CatalogueEntry(id=str(row["Ref_Key"]), label=label, code=code))
        return found

    async def _keys(self, sets: Sequence[KeySet], days: Days) -> Keys:
        found: dict[str, dict[str, str]] = {}
        for one in sets:
            columns = {
                dimension: (column, field)
                for dimension, field in one.gives.items()
                if (column := self._types.column(one.entity_set, field.field)) is not None
            }
            composite = [
                f"{column}_Type"
                for column, _ in columns.values()
                if self._types.is_composite(one.entity_set, column)
            ]
            condition = (
                f"{one.dated} ge {url.start_of(days[0])} and {one.dated} le {url.end_of(days[1])}"
                if one.dated
                else ""
            )
            selected = dict.fromkeys([*(column for column, _ in columns.values()), *composite])
            for row in await self._whole(one.entity_set, [*selected], condition):
                found[row["Ref_Key"]] = {
                    dimension: str(row[column])
                    for dimension, (column, field) in columns.items()
                    if row[column] and row[column] != ZERO and _counts(row, column, field)
                }
        return found

    async def _account_rows(self) -> list[dict[str, Any]]:
        chart = self._profile.accounts_set
        return [] if chart is None else await self._whole(chart, ["Code", "Description"])

    async def _predefined(self, one: Predefined) -> str | None:
        known = self._types.fields.get(one.entity_set, {})
        names = [name for name in ("PredefinedDataName", "Description") if name in known]
        rows = await self._whole(one.entity_set, names)
        for name in names:
            for row in rows:
                if row[name] == one.name:
                    return str(row["Ref_Key"])
        return None

    async def _whole(
        self, entity_set: str, columns: Sequence[str], condition: str = ""
    ) -> list[dict[str, Any]]:
        """Every row of a set; a large one comes in pages, in the order of its keys."""
        select = ("$select", ",".join(dict.fromkeys(["Ref_Key", *columns])))
        page_rows = self._fetcher.bounds.rows
        options = [("$filter", condition)] if condition else []
        options += [select, *self._fetcher.bounds.options]
        first = ODataQuery(resource=entity_set, options=(*options, ("$top", str(page_rows + 1))))
        rows = await self._fetcher.rows(first)
        if len(rows) <= page_rows:
            return rows
        # Rows of a tabular part share the key of their owner.
        has_lines = "LineNumber" in self._types.fields.get(entity_set, {})
        order = "Ref_Key,LineNumber" if has_lines else "Ref_Key"
        rows = []
        while True:
            page = ODataQuery(
                resource=entity_set,
                options=(
                    *options,
                    ("$orderby", order),
                    ("$top", str(page_rows)),
                    ("$skip", str(len(rows))),
                ),
            )
            found = await self._fetcher.rows(page)
            rows += found
            if len(found) < page_rows:
                return rows


def _counts(row: Mapping[str, Any], column: str, field: DimensionField) -> bool:
    """Whether a reference is of one of the types that count."""
    kind = row.get(f"{column}_Type")
    return not field.types or kind is None or bare_type(str(kind)) in field.types
