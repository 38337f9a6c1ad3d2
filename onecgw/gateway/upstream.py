"""The requests of one tool call to 1C: under the caller's account, cached and counted."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final, TypeVar

import attrs
import msgspec
import trio

from onecgw.auth.context import CallContext
from onecgw.backends.base import Backend, BackendCall
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.backends.scheduling.deadline import NARROW_REPORT, NARROW_SEARCH, deadline
from onecgw.backends.scheduling.fan_out import Part, Progress, fan_out, ignore_progress
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.output_schema import JsonObject
from onecgw.catalogue.kinds.tool import NameArgument, Restrictions, SubRequest, Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.parsing import to_onec
from onecgw.errors import ScopeMissing, ValidationFailed
from onecgw.gateway.name_resolution import name_to_resolve, pick_candidate
from onecgw.locales.text import say
from onecgw.responses.candidates import read_candidates
from onecgw.settings import LimitsSettings

Computed = TypeVar("Computed")

COMPUTING: Final = 2  # threads share one interpreter: more would only take more memory
COMPUTED_ON_LOOP_BYTES: Final = 2**18  # of JSON, which are read in some 20 ms


@attrs.frozen(kw_only=True)
class Sources:
    """What calls are answered from.

    resolver_cache: recent answers of resolvers. balance_cache: balances of days that are over.
    computing: how many large answers are worked on at once.
    """

    backend: Backend
    resolver_cache: AnswerCache
    balance_cache: AnswerCache
    computing: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(COMPUTING))


@attrs.define(kw_only=True)
class UpstreamSession:
    """The requests to 1C of one tool call.

    read_today: what day it is in the time zone of 1C. now: when the call began, UTC.
    timeout_ms: of a resolver. report_deadline_ms: of a report, all its requests together.
    max_concurrency: how many requests of one report run side by side.
    restrictions: the measures that the caller must never see.
    notices: the notices about the request, which are added to any answer.
    base_currency: as 1C or the settings name it; "" if neither does.
    held: what is given back when the call has been answered.
    calls: the number of requests to the backend, without answers from a cache.
    """

    sources: Sources
    catalogue: Catalogue
    limits: LimitsSettings
    read_today: Callable[[], date]
    timeout_ms: int
    report_deadline_ms: int
    max_concurrency: int
    restrictions: Restrictions
    base_currency: str
    context: CallContext
    progress: Progress
    notices: tuple[str, ...] = ()
    now: datetime = attrs.field(factory=partial(datetime.now, UTC))
    held: ExitStack = attrs.field(factory=ExitStack)
    _today: date | None = attrs.field(default=None, init=False)
    calls: int = 0
    received_bytes: int = 0

    @property
    def today(self) -> date:
        """What day it is in the time zone of 1C; the same for the whole call."""
        # No cached_property: attrs would give the class a slow __getattr__.
        if self._today is None:
            self._today = self.read_today()
        return self._today

    @property
    def capabilities(self) -> Capabilities:
        """What the 1C base does not support, of what the caller may know of."""
        return self.catalogue.capabilities_for(self.context.caller.scopes)

    def deadline(self, *, is_report: bool) -> AbstractContextManager[None]:
        """The deadline of a report, or of a resolver."""
        if is_report:
            return deadline(self.report_deadline_ms, advice=NARROW_REPORT)
        return deadline(self.timeout_ms, advice=NARROW_SEARCH)

    async def resolve_name(self, argument: NameArgument, request: Any) -> Any:  # noqa: ANN401 - any request class
        """The request with an id where a name was given.

        Raises:
            ScopeMissing: the caller may not call the resolver.
            ValidationFailed: not exactly one of name and id is given, or nothing fits the name.
            Ambiguous: several objects fit the name.
            OnecError: 1C did not answer.
        """
        name = name_to_resolve(argument, request)
        if name is None:
            return request
        resolver = argument.resolver
        if not resolver.scopes <= self.context.caller.scopes:
            scopes = ", ".join(sorted(resolver.scopes))
            message = say("errors.name_scope", name=argument.name, scopes=scopes, id=argument.id)
            raise ScopeMissing(message, required=resolver.scopes)
        arguments = argument.search(name, self.limits)
        found = await self.fetch(resolver, arguments, resolver.cache_key(arguments))
        identity = pick_candidate(argument, name, found, limit=self.limits.resolve_limit)
        return attrs.evolve(request, **{argument.name: None, argument.id: identity})

    async def fetch(self, tool: Tool, arguments: JsonObject, cache_key: Hashable | None) -> bytes:
        """1C's answer to one request, or a recent one from the cache of resolvers.

        Args:
            tool: whose operation it is.
            arguments: of the operation.
            cache_key: what identifies the answer in the cache; None = it is not cached.

        Raises:
            OnecError: 1C did not answer.
        """
        body = msgspec.json.encode(arguments)
        if cache_key is None:
            return await self._post(tool, body, self.progress)
        return await self._cached(
            self.sources.resolver_cache, cache_key, tool, body, read_candidates
        )

    async def fetch_all(self, requests: Mapping[Any, SubRequest]) -> Mapping[Any, object]:
        """The results of several requests that run concurrently under one deadline."""
        parts: dict[Hashable, Part[object]] = {
            key: Part(ask=partial(self._fetch_part, request), needed_by=request.needed_by)
            for key, request in requests.items()
        }
        return await fan_out(
            parts,
            limit=self.max_concurrency,
            timeout_ms=self.report_deadline_ms,
            progress=self.progress,
        )

    async def _fetch_part(self, request: SubRequest) -> object:
        tool = request.tool
        if problems := self.catalogue.unsupported(tool, request.request):
            raise ValidationFailed(problems)
        body = msgspec.json.encode(to_onec(request.request))
        if request.is_settled:
            cache = self.sources.balance_cache
            answer = await self._cached(cache, (tool.name, body), tool, body, request.read)
        else:
            answer = await self._post(tool, body)
        return await self.compute(partial(request.read, answer))

    async def compute(self, function: Callable[[], Computed]) -> Computed:
        """The result of a computation on what was received.

        Figures of a large list take seconds, in which no other call may wait: they are computed in
        a thread. A cancelled call waits for the thread.
        """
        if self.received_bytes < COMPUTED_ON_LOOP_BYTES:
            return function()
        return await trio.to_thread.run_sync(function, limiter=self.sources.computing)

    async def _cached(
        self,
        cache: AnswerCache,
        key: Hashable,
        tool: Tool,
        body: bytes,
        read: Callable[[bytes], object],
    ) -> bytes:
        async def post() -> bytes:
            answer = await self._post(tool, body)
            read(answer)  # raises for an answer that must not be kept
            return answer

        # 1C answers under the caller's own rights, so an answer may be kept for that caller only.
        same_for_all = self.catalogue.capabilities.same_for_all
        account = "" if same_for_all else self.context.caller.sub
        return (await cache.fetch((key, account, self.context.caller.scopes), post)).body

    async def _post(self, tool: Tool, body: bytes, progress: Progress = ignore_progress) -> bytes:
        self.calls += 1
        call = BackendCall(
            context=self.context,
            operation=tool.operation,
            body=body,
            progress=progress,
            held=self.held,
        )
        answer = await self.sources.backend.fetch(call)
        self.received_bytes += len(answer)
        return answer
