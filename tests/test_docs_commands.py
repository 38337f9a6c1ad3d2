"""What the how-to pages say is done: every command, answer and snippet of the testing guide, and
every message of the page about 1C.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import httpx
import pytest
import trio

from onecgw.app.lifespan import open_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.auth.caller import COST_MEASURES, RESOLVE, SALES
from onecgw.backends.errors.error_text import contract_error
from onecgw.backends.http import client as client_module
from onecgw.backends.http_service.capabilities import read_capabilities
from onecgw.backends.http_service.key_verification import read_identity
from onecgw.backends.http_service.paths import ROOT as SERVICE_ROOT
from onecgw.backends.http_service.paths import VERIFY_PATH
from onecgw.catalogue.parsing import parse_arguments, to_onec
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.demo.books import Books
from onecgw.demo.fault_plan import parse_faults
from onecgw.responses.candidates import read_candidates
from onecgw.responses.shaping import ResponseLimits, build_table
from onecgw.settings import LimitsSettings
from onecgw.web.app import build_app
from tests.builders.demo_server import PASSWORD, demo_on_socket
from tests.builders.gateway_rig import make_engine

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs" / "how-to" / "test-without-1c.md").read_text(encoding="utf-8")
INTEGRATION: Final = (ROOT / "docs" / "how-to" / "connect-1c.md").read_text(encoding="utf-8")
BLOCK: Final = re.compile(r"^```(sh|json|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FAULT: Final = re.compile(r"^\| `([^`]+)` \| (\d{3}) \| (?:`(\w+)`)? ?\|", re.MULTILINE)
SERVING: Final = re.compile(rb"http://127\.0\.0\.1:(\d+)")
GATEWAY_PORT: Final = "8088"
START_SECONDS: Final = 60
CALL_SECONDS: Final = 60


@attrs.frozen(kw_only=True)
class Step:
    """One step of the page.

    language: sh or python. status: what HTTP answers. shown: what the page shows of the answer.
    """

    language: str
    text: str
    status: int = 200
    shown: Any = None


def curl_speaks_http2() -> bool:
    curl = shutil.which("curl")
    if curl is None:
        return False
    return b"HTTP2" in subprocess.check_output([curl, "--version"])  # noqa: S603 - curl's own path


def read_steps() -> list[Step]:
    """The page's commands in their order; `# 400` stands for the status of the next one."""
    steps: list[Step] = []
    for language, text in BLOCK.findall(PAGE):
        if language == "python":
            steps.append(Step(language=language, text=text))
        elif language == "json":
            steps[-1] = attrs.evolve(steps[-1], shown=json.loads(text))
        else:
            status = 200
            for line in text.splitlines():
                if line.startswith("# "):
                    status = int(line.removeprefix("# "))
                else:
                    steps.append(Step(language=language, text=line, status=status))
                    status = 200
    return steps


@attrs.frozen
class Server:
    """A process that serves, and the port that it has got."""

    process: trio.Process
    port: str


@attrs.define
class Reader:
    """Does what the page says, on free ports; a server stays up until another takes its place."""

    folder: Path
    nursery: trio.Nursery
    servers: dict[str, Server] = attrs.field(factory=dict)

    async def do(self, step: Step) -> None:
        text = self._on_real_ports(step.text)
        words = shlex.split(text)
        if step.language == "python":
            await self._run([sys.executable, "-c", text])
        elif words[0] == "curl":
            await self._ask(step, words)
        elif words[-2:] == ["-m", "pytest"]:
            pass  # it is what is running
        elif "--export" in words:
            await self._run([sys.executable, "-m", *words])
        else:
            await self._start(words)

    async def _ask(self, step: Step, words: list[str]) -> None:
        body, _, status = (await self._run([*words, "-w", "\n%{http_code}"])).rpartition("\n")
        assert int(status) == step.status, (step.text, body)
        if step.shown is not None:
            assert_shown(step.shown, json.loads(body), step.text)

    async def _start(self, words: list[str]) -> None:
        at = words.index("onecgw")
        arguments = words[at + 1 :]
        port = GATEWAY_PORT
        if "--port" in arguments:
            place = arguments.index("--port")
            port = arguments[place + 1]
            del arguments[place : place + 2]
        if arguments[0] == "demo":
            arguments += ["--port", "0"]
        settings = dict(word.split("=", 1) for word in words[:at]) | {"ONECGW_SERVER__PORT": "0"}
        if port in self.servers:
            self.servers.pop(port).process.kill()
        process: trio.Process = await self.nursery.start(
            partial(
                trio.run_process,
                [sys.executable, "-m", "onecgw", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment() | settings,
                cwd=self.folder,
                check=False,
            )
        )
        self.servers[port] = Server(process, await read_port(process))

    async def _run(self, command: list[str]) -> str:
        with trio.fail_after(CALL_SECONDS):
            done = await trio.run_process(
                command, capture_stdout=True, cwd=self.folder, env=self._environment()
            )
        return done.stdout.decode()

    def _on_real_ports(self, text: str) -> str:
        for port, server in self.servers.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{server.port}")
        return text

    def _environment(self) -> dict[str, str]:
        cache = str(self.folder / "cache")
        return {**os.environ, "XDG_CACHE_HOME": cache, "PYTHONUNBUFFERED": "1"}


async def read_port(process: trio.Process) -> str:
    """The port in the first address that a server prints or logs."""
    assert process.stdout is not None
    said = b""
    with trio.fail_after(START_SECONDS):
        while not (found := SERVING.search(said)):
            chunk = await process.stdout.receive_some()
            assert chunk, said.decode()
            said += chunk
    return found.group(1).decode()


def assert_shown(shown: Any, answer: Any, where: str) -> None:
    """The page may leave members out; what it shows is what came."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert_shown(value, answer[name], f"{where} → {name}")
    else:
        assert shown == answer, where


def test_the_guide_has_all_kinds_of_steps() -> None:
    steps = read_steps()

    assert {step.language for step in steps} == {"sh", "python"}
    assert {step.status for step in steps} == {200, 400, 401, 403, 404, 500, 503}
    assert sum(step.text.startswith("curl ") for step in steps) >= 12


@pytest.mark.skipif(not curl_speaks_http2(), reason="the guide's commands need curl with HTTP/2")
async def test_every_command_of_the_guide_does_what_the_guide_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    async with trio.open_nursery() as nursery:
        reader = Reader(folder=tmp_path, nursery=nursery)
        for step in read_steps():
            await reader.do(step)
        nursery.cancel_scope.cancel()  # ends the servers

    assert list((tmp_path / "books").glob("*.csv"))


@pytest.mark.parametrize(
    ("fault", "status", "code"), FAULT.findall(PAGE), ids=lambda value: str(value) or "ok"
)
async def test_a_fault_looks_to_a_caller_as_the_guide_says(
    fault: str, status: str, code: str, small_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (0.0, 0.0))
    # The same bomb in small: above the limit all the same, and soon made on a busy machine.
    plan = parse_faults(fault.replace("100mb", "4mb"))
    async with demo_on_socket(small_books, plan) as base_url:
        demo = demo_settings(base_url=base_url, port=0, password=PASSWORD)
        settings = attrs.evolve(
            demo,
            onec=attrs.evolve(demo.onec, timeout_ms=CALL_SECONDS * 1000),
            limits=LimitsSettings(max_response_bytes=2**20),
        )
        async with open_gateway(settings) as gateway:
            front: Any = build_app(settings, gateway, make_engine(gateway))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(front), base_url="http://localhost"
            ) as client:
                answer = await client.post(
                    "/resolve/cash",
                    json={"query": "каса"},
                    headers={"authorization": f"Bearer {DEMO_API_TOKEN}"},
                )

    assert (answer.status_code, answer.json().get("code", "")) == (int(status), code)


def test_what_the_integration_page_shows_is_what_the_gateway_says_and_understands() -> None:
    blocks = re.findall(r"```(http|json)\n(.*?)```", INTEGRATION, re.DOTALL)
    requests = [text.split("\n", 2) for language, text in blocks if language == "http"]
    candidates, report, refusal, identity, health = (
        text.encode() for language, text in blocks if language == "json"
    )
    by_path = {f"{SERVICE_ROOT}/{tool.operation}": tool for tool in ALL}

    for line, _, body in requests:
        path = line.removeprefix("POST ")
        if path in by_path:
            request: object = parse_arguments(by_path[path].request, json.loads(body))
            assert to_onec(request) == json.loads(body)
        else:
            assert (path, list(json.loads(body))) == (VERIFY_PATH, ["key"])
    assert len(read_candidates(candidates).items) == 2
    bounds = ResponseLimits(
        rows=100,
        max_rows=100,
        max_bytes=None,
        refuses_extra_rows=True,
        redaction=SALES_REPORT.redaction(COST_MEASURES),
    )
    assert build_table(report, {}, bounds).rows == 1
    assert contract_error(refusal.decode()) == json.loads(refusal)["message"]
    assert read_identity(identity).scopes == {RESOLVE, SALES}
    capabilities = read_capabilities(health)
    assert capabilities.unavailable_tools <= BY_NAME.keys()
    assert capabilities.lacks("sales_report", "group_by") == {"cohort"}
    assert capabilities.always_empty == {"sales_channel"}
