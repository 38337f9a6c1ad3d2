"""The worker processes of `onecgw serve`: started, restarted, reloaded and stopped together."""

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import attrs
import trio

from onecgw.app.worker_channel import (
    Listening,
    MessageChannel,
    Order,
    Prepare,
    Prepared,
    Published,
    Start,
)
from onecgw.errors import ConfigError
from onecgw.settings import Settings

log = logging.getLogger(__name__)

PREPARE_SECONDS: Final = 60
MIN_PAUSE_SECONDS: Final = 0.1  # before a worker that has ended is started again
MAX_PAUSE_SECONDS: Final = 30
STABLE_SECONDS: Final = 30  # of life, after which the pause is short again
KILL_SECONDS: Final = 10  # beyond the grace of running calls


@attrs.define(kw_only=True)
class _Worker:
    """One process. listening: None until it accepts connections."""

    number: int
    process: trio.Process
    channel: MessageChannel
    began: float = attrs.field(factory=trio.current_time)
    url: str = ""
    error: str = ""
    prepared: trio.Event = attrs.field(factory=trio.Event)

    def expect_prepared(self) -> None:
        self.error, self.prepared = "", trio.Event()


def share_of(settings: Settings, number: int) -> Settings:
    """Return the settings of one worker, with its part of what all of them have together.

    Args:
        settings: of the gateway.
        number: of the worker, from 1 on.
    """
    workers = settings.server.workers

    def part(total: int) -> int:
        return total // workers + (number <= total % workers)

    return attrs.evolve(
        settings,
        server=attrs.evolve(
            settings.server, max_connections=max(1, part(settings.server.max_connections))
        ),
        onec=attrs.evolve(
            settings.onec,
            max_concurrency=part(settings.onec.max_concurrency),
            max_queue=part(settings.onec.max_queue),
        ),
    )


class WorkerPool:
    """Keeps server.workers processes running on one port.

    Args:
        nursery: as long as the gateway is served.
        settings: the whole configuration.
        port: reserved by this process.
    """

    def __init__(self, nursery: trio.Nursery, settings: Settings, *, port: int) -> None:
        self.settings = settings
        self._nursery = nursery
        self._port = port
        self._workers: dict[int, _Worker] = {}
        self._starting = trio.Lock()  # no worker starts with settings that a reload replaces
        self._is_stopping = False

    async def start(self) -> str:
        """Start all workers; return their URL when each of them accepts connections.

        Raises:
            ConfigError: a worker cannot be started.
        """
        async with trio.open_nursery() as nursery:
            for number in range(1, self.settings.server.workers + 1):
                nursery.start_soon(self._nursery.start, self._keep, number)
        return next(iter(self._workers.values())).url

    async def exchange(self, settings: Settings) -> None:
        """Use other settings in all workers.

        Raises:
            ConfigError: a worker cannot use them; all go on with the settings of before.
        """
        async with self._starting:
            workers = list(self._workers.values())
            for worker in workers:
                worker.expect_prepared()
                worker.channel.post(Prepare(settings=share_of(settings, worker.number)))
            with trio.move_on_after(PREPARE_SECONDS) as waiting:
                for worker in workers:
                    await worker.prepared.wait()
            errors = sorted({worker.error for worker in workers} - {""})
            if waiting.cancelled_caught:
                errors.append(f"a worker did not answer for {PREPARE_SECONDS} s")
            for worker in workers:
                worker.channel.post(Order.ABANDON if errors else Order.COMMIT)
            if errors:
                raise ConfigError("\n".join(errors))
            self.settings = settings

    async def stop(self) -> None:
        """Stop all workers, after the calls that run; end those that do not stop in time."""
        self._is_stopping = True
        for worker in self._workers.values():
            worker.channel.post(Order.STOP)
        with trio.move_on_after(self.settings.shutdown_grace_seconds + KILL_SECONDS):
            for worker in list(self._workers.values()):
                await worker.process.wait()

    async def _keep(
        self, number: int, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run a worker, and another one whenever it has ended."""
        pauses, is_first = _pauses(), True
        while True:
            async with self._starting:
                worker = await self._start_process(number)
            try:
                await self._listen_to(worker, task_status if is_first else trio.TASK_STATUS_IGNORED)
            finally:
                with trio.CancelScope(shield=True):
                    worker.channel.close()
                    worker.process.kill()
                    await worker.process.wait()
                worker.prepared.set()
            if is_first and not worker.url:
                raise ConfigError(worker.error or f"worker {number} ended before it listened")
            if self._is_stopping:
                return
            is_first = False
            fields = {
                "worker": number,
                "pid": worker.process.pid,
                "code": worker.process.returncode,
                **({"reason": worker.error} if worker.error else {}),
            }
            log.error("worker.ended", extra={"fields": fields})
            if trio.current_time() - worker.began > STABLE_SECONDS:
                pauses = _pauses()
            await trio.sleep(next(pauses))

    async def _start_process(self, number: int) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await trio.lowlevel.open_process(
                # -P: the working directory is no place for modules.
                [sys.executable, "-P", "-m", "onecgw.app.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        channel = MessageChannel(trio.SocketStream(trio.socket.from_stdlib_socket(ours)))
        worker = _Worker(number=number, process=process, channel=channel)
        settings = share_of(self.settings, number)
        listening = attrs.evolve(settings.server, port=self._port)
        channel.post(Start(settings=attrs.evolve(settings, server=listening), number=number))
        self._workers[number] = worker
        return worker

    async def _listen_to(self, worker: _Worker, task_status: trio.TaskStatus[None]) -> None:
        """Handle the messages of a worker, until it has ended."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.channel.send_posted)
            while (message := await worker.channel.receive()) is not None:
                match message:
                    case Listening():
                        worker.url = message.url
                        fields = {"worker": worker.number, "pid": worker.process.pid}
                        log.info("worker.started", extra={"fields": fields})
                        task_status.started()
                    case Prepared():
                        worker.error = message.error
                        worker.prepared.set()
                    case Published():
                        for other in self._workers.values():
                            if other is not worker:
                                other.channel.post(message)
            nursery.cancel_scope.cancel()
        with trio.move_on_after(KILL_SECONDS):
            await worker.process.wait()


def _pauses() -> Iterator[float]:
    pause = MIN_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(pause * 2, MAX_PAUSE_SECONDS)
