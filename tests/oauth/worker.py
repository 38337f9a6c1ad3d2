"""A second gateway on the same files: does what its parent writes on stdin, one line at a time.

A line is a JSON list of requests, which are made side by side: [method, path, headers, form or
JSON]. The answer is one line: a JSON list of [status, body].
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import trio

from tests.builders.oauth_rig import OauthRig, open_oauth


async def ask(oauth: OauthRig, request: list[Any]) -> list[Any]:
    """One request; its status and body."""
    path, headers, form, message = request
    response: httpx.Response = await oauth.http.post(path, headers=headers, data=form, json=message)
    return [response.status_code, response.text]


async def ask_all(oauth: OauthRig, requests: list[list[Any]]) -> list[list[Any]]:
    """Requests side by side, and their answers in the order in which these came."""
    answers: list[list[Any]] = []

    async def one(request: list[Any]) -> None:
        answers.append(await ask(oauth, request))

    async with trio.open_nursery() as nursery:
        for request in requests:
            nursery.start_soon(one, request)
    return answers


async def work(folder: Path) -> None:
    """Until stdin ends."""
    async with open_oauth(folder) as oauth:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := await trio.to_thread.run_sync(sys.stdin.readline):
            answers = await ask_all(oauth, json.loads(line))
            sys.stdout.write(json.dumps(answers) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    trio.run(work, Path(sys.argv[1]))
