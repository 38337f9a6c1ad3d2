"""Which sources of a profile answer a request: the first step of a plan, before any call."""

from collections.abc import Iterator

import attrs

from onecgw.backends.odata.profile import COUNTS, DIMENSIONS, Profile, RegisterSource, ToolProfile
from onecgw.backends.odata.request import RequestedReport


@attrs.frozen(kw_only=True)
class OutlinePart:
    """Sources whose rows are united, and the facts that are taken from them."""

    sources: tuple[RegisterSource, ...]
    facts: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Outline:
    """The sources of a request, and what must be known before they can be read.

    kinds: of catalogues. keys: names of key sets.
    """

    parts: tuple[OutlinePart, ...]
    kinds: frozenset[str]
    keys: frozenset[str]


def outline(profile: Profile, tool: ToolProfile, request: RequestedReport) -> Outline | str:
    """Choose the sources of a request.

    Args:
        profile: reduced to what the base publishes.
        tool: of the report.
        request: read already.

    Returns:
        The sources; or the measure that none of them has by these dimensions and filters.
    """
    groups = [
        tuple(_without_transfers(profile.sources[name], request) for name in names)
        for names in tool.sources
    ]
    chosen: dict[int, list[str]] = {}
    for fact in request.facts:
        index = next(
            (
                place
                for place, group in enumerate(groups)
                if all(one.offers(fact) and _has_dimensions(one, request) for one in group)
            ),
            None,
        )
        if index is None:
            measures = request.report.measure
            return next(name for name in request.measures if fact in measures[name].facts)
        chosen.setdefault(index, []).append(fact)
    if request.report.drops_zero:
        # A row is dropped if all of its facts are zero: facts of the same call are read too.
        for index, facts in [*chosen.items()][:1]:
            offered = groups[index][0].facts
            facts += [fact for fact in offered if fact not in request.facts]
    parts = tuple(
        OutlinePart(sources=groups[index], facts=tuple(facts))
        for index, facts in sorted(chosen.items())
    )
    leaves = [
        (source, leaf)
        for part in parts
        for source in part.sources
        for leaf in (*needed_leaves(source, request), *_counted(part.facts))
    ]
    kinds = {DIMENSIONS[leaf] for _, leaf in leaves if leaf in DIMENSIONS}
    if "currency" in request.dimensions:
        kinds.add("currency")
    return Outline(
        parts=parts,
        kinds=frozenset(kind for kind in kinds if kind is not None),
        keys=frozenset(
            key
            for source, leaf in leaves
            if leaf in source.dims and (key := source.dims[leaf].key) is not None
        ),
    )


def _without_transfers(source: RegisterSource, request: RequestedReport) -> RegisterSource:
    """The source; without the movements between own desks where the request excludes them."""
    if request.choices.get("own_transfers") != "exclude":
        return source
    fields = dict.fromkeys((*source.excludes, *source.transfers))
    excludes = {
        field: (*source.excludes.get(field, ()), *source.transfers.get(field, ()))
        for field in fields
    }
    return attrs.evolve(source, excludes=excludes)


def needed_leaves(source: RegisterSource, request: RequestedReport) -> Iterator[str]:
    """The dimensions of a source that rows and filters need, with repetitions."""
    for name in _asked(request):
        yield from source.leaves(name)


def _asked(request: RequestedReport) -> Iterator[str]:
    """The dimensions of sources that a request names; times are none."""
    for name in request.dimensions:
        of = request.report.dimension[name].of
        if of:
            yield of
    for one in request.report.filters:
        if one.name in request.filters:
            yield one.of
    if request.cohort is not None:
        yield "customer"
    if "product_status" in request.choices:
        yield "product"


def _counted(facts: tuple[str, ...]) -> Iterator[str]:
    for fact in facts:
        if fact in COUNTS:
            yield COUNTS[fact]


def _has_dimensions(source: RegisterSource, request: RequestedReport) -> bool:
    return all(source.leaves(name) for name in _asked(request))
