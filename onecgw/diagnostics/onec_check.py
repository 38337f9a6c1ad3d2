"""The way to 1C, checked step by step, each failure with the sentence that mends it."""

import statistics
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import attrs
import msgspec
import trio

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.errors.failures import Failure, Remedy, Reply, failure_of, wire_failure
from onecgw.backends.http.onec_sessions import (
    STARTING,
    Headers,
    Session,
    Sessions,
    continuing,
    finishing,
)
from onecgw.backends.http.response_body import read_object
from onecgw.backends.http.transport import HttpTransport, tls_context
from onecgw.backends.http_service.backend import make_request
from onecgw.backends.http_service.key_verification import denies_key
from onecgw.backends.http_service.paths import HEALTH_PATH, VERIFY_PATH
from onecgw.backends.scheduling.deadline import deadline
from onecgw.diagnostics import network
from onecgw.diagnostics.network import Probe
from onecgw.errors import OnecError
from onecgw.settings import Settings

SKEW_SECONDS: Final = 60  # "now" and "today" of the two sides differ visibly beyond this
CLOSE_SECONDS: Final = 5  # for ending the sessions
SLOW_SESSION_MS: Final = 150  # a session of its own costs a call about 300 ms, a kept one 30
_REPEATS: Final = 3
_CONTEXT: Final = CallContext(
    caller=Caller(sub="onecgw-check", scopes=frozenset(ALL_SCOPES)),
    request_id="check",
    surface="mcp",
)
_WRONG_KEY: Final = "onecgw-check-this-key-is-wrong"

# What the administrator is to change, for each class of failure.
_ADVICE: Final = {
    "onec_auth": "set onec.auth.username and onec.auth.password to a 1C user that may log in"
    " (with `authentication by 1C:Enterprise` switched on)",
    "onec_forbidden": "give the 1C user of onec.auth the role that may use the HTTP service and"
    " read what it reports",
    "onec_maintenance": "the infobase is blocked: lift the block in the cluster console,"
    " or wait until the work is done",
    "onec_not_published": "publish the HTTP service with the infobase (default.vrd) and install its"
    " extension; onec.base_url must end with /hs, before /mcp",
    "onec_redirect": "set onec.base_url to the redirect's target without /mcp/...: the scheme, the"
    " case of the publication's name and the host must match",
    "onec_failed": "look into 1C's technological log at this time: the service itself failed",
    "onec_locked": "repeat the check; if it stays, look for long transactions in 1C",
    "onec_license": "free a 1C licence, lower onec.max_concurrency, or reuse sessions"
    " (reuseSessions in default.vrd, or onec.session_mode: client)",
    "onec_unavailable": "start the web server and the 1C server behind onec.base_url, or let the"
    " firewall pass",
    "onec_timeout": "raise onec.timeout_ms (onec.report_timeout_ms for reports), or find out why 1C"
    " is slow",
    "onec_rejected": "update the extension in 1C: it does not accept what the contract says",
    "own sessions": "set onec.session_mode to client, or to auto: the publication has"
    ' reuseSessions="use"',
    "onec_bad_response": "look at what answers at onec.base_url: it is not the service that the"
    " contract describes",
}


@attrs.frozen(kw_only=True)
class Step:
    """One thing that was checked.

    name: dns, tcp, tls, publication, authentication, health, resolver, report, verify, sessions
        or clock.
    latency_ms: how long it took; None where that says nothing.
    detail: what was seen. advice: what to change; "" when all is well.
    """

    name: str
    ok: bool
    latency_ms: int | None = None
    detail: str
    advice: str = ""


async def check_onec(settings: Settings, report: Callable[[Step], None]) -> bool:
    """Whether everything is well; each step is reported when it is done.

    A step that the others stand on ends the check when it fails.
    """
    check = _Check(settings, report)
    try:
        await check.run()
    finally:
        await check.aclose()
    return check.is_well


class _Broken(Exception):
    """A step failed on which the others stand."""


class _Check:
    def __init__(self, settings: Settings, report: Callable[[Step], None]) -> None:
        self._onec = settings.onec
        self._report = report
        self._exchange = HttpTransport(
            settings.onec,
            max_response_bytes=settings.limits.max_response_bytes,
            transport=None,
        )
        self._sessions = Sessions(mode=settings.onec.session_mode, size=1)
        self.is_well = True

    async def run(self) -> None:
        try:
            await self._check_network()
            reply = await self._check_publication()
        except _Broken:
            return
        await self._check_contract()
        await self._check_sessions()
        self._check_clock(reply)

    async def aclose(self) -> None:
        """End the sessions and close the connections, within CLOSE_SECONDS and a moment."""
        self._sessions.give_up_all()
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            while (session := self._sessions.next_given_up()) is not None:
                await self._exchange_once(HEALTH_PATH, b"", finishing(session), Session())
        await self._exchange.aclose()

    def _say(self, step: Step) -> None:
        self.is_well = self.is_well and step.ok
        self._report(step)

    # The network: each step stands on the one before.

    async def _check_network(self) -> None:
        address = urlsplit(self._onec.base_url)
        host, secure = address.hostname or "", address.scheme == "https"
        port = address.port or (443 if secure else 80)
        await self._probe("dns", network.resolve(host, port))
        await self._probe("tcp", network.knock(host, port))
        if secure:
            tls = tls_context(self._onec)
            await self._probe("tls", network.shake_hands(host, port, tls))

    async def _probe(self, name: str, probing: Awaitable[Probe]) -> None:
        started = trio.current_time()
        probe = Probe(
            ok=False,
            detail="no answer in time",
            advice="let the firewall pass, or raise onec.connect_timeout_ms",
        )
        with trio.move_on_after(self._onec.connect_timeout_ms / 1000):
            probe = await probing
        latency_ms = _ms_since(started)
        self._say(Step(name=name, latency_ms=latency_ms, **attrs.asdict(probe)))
        if not probe.ok:
            raise _Broken

    # The service: what one exchange tells.

    async def _check_publication(self) -> Reply:
        seen, latency_ms = await self._ask(HEALTH_PATH)
        published = Step(
            name="publication", ok=True, latency_ms=latency_ms, detail="something answers there"
        )
        if isinstance(seen, Reply):
            self._say(published)
            self._say(Step(name="authentication", ok=True, detail="1C accepts the technical user"))
            return seen
        if seen.error.code in {"onec_auth", "onec_forbidden"}:
            self._say(published)
            self._say(_failed("authentication", seen, latency_ms))
        else:
            self._say(_failed("publication", seen, latency_ms))
        raise _Broken

    async def _check_contract(self) -> None:
        yesterday = str(date.today() - timedelta(days=1))  # noqa: DTZ011 - the administrator's day
        question = {
            "period": {"from": yesterday, "to": yesterday},
            "group_by": ["warehouse"],
            "measures": ["amount"],
            "top": 1,
        }
        await self._check_answer("health", HEALTH_PATH, b"", "status")
        await self._check_answer(
            "resolver", "/mcp/resolve/customer", _json({"query": "а", "limit": 1}), "candidates"
        )
        await self._check_answer("report", "/mcp/reports/sales", _json(question), "rows")
        await self._check_verify()

    async def _check_answer(self, name: str, path: str, body: bytes, key: str) -> None:
        seen, latency_ms = await self._ask(path, body)
        if isinstance(seen, Reply):
            try:
                answer = msgspec.json.decode(
                    read_object(seen.body, seen.content_type), type=dict[str, msgspec.Raw]
                )
            except OnecError as error:
                seen = wire_failure(error, error.__cause__)
            else:
                ok = key in answer
                self._say(
                    Step(
                        name=name,
                        ok=ok,
                        latency_ms=latency_ms,
                        detail=f"{path} answers {'as agreed' if ok else f'without `{key}`'}",
                        advice="" if ok else _ADVICE["onec_bad_response"],
                    )
                )
                return
        self._say(_failed(name, seen, latency_ms))

    async def _check_verify(self) -> None:
        seen, latency_ms = await self._ask(VERIFY_PATH, _json({"key": _WRONG_KEY}))
        reply = seen.reply if isinstance(seen, Failure) else seen
        if reply is not None and denies_key(reply):
            step = Step(
                name="verify", ok=True, latency_ms=latency_ms, detail="1C refuses a wrong key"
            )
        elif isinstance(seen, Failure):
            step = _failed("verify", seen, latency_ms)
        else:
            step = Step(
                name="verify",
                ok=False,
                latency_ms=latency_ms,
                detail="1C accepts a key that does not exist",
                advice="mend auth/verify in the extension: a wrong key is answered with 403",
            )
        self._say(step)

    async def _ask(self, path: str, body: bytes = b"") -> tuple[Reply | Failure, int]:
        """One answer, and how many milliseconds it took; in sessions of its own if 1C wants it."""
        seen, latency_ms = await self._ask_once(path, body)
        wanted = isinstance(seen, Failure) and seen.remedy is Remedy.OWN_SESSIONS
        if wanted and self._sessions.begin_to_keep():
            return await self._ask_once(path, body)
        return seen, latency_ms

    async def _ask_once(self, path: str, body: bytes) -> tuple[Reply | Failure, int]:
        session = self._sessions.take()
        seen, latency_ms = await self._exchange_once(
            path, body, self._sessions.headers(session), session
        )
        if isinstance(seen, Failure) and seen.reply is None:
            self._sessions.give_up(session)
        elif not (isinstance(seen, Failure) and seen.remedy is Remedy.NEW_SESSION):
            self._sessions.give_back(session)
        return seen, latency_ms

    async def _exchange_once(
        self, path: str, body: bytes, headers: Headers, session: Session
    ) -> tuple[Reply | Failure, int]:
        is_report = path.startswith("/mcp/reports/")
        timeout_ms = self._onec.report_deadline_ms if is_report else self._onec.timeout_ms
        call = make_request(path, body, _CONTEXT)
        started = trio.current_time()
        try:
            with deadline(timeout_ms):
                reply = await self._exchange.send(
                    call.method,
                    path,
                    body=body,
                    headers=(*call.headers, *headers),
                    on_cookies=session.learn,
                )
        except OnecError as error:
            return wire_failure(error, error.__cause__), _ms_since(started)
        good = reply.status == HTTPStatus.OK
        return reply if good else failure_of(reply, call.path), _ms_since(started)

    async def _check_sessions(self) -> None:
        """What a call costs as it is, and in a session that the client keeps."""
        usual_ms = round(
            statistics.median([(await self._ask(HEALTH_PATH))[1] for _ in range(_REPEATS)])
        )
        detail = f"a call takes {usual_ms} ms"
        if self._sessions.idle:
            detail += " in a session that the client keeps"
        else:
            session = Session()
            await self._exchange_once(HEALTH_PATH, b"", STARTING, session)
            if session.cookie is not None:
                kept = continuing(session)
                _, kept_ms = await self._exchange_once(HEALTH_PATH, b"", kept, session)
                await self._exchange_once(HEALTH_PATH, b"", finishing(session), session)
                detail += f", {kept_ms} ms in a session that the client keeps"
        reused = usual_ms < SLOW_SESSION_MS
        self._say(
            Step(
                name="sessions",
                ok=True,
                latency_ms=usual_ms,
                detail=f"{detail}: reuse seems to be {'on' if reused else 'off'}",
                advice=""
                if reused
                else 'set reuseSessions="autouse" in default.vrd, or onec.session_mode to client',
            )
        )

    def _check_clock(self, reply: Reply) -> None:
        try:
            theirs = parsedate_to_datetime(reply.headers["date"])
        except (KeyError, ValueError):
            self._say(Step(name="clock", ok=True, detail="1C's web server tells no time"))
            return
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        skew = round((datetime.now(UTC) - theirs).total_seconds())
        ok = abs(skew) <= SKEW_SECONDS
        self._say(
            Step(
                name="clock",
                ok=ok,
                detail=f"this clock is {abs(skew)} s {'ahead' if skew > 0 else 'behind'}",
                advice="" if ok else "synchronise the clocks of this machine and of 1C's server",
            )
        )


def _failed(name: str, failure: Failure, latency_ms: int) -> Step:
    """A step that failed, with all that the administrator may see."""
    status = f"HTTP {failure.reply.status}, " if failure.reply is not None else ""
    target = failure.reply.headers.get("location", "") if failure.reply is not None else ""
    wants_sessions = failure.remedy is Remedy.OWN_SESSIONS
    detail = f"{status}{failure.error.code}: {failure.reason or failure.error.message}"
    return Step(
        name=name,
        ok=False,
        latency_ms=latency_ms,
        detail=f"{detail} → {target}" if target else detail,
        advice=_ADVICE["own sessions" if wants_sessions else failure.error.code],
    )


def _ms_since(started: float) -> int:
    return round((trio.current_time() - started) * 1000)


_json = msgspec.json.encode
