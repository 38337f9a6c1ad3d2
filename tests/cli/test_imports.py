"""A command imports only what it needs: every import is CPU time before its first answer."""

import subprocess
import sys

import pytest

SECONDS = 60
CLIENTS = {"httpx", "cryptography"}
SERVERS = {"hypercorn", "quart", "quart_trio", "flask", "jinja2"}
DATA = {"attr", "msgspec", "yaml", "cattrs"}


def imported_by(*arguments: str) -> set[str]:
    """The top-level names of the modules that a command has imported when it ends."""
    program = (
        "import sys; from onecgw.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "print('modules:', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (("--version",), {"trio", *CLIENTS, *SERVERS, *DATA}),
        (("tools",), {"trio", "yaml", *CLIENTS, *SERVERS}),
        (("keys", "--help"), {"httpx", *SERVERS}),
        (("grants", "--help"), {"httpx", *SERVERS}),
        (("audit", "--help"), {"httpx", *SERVERS}),
        (("check", "--help"), SERVERS),
        (("stdio", "--help"), {"hypercorn"}),
        # The first process of several workers answers no call.
        (("serve", "--help"), {"cattrs", *CLIENTS, *SERVERS} - {"hypercorn"}),
    ],
)
def test_a_command_imports_nothing_that_it_does_not_need(
    arguments: tuple[str, ...], forbidden: set[str]
) -> None:
    assert imported_by(*arguments) & forbidden == set()
