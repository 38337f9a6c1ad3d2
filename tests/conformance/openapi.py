"""Schemathesis against /openapi.json of the demo: no failure of a check, and no answer of 500.

    python -m tests.conformance.openapi SCHEMATHESIS [EXAMPLES]

SCHEMATHESIS is its program; it is installed in an environment of its own, because its dependencies
are many. Two of its checks are left out, because the gateway differs from a plain JSON Schema there
on purpose: it mends what models are known to get wrong (null for what is left out, a limit that is
too large), and it refuses what no schema says (an id that 1C does not know, an unknown key).

Exits with the status of Schemathesis.
"""

import logging
import sys
from functools import partial
from typing import Final

import attrs
import trio

from onecgw.app.lifespan import open_application
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.demo.books import Books, open_books
from onecgw.serving import serve_app
from onecgw.settings import LimitsSettings
from onecgw.web.app import build_app
from tests.builders.demo_server import LOGIN, PASSWORD, demo_on_socket
from tests.conftest import TODAY

HOST: Final = "127.0.0.1"
LEFT_OUT: Final = "positive_data_acceptance,negative_data_rejection"
PHASES: Final = "examples,coverage,fuzzing"


async def judge(books: Books, program: str, examples: str) -> int:
    """Serve the demo without a limit of calls, and return the status of Schemathesis."""
    async with demo_on_socket(books) as onec_url:
        demo = demo_settings(base_url=onec_url, port=0, password=PASSWORD)
        auth = attrs.evolve(demo.onec.auth, username=LOGIN)
        settings = attrs.evolve(
            demo,
            limits=LimitsSettings(calls_per_minute=0),
            onec=attrs.evolve(demo.onec, auth=auth),
        )
        async with open_application(settings) as application, trio.open_nursery() as nursery:
            app = build_app(settings, application.gateway, application.engine)
            send, receive = trio.open_memory_channel[str](1)
            serve = partial(serve_app, app, host=HOST, port=0, grace_seconds=1)
            nursery.start_soon(partial(serve, announce=send.send_nowait))
            url = await receive.receive()
            command = [program, "run", f"{url}/openapi.json", "--url", url]
            command += ["--header", f"Authorization: Bearer {DEMO_API_TOKEN}"]
            command += ["--exclude-checks", LEFT_OUT, "--phases", PHASES]
            command += ["--max-examples", examples, "--request-timeout", "30"]
            done = await trio.run_process(command, check=False)
            nursery.cancel_scope.cancel()
    return done.returncode


def main() -> int:
    """Build small books and judge."""
    logging.disable(logging.INFO)  # the audit logs every call
    program, examples = sys.argv[1], (sys.argv[2:] or ["15"])[0]
    with open_books(
        size="small", seed=1, today=TODAY, cache_folder=None, progress=lambda _: None
    ) as books:
        return trio.run(judge, books, program, examples)


if __name__ == "__main__":
    sys.exit(main())
