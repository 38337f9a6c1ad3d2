"""Which profile fits a base, what of it the base lacks, and what that costs the tools."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import attrs

from onecgw.backends.odata.metadata import Types, result_type
from onecgw.backends.odata.object_names import WHERE_TO_PUBLISH, described, records_of
from onecgw.backends.odata.profile import (
    COUNTS,
    DIMENSIONS,
    CatalogueSet,
    DimensionField,
    KeySet,
    Predefined,
    Profile,
    Source,
    Term,
    ToolProfile,
)
from onecgw.backends.odata.reports import (
    CUSTOMER_SUMMARY,
    RESOLVERS,
    SALES,
    TABULAR,
    TOOLS,
    TOP_PRODUCTS,
    Report,
)
from onecgw.contract import Capabilities


@attrs.frozen(kw_only=True)
class Missing:
    """What the base lacks. field: "" is the whole object; a virtual table starts with `/`."""

    entity_set: str
    field: str = ""

    def __str__(self) -> str:
        name = described(self.entity_set)
        if not self.field:
            return f"{name} is not published"
        if self.field.startswith("/"):
            return f"{name} has no virtual table {self.field[1:]}"
        return f"{name} has no field {self.field}"


@attrs.frozen(kw_only=True)
class Assessment:
    """What a base can answer through a profile.

    profile: reduced to what the base has; whatever remains in it can be read.
    reasons: (tool, kind, name) → why it is lacking; kind and name are "" for a whole tool.
    missing: everything of the profile that the base lacks, in the order of the profile.
    """

    profile: Profile
    capabilities: Capabilities
    reasons: Mapping[tuple[str, str, str], str]
    missing: tuple[Missing, ...]


def fitting(
    profiles: Sequence[Profile], entity_sets: Collection[str], accounts: Collection[str] = ()
) -> Profile | None:
    """The first profile whose objects, and accounts where they are known, the base has."""
    for one in profiles:
        if set(one.fits) <= set(entity_sets) and (
            not accounts or set(one.fits_accounts) <= set(accounts)
        ):
            return one
    return None


def wanted_by(profiles: Sequence[Profile], entity_sets: Collection[str]) -> str:
    """What each profile wants of a base that fits none of them."""
    lines = [
        f"{one.name} ({one.title}) wants "
        + ", ".join(described(name) for name in one.fits if name not in entity_sets)
        for one in profiles
        if not set(one.fits) <= set(entity_sets)
    ]
    return (
        f"the base publishes {len(entity_sets)} sets through OData, and no profile fits it: "
        f"{'; '.join(lines)}. Publish them in 1C: {WHERE_TO_PUBLISH}"
    )


NOTHING_FITS: Final = Capabilities(unavailable=frozenset(TOOLS))


def assess(profile: Profile, entity_sets: Collection[str], types: Types) -> Assessment:
    """Compare a profile with what a base publishes."""
    return _Assessing(profile, entity_sets, types).result()


class _Assessing:
    def __init__(self, profile: Profile, entity_sets: Collection[str], types: Types) -> None:
        self._profile = profile
        self._sets = entity_sets
        self._types = types
        self._missing: dict[Missing, None] = {}
        # (source, dimension or fact; "" is the source) → what it lacks.
        self._causes: dict[tuple[str, str], list[Missing]] = {}
        self._kind_causes: dict[str, list[Missing]] = {}
        self._reasons: dict[tuple[str, str, str], str] = {}

    def result(self) -> Assessment:
        catalogues = {
            kind: kept
            for kind, sets in self._profile.catalogues.items()
            if (kept := self._catalogues(kind, sets)) is not None
        }
        keys = {
            name: key_sets
            for name, sets in self._profile.keys.items()
            if (key_sets := self._keys(sets))
        }
        known = {*catalogues, *self._profile.members}
        sources = {
            name: source
            for name, one in self._profile.sources.items()
            if (source := self._source(one, known, keys)) is not None
        }
        self._forbid_stand_ins(sources)
        reduced = attrs.evolve(
            self._profile,
            catalogues=catalogues,
            keys=keys,
            sources=sources,
            tools={name: self._tool(tool, sources) for name, tool in self._profile.tools.items()},
        )
        unsupported = {
            report.tool: lacks
            for report in TABULAR
            if (lacks := self._unsupported(report, reduced))
        }
        unavailable = self._unavailable(reduced, unsupported)
        return Assessment(
            profile=reduced,
            capabilities=Capabilities(
                profile=self._profile.name,
                unavailable=frozenset(unavailable),
                unsupported={
                    tool: lacks for tool, lacks in unsupported.items() if tool not in unavailable
                },
                always_empty=self._profile.empty,
            ),
            reasons=self._reasons,
            missing=tuple(self._missing),
        )

    # What the base lacks.

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
        parent = kept(one.parent)
        return attrs.evolve(
            one,
            code=kept(one.code),
            parent=parent,
            hierarchy=one.hierarchy if parent else "none",
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
        self, source: Source, kinds: Collection[str], keys: Mapping[str, tuple[KeySet, ...]]
    ) -> Source | None:
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
        return attrs.evolve(source, dims=dims, first_of=first_of, facts=facts, returns=returns)

    def _table_causes(self, source: Source) -> Iterable[Missing]:
        register = source.register
        if register not in self._sets and records_of(register) not in self._sets:
            yield self._lack(register)
            return
        if result_type(register, source.table) not in self._types.fields:
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
        chart = self._profile.accounts_set
        if source.is_ledger and chart is not None and chart not in self._sets:
            yield self._lack(chart)

    def _dimension_causes(
        self,
        source: Source,
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

    def _key_causes(
        self, key: str, dimension: str, keys: Mapping[str, tuple[KeySet, ...]]
    ) -> Iterable[Missing]:
        for one in self._profile.keys[key]:
            if key not in keys:
                if one.entity_set not in self._sets:
                    yield self._lack(one.entity_set)
            elif dimension in one.gives:
                given = one.gives[dimension].name
                if self._types.column(one.entity_set, given) is None:
                    yield self._lack(one.entity_set, given)

    def _fact_causes(self, source: Source, terms: Sequence[Term]) -> Iterable[Missing]:
        type_name = result_type(source.register, source.table)
        known = self._types.fields[type_name]
        for term in terms:
            if source.column(term.resource) not in known:
                yield self._lack(source.register, source.column(term.resource))
            for field in term.when:
                if self._types.column(type_name, field) is None:
                    yield self._lack(source.register, field)

    def _forbid_stand_ins(self, sources: dict[str, Source]) -> None:
        """Take from later sources the facts of a preferred one that the base lacks.

        Another register would answer with other figures, and nobody would be told.
        """
        for tool in self._profile.tools.values():
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
                    lost |= {fact for name in group for fact in self._profile.sources[name].facts}

    # What that costs.

    def _tool(self, tool: ToolProfile, sources: Mapping[str, Source]) -> ToolProfile:
        last = tool.last_purchase
        return attrs.evolve(
            tool,
            sources=tuple(
                group for group in tool.sources if all(name in sources for name in group)
            ),
            last_purchase=last if last in sources else None,
        )

    def _unsupported(self, report: Report, reduced: Profile) -> Mapping[str, frozenset[str]]:
        """What a report lacks: as the profile declares, and as the base leaves it."""
        whole = self._profile.tools.get(report.tool, ToolProfile())
        named = [name for names in whole.sources for name in names]
        lacks: dict[str, set[str]] = {}
        declared = {(kind, name) for kind, names in whole.lacks.items() for name in names}
        found = [
            (kind, name, causes)
            for kind, name, causes in self._lacking(report, reduced)
            if (kind, name) not in declared
        ]
        for kind, name in declared:
            self._reasons[report.tool, kind, name] = whole.lacks[kind][name]
            lacks.setdefault(kind, set()).add(name)
        for kind, name, causes in found:
            missing = [one for source in named for one in self._causes_of(source, causes)]
            self._reasons[report.tool, kind, name] = _reason(missing)
            lacks.setdefault(kind, set()).add(name)
        return {kind: frozenset(names) for kind, names in lacks.items()}

    def _lacking(  # noqa: C901 - one question for each kind of what may lack
        self, report: Report, reduced: Profile
    ) -> Iterable[tuple[str, str, tuple[str, ...]]]:
        """(kind, name, what of a source it needs) of everything that no source has."""
        tool = reduced.tools.get(report.tool, ToolProfile())
        groups = [[reduced.sources[name] for name in names] for names in tool.sources]

        def has(dimension: str) -> bool:
            return any(all(one.leaves(dimension) for one in group) for group in groups)

        for one in report.dimensions:
            if one.of and not has(one.of):
                # What is always added cannot be refused alone: the whole report goes.
                if one.name not in report.always_by:
                    yield "group_by", one.name, (one.of,)
            elif one.of and not self._derives(one.derivation, one.of, reduced):
                yield "group_by", one.name, (f"{one.of}.{one.derivation}",)
        for filter_ in report.filters:
            if not has(filter_.of):
                yield "filters", filter_.name, (filter_.of,)
        if report.has_cohort and not (
            has("customer") and self._derives("cohort", "customer", reduced)
        ):
            yield "filters", "customer_cohort", ("customer", "customer.cohort")
        whole = self._profile.tools.get(report.tool, ToolProfile())
        always = [
            name
            for name in report.always_by
            if not has(report.dimension[name].of) and name not in whole.lacks.get("group_by", {})
        ]
        for measure in report.measures:
            facts = [
                fact
                for fact in measure.facts
                if not any(all(one.offers(fact) for one in group) for group in groups)
            ]
            if facts or always:
                counted = [COUNTS[fact] for fact in facts if fact in COUNTS]
                yield "measures", measure.name, (*facts, *counted, *always)

    def _derives(self, derivation: str, dimension: str, reduced: Profile) -> bool:
        """Whether the catalogue behind a dimension has what a group or a cohort is made of."""
        sets = reduced.set_of(dimension)
        if derivation == "parent":
            return any(one.parent for one in sets)
        return derivation != "cohort" or any(one.created for one in sets)

    def _causes_of(self, source: str, names: Iterable[str]) -> Iterable[Missing]:
        yield from self._causes.get((source, ""), ())
        for name in names:
            dimension, _, derivation = name.partition(".")
            yield from self._causes.get((source, dimension), ())
            if derivation:
                for one in self._profile.set_of(dimension):
                    field = one.created if derivation == "cohort" else one.parent
                    missing = Missing(
                        entity_set=one.entity_set, field=(field or "").removesuffix("_Key")
                    )
                    if missing in self._missing:
                        yield missing
            if name in COUNTS:
                yield from self._causes.get((source, "returns"), ())

    def _unavailable(
        self, reduced: Profile, unsupported: Mapping[str, Mapping[str, frozenset[str]]]
    ) -> set[str]:
        found: set[str] = set()

        def lose(tool: str, reason: str) -> None:
            found.add(tool)
            self._reasons[tool, "", ""] = reason

        for report in TABULAR:
            lacks = unsupported.get(report.tool, {})
            if lacks.get("measures", frozenset()) >= set(report.measure):
                whole = self._profile.tools.get(report.tool, ToolProfile())
                named = [name for names in whole.sources for name in names]
                facts = [fact for one in report.measures for fact in one.facts]
                facts += report.always_by
                causes = [one for name in named for one in self._causes_of(name, facts)]
                lose(report.tool, _reason(causes))
        sales = unsupported.get(SALES.tool, {}).get("group_by", frozenset())
        for tool, needed in ((TOP_PRODUCTS, "product"), (CUSTOMER_SUMMARY, "customer")):
            if SALES.tool in found:
                lose(tool, self._reasons[SALES.tool, "", ""])
            elif needed in sales:
                lose(tool, self._reasons[SALES.tool, "group_by", needed])
        for kind in RESOLVERS:
            has_entries = kind in reduced.catalogues or kind in reduced.members
            if not has_entries and kind not in self._profile.empty:
                lose(f"resolve_{kind}", _reason(self._kind_causes.get(kind, ())))
        for tool, reason in self._profile.unavailable.items():
            lose(tool, reason)
        return found


def _reason(missing: Iterable[Missing]) -> str:
    """Why something is lacking, and where an administrator opens it."""
    found = [*dict.fromkeys(missing)]
    if not found:
        return "this configuration keeps nothing that could answer it"
    told = "; ".join(str(one) for one in found)
    if all(one.field for one in found):
        return told
    return f"{told}. Publish it in 1C: {WHERE_TO_PUBLISH}"
