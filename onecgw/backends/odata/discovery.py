"""Which profile fits a base, what of it the base lacks, and what that costs the tools."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import attrs

from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.object_names import WHERE_TO_PUBLISH, described
from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile import COUNTS, OF_RETURNS, Profile, ToolProfile
from onecgw.backends.odata.reduction import Missing, Reduction
from onecgw.backends.odata.reports import (
    CUSTOMER_SUMMARY,
    NOT_ANSWERED,
    NOT_MEASURED,
    PRODUCT_DETAILS,
    RESOLVERS,
    SALES,
    TABULAR,
    TOOLS,
    TOP_PRODUCTS,
    TabularReport,
)
from onecgw.catalogue.capabilities import Capabilities
from onecgw.locales.text import join_texts, say

# The dimensions of sales_report that other tools need.
_MADE_OF_SALES: Final = {TOP_PRODUCTS: ("product",), CUSTOMER_SUMMARY: ("customer", "product")}


@attrs.frozen(kw_only=True)
class Assessment:
    """What a base can answer through a profile.

    profile: reduced to what the base has; whatever remains in it can be read.
    missing: everything of the profile that the base lacks, in the order of the profile.
    """

    profile: Profile
    capabilities: Capabilities
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
    """What each profile wants of a base that fits none of them, the closest profile first."""

    def published_part(profile: Profile) -> float:
        planned = [one.name for one in objects_to_publish(profile)]
        return sum(name in entity_sets for name in planned) / len(planned)

    lines = [
        say(
            "odata.one_wants",
            name=one.name,
            title=one.title,
            count=f"{published_part(one):.0%}",
            names=", ".join(described(name) for name in one.fits if name not in entity_sets),
        )
        for one in sorted(profiles, key=published_part, reverse=True)
        if not set(one.fits) <= set(entity_sets)
    ]
    return say(
        "odata.wants",
        count=len(entity_sets),
        wanted=join_texts("; ", lines),
        where=WHERE_TO_PUBLISH,
    )


def nothing_fits(reason: str) -> Capabilities:
    """The capabilities of a base that fits no profile: every tool is refused with the reason."""
    return Capabilities(
        unavailable_tools=frozenset({*TOOLS, *NOT_ANSWERED}),
        reasons={(tool, "", ""): reason for tool in (*TOOLS, *NOT_ANSWERED)},
        same_for_all=True,
    )


def assess(profile: Profile, entity_sets: Collection[str], types: Types) -> Assessment:
    """Compare a profile with what a base publishes."""
    return _Assessing(profile, Reduction(profile, entity_sets, types)).result()


class _Assessing:
    """What a reduced profile costs the tools, and why."""

    def __init__(self, profile: Profile, reduction: Reduction) -> None:
        self._profile = profile
        self._reduction = reduction
        self._reasons: dict[tuple[str, str, str], str] = {}

    def result(self) -> Assessment:
        reduced = self._reduction.profile
        unsupported = {
            report.tool: lacks
            for report in TABULAR
            if (lacks := self._unsupported(report, reduced))
        }
        unavailable = self._unavailable(reduced, unsupported)
        for kind, reason in self._profile.empty.items():
            self._reasons[f"resolve_{kind}", "", ""] = reason
        return Assessment(
            profile=reduced,
            capabilities=Capabilities(
                profile=self._profile.name,
                unavailable_tools=frozenset(unavailable),
                unsupported={
                    tool: lacks for tool, lacks in unsupported.items() if tool not in unavailable
                },
                always_empty=frozenset(self._profile.empty),
                reasons=self._reasons,
                # 1C is always asked in the name of the technical user.
                same_for_all=True,
            ),
            missing=self._reduction.missing,
        )

    def _unsupported(self, report: TabularReport, reduced: Profile) -> Mapping[str, frozenset[str]]:
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
            missing = [one for source in named for one in self._reduction.of_source(source, causes)]
            self._reasons[report.tool, kind, name] = _reason(missing)
            lacks.setdefault(kind, set()).add(name)
        for name, reason in NOT_MEASURED.get(report.tool, {}).items():
            self._reasons[report.tool, "measures", name] = say(reason)
            lacks.setdefault("measures", set()).add(name)
        return {kind: frozenset(names) for kind, names in lacks.items()}

    def _lacking(  # noqa: C901 - one question for each kind of what may lack
        self, report: TabularReport, reduced: Profile
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
            elif filter_.branches and self._lost_parents(filter_.of, reduced):
                # Of a group nothing below it would be found: its figures would be zero.
                yield "filters", filter_.name, (f"{filter_.of}.parent",)
        if report.has_cohort and not (
            has("customer") and self._derives("cohort", "customer", reduced)
        ):
            yield "filters", "customer_cohort", ("customer", "customer.cohort")
        if report.has_product_status and not has("product"):
            yield "filters", "product_status", ("product",)
        if report.has_own_transfers and not any(
            all(one.transfers for one in group) for group in groups
        ):
            yield "filters", "own_transfers", ("transfers",)
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
                counted += ["returns" for fact in facts if fact in OF_RETURNS]
                yield "measures", measure.name, (*facts, *counted, *always)

    def _derives(self, derivation: str, dimension: str, reduced: Profile) -> bool:
        """Whether the catalogue behind a dimension has what a group or a cohort is made of."""
        sets = reduced.set_of(dimension)
        if derivation in ("parent", "top"):
            return any(one.parent for one in sets)
        return derivation != "cohort" or any(one.created for one in sets)

    def _lost_parents(self, dimension: str, reduced: Profile) -> bool:
        """Whether a catalogue has groups by its profile, and the base does not tell them."""
        had = {one.entity_set for one in self._profile.set_of(dimension) if one.parent}
        return any(
            one.parent is None and one.entity_set in had for one in reduced.set_of(dimension)
        )

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
                causes = [one for name in named for one in self._reduction.of_source(name, facts)]
                lose(report.tool, _reason(causes))
        sales = unsupported.get(SALES.tool, {})
        for tool, dimensions in _MADE_OF_SALES.items():
            if SALES.tool in found:
                lose(tool, self._reasons[SALES.tool, "", ""])
            elif lacking := _first_lacking(sales, dimensions):
                lose(tool, self._reasons[SALES.tool, *lacking])
        known = {*reduced.catalogues, *reduced.members, *self._profile.empty}
        for kind in (one for one in RESOLVERS if one not in known):
            lose(f"resolve_{kind}", _reason(self._reduction.of_kind(kind)))
        if "product" not in known:
            lose(PRODUCT_DETAILS, self._reasons["resolve_product", "", ""])
        unanswered = {tool: say(key) for tool, key in NOT_ANSWERED.items()}
        for tool, reason in {**unanswered, **self._profile.unavailable}.items():
            lose(tool, reason)
        return found


def _first_lacking(
    sales: Mapping[str, frozenset[str]], dimensions: Iterable[str]
) -> tuple[str, str] | None:
    """What sales_report lacks of what another tool is made of: the kind and the name."""
    wanted = {"group_by": dimensions, "measures": ("amount", "qty")}
    return next(
        (
            (kind, name)
            for kind, names in wanted.items()
            for name in names
            if name in sales.get(kind, ())
        ),
        None,
    )


def _reason(missing: Iterable[Missing]) -> str:
    """Why something is lacking, and where an administrator opens it."""
    found = [*dict.fromkeys(missing)]
    if not found:
        return say("odata.nothing_keeps")
    reasons = join_texts("; ", (one.text for one in found))
    if all(one.field for one in found):
        return reasons
    return join_texts("", (reasons, say("odata.publish_it", where=WHERE_TO_PUBLISH)))
