"""One worker process of `onecgw serve`: `python -m onecgw.app.worker`, with an inherited socket."""

import logging
import pickle
import signal
import socket
import sys
from functools import partial
from typing import Final

import trio

from onecgw.app.lifespan import ProcessState
from onecgw.app.process_tuning import set_up_collector, tune_process
from onecgw.app.serve_process import serve_process
from onecgw.app.served import ServedGateway
from onecgw.app.startup import set_up_process
from onecgw.app.tracing import open_tracer
from onecgw.app.worker_channel import (
    Listening,
    MessageChannel,
    Order,
    Prepare,
    Prepared,
    Published,
    Start,
)
from onecgw.errors import ConfigError, leaves

log = logging.getLogger(__name__)

SEND_SECONDS: Final = 0.1  # for a last message


def main() -> None:
    """Serve until the first process sends STOP, or has ended."""
    # A service manager sends its signals to every process. Only the first process acts on them, and
    # sends its orders to the workers.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    trio.run(_work, socket.socket(fileno=int(sys.argv[1])))


async def _work(sock: socket.socket) -> None:
    channel = MessageChannel(trio.SocketStream(trio.socket.from_stdlib_socket(sock)))
    start = await channel.receive()
    if not isinstance(start, Start):
        return  # the first process has ended already
    tune_process()
    set_up_process(start.settings, worker=start.number)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(channel.send_posted)
        try:
            with open_tracer(start.settings.tracing) as tracer:
                await _serve(start, channel, ProcessState(worker=start.number, tracer=tracer))
        except* ConfigError as group:
            channel.post(Prepared(error="\n".join(str(error) for error in leaves(group))))
            await trio.sleep(SEND_SECONDS)
        nursery.cancel_scope.cancel()


async def _serve(start: Start, channel: MessageChannel, state: ProcessState) -> None:
    def publish(topic: str, value: object) -> None:
        channel.post(Published(topic=topic, value=pickle.dumps(value)))

    state.peers.connect(publish)
    await serve_process(
        start.settings,
        state,
        wait_stop=partial(_obey, channel, state),
        announce=partial(_announce, channel),
    )


def _announce(channel: MessageChannel, url: str) -> None:
    set_up_collector()
    channel.post(Listening(url=url))


async def _obey(channel: MessageChannel, state: ProcessState, served: ServedGateway) -> None:
    """Carry out the orders of the first process; return at STOP, or when it has ended."""
    while True:
        message = await channel.receive()
        match message:
            case Prepare():
                channel.post(Prepared(error=await _prepare(served, message)))
            case Order.COMMIT:
                served.commit()
            case Order.ABANDON:
                served.abandon()
            case Published():
                # Only our own processes have the socket.
                state.peers.deliver(message.topic, pickle.loads(message.value))  # noqa: S301
            case _:
                return


async def _prepare(served: ServedGateway, message: Prepare) -> str:
    try:
        await served.prepare(message.settings)
    except ConfigError as error:
        return str(error)
    except Exception:  # a defect: the worker serves on with the settings that it has
        log.exception("reload.failed")
        return "internal error; the log of the gateway has more"
    return ""


if __name__ == "__main__":
    main()
