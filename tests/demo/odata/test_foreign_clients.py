"""Clients that others wrote read the face unchanged, with the figures of the HTTP service.

They are not installed with the project. ONECGW_FOREIGN_PYTHONS names the interpreters of the
environments that have them, joined by ":"; see foreign_clients.py for what to install in each.
"""

import json
import os
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import trio

from onecgw.demo.books import Books
from onecgw.demo.odata.app import build_odata_app
from onecgw.demo.server import serve_demo_onec
from tests.builders.demo_queries import ask
from tests.demo.odata import foreign_clients

PYTHONS = list(filter(None, os.environ.get("ONECGW_FOREIGN_PYTHONS", "").split(":")))
PROGRAM = Path(__file__).with_name("foreign_clients.py")
DAY = "2026-09-30"


@pytest.mark.skipif(not PYTHONS, reason="ONECGW_FOREIGN_PYTHONS names no interpreter")
@pytest.mark.parametrize("python", PYTHONS)
async def test_foreign_clients_read_the_same_figures(small_books: Books, python: str) -> None:
    app = build_odata_app(small_books, "ut", login="reader", password="secret")
    async with trio.open_nursery() as nursery:
        url = await nursery.start(partial(serve_demo_onec, app, host="127.0.0.1", port=0))
        command = [python, str(PROGRAM), url, "trade", "reader", "secret", DAY]
        done = await trio.run_process(
            command, capture_stdout=True, capture_stderr=True, check=False
        )
        nursery.cancel_scope.cancel()
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert lines, f"{python} has none of {', '.join(foreign_clients.CLIENTS)}"
    # A Balance at the beginning of a day is the stock at the end of the day before.
    stock = ask(small_books, "stock", measures=["qty"], date="2026-09-29").totals["qty"]
    span = {"from": "2026-09-01", "to": DAY}
    sold = ask(small_books, "sales", measures=["amount"], period=span).totals["amount"]
    for line in lines:
        figures = [line.get(name) for name in ("balance", "turnovers")]
        expected = [stock, sold] if figures != [None, None] else figures
        assert [None if one is None else Decimal(one) for one in figures] == expected, line
        assert line.get("catalogue") == 6, line
        sys.stdout.write(f"{line}\n")
    app.log.check(max_url_bytes=2_000)
