"""Kill a gateway under load, again and again: `python -m tests.hostile.kill [--kills N]`.

Under `audit.on_failure: deny` each answer that a caller received has its row in the audit, however
the process ended. Prints how many answers were received and how many of them have no row.
"""

import argparse
import http.client
import itertools
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from onecgw.storage.audit_query import AuditQuery, read_audit
from onecgw.storage.database import Database
from tests.bench.processes import start
from tests.bench.servers import resolve_arguments, rest_surface

CALLERS: Final = 16
MAX_ANSWERS: Final = 300  # before the kill
LOAD_SECONDS: Final = 30
SHOWN_EVERY: Final = 10  # kills
SURFACE: Final = rest_surface("/resolve/customer", resolve_arguments)


def call_until_it_dies(port: int, caller: int, received: list[str]) -> None:
    """Add the request ids of the answers that arrived whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {**SURFACE.headers, "Content-Type": "application/json"}
    try:
        for number in itertools.count(caller * 1_000_000):
            body = SURFACE.make_body(number)
            connection.request("POST", SURFACE.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == http.HTTPStatus.OK, answer.status
            received.append(answer.headers["x-request-id"])
    except (OSError, http.client.HTTPException):
        pass  # it was killed
    finally:
        connection.close()


def kill_once(onec_url: str, folder: Path, *, answers: int, on_failure: str) -> set[str]:
    """Load a gateway, kill it after some answers, and return the ids of those received."""
    arguments = ("gateway", onec_url, str(folder), "--on-failure", on_failure)
    received: list[str] = []
    with start("servers", *arguments) as server, ThreadPoolExecutor(CALLERS) as pool:
        calls = [
            pool.submit(call_until_it_dies, server.port, number, received)
            for number in range(CALLERS)
        ]
        until = time.monotonic() + LOAD_SECONDS
        while len(received) < answers and time.monotonic() < until:
            time.sleep(0.001)
        server.process.kill()
        for call in calls:
            call.result()
    return set(received)


def count_lost(folder: Path, received: set[str]) -> int:
    """How many received answers have no row."""
    database = Database(folder / "onecgw.db")
    recorded = database.read(
        lambda db: {record["request_id"] for record in read_audit(db, AuditQuery())}
    )
    database.close()
    return len(received - recorded)


def kill_often(kills: int, *, seed: int, on_failure: str = "deny") -> Iterator[tuple[int, int]]:
    """Yield after each kill how many answers were received, and how many of them have no row."""
    chance = random.Random(seed)
    with TemporaryDirectory() as name, start("onec") as onec:
        for number in range(kills):
            folder = Path(name) / str(number)
            folder.mkdir()
            answers = chance.randint(1, MAX_ANSWERS)
            ids = kill_once(onec.url, folder, answers=answers, on_failure=on_failure)
            yield len(ids), count_lost(folder, ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on-failure", choices=("deny", "allow"), default="deny")
    options = parser.parse_args()
    received, lost = 0, 0
    kills = kill_often(options.kills, seed=options.seed, on_failure=options.on_failure)
    for number, (got, without) in enumerate(kills, start=1):
        received, lost = received + got, lost + without
        if number % SHOWN_EVERY == 0 or number == options.kills:
            print(f"{number} kills: {received} answers received, {lost} without a row", flush=True)
    sys.exit(bool(lost) and options.on_failure == "deny")


if __name__ == "__main__":
    main()
