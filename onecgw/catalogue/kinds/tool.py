"""A tool: its declaration, and the access to 1C with which it answers a call."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, ClassVar, Protocol

import attrs

from onecgw.auth.context import CallContext
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.output_schema import JsonObject
from onecgw.responses.shaping import Answer
from onecgw.settings import LimitsSettings

Restrictions = Mapping[str, frozenset[str]]
"""Tool → the measures that one group of callers must never see in its answers."""


@attrs.frozen(kw_only=True)
class SubRequest:
    """One answer that a composite tool needs from 1C.

    request: an object of tool.request.
    read: the answer's bytes → a value of the composite's own; raises OnecBadResponse.
    needed_by: the results that are lost without it.
    is_settled: it is about days that are over, so that its answer may be kept for a while.
    """

    tool: "Tool"
    request: object
    read: Callable[[bytes], Any]
    needed_by: tuple[Hashable, ...] = ()
    is_settled: bool = False


class Upstream(Protocol):
    """Access to 1C for one tool call.

    notices: about the request; they are added to any answer.
    base_currency: as 1C or the settings name it; "" if neither does.
    now: when the call began, UTC.
    """

    context: CallContext
    now: datetime
    limits: LimitsSettings
    restrictions: Restrictions
    base_currency: str
    notices: tuple[str, ...]

    @property
    def today(self) -> date:
        """What day it is in the time zone of 1C; the same for the whole call."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the 1C base does not support, of what the caller may know of."""
        ...

    def deadline(self, *, is_report: bool) -> AbstractContextManager[None]:
        """Limit the time of everything that is requested inside."""
        ...

    async def resolve_name(self, argument: "NameArgument", request: Any) -> Any:  # noqa: ANN401 - any request class
        """The request with an id where a name was given."""
        ...

    async def fetch(self, tool: "Tool", arguments: JsonObject, cache_key: Hashable | None) -> bytes:
        """1C's answer to one request; None = an answer from the cache is not accepted."""
        ...

    async def fetch_all(self, requests: Mapping[Any, SubRequest]) -> Mapping[Any, object]:
        """The result of each request: the value that was read, or the OnecgwError."""
        ...

    async def compute(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - any result
        """The result of a computation, which does not hold up other calls."""
        ...


@attrs.frozen(kw_only=True)
class NameArgument:
    """An argument that holds an id, and another one that may hold a name instead.

    name, id: the two arguments; exactly one is given. resolver: finds what the name means.
    """

    name: str
    id: str
    resolver: "Tool"

    @staticmethod
    def search(name: str, limits: LimitsSettings) -> JsonObject:
        """The resolver's arguments for one name, with one candidate more to detect a cut."""
        return {"query": name, "limit": limits.resolve_limit + 1}


@attrs.frozen(kw_only=True)
class Tool(ABC):
    """One thing the gateway can answer, declared once.

    scopes: all of them are needed.
    about: for a model that has to choose.
    remarks: further sentences, each shown only to callers who may know of every tool and measure
        that it names.
    operation: how REST and the backends call it, as in `reports/sales`.
    stock_value: its measures that are the value of stock at cost (limits.stock_amount_scope).
    name_argument: an id that may also be given by name; None without one.
    """

    is_report: ClassVar[bool] = True

    name: str
    title: str
    scopes: frozenset[str]
    about: str
    remarks: tuple[str, ...] = ()
    request: type
    operation: str
    stock_value: frozenset[str] = frozenset()
    name_argument: NameArgument | None = None

    @property
    def rest_path(self) -> str:
        """The REST route."""
        return f"/{self.operation}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The tools that the 1C base must have: itself, and those that it is composed of."""
        return (self.name,)

    def is_supported(self, capabilities: Capabilities) -> bool:
        """Whether the 1C base has what the tool needs."""
        return capabilities.unavailable_tools.isdisjoint(self.needs)

    def cache_key(self, arguments: JsonObject) -> Hashable | None:  # noqa: ARG002 - of resolvers
        """What identifies an answer that may be kept; None where none may."""
        return None

    @abstractmethod
    def output_schema(self) -> JsonObject:
        """The JSON Schema of the answer: what is always there; 1C may add more."""

    @abstractmethod
    async def answer(self, request: Any, upstream: Upstream) -> Answer:  # noqa: ANN401 - any request class
        """The answer to a parsed request.

        Raises:
            OnecgwError: 1C did not answer, or its answer cannot be passed on.
        """
