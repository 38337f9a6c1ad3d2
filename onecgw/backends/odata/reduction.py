"""A profile without what a base does not publish, and what each of its parts lacks."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import attrs

from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.object_names import described, records_of
from onecgw.backends.odata.profile import (
    COUNTS,
    DIMENSIONS,
    SUBCONTO,
    CatalogueSet,
    DimensionField,
    Predefined,
    Profile,
    RegisterSource,
    Term,
    ToolProfile,
)
from onecgw.locales.text import say

_PartT = TypeVar("_PartT")


@attrs.frozen(kw_only=True)
class Missing:
    """What the base lacks. field: "" is the whole object; a virtual table starts with `/`."""

    entity_set: str
    field: str = ""

    @property
    def text(self) -> str:
        """What is lacking, for a person."""
        name = described(self.entity_set)
        if not self.field:
            return say("odata.is_not_published", name=name)
        if self.field.startswith("/"):
            return say("odata.has_no_table", name=name, table=self.field[1:])
        return say("odata.has_no_field", name=name, field=self.field)


class Reduction:
    """Compares a profile with a base, part by part.

    profile: what remains can be read. missing: everything that the base lacks, in the order of
    the profile.
    """

    def __init__(self, profile: Profile, entity_sets: Collection[str], types: Types) -> None:
        self._whole = profile
        self._sets = entity_sets
        self._types = types
        self._missing: dict[Missing, None] = {}
        # (source, dimension or fact; "" is the source) → what it lacks.
        self._causes: dict[tuple[str, str], list[Missing]] = {}
        self._kind_causes: dict[str, list[Missing]] = {}
        self.profile = self._reduced()
        self.missing = tuple(self._missing)

    def of_kind(self, kind: str) -> Sequence[Missing]:
        """What a kind of catalogue lacks."""
        return self._kind_causes.get(kind, ())

    def of_source(self, source: str, names: Iterable[str]) -> Iterable[Missing]:
        """What a source, and the dimensions or facts of it that are named, lack.

        A name with a point is what a catalogue gives: `customer.cohort`, `product.parent`.
        """
        yield from self._causes.get((source, ""), ())
        for name in names:
            dimension, _, derivation = name.partition(".")
            yield from self._causes.get((source, dimension), ())
            if derivation:
                meaning = "created" if derivation == "cohort" else "parent"
                yield from self._lost_fields(dimension, meaning)
            if name in COUNTS:
                yield from self._causes.get((source, "returns"), ())

    def _lost_fields(self, dimension: str, meaning: str) -> Iterable[Missing]:
        """What of one meaning the catalogues behind a dimension lack."""
        for one in self._whole.set_of(dimension):
            field = one.optional.get(meaning, "").removesuffix("_Key")
            missing = Missing(entity_set=one.entity_set, field=field)
            if field and missing in self._missing:
                yield missing

    def _reduced(self) -> Profile:
        catalogues = {
            kind: kept
            for kind, sets in self._whole.catalogues.items()
            if (kept := self._catalogues(kind, sets)) is not None
        }
        self._kinds = {*catalogues, *self._whole.members}
        self._keys = {
            name: sets
            for name, sets in self._whole.keys.items()
            if not [*self._absent_sets(*(one.entity_set for one in sets))]
        }
        sources = {
            name: source
            for name, one in self._whole.sources.items()
            if (source := self._source(one)) is not None
        }
        self._forbid_stand_ins(sources)
        return attrs.evolve(
            self._whole,
            catalogues=catalogues,
            keys=self._keys,
            sources=sources,
            tools={name: self._tool(tool, sources) for name, tool in self._whole.tools.items()},
        )

    def _lack(self, entity_set: str, field: str = "") -> Missing:
        missing = Missing(entity_set=entity_set, field=field)
        self._missing[missing] = None
        return missing

    def _absent_sets(self, *entity_sets: str) -> Iterable[Missing]:
        """Those of the sets that are not published."""
        for name in entity_sets:
            if name not in self._sets:
                yield self._lack(name)

    def _absent_fields(
        self, entity_set: str, *fields: str, row_type: str = ""
    ) -> Iterable[Missing]:
        """Those of the fields that a set lacks, or the rows of one of its tables."""
        for field in fields:
            if self._types.column(row_type or entity_set, field) is None:
                yield self._lack(entity_set, field)

    def _absent(self, source: RegisterSource, *fields: str) -> Iterable[Missing]:
        """Those of the fields that the rows of a source lack."""
        return self._absent_fields(source.register, *fields, row_type=source.row_type)

    def _catalogues(
        self, kind: str, sets: Sequence[CatalogueSet]
    ) -> tuple[CatalogueSet, ...] | None:
        """The sets of a kind; None where one is missing: half a list would look like a whole."""
        found: list[CatalogueSet] = []
        for one in sets:
            lacking = [*self._absent_sets(one.entity_set)]
            lacking = lacking or [*self._absent_fields(one.entity_set, one.name)]
            if lacking:
                self._kind_causes.setdefault(kind, []).extend(lacking)
            else:
                found.append(self._catalogue(one))
        return None if kind in self._kind_causes else tuple(found)

    def _catalogue(self, one: CatalogueSet) -> CatalogueSet:
        def lacks(field: str) -> bool:
            return bool([*self._absent_fields(one.entity_set, field.removesuffix("_Key"))])

        lost: dict[str, Any] = {name: None for name, field in one.optional.items() if lacks(field)}
        if one.contacts is not None and [*self._absent_sets(one.contacts.table)]:
            lost["contacts"] = None
        only = {name: values for name, values in one.only.items() if not lacks(name)}
        return attrs.evolve(one, only=only, **lost)

    def _source(self, source: RegisterSource) -> RegisterSource | None:
        causes = [*self._table_causes(source)]
        if causes:
            self._causes[source.name, ""] = causes
            return None
        return attrs.evolve(
            source,
            dims=self._kept(source, source.dims, partial(self._dimension_causes, source)),
            first_of=self._kept(source, source.first_of, partial(self._first_of_causes, source)),
            facts=self._kept(
                source, source.facts, lambda _, terms: self._fact_causes(source, terms)
            ),
            returns=self._returns(source),
            transfers=self._transfers(source),
        )

    def _kept(
        self,
        source: RegisterSource,
        parts: Mapping[str, _PartT],
        causes: Callable[[str, _PartT], Iterable[Missing]],
    ) -> dict[str, _PartT]:
        """The parts of a source that lack nothing; what the others lack is noted."""
        found: dict[str, _PartT] = {}
        for name, part in parts.items():
            lacking = [*causes(name, part)]
            if lacking:
                self._causes[source.name, name] = lacking
            else:
                found[name] = part
        return found

    def _returns(self, source: RegisterSource) -> Mapping[str, tuple[str, ...]]:
        """The marks of returns: a register may lack some of the fields, but not all of them."""
        known = self._types.fields[source.row_type]
        found = {field: patterns for field, patterns in source.returns.items() if field in known}
        if source.returns and not found:
            self._causes[source.name, "returns"] = [
                self._lack(source.register, field) for field in source.returns
            ]
        return found

    def _transfers(self, source: RegisterSource) -> Mapping[str, tuple[str, ...]]:
        """The marks of money carried between own desks; nothing where a field is missing."""
        lacking = [
            self._lack(source.register, field)
            for field in source.transfers
            if self._types.column(source.row_type, field.removesuffix("_Type")) is None
        ]
        if lacking:
            self._causes[source.name, "transfers"] = lacking
        return {} if lacking else source.transfers

    def _table_causes(self, source: RegisterSource) -> Iterable[Missing]:
        register = source.register
        if register not in self._sets and records_of(register) not in self._sets:
            yield self._lack(register)
            return
        functions = self._types.functions.get(register)
        is_declared = source.table == "Records" or functions is None or source.table in functions
        if not is_declared or source.row_type not in self._types.fields:
            yield self._lack(register, f"/{source.table}")
            return
        for field, value in source.where.items():
            yield from self._absent(source, field)
            if isinstance(value, Predefined):
                yield from self._absent_sets(value.entity_set)
        for field in source.excludes:
            if field not in self._types.fields[source.row_type]:
                yield self._lack(register, field)
        if source.is_ledger and self._whole.accounts_set is not None:
            yield from self._absent_sets(self._whole.accounts_set)

    def _dimension_causes(
        self, source: RegisterSource, name: str, field: DimensionField
    ) -> Iterable[Missing]:
        kind = DIMENSIONS[name]
        if kind is not None and kind not in self._kinds:
            yield from self._kind_causes.get(kind, ())
        yield from self._absent(source, f"{SUBCONTO[field.side]}1" if field.side else field.field)
        if field.key is not None:
            yield from self._key_causes(field.key, name)

    def _first_of_causes(
        self, source: RegisterSource, name: str, leaves: tuple[str, ...]
    ) -> Iterable[Missing]:
        yield from self._kind_causes.get(DIMENSIONS.get(name) or "", ())
        for leaf in leaves:
            yield from self._causes.get((source.name, leaf), ())
            if name == "currency":
                # Without the currencies of desks, sums would mix currencies.
                yield from self._lost_fields(leaf, "currency")

    def _key_causes(self, key: str, dimension: str) -> Iterable[Missing]:
        for one in self._whole.keys[key]:
            if key not in self._keys:
                yield from self._absent_sets(one.entity_set)
            elif dimension in one.gives:
                yield from self._absent_fields(one.entity_set, one.gives[dimension].field)

    def _fact_causes(self, source: RegisterSource, terms: Sequence[Term]) -> Iterable[Missing]:
        for term in terms:
            yield from self._absent(source, source.column(term.resource), *term.when)

    def _forbid_stand_ins(self, sources: dict[str, RegisterSource]) -> None:
        """Take from later sources the facts of a preferred one that the base lacks.

        Another register would answer with other figures, without a sign of it.
        """
        for tool in self._whole.tools.values():
            lost: set[str] = set()
            for group in tool.sources:
                for name in group:
                    if name in sources:
                        kept = {
                            fact: terms
                            for fact, terms in sources[name].facts.items()
                            if fact not in lost
                        }
                        sources[name] = attrs.evolve(sources[name], facts=kept)
                if any(name not in sources for name in group):
                    lost |= {fact for name in group for fact in self._whole.sources[name].facts}

    def _tool(self, tool: ToolProfile, sources: Mapping[str, RegisterSource]) -> ToolProfile:
        last = tool.last_purchase
        return attrs.evolve(
            tool,
            sources=tuple(
                group for group in tool.sources if all(name in sources for name in group)
            ),
            last_purchase=last if last in sources else None,
        )
