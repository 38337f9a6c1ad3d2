"""What a server offers through the engine: the values and small interfaces it is mounted with."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import attrs

from onecgw.auth.context import CallContext
from onecgw.mcp.request_context import Exchange

JsonObject = Mapping[str, object]
ListKind = Literal["tools", "prompts", "resources"]


@attrs.frozen(kw_only=True)
class ServerInfo:
    """How the server introduces itself.

    instructions: what a model should know before its first call; "" for none.
    """

    name: str
    title: str
    version: str
    instructions: str = ""


@attrs.frozen(kw_only=True)
class ToolResult:
    """What a tool answers.

    body: a JSON object in UTF-8; it is sent as structuredContent and, as text, as the first
        content block. None: text alone is the first block.
    text: the first block when there is no body; "" for no such block.
    blocks: further content blocks (image, audio, resource …) as the protocol spells them.
    is_error: the call failed in a way that the model can read and mend.
    """

    body: bytes | None = None
    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    is_error: bool = False


@attrs.frozen(kw_only=True)
class Completion:
    """Suggestions for one argument, best first; more than 100 are cut.

    has_more: there are others, and nobody knows how many.
    """

    values: Sequence[str]
    total: int | None = None
    has_more: bool = False


class Tools(Protocol):
    """The tools that can be called."""

    def list_tools(self, context: CallContext) -> bytes:
        """A JSON array of the tools that the caller may see."""
        ...

    async def call_tool(self, name: str, arguments: bytes, exchange: Exchange) -> ToolResult:
        """Run a tool.

        Args:
            name: the tool.
            arguments: a JSON object as it was sent; `{}` if there were none.
            exchange: the running request.

        Raises:
            NotFound: there is no such tool for this caller (hidden and unknown are one).
            OnecgwError: anything else that the model should read; it becomes an error result.
        """
        ...


class Pages(Protocol):
    """Pages that draw what tools answer (the extension MCP Apps); they are read as resources."""

    def with_pages(self, tools: bytes) -> bytes:
        """The JSON array of tools, each with a page naming it; for clients that show pages."""
        ...


class Prompts(Protocol):
    """The prompts that a person can choose."""

    def list_prompts(self, context: CallContext) -> bytes:
        """A JSON array of the prompts that the caller may see."""
        ...

    async def get_prompt(
        self, name: str, arguments: dict[str, str], exchange: Exchange
    ) -> JsonObject:
        """The members of the result: `messages`, and `description` if there is one.

        Raises:
            NotFound: there is no such prompt for this caller.
            ValidationFailed: an argument is missing or wrong.
        """
        ...


class Resources(Protocol):
    """The documents that can be read."""

    def list_resources(self, context: CallContext) -> bytes:
        """A JSON array of the resources that the caller may see."""
        ...

    def list_templates(self, context: CallContext) -> bytes:
        """A JSON array of the resource templates that the caller may see."""
        ...

    async def read_resource(self, uri: str, exchange: Exchange) -> Sequence[JsonObject]:
        """The contents: `uri`, `mimeType` and `text` or `blob` each; never empty.

        Raises:
            NotFound: there is no such resource for this caller.
        """
        ...


class Completions(Protocol):
    """Suggestions while a person types an argument of a prompt or a resource template."""

    async def complete(
        self,
        reference: JsonObject,
        *,
        argument: str,
        value: str,
        known: Mapping[str, str],
        exchange: Exchange,
    ) -> Completion:
        """Suggestions for `value`, the beginning of `argument`.

        Args:
            reference: `{"type": "ref/prompt", "name"}` or `{"type": "ref/resource", "uri"}`.
            argument: the name of the argument.
            value: what has been typed.
            known: the arguments that are filled in already.
            exchange: the running request.

        Raises:
            NotFound: what is referred to is not there for this caller.
        """
        ...


@attrs.frozen(kw_only=True)
class Features:
    """Everything that one server offers; capabilities follow from what is not None.

    logging: tools may send log messages to the client.
    resource_updates: `notify_resource_updated` will be called, so clients may subscribe.
    """

    info: ServerInfo
    tools: Tools | None = None
    prompts: Prompts | None = None
    resources: Resources | None = None
    completions: Completions | None = None
    pages: Pages | None = None
    logging: bool = False
    resource_updates: bool = False
