"""What a server offers through the engine: the interfaces that it implements, and their values."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import attrs

from onecgw.auth.context import CallContext
from onecgw.mcp.client_info import APPS
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import JsonObject, ToolResult

ListKind = Literal["tools", "prompts", "resources"]


def _nothing(_context: CallContext) -> str:
    return ""


@attrs.frozen(kw_only=True)
class ServerInfo:
    """How the server introduces itself.

    instructions: what a model should know before its first call; "" = nothing.
    describe_access: what it should know about its caller's access, added to `instructions`.
    """

    name: str
    title: str
    version: str
    instructions: str = ""
    describe_access: Callable[[CallContext], str] = _nothing

    @property
    def implementation(self) -> JsonObject:
        """The protocol's object `Implementation`."""
        return {"name": self.name, "title": self.title, "version": self.version}

    def instructions_member(self, context: CallContext) -> JsonObject:
        """The member `instructions` of a result for a caller; empty if there are none."""
        text = " ".join(filter(None, (self.instructions, self.describe_access(context))))
        return {"instructions": text} if text else {}


@attrs.frozen(kw_only=True)
class Completion:
    """Suggestions for one argument, best first; at most 100 are sent.

    total: how many there are in all; None = as many as `values`.
    has_more: there are others, and their number is not known.
    """

    values: Sequence[str]
    total: int | None = None
    has_more: bool = False


class ToolProvider(Protocol):
    """Lists and calls tools."""

    def list_tools(self, context: CallContext) -> bytes:
        """A JSON array of the tools that the caller may see."""
        ...

    async def call_tool(self, name: str, arguments: bytes, request: RequestContext) -> ToolResult:
        """Call a tool.

        Args:
            name: the tool.
            arguments: a JSON object as it was sent; `{}` = none.
            request: the running request.

        Raises:
            NotFound: there is no such tool, or the caller may not see it.
            OnecgwError: any other failure that the model should read; it becomes an error result.
        """
        ...


class PromptProvider(Protocol):
    """Lists and renders prompts, which a person chooses."""

    def list_prompts(self, context: CallContext) -> bytes:
        """A JSON array of the prompts that the caller may see."""
        ...

    async def get_prompt(
        self, name: str, arguments: dict[str, str], request: RequestContext
    ) -> JsonObject:
        """The members of the result: `messages`, and `description` if there is one.

        Raises:
            NotFound: there is no such prompt, or the caller may not see it.
            ValidationFailed: an argument is missing or wrong.
        """
        ...


class ResourceProvider(Protocol):
    """Lists and reads resources."""

    def list_resources(self, context: CallContext) -> bytes:
        """A JSON array of the resources that the caller may see."""
        ...

    def list_templates(self, context: CallContext) -> bytes:
        """A JSON array of the resource templates that the caller may see."""
        ...

    async def read_resource(self, uri: str, request: RequestContext) -> Sequence[JsonObject]:
        """The contents: `uri`, `mimeType` and `text` or `blob` each; never empty.

        Raises:
            NotFound: there is no such resource, or the caller may not see it.
        """
        ...


class CompletionProvider(Protocol):
    """Suggests values while a person types an argument of a prompt or a resource template."""

    async def complete(
        self,
        reference: JsonObject,
        *,
        argument: str,
        value: str,
        known: Mapping[str, str],
        request: RequestContext,
    ) -> Completion:
        """Suggestions for an argument.

        Args:
            reference: `{"type": "ref/prompt", "name"}` or `{"type": "ref/resource", "uri"}`.
            argument: the name of the argument.
            value: what has been typed so far.
            known: the arguments that are filled in already.
            request: the running request.

        Raises:
            NotFound: there is no such prompt or template, or the caller may not see it.
        """
        ...


@attrs.frozen(kw_only=True)
class Providers:
    """Everything that one server offers; its capabilities follow from what is not None.

    add_pages: adds to a JSON array of tools the page of each one (the extension MCP Apps); called
        for clients that declare the extension. The pages are read as resources.
    logging: tools may send log messages to the client.
    resource_updates: `notify_resource_updated` will be called, so clients may subscribe.
    """

    info: ServerInfo
    tools: ToolProvider | None = None
    prompts: PromptProvider | None = None
    resources: ResourceProvider | None = None
    completions: CompletionProvider | None = None
    add_pages: Callable[[bytes], bytes] | None = None
    logging: bool = False
    resource_updates: bool = False

    def capabilities(self, *, is_stateless: bool) -> JsonObject:
        """The protocol's object `ServerCapabilities`.

        Changes of lists are sent on listen streams, which only the stateless era has.
        """
        changes: dict[str, object] = {"listChanged": True} if is_stateless else {}
        found: dict[str, object] = {}
        if self.tools is not None:
            found["tools"] = changes
        if self.prompts is not None:
            found["prompts"] = changes
        if self.resources is not None:
            subscribe = {"subscribe": True} if self.resource_updates else {}
            found["resources"] = {**changes, **subscribe}
        if self.completions is not None:
            found["completions"] = {}
        if self.add_pages is not None:
            found["extensions"] = {APPS: {}}
        if self.logging:
            found["logging"] = {}
        return found
