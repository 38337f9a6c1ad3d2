"""Gateway.call: scope → arguments → 1C → answer → audit, the same for every surface."""

import logging
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import attrs
import msgspec
import trio

from onecgw.auth.caller import COST, Caller
from onecgw.backends.scheduling.deadline import deadline
from onecgw.backends.scheduling.fan_out import Part, Progress, fan_out
from onecgw.catalogue.declaration import (
    Composition,
    Kind,
    Naming,
    Question,
    Tool,
    closed_measures,
    fields_of,
)
from onecgw.catalogue.listing import NO_SUCH_TOOL, Catalogue
from onecgw.catalogue.parsing import parse_arguments
from onecgw.catalogue.strict_json import read_json_object
from onecgw.errors import NotFound, OnecgwError, ScopeMissing, ValidationFailed
from onecgw.gateway.limits import Surface, bounds_of, clamp
from onecgw.gateway.name_resolution import name_to_resolve, pick_candidate, with_id
from onecgw.gateway.rate_limit import CallRate
from onecgw.gateway.upstream import Asking, Sources
from onecgw.observability.trace_context import valid_traceparent
from onecgw.responses import shaping
from onecgw.responses.shaping import Answer, Bounds
from onecgw.settings import LimitsSettings, OnecSettings
from onecgw.storage.audit_log import AuditRecord, AuditSink

log = logging.getLogger(__name__)

OK: Final = "ok"
CANCELLED: Final = "cancelled"
INTERNAL: Final = "internal"

# Decimals leave as JSON numbers, with exactly their digits.
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode

_BUILDERS: Final[dict[Kind, Callable[[bytes, Bounds], Answer]]] = {
    Kind.RESOLVER: shaping.build_candidates,
    Kind.TABLE: shaping.build_table,
    Kind.PASSED: shaping.build_passed,
}


@attrs.frozen(kw_only=True)
class ToolCall:
    """One question of one caller.

    arguments: a JSON object as it came. request_id: the gateway's own, in log, audit and 1C.
    traceparent: the W3C trace context of the caller; None without one, or without a valid one.
    """

    tool: str
    arguments: bytes
    caller: Caller
    surface: Surface
    request_id: str
    traceparent: str | None = attrs.field(default=None, converter=valid_traceparent)


async def _untold(done: int, total: int) -> None:
    """Nobody wants to know."""


class Gateway:
    """Answers tool calls: the only room that knows the whole way of a call."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        sources: Sources,
        onec: OnecSettings,
        limits: LimitsSettings,
        audit: AuditSink,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        self.catalogue = catalogue
        self._sources = sources
        self._onec = onec
        self._limits = limits
        self._audit = audit
        self._admit = admit
        self._rate = CallRate(limits.calls_per_minute)

    async def call(self, call: ToolCall, progress: Progress = _untold) -> Answer:
        """Answer one question; its audit record is written however it ends.

        Args:
            call: the question.
            progress: told how many of how many calls to 1C have ended, where there are several.

        Raises:
            OnecgwError: any leaf of the tree but ConfigError; its text is safe to show.
        """
        began, ts, code, answer = trio.current_time(), datetime.now(UTC), CANCELLED, None
        asking = Asking(
            sources=self._sources,
            caller=call.caller,
            request_id=call.request_id,
            traceparent=call.traceparent,
        )
        try:
            answer = await self._answer(call, asking, progress)
        except OnecgwError as error:
            code = error.code
            raise
        except Exception:  # the audit must tell a defect of ours from a caller who left
            code = INTERNAL
            raise
        else:
            code = OK
            return answer
        finally:
            self._audit(
                AuditRecord(
                    ts=ts,
                    request_id=call.request_id,
                    surface=call.surface,
                    sub=call.caller.sub,
                    client=call.caller.client,
                    grant=call.caller.grant,
                    ip=call.caller.ip,
                    tool=call.tool,
                    ok=code == OK,
                    code=code,
                    duration_ms=round((trio.current_time() - began) * 1000),
                    rows=answer.rows if answer else None,
                    bytes=len(answer.body) if answer else 0,
                    onec_calls=asking.calls,
                    traceparent=call.traceparent or "",
                )
            )

    async def _answer(self, call: ToolCall, asking: Asking, progress: Progress) -> Answer:
        self._admit()
        self._rate.take(call.caller.sub)
        tool, scopes = self._find(call), call.caller.scopes
        request: object = parse_arguments(
            tool.request, read_json_object(call.arguments), closed=closed_measures(scopes)
        )
        self._refuse_closed(tool, request, scopes)
        if problems := self.catalogue.unsupported(tool, request):
            raise ValidationFailed(problems)
        if tool.composition is not None:
            return await self._compose(tool.composition, request, asking, progress)
        with deadline(self._timeout_ms(tool)):
            if tool.naming is not None:
                request = await self._identify(tool.naming, request, asking)
            arguments, notices = clamp(tool, request, self._limits)
            bounds = bounds_of(
                tool,
                arguments,
                self._limits,
                surface=call.surface,
                scopes=scopes,
                notices=notices,
            )
            if tool.kind is Kind.TABLE:
                # One row more than wanted tells whether there are more.
                arguments["top"] = bounds.rows + 1
            body = await asking.ask(tool, arguments)
        return _BUILDERS[tool.kind](body, bounds)

    def _find(self, call: ToolCall) -> Tool:
        """The tool, if the caller may call it."""
        tool, caller = self.catalogue.find(call.tool), call.caller
        if tool.is_open_to(caller.scopes):
            self.catalogue.require(tool)
            return tool
        if call.surface == "mcp" and not tool.is_open_to(caller.scopes | caller.entitled):
            # A model cannot tell a tool that is closed to it from one that does not exist.
            raise NotFound(NO_SUCH_TOOL)
        missing = ", ".join(sorted(tool.scopes - caller.scopes))
        raise ScopeMissing(f"{tool.name} needs the scope {missing}", required=tool.scopes)

    async def _identify(self, naming: Naming, request: object, asking: Asking) -> object:
        """The request with an id where a name was given."""
        name = name_to_resolve(naming, request)
        if name is None:
            return request
        resolver = naming.resolver
        if not resolver.is_open_to(asking.caller.scopes):
            raise ScopeMissing(
                f"{naming.name} needs the scope {', '.join(sorted(resolver.scopes))}; "
                f"give {naming.id} instead",
                required=resolver.scopes,
            )
        found = await asking.ask(resolver, {"query": name, "limit": self._limits.resolve_limit})
        return with_id(naming, request, pick_candidate(naming, name, found))

    def _refuse_closed(self, tool: Tool, request: object, scopes: frozenset[str]) -> None:
        """Cost measures are refused before 1C hears of them."""
        closed = closed_measures(scopes)
        for field in fields_of(tool.request):
            asked = getattr(request, field.attribute)
            if field.arg.cost and asked and (refused := sorted(closed.intersection(asked))):
                raise ScopeMissing(
                    f"{field.name}: {', '.join(refused)} need the scope {COST}",
                    required=tool.scopes | {COST},
                )

    def _timeout_ms(self, tool: Tool) -> int:
        is_report = tool.kind is not Kind.RESOLVER
        return self._onec.report_deadline_ms if is_report else self._onec.timeout_ms

    async def _compose(
        self, composition: Composition, request: object, asking: Asking, progress: Progress
    ) -> Answer:
        """Ask everything side by side, each under the caller's own name, and put it together."""
        now = datetime.now(UTC)
        parts: dict[Hashable, Part[object]] = {
            key: Part(
                ask=partial(self._ask_question, question, asking), needed_by=question.needed_by
            )
            for key, question in composition.plan(request, now).items()
        }
        found = await fan_out(
            parts,
            limit=self._onec.max_concurrency,
            timeout_ms=self._onec.report_deadline_ms,
            progress=progress,
        )
        return Answer(body=_encode(composition.compose(request, found, now)))

    async def _ask_question(self, question: Question, asking: Asking) -> object:
        if problems := self.catalogue.unsupported(question.tool, question.request):
            raise ValidationFailed(problems)
        return await asking.ask_question(question)
