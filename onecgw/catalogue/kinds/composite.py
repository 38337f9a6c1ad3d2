"""Tools that are composed of other tools' answers; 1C itself does not know them."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import msgspec

from onecgw.catalogue.kinds.output_schema import JsonObject, object_schema
from onecgw.catalogue.kinds.tool import SubRequest, Tool, Upstream
from onecgw.catalogue.parsing import lower_to_limits
from onecgw.locales.text import localized
from onecgw.responses.notices import notice_member, text_notices
from onecgw.responses.raw_json import read_members, splice
from onecgw.responses.shaping import Answer

# Decimals leave as JSON numbers, with exactly their digits.
encode_figures: Final[Callable[[object], bytes]] = msgspec.json.Encoder(
    decimal_format="number"
).encode


@attrs.frozen(kw_only=True)
class CompositeTool(Tool):
    """A tool that is composed of other tools' answers.

    tools: those that it needs; where the 1C base lacks one, it lacks the composite.
    plan: request, upstream → the requests to 1C in their order; raises ValidationFailed.
    compose: request, the result of each sub-request (a value or an OnecgwError), upstream → the
        answer; raises OnecgwError if no figure can be computed.
    output: the members of the answer, as JSON Schema.
    """

    tools: tuple[Tool, ...]
    plan: Callable[[Any, Upstream], Mapping[Any, SubRequest]]
    compose: Callable[[Any, Mapping[Any, Any], Upstream], Mapping[str, object]]
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
        request, notices = lower_to_limits(request, upstream.limits)
        outcomes = await upstream.fetch_all(self.plan(request, upstream))
        compose = functools.partial(self.compose, request, outcomes, upstream)
        language = upstream.context.language
        body = encode_figures(localized(await upstream.compute(compose), language))
        if sentences := (*upstream.notices, *notices, *text_notices(body)):
            members = read_members(body)
            body = splice(notice_member(sentences, members, language), members)
        return Answer(body=body)
