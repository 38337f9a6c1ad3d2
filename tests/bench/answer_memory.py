"""Memory of a gateway under answers that are too large: `python -m tests.bench.answer_memory`.

A 1C answers with bodies without end, with gzip bombs, and with reports of 60 MiB. The figures are
the resident memory of the gateway's process, and how long others had to wait meanwhile.
"""

import argparse
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import attrs
import httpx
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.settings import LimitsSettings

_MIB: Final = 1024 * 1024
_PACKER: Final = zlib.compressobj(9, wbits=31)
_BOMB: Final = (
    b"".join((_PACKER.compress(b'{"a":"'), *(_PACKER.compress(bytes(_MIB)) for _ in range(2000))))
    + _PACKER.flush()
)
_ROW: Final = b'["%b"],' % (b"x" * 1019)
_CHUNK: Final = b"100000\r\n" + _ROW * 1024 + b"\r\n"
_BEGIN: Final = b'{"columns":[{"name":"warehouse","type":"string"}],"rows":['
_END: Final = b'[""]],"totals":{}}'
SHAPES: Final = {  # the operation that gets the answer, and how many at once
    "endless": ("/reports/sales", 8),
    "bomb": ("/reports/purchases", 4),
    "60 MiB": ("/reports/stock", 8),
}


async def serve_onec() -> None:
    """A 1C whose reports are too large."""

    async def answer(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            buffered = b""
            while data := await stream.receive_some():
                buffered += data
                if b"\r\n\r\n" not in buffered or buffered.endswith(b"\r\n\r\n"):
                    continue
                asked, buffered = buffered, b""
                if b"/purchases" in asked:
                    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB)
                    await stream.send_all(b"HTTP/1.1 200 OK\r\n" + head + _BOMB)
                elif b"/sales" in asked or b"/stock" in asked:
                    await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    await stream.send_all(b"%x\r\n%b\r\n" % (len(_BEGIN), _BEGIN))
                    for _ in range(1000 if b"/sales" in asked else 60):
                        await stream.send_all(_CHUNK)
                    await stream.send_all(b"%x\r\n%b\r\n0\r\n\r\n" % (len(_END), _END))
                else:
                    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}", flush=True)
    await trio.serve_listeners(answer, listeners)


async def serve(onec_url: str) -> None:
    """The gateway in front of it."""
    settings = demo_settings(base_url=onec_url, port=0, password="bench-password")
    limits = LimitsSettings(calls_per_minute=0, max_rows=100_000)
    settings = attrs.evolve(settings, onec=attrs.evolve(settings.onec, max_concurrency=16))
    announce: Any = partial(print, flush=True)
    await serve_gateway(attrs.evolve(settings, limits=limits), announce=announce)


def spawn(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A server process and its URL."""
    command = [sys.executable, "-m", "tests.bench.answer_memory", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def resident_mib(process: "subprocess.Popen[str]") -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def ask(url: str, path: str) -> str:
    """The outcome of one call: its status, and the code of its error."""
    headers = {"Authorization": f"Bearer {DEMO_API_TOKEN}"}
    period: object = {"from": "2026-05-01", "to": "2026-05-31"}
    body: object = {"group_by": ["warehouse"]} if path.endswith("stock") else {"period": period}
    answer = httpx.post(url + path, json=body, headers=headers, timeout=120)
    found = answer.json() if len(answer.content) < _MIB else {}
    return f"{answer.status_code} {found.get('code', found.get('error', ''))}"


def measure(url: str, gateway: "subprocess.Popen[str]", shape: str) -> None:
    """Attack with one shape, and print what it did to the gateway."""
    path, at_once = SHAPES[shape]
    quiet, peak, over = resident_mib(gateway), [0.0], Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak.append(resident_mib(gateway))

    outcomes: list[str] = []
    slowest = [0.0]

    def small_calls() -> None:
        while not over.is_set():
            began = time.monotonic()
            http.get(url + "/health")
            slowest.append(time.monotonic() - began)

    beside = [Thread(target=watch), Thread(target=small_calls)]
    callers = [
        Thread(target=lambda: outcomes.append(ask(url, path)), name=str(number))
        for number in range(at_once)
    ]
    http = httpx.Client()
    for thread in (*beside, *callers):
        thread.start()
    for thread in callers:
        thread.join()
    over.set()
    for thread in beside:
        thread.join()
    time.sleep(1)
    after = resident_mib(gateway)
    print(
        f"{shape:8} x {at_once}: quiet {quiet:.0f} MiB, peak {max(peak):.0f}, after {after:.0f} "
        f"({after / quiet:.2f} x); slowest /health {max(slowest) * 1000:.0f} ms; "
        f"{sorted({(one, outcomes.count(one)) for one in outcomes})}"
    )


def main() -> None:
    """Measure each shape against one gateway, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("serve", nargs="*", help=argparse.SUPPRESS)
    match parser.parse_args().serve:
        case ["onec"]:
            trio.run(serve_onec)
            return
        case ["gateway", onec_url]:
            trio.run(serve, onec_url)
            return
    onec, onec_url = spawn("onec")
    gateway, url = spawn("gateway", onec_url)
    try:
        for shape in SHAPES:
            measure(url, gateway, shape)
    finally:
        for process in (gateway, onec):
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
