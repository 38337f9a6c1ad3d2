"""`onecgw check`: check the connection to 1C step by step, with advice for each failure."""

import statistics
from contextlib import aclosing
from datetime import date, timedelta
from typing import Final

import msgspec
import trio

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.errors.failures import (
    Failure,
    Remedy,
    Reply,
    failure_in_success,
    failure_of,
    wire_failure,
)
from onecgw.backends.http.onec_sessions import (
    STARTING,
    Headers,
    Session,
    Sessions,
    continuing,
    finishing,
)
from onecgw.backends.http.response_body import read_object
from onecgw.backends.http.transport import GOOD_STATUSES, HttpTransport
from onecgw.backends.http_service.backend import make_request
from onecgw.backends.http_service.key_verification import denies_key
from onecgw.backends.http_service.paths import HEALTH_PATH, VERIFY_PATH
from onecgw.backends.scheduling.deadline import deadline
from onecgw.diagnostics.step import SKEW_SECONDS, ReportStep, clock_skew_seconds
from onecgw.diagnostics.step_log import CheckStopped, StepLog, check_network, ms_since
from onecgw.errors import OnecAuth, OnecError, OnecForbidden
from onecgw.settings import OnecSettings

CLOSE_SECONDS: Final = 5  # for ending the sessions
# A call in a new session takes about 300 ms, in a reused one about 30 ms.
REUSED_SESSION_MS: Final = 150
_REPEATS: Final = 3
_CONTEXT: Final = CallContext(
    caller=Caller(sub="onecgw-check", scopes=frozenset(ALL_SCOPES)),
    request_id="check",
    surface="mcp",
)
_WRONG_KEY: Final = "onecgw-check-this-key-is-wrong"

# What the administrator should change, by the code of the error.
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


async def check_onec(onec: OnecSettings, report: ReportStep, *, max_response_bytes: int) -> bool:
    """Check 1C and report each step when it is done; return whether all steps passed.

    A failed step ends the check if the following steps depend on it.

    Args:
        onec: the 1C to check.
        report: called with each step.
        max_response_bytes: the largest response that is read.
    """
    async with aclosing(_OnecCheck(onec, report, max_response_bytes=max_response_bytes)) as check:
        await check.run()
    return check.steps.has_passed


class _OnecCheck:
    def __init__(self, onec: OnecSettings, report: ReportStep, *, max_response_bytes: int) -> None:
        self._onec = onec
        self.steps = StepLog(report)
        self._exchange = HttpTransport(onec, max_response_bytes=max_response_bytes, transport=None)
        self._sessions = Sessions(mode=onec.session_mode, size=1)

    async def run(self) -> None:
        try:
            await check_network(self._onec, self.steps)
            reply = await self._check_publication()
        except CheckStopped:
            return
        await self._check_contract()
        await self._check_sessions()
        self._check_clock(reply)

    async def aclose(self) -> None:
        """End the sessions within CLOSE_SECONDS, then close the connections."""
        self._sessions.give_up_all()
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            while (session := self._sessions.next_given_up()) is not None:
                await self._send(HEALTH_PATH, b"", finishing(session), Session())
        await self._exchange.aclose()

    def _fail_with(self, name: str, failure: Failure, latency_ms: int) -> None:
        """Report a failure, with everything in it that the administrator may see."""
        reply = failure.reply
        status = f"HTTP {reply.status}, " if reply is not None else ""
        location = reply.headers.get("location", "") if reply is not None else ""
        detail = f"{status}{failure.error.code}: {failure.reason or failure.error.message}"
        needs_sessions = failure.remedy is Remedy.OWN_SESSIONS
        self.steps.fail(
            name,
            f"{detail} → {location}" if location else detail,
            latency_ms=latency_ms,
            advice=_ADVICE["own sessions" if needs_sessions else failure.error.code],
        )

    # The service: each step is one call.

    async def _check_publication(self) -> Reply:
        outcome, latency_ms = await self._call(HEALTH_PATH)
        is_denied = isinstance(outcome, Failure) and isinstance(
            outcome.error, OnecAuth | OnecForbidden
        )
        if isinstance(outcome, Reply) or is_denied:
            self.steps.succeed("publication", "something answers there", latency_ms=latency_ms)
        if isinstance(outcome, Reply):
            self.steps.succeed("authentication", "1C accepts the technical user")
            return outcome
        self._fail_with("authentication" if is_denied else "publication", outcome, latency_ms)
        raise CheckStopped

    async def _check_contract(self) -> None:
        yesterday = str(date.today() - timedelta(days=1))  # noqa: DTZ011 - the administrator's day
        report = {
            "period": {"from": yesterday, "to": yesterday},
            "group_by": ["warehouse"],
            "measures": ["amount"],
            "top": 1,
        }
        resolver = {"query": "а", "limit": 1}
        await self._check_answer("health", HEALTH_PATH, b"", "status")
        await self._check_answer("resolver", "/mcp/resolve/customer", _json(resolver), "candidates")
        await self._check_answer("report", "/mcp/reports/sales", _json(report), "rows")
        await self._check_verify()

    async def _check_answer(self, name: str, path: str, body: bytes, member: str) -> None:
        outcome, latency_ms = await self._call(path, body)
        if isinstance(outcome, Reply):
            try:
                content = read_object(outcome.body, outcome.content_type)
                answer = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
            except OnecError as error:
                outcome = wire_failure(error, error.__cause__)
        if isinstance(outcome, Failure):
            self._fail_with(name, outcome, latency_ms)
        elif member in answer:
            self.steps.succeed(name, f"{path} answers as agreed", latency_ms=latency_ms)
        else:
            advice = _ADVICE["onec_bad_response"]
            detail = f"{path} answers without `{member}`"
            self.steps.fail(name, detail, latency_ms=latency_ms, advice=advice)

    async def _check_verify(self) -> None:
        outcome, latency_ms = await self._call(VERIFY_PATH, _json({"key": _WRONG_KEY}))
        reply = outcome.reply if isinstance(outcome, Failure) else outcome
        if reply is not None and denies_key(reply):
            self.steps.succeed("verify", "1C refuses a wrong key", latency_ms=latency_ms)
        elif isinstance(outcome, Failure):
            self._fail_with("verify", outcome, latency_ms)
        else:
            self.steps.fail(
                "verify",
                "1C accepts a key that does not exist",
                latency_ms=latency_ms,
                advice="correct auth/verify in the extension: the answer to a wrong key is 403",
            )

    async def _check_sessions(self) -> None:
        """Measure a call as configured, and a call in a session that the client reuses."""
        usual_ms = round(
            statistics.median([(await self._call(HEALTH_PATH))[1] for _ in range(_REPEATS)])
        )
        detail = f"a call takes {usual_ms} ms"
        if self._sessions.idle:
            detail += " in a session that the client keeps"
        else:
            session = Session()
            await self._send(HEALTH_PATH, b"", STARTING, session)
            if session.cookie is not None:
                _, kept_ms = await self._send(HEALTH_PATH, b"", continuing(session), session)
                await self._send(HEALTH_PATH, b"", finishing(session), session)
                detail += f", {kept_ms} ms in a session that the client keeps"
        is_reused = usual_ms < REUSED_SESSION_MS
        advice = 'set reuseSessions="autouse" in default.vrd, or onec.session_mode to client'
        self.steps.succeed(
            "sessions",
            f"{detail}: reuse seems to be {'on' if is_reused else 'off'}",
            latency_ms=usual_ms,
            advice="" if is_reused else advice,
        )

    def _check_clock(self, reply: Reply) -> None:
        skew = clock_skew_seconds(reply.headers)
        if skew is None:
            self.steps.succeed("clock", "1C's web server sends no Date header")
            return
        detail = f"this clock is {abs(skew)} s {'ahead' if skew > 0 else 'behind'}"
        if abs(skew) <= SKEW_SECONDS:
            self.steps.succeed("clock", detail)
        else:
            advice = "synchronise the clocks of this machine and of 1C's server"
            self.steps.fail("clock", detail, advice=advice)

    async def _call(self, path: str, body: bytes = b"") -> tuple[Reply | Failure, int]:
        """Call 1C once, and once more in a session of our own if 1C demands one.

        Returns:
            The outcome, and the duration of the last call in milliseconds.
        """
        for _ in range(2):
            session = self._sessions.take()
            headers = self._sessions.headers(session)
            outcome, latency_ms = await self._send(path, body, headers, session)
            remedy = outcome.remedy if isinstance(outcome, Failure) else None
            if isinstance(outcome, Failure) and outcome.reply is None:
                self._sessions.give_up(session)
            elif remedy is not Remedy.NEW_SESSION:
                self._sessions.give_back(session)
            if remedy is not Remedy.OWN_SESSIONS or not self._sessions.begin_to_keep():
                break
        return outcome, latency_ms

    async def _send(
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
            return wire_failure(error, error.__cause__), ms_since(started)
        is_good = reply.status in GOOD_STATUSES
        failure = failure_in_success(reply) if is_good else failure_of(reply, call.path)
        return failure or reply, ms_since(started)


_json = msgspec.json.encode
