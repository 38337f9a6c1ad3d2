"""Kill a gateway under load, again and again: `python -m tests.hostile.kill [--kills N]`.

Under `audit.on_failure: deny` each answer that a caller received has its row in the audit, however
the process ended. Prints how many answers were received and how many of them have no row.
"""

import argparse
import http.client
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from onecgw.storage.audit_query import AuditQuery, read_audit
from onecgw.storage.database import Database
from tests.bench.processes import start
from tests.bench.servers import resolve_arguments, rest_surface

CALLERS: Final = 16
SURFACE: Final = rest_surface("/resolve/customer", resolve_arguments)


def call_until_it_dies(port: int, caller: int) -> list[str]:
    """The request ids of the answers that arrived whole."""
    received: list[str] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {**SURFACE.headers, "Content-Type": "application/json"}
    try:
        while True:
            body = SURFACE.make_body(caller * 1_000_000 + len(received))
            connection.request("POST", SURFACE.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == http.HTTPStatus.OK, answer.status
            received.append(answer.headers["x-request-id"])
    except (OSError, http.client.HTTPException):
        return received
    finally:
        connection.close()


def kill_once(onec_url: str, folder: Path, *, seconds: float, on_failure: str) -> set[str]:
    """Load a gateway, kill it after some seconds, and return the ids of received answers."""
    arguments = ("gateway", onec_url, str(folder), "--on-failure", on_failure)
    with start("servers", *arguments) as server, ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(call_until_it_dies, server.port, number) for number in range(CALLERS)]
        time.sleep(seconds)
        server.process.kill()
        return {request_id for call in calls for request_id in call.result()}


def count_lost(folder: Path, received: set[str]) -> int:
    """How many received answers have no row."""
    database = Database(folder / "onecgw.db")
    recorded = database.read(
        lambda db: {record["request_id"] for record in read_audit(db, AuditQuery())}
    )
    database.close()
    return len(received - recorded)


def kill_often(kills: int, *, seed: int, on_failure: str = "deny") -> tuple[int, int]:
    """Return how many answers were received, and how many of them have no row."""
    chance = random.Random(seed)
    received, lost = 0, 0
    with TemporaryDirectory() as name, start("onec") as onec:
        for number in range(kills):
            folder = Path(name) / str(number)
            folder.mkdir()
            seconds = chance.uniform(0.2, 0.6)
            ids = kill_once(onec.url, folder, seconds=seconds, on_failure=on_failure)
            received += len(ids)
            lost += count_lost(folder, ids)
    return received, lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on-failure", choices=("deny", "allow"), default="deny")
    options = parser.parse_args()
    received, lost = kill_often(options.kills, seed=options.seed, on_failure=options.on_failure)
    print(f"{options.kills} kills: {received} answers received, {lost} without a row")
    sys.exit(bool(lost) and options.on_failure == "deny")


if __name__ == "__main__":
    main()
