"""A newcomer's first hour, from the built wheel: `python3 -m tests.newcomer` in a clone.

An empty virtual environment and HOME, and a PATH that only the README's line made. It needs no
library. Each step prints how long it took beside its limit on a quiet machine; the first step that
fails ends the script. A step beyond its limit is marked, and fails nothing: machines of CI are not
quiet.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.newcomer.person import LoggedIn, log_in
from tests.newcomer.shell import Shell, free_port, wait_for_text

ROOT = Path(__file__).parents[2]
CLIENTS = (
    *("claude", "claude-code", "claude-desktop", "chatgpt", "codex", "gemini", "opencode"),
    *("cursor", "vscode", "copilot", "windsurf", "jetbrains", "mcp-remote", "inspector"),
    *("n8n", "curl"),
)
# What is typed wrongly, and the word that must be in the answer.
TYPOS = (
    (("dmo",), "demo"),
    (("demo", "--prot", "9000"), "--port"),
    (("connect", "claude-cod"), "claude-code"),
    (("call", "sales_reprot"), "sales_report"),
    (("call", "sales_report", '{"perod": {}}'), "period"),
)
DEMO_SECONDS, INSTALL_SECONDS, COMMAND_SECONDS, STOP_SECONDS = 15, 60, 3, 2


def main() -> None:
    """Run every step."""
    with TemporaryDirectory(prefix="onecgw-newcomer-") as folder:
        shell = Shell(Path(folder))
        with shell.step("build the wheel, install it", INSTALL_SECONDS):
            install(shell)
        for steps in (see_the_demo, set_up, mistype):
            steps(shell)
    sys.stdout.write("every step passed\n")


def install(shell: Shell) -> None:
    """Make the environment with the wheel of this clone."""
    wheels = shell.home / "wheels"
    run = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(ROOT)]
    subprocess.run(run, check=True)  # noqa: S603 - pip
    subprocess.run([sys.executable, "-m", "venv", str(shell.venv)], check=True)  # noqa: S603 - venv
    (wheel,) = wheels.glob("onecgw-*.whl")
    subprocess.run(  # noqa: S603 - pip
        [str(shell.venv / "bin" / "pip"), "install", "-q", str(wheel)], check=True
    )


def see_the_demo(shell: Shell) -> None:
    """Start the demo, and do what it prints."""
    port = free_port()
    with shell.step("demo", DEMO_SECONDS):
        demo = shell.start("demo", "--port", str(port))
        text = wait_for_text(demo, "which part of it moved?")
    url = f"http://127.0.0.1:{port}"
    with shell.step("log in with the ticks of the page", COMMAND_SECONDS):
        person = log_in(url, "demo-owner-key")
    with shell.step("the first question of the demo", COMMAND_SECONDS):
        ask_about_stock(person, text)
    with shell.step("curl as printed", COMMAND_SECONDS):
        for line in text.splitlines():
            if line.strip().startswith("curl "):
                assert json.loads(shell.bash(line.strip()))
    with shell.step("connect, each client", COMMAND_SECONDS * len(CLIENTS)):
        for client in CLIENTS:
            said = shell.onecgw("connect", client, "--url", f"{url}/mcp")
            # curl's own command is about the metadata of that address.
            assert url in said, said
    with shell.step("Ctrl+C", STOP_SECONDS):
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=60)


def ask_about_stock(person: LoggedIn, text: str) -> None:
    """Find the answer to the question about the group whose stock grew most."""
    assert "Which product group's stock at cost grew most" in text, text
    after = text.partition("happened between ")[2].split()
    first, last = after[0], after[2].rstrip(".")
    totals = []
    for day in (first, last):
        arguments = {"date": day, "group_by": ["product_group"], "measures": ["amount"]}
        rows = person.call("stock_balance", arguments)["rows"]
        totals.append({row[0]["label"]: row[1] for row in rows})
    before, later = totals
    growth = {label: amount - before.get(label, 0) for label, amount in later.items()}
    assert max(growth, key=lambda label: growth[label]) == "Обігрівачі", growth


def set_up(shell: Shell) -> None:
    """Connect the gateway to a 1C, and run it as an administrator does."""
    onec_port, port = free_port(), free_port()
    onec = shell.start("demo", "--onec-only", "--port", str(onec_port))
    wait_for_text(onec, "onec.auth.password")
    base_url = f"http://127.0.0.1:{onec_port}"
    with shell.step("init", COMMAND_SECONDS):
        shell.onecgw(
            *("init", "--base-url", base_url, "--username", "Шлюз", "--password-stdin"),
            stdin="demo-onec-password\n",
        )
    with shell.step("check --offline, check", COMMAND_SECONDS * 2):
        shell.onecgw("check", "--offline", "--quiet")
        assert "ok   report" in shell.onecgw("check")
    with shell.step("call", COMMAND_SECONDS):
        assert "ID" in shell.onecgw("call", "resolve_customer", '{"query": "мрія"}')
    with shell.step("wrong addresses of 1C are named", COMMAND_SECONDS * 3):
        for settings, named in (
            ({"ONECGW_ONEC__BASE_URL": f"http://127.0.0.1:{free_port()}"}, "FAIL tcp"),
            ({"ONECGW_ONEC__BASE_URL": f"{base_url}/other"}, "FAIL publication"),
            ({"ONECGW_ONEC__AUTH__PASSWORD": "wrong"}, "FAIL auth"),
        ):
            said = shell.onecgw("check", expected=1, environment=settings)
            assert named in said, said
            assert "→" in said, said
    serve_and_back_up(shell, port)
    onec.send_signal(signal.SIGTERM)
    onec.wait(timeout=60)


def serve_and_back_up(shell: Shell, port: int) -> None:
    """Serve, call as a client, back up meanwhile, stop, restore elsewhere."""
    with shell.step("serve", COMMAND_SECONDS):
        gateway = shell.start("serve", environment={"ONECGW_SERVER__PORT": str(port)})
        wait_for_text(gateway, "serve.started")
    token = (shell.home / "config" / "config.local.token").read_text(encoding="utf-8").strip()
    with shell.step("connect curl, pasted", COMMAND_SECONDS):
        pasted = shell.onecgw("connect", "curl", environment={"ONECGW_SERVER__PORT": str(port)})
        command = pasted.replace("the-value-of-mcp.bearer_token", token)
        assert json.loads(shell.bash(command))["result"]["tools"]
    with shell.step("metrics, livez", COMMAND_SECONDS):
        assert "onecgw_breaker" in shell.bash(f"curl -sf http://127.0.0.1:{port}/metrics")
        assert shell.bash(f"curl -sf http://127.0.0.1:{port}/livez") == '{"status":"ok"}'
    with shell.step("backup while it runs", COMMAND_SECONDS):
        shell.onecgw("backup", "backup.tar")
    with shell.step("SIGTERM", STOP_SECONDS):
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(timeout=60) == 0
    with shell.step("restore elsewhere", COMMAND_SECONDS):
        elsewhere = {"ONECGW_DATABASE__PATH": str(shell.home / "elsewhere" / "onecgw.db")}
        shell.onecgw("restore", "backup.tar", environment=elsewhere)
        assert "resolve_customer" in shell.onecgw("audit", environment=elsewhere)


def mistype(shell: Shell) -> None:
    """Type five commands wrongly; each answer names the right word."""
    with shell.step("five typos", COMMAND_SECONDS * len(TYPOS)):
        for words, named in TYPOS:
            done = shell.run(*words)
            assert done.returncode in {2, 3}, (words, done)
            assert named in done.stderr, (words, done.stderr)


if __name__ == "__main__":
    began = time.monotonic()
    os.umask(0o022)
    main()
    sys.stdout.write(f"{time.monotonic() - began:.0f} s in all\n")
