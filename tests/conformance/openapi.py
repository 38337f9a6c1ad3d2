"""Schemathesis against /openapi.json of the demo: no failure of a check, and no answer of 500.

    python -m tests.conformance.openapi SCHEMATHESIS

SCHEMATHESIS is its program; it is installed in an environment of its own, because its dependencies
are many. Two of its checks are left out, because the gateway differs from a plain JSON Schema there
on purpose: it mends what models are known to get wrong (null for what is left out, a limit that is
too large), and it refuses what no schema says (an id that 1C does not know, an unknown key).

Exits with the status of Schemathesis.
"""

import subprocess
import sys
from typing import Final

from onecgw.app.serve_demo import DEMO_API_TOKEN
from onecgw.serving import find_free_port

HOST: Final = "127.0.0.1"
LEFT_OUT: Final = "positive_data_acceptance,negative_data_rejection"
PHASES: Final = "examples,coverage,fuzzing"


def main() -> int:
    """Start the demo, run Schemathesis against it, stop the demo."""
    program, examples = sys.argv[1], (sys.argv[2:] or ["15"])[0]
    port = find_free_port(HOST)
    serve = [sys.executable, "-m", "onecgw", "demo", "--no-oauth", "--size", "small"]
    with subprocess.Popen(
        [*serve, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            while "is up" not in (line := demo.stdout.readline()):
                if not line:
                    raise SystemExit("the demo did not start")
            url = f"http://{HOST}:{port}"
            command = [program, "run", f"{url}/openapi.json", "--url", url]
            command += ["--header", f"Authorization: Bearer {DEMO_API_TOKEN}"]
            command += ["--exclude-checks", LEFT_OUT, "--phases", PHASES]
            command += ["--max-examples", examples, "--request-timeout", "30"]
            return subprocess.run(command, check=False).returncode
        finally:
            demo.terminate()


if __name__ == "__main__":
    sys.exit(main())
