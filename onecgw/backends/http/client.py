"""Requests to 1C: their turn, their session, the one retry."""

import logging
import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

import attrs
import trio

from onecgw.backends.base import BackendState
from onecgw.backends.errors.failures import (
    Failure,
    Remedy,
    Reply,
    failure_in_success,
    wire_failure,
)
from onecgw.backends.http.call_log import CallRecord, failure_fields, log_call
from onecgw.backends.http.memory import Lease, MemoryBudget, MemorySpent
from onecgw.backends.http.onec_sessions import Session, Sessions, finishing
from onecgw.backends.http.response_body import read_object
from onecgw.backends.http.response_reader import GOOD_STATUSES
from onecgw.backends.http.transport import HttpRequest, HttpTransport, Transport
from onecgw.backends.scheduling.breaker import Breaker
from onecgw.backends.scheduling.deadline import deadline
from onecgw.backends.scheduling.limiter import Limiter
from onecgw.errors import OnecBadResponse, OnecError, OnecUnavailable
from onecgw.settings import OnecSettings

log = logging.getLogger(__name__)

LARGE_BYTES: Final = 1024 * 1024  # of a body that is read outside of the event loop
FINISH_SECONDS: Final = 1  # for ending one session
FINISH_PAUSE_SECONDS: Final = 15  # before the next one, when 1C did not end this one
CLOSE_SECONDS: Final = 5  # for ending all of them at shutdown
LOCKED_PAUSE_SECONDS: Final = (0.2, 0.5)  # random, so that the calls do not collide again

GATEWAY_SUB: Final = "onecgw"  # in whose name the gateway calls for itself


class HttpClient:
    """The client of one 1C base: one per process.

    Every request runs inside the deadline that its caller has opened
    (`backends/scheduling/deadline`); it covers the waiting, the connecting, 1C's work, the reading
    and the retry.

    Args:
        settings: where 1C is and how many calls it may get at once.
        max_response_bytes: the largest answer, inflated.
        finish_path: what is asked for to end a session of 1C.
        failure_of: the meaning of an answer other than 200 to a request for a path.
        read_body: what `send` returns of the body of a 200, given its Content-Type; it raises
            OnecBadResponse for a wrong one.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self,
        settings: OnecSettings,
        *,
        max_response_bytes: int,
        finish_path: str,
        failure_of: Callable[[Reply, str], Failure],
        read_body: Callable[[bytes, str], bytes] = read_object,
        transport: Transport | None = None,
    ) -> None:
        self._transport = HttpTransport(
            settings, max_response_bytes=max_response_bytes, transport=transport
        )
        # One at a time: what is made of a large answer on the way takes as much memory again.
        self._large = trio.CapacityLimiter(1)
        self._memory = MemoryBudget(settings.max_memory_bytes)
        self._limiter = Limiter(places=settings.max_concurrency, max_waiting=settings.max_queue)
        self._breaker = Breaker(
            failures=settings.breaker_failures, pause_seconds=settings.breaker_pause_ms / 1000
        )
        self._sessions = Sessions(mode=settings.session_mode, size=settings.max_concurrency)
        self._finish_path = finish_path
        self._failure_of = failure_of
        self._read_body = read_body
        self._last_success_at: datetime | None = None

    async def send(self, request: HttpRequest, record: CallRecord | None = None) -> bytes:
        """What 1C answers; by default its JSON object, compact, its digits and texts untouched.

        A cancelled request closes its connection, so that 1C need not finish it.

        Args:
            request: the request.
            record: filled in while the request runs; None if the caller does not read it.

        Raises:
            OnecError: whatever went wrong, after the one retry that some failures get.
        """
        record = record or CallRecord(request=request)
        with log_call(record):
            await self._breaker.wait_for_probe()
            self._breaker.check()
            await self._limiter.enter(request.sub)
            entered = trio.current_time()
            try:
                return await self._send_through_breaker(record)
            finally:
                self._limiter.leave(trio.current_time() - entered)

    def lease(self) -> Lease:
        """Where the answers of one call can be counted until it ends."""
        return self._memory.lease()

    def state(self) -> BackendState:
        """How 1C is doing."""
        return BackendState(
            breaker=self._breaker.state,
            in_flight=self._limiter.in_flight,
            waiting=self._limiter.waiting,
            idle_sessions=self._sessions.idle,
            last_success_at=self._last_success_at,
        )

    async def end_abandoned_sessions(self) -> None:
        """End the sessions whose calls were cancelled or failed, until it is cancelled.

        Each waits for its turn like a call. Sessions that are left are ended by `aclose`.
        """
        while True:
            await self._sessions.something_given_up.wait()
            while (session := self._sessions.next_given_up()) is not None:
                try:
                    await self._finish_in_turn(session)
                except OnecError as error:
                    log.info("onec.finish", extra={"fields": {"class": error.code}})
                    await trio.sleep(FINISH_PAUSE_SECONDS)

    async def aclose(self) -> None:
        """End the sessions kept in 1C, then close every connection.

        It takes at most CLOSE_SECONDS and a moment, also when it is cancelled.
        """
        self._sessions.give_up_all()
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            while (session := self._sessions.next_given_up()) is not None:
                try:
                    await self._finish(session)
                except OnecError as error:  # 1C ends it some time after its last call
                    log.info("onec.finish", extra={"fields": {"class": error.code}})
        await self._transport.aclose()

    async def _finish_in_turn(self, session: Session) -> None:
        """End one session in its turn; a session that could not be ended is put back.

        Raises:
            OnecError: it was not ended.
        """
        try:
            await self._limiter.enter(GATEWAY_SUB)
            entered = trio.current_time()
            try:
                await self._finish(session)
            finally:
                self._limiter.leave(trio.current_time() - entered)
        except BaseException:
            self._sessions.give_up(session)
            raise

    async def _finish(self, session: Session) -> None:
        """End one session.

        Raises:
            OnecError: 1C did not answer.
        """
        with deadline(round(FINISH_SECONDS * 1000)):
            await self._transport.send(
                "GET", self._finish_path, body=b"", headers=finishing(session)
            )

    async def _send_through_breaker(self, record: CallRecord) -> bytes:
        """Send with the one retry, and report the result to the breaker."""
        await self._breaker.wait_for_probe()
        turn = self._breaker.enter()
        try:
            answer = await self._attempt(record, self._sessions.take())
            if isinstance(answer, Failure):
                record.failure = answer
                answer = await self._retry(record, answer)
        except BaseException:
            self._breaker.undecided(turn)
            raise
        if isinstance(answer, bytes):
            self._breaker.answered()
            self._last_success_at = datetime.now(UTC)
            record.size_bytes = len(answer)
            return answer
        record.failure = answer
        if isinstance(answer.error, OnecUnavailable):
            self._breaker.unavailable(turn)
        else:
            self._breaker.answered()
        raise answer.error

    async def _retry(self, record: CallRecord, failure: Failure) -> bytes | Failure:
        """The result of a second attempt where one can help, else the failure of the first."""
        pause_seconds = 0.0
        match failure.remedy:
            case None:
                return failure
            case Remedy.OWN_SESSIONS:
                if not self._sessions.begin_to_keep():
                    return failure
            case Remedy.PAUSE:
                pause_seconds = random.uniform(*LOCKED_PAUSE_SECONDS)  # noqa: S311 - no secret
            case Remedy.AT_ONCE:
                pass
        if trio.current_time() + pause_seconds >= trio.current_effective_deadline():
            return failure
        log.info("onec.retry", extra={"fields": {**record.fields(), **failure_fields(failure)}})
        await trio.sleep(pause_seconds)
        fresh = failure.remedy is Remedy.NEW_SESSION
        return await self._attempt(record, Session() if fresh else self._sessions.take())

    async def _attempt(self, record: CallRecord, session: Session) -> bytes | Failure:
        """The result of one attempt. A session whose call got no answer is not used again."""
        record.attempt += 1
        record.phase = "asking"
        request = record.request
        with ExitStack() as until_read:
            try:
                reply = await self._transport.send(
                    request.method,
                    request.path,
                    body=request.body,
                    headers=(*request.headers, *self._sessions.headers(session)),
                    on_cookies=session.learn,
                    memory=request.memory or until_read.enter_context(self._memory.lease()),
                )
            except OnecError as error:
                self._sessions.give_up(session)
                if isinstance(error, MemorySpent):
                    raise
                return wire_failure(_without_frames(error), error.__cause__)
            except BaseException:
                self._sessions.give_up(session)
                raise
            return await self._read(reply, request, session)

    async def _read(self, reply: Reply, request: HttpRequest, session: Session) -> bytes | Failure:
        """What an answer means."""
        good = reply.status in GOOD_STATUSES
        failure = failure_in_success(reply) if good else self._failure_of(reply, request.path)
        if failure is None or failure.remedy is not Remedy.NEW_SESSION:
            self._sessions.give_back(session)
        if failure is not None:
            return failure
        try:
            if len(reply.body) < LARGE_BYTES:
                return self._read_body(reply.body, reply.content_type)
            return await trio.to_thread.run_sync(
                self._read_body, reply.body, reply.content_type, limiter=self._large
            )
        except OnecBadResponse as error:
            reason = str(error.__cause__ or "")
            known = attrs.evolve(reply, body=b"")
            return Failure(error=_without_frames(error), reason=reason, reply=known)


def _without_frames(error: OnecError) -> OnecError:
    """The error without the frames it went through: they hold the body, up to the largest size.

    The record of the call refers to the error, and the frames to the record: such a ring lives
    until the next collection of garbage.
    """
    one: BaseException | None = error
    while one is not None:
        one.__traceback__ = None
        one = one.__cause__ or one.__context__
    return error
