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


def needed_by(profiles: Sequence[Profile], entity_sets: Collection[str]) -> str:
    """What each profile needs of a base that fits none of them, the closest profile first."""

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
        self._reduced = reduction.profile
        self._reduction = reduction
        self._reasons: dict[tuple[str, str, str], str] = {}

    def result(self) -> Assessment:
        unsupported = {
            report.tool: lacks for report in TABULAR if (lacks := self._unsupported(report))
        }
        unavailable = self._unavailable(unsupported)
        for kind, reason in self._profile.empty.items():
            self._reasons[f"resolve_{kind}", "", ""] = reason
        return Assessment(
            profile=self._reduced,
            capabilities=Capabilities(
                profile=self._profile.name,
                unavailable_tools=frozenset(unavailable),
                unsupported={
                    tool: lacks for tool, lacks in unsupported.items() if tool not in unavailable
                },
                always_empty=frozenset(self._profile.empty),
                reasons=self._reasons,
                # Every call is made in the name of the technical user.
                same_for_all=True,
            ),
            missing=self._reduction.missing,
        )

    def _unsupported(self, report: TabularReport) -> Mapping[str, frozenset[str]]:
        """What a report lacks: as the profile declares, and as the base leaves it."""
        whole = self._profile.tools.get(report.tool, ToolProfile())
        reasons = {
            (kind, name): reason
            for kind, names in whole.lacks.items()
            for name, reason in names.items()
        }
        for kind, name, causes in self._lacking(report):
            if (kind, name) not in reasons:
                reasons[kind, name] = self._reason(whole, causes)
        for name, key in NOT_MEASURED.get(report.tool, {}).items():
            reasons["measures", name] = say(key)
        self._reasons |= {(report.tool, *lacking): reason for lacking, reason in reasons.items()}
        return {kind: frozenset(name for of, name in reasons if of == kind) for kind, _ in reasons}

    def _reason(self, tool: ToolProfile, names: Iterable[str]) -> str:
        """Why the sources of a tool lack dimensions or facts."""
        wanted = [*names]
        sources = (name for group in tool.sources for name in group)
        return _reason(one for name in sources for one in self._reduction.of_source(name, wanted))

    def _lacking(  # noqa: C901 - one question for each kind of what may lack
        self, report: TabularReport
    ) -> Iterable[tuple[str, str, tuple[str, ...]]]:
        """(kind, name, what of a source it needs) of everything that no source has."""
        tool = self._reduced.tools.get(report.tool, ToolProfile())
        groups = [[self._reduced.sources[name] for name in names] for names in tool.sources]

        def has(dimension: str) -> bool:
            return any(all(one.leaves(dimension) for one in group) for group in groups)

        for one in report.dimensions:
            if one.of and not has(one.of):
                # What is always added cannot be refused alone: the whole report goes.
                if one.name not in report.always_by:
                    yield "group_by", one.name, (one.of,)
            elif one.of and not self._derives(one.derivation, one.of):
                yield "group_by", one.name, (f"{one.of}.{one.derivation}",)
        for filter_ in report.filters:
            if not has(filter_.of):
                yield "filters", filter_.name, (filter_.of,)
            elif filter_.branches and self._lost_parents(filter_.of):
                # Of a group nothing below it would be found: its figures would be zero.
                yield "filters", filter_.name, (f"{filter_.of}.parent",)
        if "customer_cohort" in report.choices and not (
            has("customer") and self._derives("cohort", "customer")
        ):
            yield "filters", "customer_cohort", ("customer", "customer.cohort")
        if "product_status" in report.choices and not has("product"):
            yield "filters", "product_status", ("product",)
        if "own_transfers" in report.choices and not any(
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

    def _derives(self, derivation: str, dimension: str) -> bool:
        """Whether the catalogue behind a dimension has what a group or a cohort is made of."""
        sets = self._reduced.set_of(dimension)
        if derivation in ("parent", "top"):
            return any(one.parent for one in sets)
        return derivation != "cohort" or any(one.created for one in sets)

    def _lost_parents(self, dimension: str) -> bool:
        """Whether a catalogue has groups by its profile, and the base lacks their field."""
        had = {one.entity_set for one in self._profile.set_of(dimension) if one.parent}
        return any(
            one.parent is None and one.entity_set in had for one in self._reduced.set_of(dimension)
        )

    def _unavailable(self, unsupported: Mapping[str, Mapping[str, frozenset[str]]]) -> set[str]:
        found: set[str] = set()

        def lose(tool: str, reason: str) -> None:
            found.add(tool)
            self._reasons[tool, "", ""] = reason

        for report in TABULAR:
            lacks = unsupported.get(report.tool, {})
            if lacks.get("measures", frozenset()) >= set(report.measure):
                whole = self._profile.tools.get(report.tool, ToolProfile())
                facts = [fact for one in report.measures for fact in one.facts]
                lose(report.tool, self._reason(whole, [*facts, *report.always_by]))
        sales = unsupported.get(SALES.tool, {})
        for tool, dimensions in _MADE_OF_SALES.items():
            if SALES.tool in found:
                lose(tool, self._reasons[SALES.tool, "", ""])
                continue
            wanted = (("group_by", dimensions), ("measures", ("amount", "qty")))
            lacking = [
                (of, one) for of, names in wanted for one in names if one in sales.get(of, ())
            ]
            if lacking:
                lose(tool, self._reasons[SALES.tool, *lacking[0]])
        known = {*self._reduced.catalogues, *self._reduced.members, *self._profile.empty}
        for kind in (one for one in RESOLVERS if one not in known):
            lose(f"resolve_{kind}", _reason(self._reduction.of_kind(kind)))
        if "product" not in known:
            lose(PRODUCT_DETAILS, self._reasons["resolve_product", "", ""])
        unanswered = {tool: say(key) for tool, key in NOT_ANSWERED.items()}
        for tool, reason in {**unanswered, **self._profile.unavailable}.items():
            lose(tool, reason)
        return found


def _reason(missing: Iterable[Missing]) -> str:
    """Why something is lacking, and where an administrator opens it."""
    found = [*dict.fromkeys(missing)]
    if not found:
        return say("odata.nothing_keeps")
    reasons = join_texts("; ", (one.text for one in found))
    if all(one.field for one in found):
        return reasons
    return join_texts("", (reasons, say("odata.publish_it", where=WHERE_TO_PUBLISH)))
