"""What reports over a stock 1C cost: `python -m tests.bench.odata [--configuration unf]`.

The demo's OData interface in memory, with books of the default size. Per report, with catalogues
kept: calls, bytes (of JSON, before gzip), rows of the answer, and CPU seconds, those of the
interface included; the first number of calls is without kept catalogues.
"""

import argparse
import json
import time
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import httpx
import trio

from onecgw.backends.base import BackendCall
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.odata.backend import ODataBackend
from onecgw.demo.books import open_books
from onecgw.demo.odata.app import build_odata_app
from onecgw.settings import OnecAuthSettings, OnecODataSettings, OnecSettings, Secret
from tests.backends.odata.conftest import CONTEXT, MAX_RESPONSE_BYTES

TODAY = date(2026, 10, 31)
MONTH = {"from": "2026-10-01", "to": "2026-10-31"}
YEAR = {"from": "2025-11-01", "to": "2026-10-31"}
# The report, its arguments, and the most calls that the design allows.
REPORTS: tuple[tuple[str, dict[str, Any], int | None], ...] = (
    ("receivables", {"group_by": ["customer"]}, 2),
    ("stock", {"group_by": ["warehouse", "product"], "measures": ["qty"]}, 3),
    ("stock", {"group_by": ["warehouse", "product"], "measures": ["qty", "amount"]}, 3),
    ("stock", {"group_by": ["warehouse"], "measures": ["qty", "amount"]}, 3),
    ("sales", {"period": MONTH, "group_by": ["month", "product"]}, 14),
    ("sales", {"period": YEAR, "group_by": ["month", "product"]}, 14),
    ("cash_flow", {"period": MONTH, "group_by": ["operation"]}, None),
    ("purchases", {"period": YEAR, "group_by": ["supplier", "month"]}, None),
)


class Counting:
    """An application in front of another that counts calls and bytes."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.calls = self.size_bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counted(event: Any) -> None:
            self.size_bytes += len(event.get("body", b""))
            await send(event)

        self.calls += 1
        headers = [one for one in scope["headers"] if one[0] != b"accept-encoding"]
        await self.app({**scope, "headers": headers}, receive, counted)


async def measure(app: Any, settings: OnecSettings) -> None:
    """One line per report."""
    counting = Counting(app)
    backend = ODataBackend(
        settings,
        max_response_bytes=MAX_RESPONSE_BYTES,
        transport=HttpxTransport(settings, httpx.ASGITransport(app=counting)),
        today=lambda: TODAY,
    )
    await backend.base()
    print("| report | calls, cold | calls | at most | JSON KiB | rows | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for name, body, most in REPORTS:
        call = BackendCall(
            context=CONTEXT, operation=f"reports/{name}", body=json.dumps(body).encode()
        )
        before = counting.calls
        await backend.fetch(call)
        cold = counting.calls - before
        counting.calls = counting.size_bytes = 0
        began = time.process_time()
        answer = json.loads(await backend.fetch(call))
        cpu = time.process_time() - began
        what = f"{name} by {', '.join(body['group_by'])}: {', '.join(body.get('measures', []))}"
        print(
            f"| {what.removesuffix(': ')} | {cold} | {counting.calls} | {most or ''} "
            f"| {counting.size_bytes / 1024:.0f} | {len(answer['rows'])} | {cpu:.2f} |"
        )


def main() -> None:
    """Build the books, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--configuration", choices=["ut", "unf", "bp", "bas"], default="ut")
    configuration = parser.parse_args().configuration
    folder = Path(gettempdir()) / "onecgw-bench"
    folder.mkdir(exist_ok=True)
    settings = OnecSettings(
        backend="odata",
        base_url="http://1c.test/trade",
        auth=OnecAuthSettings(username="bench", password=Secret("bench")),
        odata=OnecODataSettings(),
    )
    with open_books(
        size="default", today=TODAY, cache_folder=folder, progress=lambda _: None
    ) as books:
        app = build_odata_app(books, configuration, login="bench", password="bench")
        trio.run(measure, app, settings)


if __name__ == "__main__":
    main()
