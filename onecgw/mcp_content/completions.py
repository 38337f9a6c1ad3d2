"""Suggestions while a person fills in a prompt; names come from 1C through the resolvers."""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs
import msgspec

from onecgw.errors import NotFound, OnecgwError
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.locales import LANGUAGES
from onecgw.mcp.providers import Completion
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import JsonObject
from onecgw.mcp_content.period import last_months
from onecgw.mcp_content.prompt_templates import RESOLVERS
from onecgw.mcp_content.prompts import CataloguePrompts
from onecgw.mcp_content.resources import REPORT, CatalogueResources

SUGGESTED_MONTHS: Final = 12
MIN_NAME_CHARACTERS: Final = 2  # a shorter text fits half of the catalogue
NOTHING: Final = Completion(values=())


@attrs.frozen
class GatewayCompletions:
    """Suggestions under the scopes of each caller."""

    gateway: Gateway

    async def complete(
        self,
        reference: JsonObject,
        *,
        argument: str,
        value: str,
        known: Mapping[str, str],
        request: RequestContext,
    ) -> Completion:
        """Suggestions for an argument of a prompt or of the one resource template.

        There are none if 1C does not answer: a person can still type.

        Raises:
            NotFound: there is no such prompt or template.
        """
        del known  # no argument depends on another one
        caller = request.context.caller
        if reference.get("type") == "ref/resource" and reference.get("uri") == REPORT:
            reports = CatalogueResources(self.gateway.catalogue).reports(caller)
            return _starting_with(value, (tool.name for tool in reports))
        if reference.get("type") != "ref/prompt":
            raise NotFound("there is no such prompt or template")
        template = CataloguePrompts(self.gateway.catalogue, self.gateway.today).find(
            reference.get("name"), caller
        )
        if argument == "language":
            return _starting_with(value, LANGUAGES)
        if argument == "period":
            return _starting_with(value, last_months(self.gateway.today(), SUGGESTED_MONTHS))
        if argument in template.arguments:
            return await self._names(RESOLVERS[argument], value, request)
        return NOTHING

    async def _names(self, resolver: str, value: str, request: RequestContext) -> Completion:
        visible = self.gateway.catalogue.visible(request.context.caller.scopes)
        is_visible = any(tool.name == resolver for tool in visible)
        if len(value.strip()) < MIN_NAME_CHARACTERS or not is_visible:
            return NOTHING
        call = ToolCall(
            context=request.context,
            tool=resolver,
            arguments=msgspec.json.encode({"query": value}),
        )
        try:
            answer = await self.gateway.call(call)
        except OnecgwError:
            return NOTHING
        found = msgspec.json.decode(answer.body)
        labels = dict.fromkeys(one["label"] for one in found["candidates"])
        return Completion(values=list(labels), has_more=found["truncated"])


def _starting_with(value: str, offered: Iterable[str]) -> Completion:
    return Completion(values=[one for one in offered if one.startswith(value.strip())])
