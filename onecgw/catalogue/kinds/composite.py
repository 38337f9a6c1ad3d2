"""Tools that are composed of other tools' answers; 1C itself does not know them."""

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import attrs
import msgspec

from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.output_schema import JsonObject, object_schema
from onecgw.catalogue.kinds.tool import Restrictions, SubRequest, Tool, Upstream
from onecgw.catalogue.parsing import lower_to_limits
from onecgw.locales.text import localized
from onecgw.responses.notices import notice_member, text_notices
from onecgw.responses.raw_json import read_members, splice
from onecgw.responses.shaping import Answer
from onecgw.settings import LimitsSettings

# Decimals leave as JSON numbers, with exactly their digits.
encode_figures: Final[Callable[[object], bytes]] = msgspec.json.Encoder(
    decimal_format="number"
).encode


@attrs.frozen(kw_only=True)
class CompositeContext:
    """What a composite tool knows besides its request.

    now: UTC. today: in the time zone of 1C.
    restrictions: the measures that the caller must never see.
    capabilities: what the 1C base does not support, of what the caller may know of.
    base_currency: as 1C or the settings name it; "" if neither does.
    """

    now: datetime
    today: date
    limits: LimitsSettings
    restrictions: Restrictions
    capabilities: Capabilities
    base_currency: str = ""


def context_of(upstream: Upstream) -> CompositeContext:
    """The context of a call, at one moment: a day may end between plan and compose."""
    return CompositeContext(
        now=datetime.now(UTC),
        today=upstream.today(),
        limits=upstream.limits,
        restrictions=upstream.restrictions,
        capabilities=upstream.capabilities,
        base_currency=upstream.base_currency,
    )


@attrs.frozen(kw_only=True)
class CompositeTool(Tool):
    """A tool that is composed of other tools' answers.

    tools: those that it needs; where the 1C base lacks one, it lacks the composite.
    plan: request, context → the requests to 1C in their order; raises ValidationFailed.
    compose: request, the result of each sub-request (a value or an OnecgwError), context → the
        answer; raises OnecgwError if no figure can be computed.
    output: the members of the answer, as JSON Schema.
    """

    tools: tuple[Tool, ...]
    plan: Callable[[Any, CompositeContext], Mapping[Any, SubRequest]]
    compose: Callable[[Any, Mapping[Any, Any], CompositeContext], Mapping[str, object]]
    output: Mapping[str, JsonObject]

    def output_schema(self) -> JsonObject:
        """The declared members, all of which are always there."""
        return object_schema(self.output, self.output)

    @property
    def needs(self) -> tuple[str, ...]:
        """The composite, and every tool that it is composed of."""
        return (self.name, *(tool.name for tool in self.tools))

    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401
        """Send all requests side by side, and compute the answer from their results."""
        context = context_of(upstream)
        request, notices = lower_to_limits(request, upstream.limits)
        outcomes = await upstream.fetch_all(self.plan(request, context))
        compose = functools.partial(self.compose, request, outcomes, context)
        language = upstream.context.language
        body = encode_figures(localized(await upstream.compute(compose), language))
        if sentences := (*upstream.notices, *notices, *text_notices(body)):
            members = read_members(body)
            body = splice(notice_member(sentences, members, language), members)
        return Answer(body=body)
