"""What the backend refuses before any call, because the base lacks it."""

import attrs

from onecgw.backends.odata.base import Base
from onecgw.backends.odata.reports import TabularReport
from onecgw.backends.odata.request import RequestedReport
from onecgw.errors import OnecNotPublished
from onecgw.locales.text import say


def refuse_unavailable(base: Base, tool: str) -> None:
    """Refuse a tool that the base cannot answer at all.

    Raises:
        OnecNotPublished: with the reason.
    """
    if tool in base.assessment.capabilities.unavailable_tools:
        raise lacking(base, tool, "", "")


def refuse_lacking(base: Base, request: RequestedReport) -> None:
    """Refuse by name what a report lacks in this base.

    Raises:
        OnecNotPublished: with the reason.
    """
    tool = request.report.tool
    refuse_unavailable(base, tool)
    requested = {
        "group_by": request.group_by,
        "measures": request.measures,
        "filters": (*request.filters, *request.choices),
    }
    for kind, names in requested.items():
        for name in names:
            if name in base.assessment.capabilities.lacks(tool, kind):
                raise lacking(base, tool, kind, name)


def lacking(base: Base, tool: str, kind: str, name: str) -> OnecNotPublished:
    """The error that says what a base lacks, and why. kind, name: "" for a whole tool."""
    reason = base.assessment.capabilities.reasons.get((tool, kind, name))
    what = say("odata.part", kind=kind, name=name, tool=tool) if name else tool
    return OnecNotPublished(
        say("odata.lacking", what=what, reason=reason or say("odata.no_register"))
    )


def as_the_base_has_it(base: Base, report: TabularReport) -> TabularReport:
    """A report whose defaults the base can answer: what it lacks was not requested."""
    lacks = base.assessment.capabilities.lacks(report.tool, "group_by")
    no_measures = base.assessment.capabilities.lacks(report.tool, "measures")
    group_by = [name for name in report.default_group_by if name not in lacks]
    others = [name for name in report.dimension if name not in (*lacks, *report.always_by)]
    measures = tuple(name for name in report.default_measures if name not in no_measures)
    return attrs.evolve(
        report,
        default_group_by=tuple(group_by or others[:1] or report.default_group_by),
        default_measures=measures or report.default_measures,
        always_by=tuple(name for name in report.always_by if name not in lacks),
    )
