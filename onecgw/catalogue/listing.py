"""The catalogue as one caller may see it: which tools, with which arguments, listed for MCP."""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs
import msgspec

from onecgw.auth.caller import COST, COST_MEASURES
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.json_schema import View, about, input_schema
from onecgw.catalogue.kinds.output_schema import JsonObject
from onecgw.catalogue.kinds.tool import Restrictions, Tool
from onecgw.errors import NotFound, Problem, Unsupported
from onecgw.locales import DEFAULT_LANGUAGE, Language, load_texts
from onecgw.locales.text import say
from onecgw.settings import LimitsSettings

NO_SUCH_TOOL: Final = "errors.no_such_tool"
ANNOTATIONS: Final = {
    "readOnlyHint": True,
    "destructiveHint": False,
    "idempotentHint": True,
    "openWorldHint": False,
}


class Catalogue:
    """The tools that this gateway publishes, in order, trimmed to what its 1C base supports.

    left_out: the names of tools that are not published over MCP (`mcp.toolsets`).
    """

    def __init__(
        self,
        tools: Sequence[Tool],
        limits: LimitsSettings,
        *,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self.tools = tuple(tools)
        self.limits = limits
        self.left_out = left_out
        # The cost of a unit follows from the value of stock, which the settings may restrict, too.
        is_stock_value_open = limits.stock_amount_scope != "cost"
        self._restricted = {
            tool.name: COST_MEASURES if is_stock_value_open else COST_MEASURES | tool.stock_value
            for tool in tools
        }
        self._unrestricted: Restrictions = dict.fromkeys(self._restricted, frozenset())
        self._listings: dict[tuple[frozenset[str], Language], bytes] = {}
        self.capabilities = Capabilities()

    @property
    def capabilities(self) -> Capabilities:
        """What the 1C base does not support, as it said last."""
        return self._capabilities

    @capabilities.setter
    def capabilities(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._supported = {tool.name for tool in self.tools if tool.is_supported(capabilities)}
        self._listings.clear()

    def restrictions_for(self, scopes: frozenset[str]) -> Restrictions:
        """The measures that callers with these scopes must never see."""
        return self._unrestricted if COST in scopes else self._restricted

    def capabilities_for(self, scopes: frozenset[str]) -> Capabilities:
        """The same, without tools and measures that callers with these scopes may not know of."""
        known, restrictions = self._capabilities, self.restrictions_for(scopes)
        tools = {tool.name for tool in self.tools if tool.scopes <= scopes}
        return attrs.evolve(
            known,
            unavailable_tools=known.unavailable_tools & tools,
            unsupported={
                name: {part: names - restrictions[name] for part, names in parts.items()}
                for name, parts in known.unsupported.items()
                if name in tools
            },
            always_empty=frozenset(
                kind for kind in known.always_empty if f"resolve_{kind}" in tools
            ),
        )

    def visible(self, scopes: frozenset[str]) -> tuple[Tool, ...]:
        """The tools that a caller of MCP with these scopes may see, in publication order."""
        return tuple(tool for tool in self.callable(scopes) if tool.name not in self.left_out)

    def callable(self, scopes: frozenset[str]) -> tuple[Tool, ...]:
        """The tools that a caller with these scopes may call over REST, in publication order."""
        return tuple(
            tool for tool in self.tools if tool.scopes <= scopes and tool.name in self._supported
        )

    def find(self, name: str) -> Tool:
        """The tool of that name, whatever the caller's scopes and the base's capabilities.

        Raises:
            NotFound: there is none.
        """
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise NotFound(say(NO_SUCH_TOOL))

    def require(self, tool: Tool) -> None:
        """Refuse a tool that the 1C base does not support.

        Raises:
            Unsupported: saying so.
        """
        if tool.name not in self._supported:
            why = self._capabilities.why(*((name, "", "") for name in tool.needs))
            raise Unsupported(say("errors.unsupported_tool", tool=tool.name, why=why))

    def view(self, scopes: frozenset[str]) -> View:
        """What callers with these scopes may know."""
        visible = {tool.name for tool in self.visible(scopes)}
        return View(
            restrictions=self.restrictions_for(scopes),
            hidden=frozenset(tool.name for tool in self.tools if tool.name not in visible),
            limits=self.limits,
            capabilities=self._capabilities,
        )

    def listing(self, scopes: frozenset[str], language: Language = DEFAULT_LANGUAGE) -> bytes:
        """The JSON array of `tools/list`, rendered once per set of scopes and language."""
        key = scopes, language
        if key not in self._listings:
            tools = [self.describe(tool, scopes, language) for tool in self.visible(scopes)]
            self._listings[key] = msgspec.json.encode(tools)
        return self._listings[key]

    def describe(
        self, tool: Tool, scopes: frozenset[str], language: Language = DEFAULT_LANGUAGE
    ) -> JsonObject:
        """One tool as MCP publishes it.

        language: of the title, which people see. The descriptions are for models, and English.
        """
        view = self.view(scopes)
        size = {"anthropic/maxResultSizeChars": self.limits.max_result_bytes}
        return {
            "name": tool.name,
            "title": load_texts(language).get(f"titles.{tool.name}", tool.title),
            "description": about(tool, view),
            "inputSchema": input_schema(tool, view),
            "outputSchema": tool.output_schema(),
            "annotations": ANNOTATIONS,
            "securitySchemes": [{"type": "oauth2", "scopes": sorted(tool.scopes)}],
            **({"_meta": size} if tool.is_report else {}),
        }

    def unsupported(self, tool: Tool, request: object) -> tuple[Problem, ...]:
        """The arguments that the 1C base behind the gateway does not know."""
        if tool.name not in self._capabilities.unsupported:
            return ()
        return tuple(self._unsupported(tool, tool.request, request, part="params"))

    def _unsupported(
        self, tool: Tool, declared: type, request: object, *, part: str, path: str = ""
    ) -> Iterator[Problem]:
        """The problems of one object; `part` is what the capabilities call its members."""
        lacking = self._capabilities.lacks(tool.name, part)
        for field in fields_of(declared):
            value = getattr(request, field.attribute)
            place = f"{path}{field.name}"
            members = value if isinstance(value, tuple) else ()
            absent = self._capabilities.lacks(tool.name, field.name).intersection(members)
            if value is not None and field.name in lacking:
                why = self._capabilities.why((tool.name, part, field.name))
                yield Problem(path=place, message=say("errors.unsupported_argument", why=why))
            elif value is not None and attrs.has(field.type):
                yield from self._unsupported(
                    tool, field.type, value, part=field.name, path=f"{place}."
                )
            elif absent:
                names = sorted(absent)
                why = self._capabilities.why(*((tool.name, field.name, name) for name in names))
                message = say("errors.unsupported_names", names=", ".join(names), why=why)
                yield Problem(path=place, message=message)
