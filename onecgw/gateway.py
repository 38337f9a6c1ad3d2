"""Gateway.call: scope → arguments → 1C → answer → audit, the same for every surface."""

import logging
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal

import attrs
import msgspec
import trio

from onecgw import answers
from onecgw.answers import Answer, Bounds
from onecgw.arguments import parse_arguments, to_onec
from onecgw.audit import AuditRecord, AuditSink
from onecgw.caller import COST, Caller
from onecgw.catalogue import NO_SUCH_TOOL, Catalogue
from onecgw.contract import (
    Composition,
    Kind,
    Naming,
    Question,
    Tool,
    closed_measures,
    fields_of,
)
from onecgw.errors import NotFound, OnecgwError, ScopeMissing, ValidationFailed
from onecgw.json_input import read_json_object
from onecgw.naming import name_to_resolve, pick_candidate, with_id
from onecgw.onec.cache import AnswerCache
from onecgw.onec.call import OnecCall
from onecgw.onec.client import OnecClient
from onecgw.onec.deadline import deadline
from onecgw.onec.fanout import Part, Progress, fan_out
from onecgw.ratelimit import CallRate
from onecgw.settings import LimitsSettings, OnecSettings
from onecgw.trace import valid_traceparent

log = logging.getLogger(__name__)

Surface = Literal["mcp", "rest"]
CANCELLED: Final = "cancelled"
INTERNAL: Final = "internal"

# Decimals leave as JSON numbers, with exactly their digits.
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode

_BUILDERS: Final[dict[Kind, Callable[[bytes, Bounds], Answer]]] = {
    Kind.RESOLVER: answers.build_candidates,
    Kind.TABLE: answers.build_table,
    Kind.PASSED: answers.build_passed,
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


@attrs.define(kw_only=True)
class _Outcome:
    """What the audit will say; filled while the call goes on."""

    code: str = CANCELLED
    rows: int | None = None
    bytes: int = 0
    onec_calls: int = 0


async def _untold(done: int, total: int) -> None:
    """Nobody wants to know."""


class Gateway:
    """Answers tool calls: the only room that knows the whole way of a call."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        client: OnecClient,
        cache: AnswerCache,
        balances: AnswerCache,
        onec: OnecSettings,
        limits: LimitsSettings,
        audit: AuditSink,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        self.catalogue = catalogue
        self._client = client
        self._cache = cache
        self._balances = balances
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
        began, ts, outcome = trio.current_time(), datetime.now(UTC), _Outcome()
        try:
            answer = await self._answer(call, outcome, progress)
        except OnecgwError as error:
            outcome.code = error.code
            raise
        except Exception:  # the audit must tell a defect of ours from a caller who left
            outcome.code = INTERNAL
            raise
        else:
            outcome.code, outcome.rows, outcome.bytes = "ok", answer.rows, len(answer.body)
            return answer
        finally:
            self._audit(
                AuditRecord(
                    ts=ts,
                    request_id=call.request_id,
                    surface=call.surface,
                    sub=call.caller.sub,
                    client=call.caller.client,
                    tool=call.tool,
                    ok=outcome.code == "ok",
                    code=outcome.code,
                    duration_ms=round((trio.current_time() - began) * 1000),
                    rows=outcome.rows,
                    bytes=outcome.bytes,
                    onec_calls=outcome.onec_calls,
                    traceparent=call.traceparent or "",
                )
            )

    async def _answer(self, call: ToolCall, outcome: _Outcome, progress: Progress) -> Answer:
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
            return await self._compose(tool.composition, request, call, outcome, progress)
        with deadline(self._timeout_ms(tool)):
            if tool.naming is not None:
                request = await self._identify(tool.naming, request, call, outcome)
            arguments, notices = self._clamp(tool, request)
            bounds = self._bounds(tool, arguments, call, notices)
            if tool.kind is Kind.TABLE:
                # One row more than wanted tells whether there are more.
                arguments["top"] = bounds.rows + 1
            body = await self._ask(tool, arguments, call, outcome)
        return _BUILDERS[tool.kind](body, bounds)

    def _find(self, call: ToolCall) -> Tool:
        """The tool, if the caller may call it."""
        tool, caller = self.catalogue.find(call.tool), call.caller
        if tool.is_open_to(caller.scopes):
            return tool
        if call.surface == "mcp" and not tool.is_open_to(caller.scopes | caller.entitled):
            # A model cannot tell a tool that is closed to it from one that does not exist.
            raise NotFound(NO_SUCH_TOOL)
        missing = ", ".join(sorted(tool.scopes - caller.scopes))
        raise ScopeMissing(f"{tool.name} needs the scope {missing}", required=tool.scopes)

    async def _identify(
        self, naming: Naming, request: object, call: ToolCall, outcome: _Outcome
    ) -> object:
        """The request with an id where a name was given."""
        name = name_to_resolve(naming, request)
        if name is None:
            return request
        resolver = naming.resolver
        if not resolver.is_open_to(call.caller.scopes):
            raise ScopeMissing(
                f"{naming.name} needs the scope {', '.join(sorted(resolver.scopes))}; "
                f"give {naming.id} instead",
                required=resolver.scopes,
            )
        asked = {"query": name, "limit": self._limits.resolve_limit}
        found = await self._ask(resolver, asked, call, outcome)
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

    def _clamp(self, tool: Tool, request: object) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The arguments for 1C with numbers above their limit lowered, and what was lowered."""
        arguments = to_onec(request)
        notices = []
        for field in fields_of(tool.request):
            if field.arg.maximum is None or field.name not in arguments:
                continue
            maximum: int = getattr(self._limits, field.arg.maximum)
            if arguments[field.name] > maximum:
                notices.append(f"{field.name} was {arguments[field.name]}, the limit is {maximum}.")
                arguments[field.name] = maximum
        return arguments, tuple(notices)

    def _bounds(
        self, tool: Tool, arguments: dict[str, Any], call: ToolCall, notices: tuple[str, ...]
    ) -> Bounds:
        limits, is_mcp = self._limits, call.surface == "mcp"
        if tool.kind is Kind.RESOLVER:
            rows = arguments.get("limit", limits.resolve_limit)
        else:
            default_rows = min(limits.default_rows, limits.max_rows) if is_mcp else limits.max_rows
            rows = arguments.get("top", default_rows)
        return Bounds(
            rows=rows,
            max_rows=limits.max_rows,
            max_bytes=limits.max_result_bytes if is_mcp else None,
            refuses_extra_rows=not is_mcp,
            closed=closed_measures(call.caller.scopes),
            notices=notices,
        )

    def _timeout_ms(self, tool: Tool) -> int:
        is_report = tool.kind is not Kind.RESOLVER
        return self._onec.report_deadline_ms if is_report else self._onec.timeout_ms

    async def _ask(
        self, tool: Tool, arguments: dict[str, Any], call: ToolCall, outcome: _Outcome
    ) -> bytes:
        body = msgspec.json.encode(arguments)
        if tool.kind is not Kind.RESOLVER:
            return await self._post(tool, body, call, outcome)
        key = (
            tool.name,
            " ".join(str(arguments["query"]).lower().split()),
            arguments.get("limit"),
            arguments.get("include_groups"),
            call.caller.scopes,
        )

        async def post() -> bytes:
            found = await self._post(tool, body, call, outcome)
            answers.read_candidates(found)  # what is no answer must not be kept as one
            return found

        return (await self._cache.fetch(key, post)).body

    async def _compose(
        self,
        composition: Composition,
        request: object,
        call: ToolCall,
        outcome: _Outcome,
        progress: Progress,
    ) -> Answer:
        """Ask everything side by side, each under the caller's own name, and put it together."""
        now = datetime.now(UTC)
        parts: dict[Hashable, Part[object]] = {
            key: Part(
                ask=partial(self._ask_question, question, call, outcome),
                needed_by=question.needed_by,
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

    async def _ask_question(self, question: Question, call: ToolCall, outcome: _Outcome) -> object:
        if problems := self.catalogue.unsupported(question.tool, question.request):
            raise ValidationFailed(problems)
        body = msgspec.json.encode(to_onec(question.request))

        async def post() -> bytes:
            found = await self._post(question.tool, body, call, outcome)
            question.read(found)  # what is no answer must not be kept as one
            return found

        if not question.is_settled:
            return question.read(await self._post(question.tool, body, call, outcome))
        key = (question.tool.name, body, call.caller.scopes)
        return question.read((await self._balances.fetch(key, post)).body)

    async def _post(self, tool: Tool, body: bytes, call: ToolCall, outcome: _Outcome) -> bytes:
        outcome.onec_calls += 1
        return await self._client.post(
            OnecCall(
                path=tool.path,
                body=body,
                caller=call.caller,
                request_id=call.request_id,
                traceparent=call.traceparent,
            )
        )
