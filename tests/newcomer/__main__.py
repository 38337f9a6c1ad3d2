"""A newcomer's first hour, from the built wheel: `python3 -m tests.newcomer` in a clone.

An empty virtual environment and HOME, and a PATH that only the README's line made. It needs no
library. Each step prints how long it took beside its limit on a quiet machine; the first step that
fails ends the script. A step beyond its limit is marked, and fails nothing: machines of CI are not
quiet.
"""

import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from tests.newcomer.browser import CHROMIUM, DRIVER, log_in_with_browser
from tests.newcomer.person import OK, LoggedIn, Login, log_in
from tests.newcomer.shell import Shell, free_port, wait_for_text
from tests.storage.version_0_1_0 import ISSUER, TOKEN, write_database

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
BROWSER = "in chromium" if CHROMIUM and DRIVER else "NO CHROMIUM: without a browser"
UNAUTHORIZED = 401
DEMO_SECONDS, INSTALL_SECONDS, COMMAND_SECONDS, STOP_SECONDS = 15, 60, 3, 2


def main() -> None:
    """Run every step."""
    with TemporaryDirectory(prefix="onecgw-newcomer-") as folder:
        shell = Shell(Path(folder))
        with shell.step("build the wheel, install it", INSTALL_SECONDS):
            install(shell)
        for steps in (see_the_demo, set_up, mistype, upgrade):
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
    with shell.step(f"log in with the ticks of the page, {BROWSER}", COMMAND_SECONDS * 3):
        person = log_in_as_a_person(shell, url, "demo-owner-key")
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


def log_in_as_a_person(shell: Shell, url: str, key: str) -> LoggedIn:
    """Log in in chromium, or without a browser where there is none."""
    login = Login(url, f"http://localhost:{free_port()}/callback")
    if not (CHROMIUM and DRIVER):
        return login.redeem(login.fill_in(key))
    profile = shell.home / "chromium"
    return login.redeem(log_in_with_browser(profile, url + login.path, login.callback, key))


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
    with (
        shell.step("five wrong addresses of 1C are named", COMMAND_SECONDS * 5),
        wrong_servers(shell) as (redirecting, self_signed),
    ):
        for settings, named in (
            ({"ONECGW_ONEC__BASE_URL": f"http://127.0.0.1:{free_port()}"}, "FAIL tcp"),
            ({"ONECGW_ONEC__BASE_URL": f"{redirecting}/Trade"}, "/trade/"),
            ({"ONECGW_ONEC__AUTH__PASSWORD": "wrong"}, "FAIL auth"),
            ({"ONECGW_ONEC__BASE_URL": f"{base_url}/other"}, "FAIL publication"),
            ({"ONECGW_ONEC__BASE_URL": self_signed}, "onec.ca_file"),
        ):
            said = shell.onecgw("check", expected=1, environment=settings)
            assert named in said, said
            assert "→" in said, said
    serve_and_back_up(shell, port)
    log_in_and_revoke(shell)
    onec.send_signal(signal.SIGTERM)
    onec.wait(timeout=60)


def serve_and_back_up(shell: Shell, port: int) -> None:
    """Serve, call as a client, back up meanwhile, stop, restore elsewhere."""
    with shell.step("serve", COMMAND_SECONDS):
        # Four clients call without a pause below.
        environment = {"ONECGW_SERVER__PORT": str(port), "ONECGW_LIMITS__CALLS_PER_MINUTE": "0"}
        gateway = shell.start("serve", environment=environment)
        wait_for_text(gateway, "serve.started")
    token = (shell.home / "config" / "config.local.token").read_text(encoding="utf-8").strip()
    with shell.step("connect curl, pasted", COMMAND_SECONDS):
        pasted = shell.onecgw("connect", "curl", environment={"ONECGW_SERVER__PORT": str(port)})
        command = pasted.replace("the-value-of-mcp.bearer_token", token)
        assert json.loads(shell.bash(command))["result"]["tools"]
    with shell.step("metrics, livez", COMMAND_SECONDS):
        assert "onecgw_breaker" in shell.bash(f"curl -sf http://127.0.0.1:{port}/metrics")
        assert shell.bash(f"curl -sf http://127.0.0.1:{port}/livez") == '{"status":"ok"}'
    with shell.step("probe", COMMAND_SECONDS):
        at_port = {"ONECGW_SERVER__PORT": str(port)}
        assert shell.onecgw("probe", "--ready", environment=at_port)
    with shell.step("three reloads with calls in flight, none lost", COMMAND_SECONDS * 3):
        reload_under_load(shell, LoggedIn(f"127.0.0.1:{port}", token), port)
    with shell.step("backup while it runs", COMMAND_SECONDS):
        shell.onecgw("backup", "backup.tar")
    with shell.step("SIGTERM", STOP_SECONDS):
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(timeout=60) == 0
    with shell.step("restore elsewhere", COMMAND_SECONDS):
        elsewhere = {"ONECGW_DATABASE__PATH": str(shell.home / "elsewhere" / "onecgw.db")}
        shell.onecgw("restore", "backup.tar", environment=elsewhere)
        assert "resolve_customer" in shell.onecgw("audit", environment=elsewhere)


def reload_under_load(shell: Shell, person: LoggedIn, port: int) -> None:
    """Reload three times while four clients call without a pause."""
    config = shell.home / "config" / "config.local.yml"
    text = config.read_text(encoding="utf-8")
    statuses: list[int] = []
    is_over = Event()

    def call() -> None:
        while not is_over.is_set():
            statuses.append(person.ask("resolve_customer", {"query": "мрія"})[0])

    callers = [Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for limit in (11, 12, 13):
            config.write_text(f"{text}\nlimits:\n  resolve_limit: {limit}\n", encoding="utf-8")
            said = shell.onecgw("reload", environment={"ONECGW_SERVER__PORT": str(port)})
            assert f"→ {limit}" in said, said
        calls = len(statuses)
    finally:
        is_over.set()
        for caller in callers:
            caller.join(timeout=60)
        config.write_text(text, encoding="utf-8")
    assert calls, "no call ran during the reloads"
    assert set(statuses) == {200}, statuses


def log_in_and_revoke(shell: Shell) -> None:
    """Make a key, log in with it, and end both."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with_logins = {
        "ONECGW_SERVER__PORT": str(port),
        "ONECGW_OAUTH__ENABLED": "true",
        "ONECGW_OAUTH__KEYS": "local",
        "ONECGW_OAUTH__CIMD": "off",
        "ONECGW_OAUTH__PUBLIC_URL": url,
        "ONECGW_DATABASE__PATH": str(shell.home / "logins" / "onecgw.db"),
    }
    with shell.step("a key", COMMAND_SECONDS):
        words = ("keys", "add", "--name", "Olena", "--scopes", "mcp:resolve,mcp:report:sales")
        key = shell.onecgw(*words, environment=with_logins).strip()
    gateway = shell.start("serve", environment=with_logins)
    wait_for_text(gateway, "serve.started")
    with shell.step("a login with it", COMMAND_SECONDS):
        person = log_in(url, key)
        assert person.call("resolve_customer", {"query": "мрія"})["candidates"]
    (login,) = map(
        json.loads, shell.onecgw("grants", "list", "--json", environment=with_logins).splitlines()
    )
    shell.onecgw("grants", "revoke", "--grant", login["id"], environment=with_logins)
    with shell.step("it is revoked", 1):
        assert person.ask("resolve_customer", {"query": "мрія"})[0] == UNAUTHORIZED
    stop(gateway)


def upgrade(shell: Shell) -> None:
    """Go on with the database of 0.1.0, and back to it."""
    path = shell.home / "upgraded" / "onecgw.db"
    write_database(path, now=int(time.time()))
    port = free_port()
    settings = {
        "ONECGW_SERVER__PORT": str(port),
        "ONECGW_OAUTH__ENABLED": "true",
        "ONECGW_OAUTH__KEYS": "local",
        "ONECGW_OAUTH__CIMD": "off",
        "ONECGW_OAUTH__PUBLIC_URL": ISSUER,
        "ONECGW_DATABASE__PATH": str(path),
    }
    with shell.step("the database of 0.1.0: keys, audit, login", COMMAND_SECONDS * 3):
        assert "Olena" in shell.onecgw("keys", "list", environment=settings)
        assert "token.issued" in shell.onecgw("audit", environment=settings)
        gateway = shell.start("serve", environment=settings)
        wait_for_text(gateway, "serve.started")
        status, _ = LoggedIn(f"127.0.0.1:{port}", TOKEN).ask("resolve_customer", {"query": ""})
        assert status == OK, status
    stop(gateway)
    with shell.step("back to it, and a newer one is refused", COMMAND_SECONDS):
        # 0.1.0 opens the copy that was made before the migration.
        with closing(sqlite3.connect(path.with_name("onecgw.db.v2"))) as copy:
            assert copy.execute("PRAGMA user_version").fetchone() == (2,)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 99")
        said = shell.onecgw("check", "--offline", expected=1, environment=settings)
        assert "has schema 99" in said, said


@contextmanager
def wrong_servers(shell: Shell) -> Iterator[tuple[str, str]]:
    """A web server that corrects the case of a path, and one whose certificate is its own."""

    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", self.path.lower())
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the same

        def log_message(self, *_: object) -> None:
            pass

    pem = shell.home / "self-signed.pem"
    words = (
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    )
    subprocess.run(  # noqa: S603 - of the system
        ["openssl", *words, "-keyout", str(pem), "-out", f"{pem}.crt"],  # noqa: S607 - the same
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pem}.crt", pem)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as plain,
        ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as encrypted,
    ):
        encrypted.socket = context.wrap_socket(encrypted.socket, server_side=True)
        for server in (plain, encrypted):
            Thread(target=server.serve_forever, daemon=True).start()
        yield (
            f"http://127.0.0.1:{plain.server_port}",
            f"https://localhost:{encrypted.server_port}/trade",
        )
        for server in (plain, encrypted):
            server.shutdown()


def stop(process: subprocess.Popen[str]) -> None:
    """Stop a gateway as a service manager does."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0


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
