"""What the official conformance suite expects a server to offer: its `test_*` tools, and the rest.

Mounted by the tests only, on the engine that production runs.
"""

import base64
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import trio

from onecgw.auth.context import CallContext
from onecgw.errors import InvalidRequest, NotFound, Problem, ValidationFailed
from onecgw.mcp.client_info import ELICITATION, SAMPLING
from onecgw.mcp.client_requests import InputRequest, elicitation
from onecgw.mcp.providers import Completion, Providers, ServerInfo
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import JsonObject, ToolResult
from onecgw.mcp.subscriptions import Subscriptions
from tests.builders.client_requests import roots, sampling

STEP_SECONDS: Final = 0.06  # the suite wants to see steps, not one burst

ToolBody = Callable[[dict[str, Any], RequestContext], Awaitable[ToolResult]]


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def _red_dot() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _silence() -> bytes:
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    samples = b"data" + struct.pack("<I", 8) + b"\x80" * 8
    return b"RIFF" + struct.pack("<I", len(form) + len(samples)) + form + samples


PNG: Final = base64.b64encode(_red_dot()).decode("ascii")
WAV: Final = base64.b64encode(_silence()).decode("ascii")
IMAGE: Final = {"type": "image", "data": PNG, "mimeType": "image/png"}


def _text(text: str) -> ToolResult:
    return ToolResult(text=text)


def _embedded(uri: str, mime_type: str, text: str) -> JsonObject:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}}


def _form(message: str, **properties: Mapping[str, object]) -> InputRequest:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return elicitation(message, schema)


STRING: Final = {"type": "string"}
NAME_QUESTION: Final = _form("What is your name?", name=STRING)


async def simple_text(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    return _text("This is a simple text response for testing.")


async def image_content(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    return ToolResult(blocks=(IMAGE,))


async def audio_content(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    return ToolResult(blocks=({"type": "audio", "data": WAV, "mimeType": "audio/wav"},))


async def embedded_resource(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    text = "This is an embedded resource content."
    return ToolResult(blocks=(_embedded("test://embedded-resource", "text/plain", text),))


async def multiple_content_types(
    _arguments: dict[str, Any], _request: RequestContext
) -> ToolResult:
    data = '{"test":"data","value":123}'
    resource = _embedded("test://mixed-content-resource", "application/json", data)
    return ToolResult(text="Multiple content types test:", blocks=(IMAGE, resource))


async def structured(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    return ToolResult(body='{"amount":12345678901234567890.10,"label":"Київ «№1»"}'.encode())


async def tool_with_logging(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    for step in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await request.log("info", step, logger="conformance")
        await trio.sleep(STEP_SECONDS)
    return _text("Logged three messages.")


async def tool_with_progress(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    for done in (0, 50, 100):
        await request.progress(done, 100)
        await trio.sleep(STEP_SECONDS)
    return _text("Reported three steps.")


async def error_handling(_arguments: dict[str, Any], _request: RequestContext) -> ToolResult:
    raise InvalidRequest("This tool intentionally returns an error for testing")


async def ask_model(arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    prompt = str(arguments.get("prompt", ""))
    answers = await request.request_input({"sample": sampling(prompt, max_tokens=100)})
    return _text(f"LLM response: {_sampled(answers['sample'])}")


async def ask_person(arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    fields = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    answers = await request.request_input(
        {"form": _form(str(arguments.get("message", "")), **fields)}
    )
    return _text(f"User response: {_spelled(answers['form'])}")


async def elicitation_defaults(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    fields = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "default": True},
    }
    question = elicitation("Please confirm the defaults", {"type": "object", "properties": fields})
    answers = await request.request_input({"form": question})
    return _text(f"Elicitation completed: {_spelled(answers['form'])}")


async def elicitation_enums(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    options = ["option1", "option2", "option3"]
    titled = [
        {"const": f"value{number}", "title": f"{word} Option"}
        for number, word in enumerate(("First", "Second", "Third"), start=1)
    ]
    fields = {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    question = elicitation("Please choose", {"type": "object", "properties": fields})
    answers = await request.request_input({"form": question})
    return _text(f"Elicitation completed: {_spelled(answers['form'])}")


async def ask_name(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    answers = await request.request_input({"user_name": NAME_QUESTION})
    content: Any = answers["user_name"].get("content", {})
    return _text(f"Hello, {content.get('name', 'stranger')}!")


async def ask_capital(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    question = sampling("What is the capital of France?", max_tokens=100)
    answers = await request.request_input({"capital_question": question})
    return _text(_sampled(answers["capital_question"]))


async def ask_roots(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    answers = await request.request_input({"client_roots": roots()})
    return _text(f"Client roots: {msgspec.json.encode(answers['client_roots']).decode()}")


async def ask_confirmation(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    await request.request_input({"confirm": _form("Please confirm", ok={"type": "boolean"})})
    return _text("state-ok")


async def ask_everything(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    await request.request_input(
        {
            "user_name": NAME_QUESTION,
            "greeting": sampling("Generate a greeting", max_tokens=50),
            "client_roots": roots(),
        }
    )
    return _text("All three answers are here.")


async def ask_twice(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    await request.request_input({"step1": _form("Step 1: What is your name?", name=STRING)})
    await request.request_input(
        {"step2": _form("Step 2: What is your favorite color?", color=STRING)}
    )
    return _text("Both steps are done.")


async def ask_what_is_offered(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    questions = {
        "person": (ELICITATION, NAME_QUESTION),
        "model": (SAMPLING, sampling("Say something", max_tokens=20)),
    }
    offered = {
        name: question
        for name, (capability, question) in questions.items()
        if request.supports(capability)
    }
    await request.request_input(offered)
    return _text(f"Asked: {', '.join(sorted(offered))}")


async def missing_capability(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    request.require(SAMPLING)
    return _text("The client offers sampling.")


async def streaming_elicitation(_arguments: dict[str, Any], request: RequestContext) -> ToolResult:
    request.require(ELICITATION)
    await request.log("info", "about to ask", logger="conformance")
    await request.request_input({"user_name": NAME_QUESTION})
    return _text("Asked over a stream.")


def _sampled(answer: Mapping[str, object]) -> str:
    content = answer.get("content")
    return str(content.get("text", "")) if isinstance(content, dict) else ""


def _spelled(answer: Mapping[str, object]) -> str:
    content = msgspec.json.encode(answer.get("content")).decode()
    return f"action={answer.get('action')}, content={content}"


NO_ARGUMENTS: Final[JsonObject] = {
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}
JSON_SCHEMA_2020_12: Final[JsonObject] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _takes(name: str, description: str) -> JsonObject:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": description}},
        "required": [name],
    }


TOOLS: Final[dict[str, tuple[ToolBody, JsonObject]]] = {
    "test_simple_text": (simple_text, NO_ARGUMENTS),
    "test_image_content": (image_content, NO_ARGUMENTS),
    "test_audio_content": (audio_content, NO_ARGUMENTS),
    "test_embedded_resource": (embedded_resource, NO_ARGUMENTS),
    "test_multiple_content_types": (multiple_content_types, NO_ARGUMENTS),
    "test_structured_content": (structured, NO_ARGUMENTS),
    "test_tool_with_logging": (tool_with_logging, NO_ARGUMENTS),
    "test_logging_tool": (tool_with_logging, NO_ARGUMENTS),
    "test_tool_with_progress": (tool_with_progress, NO_ARGUMENTS),
    "test_error_handling": (error_handling, NO_ARGUMENTS),
    "test_sampling": (ask_model, _takes("prompt", "What to ask the model")),
    "test_elicitation": (ask_person, _takes("message", "What to ask the person")),
    "test_elicitation_sep1034_defaults": (elicitation_defaults, NO_ARGUMENTS),
    "test_elicitation_sep1330_enums": (elicitation_enums, NO_ARGUMENTS),
    "test_input_required_result_elicitation": (ask_name, NO_ARGUMENTS),
    "test_input_required_result_sampling": (ask_capital, NO_ARGUMENTS),
    "test_input_required_result_list_roots": (ask_roots, NO_ARGUMENTS),
    "test_input_required_result_request_state": (ask_confirmation, NO_ARGUMENTS),
    "test_input_required_result_tampered_state": (ask_confirmation, NO_ARGUMENTS),
    "test_input_required_result_multiple_inputs": (ask_everything, NO_ARGUMENTS),
    "test_input_required_result_multi_round": (ask_twice, NO_ARGUMENTS),
    "test_input_required_result_capabilities": (ask_what_is_offered, NO_ARGUMENTS),
    "test_missing_capability": (missing_capability, NO_ARGUMENTS),
    "test_streaming_elicitation": (streaming_elicitation, NO_ARGUMENTS),
    "json_schema_2020_12_tool": (simple_text, JSON_SCHEMA_2020_12),
}


class FixtureTools:
    """The tools of the suite; two of them change what is listed."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._tools = dict(TOOLS)
        self._tools["test_trigger_tool_change"] = (self._change_tools, NO_ARGUMENTS)
        self._tools["test_trigger_prompt_change"] = (self._change_prompts, NO_ARGUMENTS)

    def list_tools(self, _context: CallContext) -> bytes:
        return msgspec.json.encode(
            [
                {
                    "name": name,
                    "title": name.replace("_", " "),
                    "description": f"For the conformance suite: {name}.",
                    "inputSchema": schema,
                }
                for name, (_, schema) in self._tools.items()
            ]
        )

    async def call_tool(self, name: str, arguments: bytes, request: RequestContext) -> ToolResult:
        if name not in self._tools:
            raise NotFound(name)
        body, _ = self._tools[name]
        return await body(msgspec.json.decode(arguments), request)

    async def _change_tools(
        self, _arguments: dict[str, Any], _request: RequestContext
    ) -> ToolResult:
        self._subscriptions.notify_lists_changed("tools")
        return _text("The tools have changed.")

    async def _change_prompts(
        self, _arguments: dict[str, Any], _request: RequestContext
    ) -> ToolResult:
        self._subscriptions.notify_lists_changed("prompts")
        return _text("The prompts have changed.")


def _said(*contents: object) -> JsonObject:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


def _words(text: str) -> JsonObject:
    return {"type": "text", "text": text}


class FixturePrompts:
    """The prompts of the suite, and their argument completion."""

    arguments: Final[dict[str, Sequence[str]]] = {
        "test_simple_prompt": (),
        "test_prompt_with_arguments": ("arg1", "arg2"),
        "test_prompt_with_embedded_resource": ("resourceUri",),
        "test_prompt_with_image": (),
        "test_input_required_result_prompt": (),
    }

    def list_prompts(self, _context: CallContext) -> bytes:
        return msgspec.json.encode(
            [
                {
                    "name": name,
                    "description": f"For the conformance suite: {name}.",
                    "arguments": [
                        {"name": argument, "description": argument, "required": True}
                        for argument in arguments
                    ],
                }
                for name, arguments in self.arguments.items()
            ]
        )

    async def get_prompt(
        self, name: str, arguments: dict[str, str], request: RequestContext
    ) -> JsonObject:
        if name not in self.arguments:
            raise NotFound(name)
        if missing := [each for each in self.arguments[name] if each not in arguments]:
            raise ValidationFailed(
                tuple(Problem(path=each, message="is required") for each in missing)
            )
        if name == "test_prompt_with_arguments":
            one, two = arguments["arg1"], arguments["arg2"]
            return _said(_words(f"Prompt with arguments: arg1='{one}', arg2='{two}'"))
        if name == "test_prompt_with_embedded_resource":
            text = "Embedded resource content for testing."
            resource = _embedded(arguments["resourceUri"], "text/plain", text)
            return _said(resource, _words("Please process the embedded resource above."))
        if name == "test_prompt_with_image":
            return _said(IMAGE, _words("Please analyze the image above."))
        if name == "test_input_required_result_prompt":
            question = _form("What context should the prompt use?", context=STRING)
            await request.request_input({"user_context": question})
            return _said(_words("Use the context that was given."))
        return _said(_words("This is a simple prompt for testing."))

    async def complete(
        self,
        reference: JsonObject,
        *,
        argument: str,
        value: str,
        known: Mapping[str, str],
        request: RequestContext,
    ) -> Completion:
        del argument, known, request
        if reference.get("type") == "ref/prompt" and reference.get("name") not in self.arguments:
            raise NotFound("no such prompt")
        words = ("paris", "park", "party", "test", "testing")
        return Completion(values=[word for word in words if word.startswith(value)])


class FixtureResources:
    """The resources of the suite."""

    def list_resources(self, _context: CallContext) -> bytes:
        rows = (
            ("test://static-text", "text/plain"),
            ("test://static-binary", "image/png"),
            ("test://watched-resource", "text/plain"),
        )
        return msgspec.json.encode(
            [
                {"uri": uri, "name": uri, "description": f"The resource {uri}.", "mimeType": mime}
                for uri, mime in rows
            ]
        )

    def list_templates(self, _context: CallContext) -> bytes:
        template = {
            "uriTemplate": "test://template/{id}/data",
            "name": "template",
            "description": "Data by id.",
            "mimeType": "application/json",
        }
        return msgspec.json.encode([template])

    async def read_resource(self, uri: str, request: RequestContext) -> Sequence[JsonObject]:
        del request
        if uri == "test://static-binary":
            return [{"uri": uri, "mimeType": "image/png", "blob": PNG}]
        if uri in {"test://static-text", "test://watched-resource"}:
            text = "This is the content of the static text resource."
            return [{"uri": uri, "mimeType": "text/plain", "text": text}]
        if uri.startswith("test://template/") and uri.endswith("/data"):
            number = uri.removeprefix("test://template/").removesuffix("/data")
            data = {"id": number, "templateTest": True, "data": f"Data for ID: {number}"}
            text = msgspec.json.encode(data).decode()
            return [{"uri": uri, "mimeType": "application/json", "text": text}]
        raise NotFound(uri)


def make_fixtures(subscriptions: Subscriptions) -> Providers:
    """Everything the suite asks for, whose changes are sent through the subscriptions."""
    prompts = FixturePrompts()
    return Providers(
        info=ServerInfo(
            name="onecgw-conformance",
            title="onecgw with the fixtures of the conformance suite",
            version="1.0.0",
            instructions="Call the test_* tools.",
        ),
        tools=FixtureTools(subscriptions),
        prompts=prompts,
        resources=FixtureResources(),
        completions=prompts,
        logging=True,
        resource_updates=True,
    )
