"""Gateway.call: scopes → arguments → 1C → answer → audit, the same for every surface."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import attrs
import trio

from onecgw.auth.caller import COST
from onecgw.auth.context import CallContext
from onecgw.backends.scheduling.fan_out import Progress, ignore_progress
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.json_schema import LANGUAGE
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import NO_SUCH_TOOL, Catalogue
from onecgw.catalogue.parsing import null_filters, parse_arguments
from onecgw.catalogue.scalars import got
from onecgw.catalogue.strict_json import read_json_object
from onecgw.errors import NotFound, OnecgwError, Problem, ScopeMissing, ValidationFailed
from onecgw.gateway.rate_limit import CallRate
from onecgw.gateway.upstream import Sources, UpstreamSession
from onecgw.locales import DEFAULT_LANGUAGE, LANGUAGES, Language, accepted_language
from onecgw.locales.text import say
from onecgw.peers import CALL_RATE, Peers
from onecgw.responses.shaping import Answer
from onecgw.settings import OnecSettings
from onecgw.storage.audit_log import AuditRecord, AuditSink

log = logging.getLogger(__name__)

OK: Final = "ok"
CANCELLED: Final = "cancelled"
INTERNAL: Final = "internal"


@attrs.frozen(kw_only=True)
class ToolCall:
    """One call of one tool. arguments: a JSON object as it was sent."""

    context: CallContext
    tool: str
    arguments: bytes


class Gateway:
    """Answers tool calls.

    Args:
        catalogue: the tools.
        sources: the backend and its caches.
        onec: deadlines and concurrency.
        audit: takes the record of each call.
        admit: raises where calls are refused for now, as while the audit cannot be written.
        peers: the processes with which calls of one caller are counted together.
        confirm: called after `audit`; returns when an answer may leave, or raises.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        sources: Sources,
        onec: OnecSettings,
        audit: AuditSink,
        admit: Callable[[], None] = lambda: None,
        peers: Peers | None = None,
        confirm: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
    ) -> None:
        self.catalogue = catalogue
        self.today: Final = onec.today
        self._open_session = partial(
            UpstreamSession,
            sources=sources,
            catalogue=catalogue,
            read_today=onec.today,
            timeout_ms=onec.resolver_deadline_ms,
            report_deadline_ms=onec.report_deadline_ms,
            max_concurrency=onec.max_concurrency,
            limits=catalogue.limits,
        )
        self._base_currency = onec.base_currency or ""
        self._audit = audit
        self._admit = admit
        self._confirm = confirm
        self._rate = CallRate(catalogue.limits.calls_per_minute, peers=peers, topic=CALL_RATE)

    async def call(self, call: ToolCall, progress: Progress = ignore_progress) -> Answer:
        """Answer one call; its audit record is written however it ends, and confirmed first.

        Args:
            call: the call.
            progress: called with how many of how many requests to 1C have ended, where there are
                several.

        Raises:
            OnecgwError: any leaf of the tree but ConfigError; its text is safe to show.
        """
        failure = None
        try:
            answer = await self._recorded(call, progress)
        except Exception as error:  # noqa: BLE001 - an error is an answer, too, and is raised below
            failure = error
        await self._confirm()
        if failure is not None:
            raise failure
        return answer

    async def _recorded(self, call: ToolCall, progress: Progress) -> Answer:
        """Answer one call, and pass its record to the audit however it ends."""
        began, code, answer = trio.current_time(), CANCELLED, None
        upstream = self._open_session(
            restrictions=self.catalogue.restrictions_for(call.context.caller.scopes),
            base_currency=self.catalogue.capabilities.base_currency or self._base_currency,
            context=call.context,
            progress=progress,
        )
        try:
            with upstream.held:
                answer = await self._answer(call, upstream)
        except OnecgwError as error:
            code = error.code
            if call.context.language == upstream.context.language == DEFAULT_LANGUAGE:
                raise
            raise error.in_language(upstream.context.language) from error
        except Exception:  # the audit must distinguish a defect of ours from a caller who left
            code = INTERNAL
            raise
        else:
            code = OK
            return answer
        finally:
            context, caller = call.context, call.context.caller
            self._audit(
                AuditRecord(
                    ts=upstream.now,
                    request_id=context.request_id,
                    surface=context.surface,
                    sub=caller.sub,
                    client=caller.client,
                    grant=caller.grant,
                    ip=caller.ip,
                    tool=call.tool,
                    ok=code == OK,
                    code=code,
                    duration_ms=round((trio.current_time() - began) * 1000),
                    rows=answer.rows if answer else None,
                    bytes=len(answer.body) if answer else 0,
                    onec_calls=upstream.calls,
                    traceparent=context.traceparent or "",
                )
            )

    async def _answer(self, call: ToolCall, upstream: UpstreamSession) -> Answer:
        self._admit()
        self._rate.take(call.context.caller.sub)
        tool = self._find(call)
        restricted = upstream.restrictions[tool.name]
        raw = read_json_object(call.arguments)
        if language := _pop_language(raw):
            upstream.context = attrs.evolve(upstream.context, language=language)
        request: object = parse_arguments(tool.request, raw, restricted=restricted)
        if ignored := null_filters(tool.request, raw):
            upstream.notices = (say("notices.null_filters", filters=", ".join(ignored)),)
        _refuse_restricted(tool, request, restricted)
        if problems := self.catalogue.unsupported(tool, request):
            raise ValidationFailed(problems)
        return await tool.answer(request, upstream)

    def _find(self, call: ToolCall) -> Tool:
        """The tool, if the caller may call it."""
        tool, caller = self.catalogue.find(call.tool), call.context.caller
        is_mcp = call.context.surface == "mcp"
        is_published = not is_mcp or tool.name not in self.catalogue.left_out
        if is_published and tool.scopes <= caller.scopes:
            self.catalogue.require(tool)
            return tool
        if is_mcp and not (is_published and tool.scopes <= caller.scopes | caller.entitled):
            # For a model, a tool that it may never call does not exist.
            raise NotFound(say(NO_SUCH_TOOL))
        missing = ", ".join(sorted(tool.scopes - caller.scopes))
        raise ScopeMissing(
            say("errors.scope", subject=tool.name, scopes=missing), required=tool.scopes
        )


def _pop_language(raw: dict[str, object]) -> Language | None:
    """Take the language out of the arguments; None if there is none.

    Raises:
        ValidationFailed: it is none of ours.
    """
    tag = raw.pop(LANGUAGE, None)
    if tag is None or tag == "":
        return None
    language = accepted_language(tag) if isinstance(tag, str) else None
    if language is None:
        message = say("errors.one_of", accepted=", ".join(LANGUAGES))
        raise ValidationFailed((Problem(path=LANGUAGE, message=got(message, tag)),))
    return language


def _refuse_restricted(tool: Tool, request: object, restricted: frozenset[str]) -> None:
    """Refuse restricted measures before a request goes to 1C."""
    for field in fields_of(tool.request):
        chosen = getattr(request, field.attribute) or ()
        members = (chosen,) if isinstance(chosen, str) else chosen
        if field.arg.cost and (refused := sorted(restricted.intersection(members))):
            names = ", ".join(refused)
            message = say("errors.cost_scope", argument=field.name, measures=names, scope=COST)
            raise ScopeMissing(message, required=tool.scopes | {COST})
