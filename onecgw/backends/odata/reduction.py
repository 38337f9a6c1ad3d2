"""A profile without what a base does not publish, and what each of its parts lacks."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from onecgw.backends.odata.metadata import Types, result_type
from onecgw.backends.odata.object_names import described, records_of
from onecgw.backends.odata.profile import (
    COUNTS,
    DIMENSIONS,
    CatalogueSet,
    DimensionField,
    KeySet,
    Predefined,
    Profile,
    RegisterSource,
    Term,
    ToolProfile,
)
from onecgw.locales.text import say


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
                for one in self._whole.set_of(dimension):
                    field = one.created if derivation == "cohort" else one.parent
                    missing = Missing(
                        entity_set=one.entity_set, field=(field or "").removesuffix("_Key")
                    )
                    if missing in self._missing:
                        yield missing
            if name in COUNTS:
                yield from self._causes.get((source, "returns"), ())

    def _reduced(self) -> Profile:
        catalogues = {
            kind: kept
            for kind, sets in self._whole.catalogues.items()
            if (kept := self._catalogues(kind, sets)) is not None
        }
        keys = {
            name: key_sets
            for name, sets in self._whole.keys.items()
            if (key_sets := self._keys(sets))
        }
        known = {*catalogues, *self._whole.members}
        sources = {
            name: source
            for name, one in self._whole.sources.items()
            if (source := self._source(one, known, keys)) is not None
        }
        self._forbid_stand_ins(sources)
        return attrs.evolve(
            self._whole,
            catalogues=catalogues,
            keys=keys,
            sources=sources,
            tools={name: self._tool(tool, sources) for name, tool in self._whole.tools.items()},
        )

    def _lack(self, entity_set: str, field: str = "") -> Missing:
        missing = Missing(entity_set=entity_set, field=field)
        self._missing[missing] = None
        return missing

    def _catalogues(
        self, kind: str, sets: Sequence[CatalogueSet]
    ) -> tuple[CatalogueSet, ...] | None:
        """The sets of a kind; None where one is missing: half a list would look like a whole."""
        found: list[CatalogueSet] = []
        for one in sets:
            fields = self._types.fields.get(one.entity_set, {})
            if one.entity_set not in self._sets:
                self._kind_causes.setdefault(kind, []).append(self._lack(one.entity_set))
            elif one.name not in fields:
                self._kind_causes.setdefault(kind, []).append(self._lack(one.entity_set, one.name))
            else:
                found.append(self._catalogue(one))
        return None if kind in self._kind_causes else tuple(found)

    def _catalogue(self, one: CatalogueSet) -> CatalogueSet:
        def kept(field: str | None) -> str | None:
            if field is None:
                return None
            bare = field.removesuffix("_Key")
            if self._types.column(one.entity_set, bare) is not None:
                return field
            self._lack(one.entity_set, bare)
            return None

        contacts = one.contacts
        if contacts is not None and contacts.table not in self._sets:
            self._lack(contacts.table)
            contacts = None
        return attrs.evolve(
            one,
            code=kept(one.code),
            parent=kept(one.parent),
            created=kept(one.created),
            archived=kept(one.archived),
            currency=kept(one.currency),
            only={name: values for name, values in one.only.items() if kept(name)},
            contacts=contacts,
        )

    def _keys(self, sets: Sequence[KeySet]) -> tuple[KeySet, ...]:
        """The key sets of a name; () where one is missing."""
        lacking = [one.entity_set for one in sets if one.entity_set not in self._sets]
        for name in lacking:
            self._lack(name)
        return () if lacking else tuple(sets)

    def _source(
        self, source: RegisterSource, kinds: Collection[str], keys: Mapping[str, tuple[KeySet, ...]]
    ) -> RegisterSource | None:
        causes = [*self._table_causes(source)]
        if causes:
            self._causes[source.name, ""] = causes
            return None
        dims: dict[str, DimensionField] = {}
        for name, field in source.dims.items():
            lacking = [*self._dimension_causes(source, name, field, kinds, keys)]
            if lacking:
                self._causes[source.name, name] = lacking
            else:
                dims[name] = field
        first_of: dict[str, tuple[str, ...]] = {}
        for name, leaves in source.first_of.items():
            kind = DIMENSIONS.get(name)
            lacking = [*self._kind_causes.get(kind or "", ())]
            lacking += [one for leaf in leaves for one in self._causes.get((source.name, leaf), ())]
            if name == "currency":
                lacking += [one for leaf in leaves for one in self._currency_causes(leaf)]
            if lacking:
                self._causes[source.name, name] = lacking
            else:
                first_of[name] = leaves
        facts: dict[str, tuple[Term, ...]] = {}
        for fact, terms in source.facts.items():
            lacking = [*self._fact_causes(source, terms)]
            if lacking:
                self._causes[source.name, fact] = lacking
            else:
                facts[fact] = terms
        known = self._types.fields[result_type(source.register, source.table)]
        returns = {field: patterns for field, patterns in source.returns.items() if field in known}
        if source.returns and not returns:
            self._causes[source.name, "returns"] = [
                self._lack(source.register, field) for field in source.returns
            ]
        return attrs.evolve(
            source,
            dims=dims,
            first_of=first_of,
            facts=facts,
            returns=returns,
            transfers=self._transfers(source),
        )

    def _transfers(self, source: RegisterSource) -> Mapping[str, tuple[str, ...]]:
        """What tells money carried between own desks; nothing where a field is missing."""
        type_name = result_type(source.register, source.table)
        lacking = [
            self._lack(source.register, field)
            for field in source.transfers
            if self._types.column(type_name, field.removesuffix("_Type")) is None
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
        if not is_declared or result_type(register, source.table) not in self._types.fields:
            yield self._lack(register, f"/{source.table}")
            return
        type_name = result_type(register, source.table)
        for field, value in source.where.items():
            if self._types.column(type_name, field) is None:
                yield self._lack(register, field)
            if isinstance(value, Predefined) and value.entity_set not in self._sets:
                yield self._lack(value.entity_set)
        for field in source.excludes:
            if field not in self._types.fields[type_name]:
                yield self._lack(register, field)
        chart = self._whole.accounts_set
        if source.is_ledger and chart is not None and chart not in self._sets:
            yield self._lack(chart)

    def _dimension_causes(
        self,
        source: RegisterSource,
        name: str,
        field: DimensionField,
        kinds: Collection[str],
        keys: Mapping[str, tuple[KeySet, ...]],
    ) -> Iterable[Missing]:
        type_name = result_type(source.register, source.table)
        kind = DIMENSIONS[name]
        if kind is not None and kind not in kinds:
            yield from self._kind_causes.get(kind, ())
        if field.side is not None:
            prefix = "ExtDimension" if field.side == "own" else "BalancedExtDimension"
            if f"{prefix}1" not in self._types.fields[type_name]:
                yield self._lack(source.register, f"{prefix}1")
            return
        if self._types.column(type_name, field.field) is None:
            yield self._lack(source.register, field.field)
        if field.key is not None:
            yield from self._key_causes(field.key, name, keys)

    def _currency_causes(self, dimension: str) -> Iterable[Missing]:
        """The lacking currencies of desks: without them, sums would mix currencies."""
        for one in self._whole.set_of(dimension):
            if one.currency is not None:
                missing = Missing(
                    entity_set=one.entity_set, field=one.currency.removesuffix("_Key")
                )
                if missing in self._missing:
                    yield missing

    def _key_causes(
        self, key: str, dimension: str, keys: Mapping[str, tuple[KeySet, ...]]
    ) -> Iterable[Missing]:
        for one in self._whole.keys[key]:
            if key not in keys:
                if one.entity_set not in self._sets:
                    yield self._lack(one.entity_set)
            elif dimension in one.gives:
                given = one.gives[dimension].name
                if self._types.column(one.entity_set, given) is None:
                    yield self._lack(one.entity_set, given)

    def _fact_causes(self, source: RegisterSource, terms: Sequence[Term]) -> Iterable[Missing]:
        type_name = result_type(source.register, source.table)
        known = self._types.fields[type_name]
        for term in terms:
            if source.column(term.resource) not in known:
                yield self._lack(source.register, source.column(term.resource))
            for field in term.when:
                if self._types.column(type_name, field) is None:
                    yield self._lack(source.register, field)

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
