"""Raw JSON arguments → a request object, or every problem with its path; and back to 1C's JSON."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from onecgw.contract import Field, fields_of, without_none
from onecgw.errors import Problem, ValidationFailed

Request = TypeVar("Request")

SHOWN_CHARACTERS: Final = 60
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WHOLE_NUMBER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
LARGEST_WHOLE_NUMBER: Final = 10**18


def parse_arguments(request: type[Request], raw: object) -> Request:
    """The request object that raw JSON arguments describe.

    What models are known to get wrong is mended: an integer as "10" or 10.0, a boolean as
    "true", an object or array as a JSON text, one string where an array of strings is due.

    Raises:
        ValidationFailed: everything that is wrong, each with its path.
    """
    return _converter.structure(raw, request)


def to_onec(request: object) -> dict[str, Any]:
    """The JSON object for 1C: declared keys only, an absent argument is absent."""
    body: dict[str, Any] = _converter.unstructure(request)
    return body


def shown(value: object) -> str:
    """A value for an error text: bounded, on one line, safe to encode."""
    match value:
        case None | bool() | {} | [] if not value or value is True:
            return json.dumps(value)
        case dict():
            return "an object"
        case list():
            return "an array"
        case int() if abs(value) > LARGEST_WHOLE_NUMBER:
            return "a number of more than 18 digits"
        case _:
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
            return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def refused(expected: str, value: object) -> ValidationFailed:
    """The problem of one value; its path is prefixed by whoever holds the value."""
    return ValidationFailed((Problem(path="", message=f"{expected}; got {shown(value)}"),))


def _beneath(key: str, problems: Iterable[Problem]) -> list[Problem]:
    return [
        attrs.evolve(problem, path=key + _joint(problem.path) + problem.path)
        for problem in problems
    ]


def _joint(path: str) -> str:
    return "" if path == "" or path.startswith("[") else "."


def _text(value: object, _: Any) -> str:  # noqa: ANN401 - cattrs passes the type
    if not isinstance(value, str) or not value.strip():
        raise refused("a text that is not empty is expected", value)
    return value


def _integer(value: object, _: Any) -> int:  # noqa: ANN401 - cattrs passes the type
    if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE_NUMBER:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST_WHOLE_NUMBER:
        raise refused("a whole number is expected", value)
    return value


def _boolean(value: object, _: Any) -> bool:  # noqa: ANN401 - cattrs passes the type
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise refused("true or false is expected", value)


def _day(value: object, _: Any) -> date:  # noqa: ANN401 - cattrs passes the type
    if isinstance(value, str) and DAY.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise refused("a day that exists, as YYYY-MM-DD, is expected", value) from None
    raise refused("a day as YYYY-MM-DD is expected", value)


def _literal_hook(hint: Any) -> Callable[[object, Any], str]:  # noqa: ANN401 - a type hint
    accepted: tuple[str, ...] = get_args(hint)

    def structure(value: object, _: Any) -> str:  # noqa: ANN401 - cattrs passes the type
        if isinstance(value, str) and value in accepted:
            return value
        raise refused(f"one of {', '.join(accepted)} is expected", value)

    return structure


def _tuple_hook(hint: Any) -> Callable[[object, Any], tuple[Any, ...]]:  # noqa: ANN401
    item_type = get_args(hint)[0]
    item_hook = _converter.get_structure_hook(item_type)

    def structure(value: object, _: Any) -> tuple[Any, ...]:  # noqa: ANN401
        items = _unquoted(value, list)
        if isinstance(items, str) and not attrs.has(item_type):
            items = [items]
        if not isinstance(items, list) or not items:
            raise refused("an array of at least one element is expected (or leave it out)", value)
        results: list[Any] = []
        problems: list[Problem] = []
        for index, item in enumerate(items):
            try:
                result = item_hook(item, item_type)
            except ValidationFailed as error:
                problems += _beneath(f"[{index}]", error.problems)
                continue
            if result in results:
                problems.append(Problem(path=f"[{index}]", message=f"{shown(item)} is repeated"))
            results.append(result)
        if problems:
            raise ValidationFailed(tuple(problems))
        return tuple(results)

    return structure


def _class_hook(request: type) -> Callable[[object, Any], Any]:
    fields = {field.name: field for field in fields_of(request)}

    def structure(value: object, _: Any) -> Any:  # noqa: ANN401 - cattrs passes the type
        members = _unquoted(value, dict)
        if not isinstance(members, dict):
            raise refused(f"an object with the keys {', '.join(fields)} is expected", value)
        problems = [_unknown(key, fields) for key in members if key not in fields]
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name not in members:
                if field.is_required:
                    message = f"is required: {field.arg.about}"
                    problems.append(Problem(path=name, message=message))
                continue
            try:
                values[field.attribute] = _structure_field(field, members[name])
            except ValidationFailed as error:
                problems += _beneath(name, error.problems)
        problems += _contradictions(fields, values, members)
        if problems:
            raise ValidationFailed(tuple(problems))
        return request(**values)

    return structure


def _structure_field(field: Field, value: object) -> Any:  # noqa: ANN401 - any argument type
    result = _converter.get_structure_hook(field.type)(value, field.type)
    arg = field.arg
    if arg.minimum is not None and result < arg.minimum:
        raise refused(f"a whole number from {arg.minimum} is expected", value)
    if arg.max_length is not None and len(result) > arg.max_length:
        raise refused(f"at most {arg.max_length} characters are accepted", value)
    return result


def _unknown(key: object, fields: Mapping[str, Field]) -> Problem:
    name = str(key)
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    message = f"unknown argument; {hint}accepted: {', '.join(fields)}"
    return Problem(path=shown(name)[1:-1], message=message)


def _contradictions(
    fields: Mapping[str, Field], values: Mapping[str, Any], members: Mapping[str, object]
) -> list[Problem]:
    """Arguments that are right one by one and wrong together."""
    problems: list[Problem] = []
    if "from_" in values and "to" in values and values["from_"] > values["to"]:
        message = f"lies after to ({values['to']}); from ≤ to is expected"
        problems.append(Problem(path="from", message=f"{values['from_']} {message}"))
    # A choice that was itself refused says nothing about the sort keys.
    chooses = [name for name in ("group_by", "measures") if name in fields]
    if "sort" in values and all(name in values or name not in members for name in chooses):
        chosen = [
            member for name in chooses for member in values.get(name) or fields[name].arg.default
        ]
        problems += [
            Problem(
                path=f"sort[{index}].field",
                message=f"{shown(key.field)} is not chosen; one of {', '.join(chosen)} is expected",
            )
            for index, key in enumerate(values["sort"])
            if key.field not in chosen
        ]
    return problems


def _unquoted(value: object, expected: type) -> object:
    """The object or array inside a JSON text, where one is due; anything else as it came."""
    opening = "{" if expected is dict else "["
    if isinstance(value, str) and value.lstrip().startswith(opening):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return inner if isinstance(inner, expected) else value
    return value


def _unstructure_hook(request: type) -> Callable[[Any], dict[str, Any]]:
    renamed: dict[str, Any] = {
        field.attribute: override(rename=field.name) for field in fields_of(request)
    }
    return make_dict_unstructure_fn(request, _converter, _cattrs_omit_if_default=True, **renamed)


def _is_made_of(origin: object) -> Callable[[Any], bool]:
    return lambda hint: get_origin(hint) is origin


def _make_converter() -> Converter:
    """A converter without cattrs' coercions (True → 1, 1.9 → 1, "abc" → ('a', 'b', 'c'))."""
    converter = Converter()
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook_factory(_is_made_of(Literal), _literal_hook)
    converter.register_structure_hook_factory(_is_made_of(tuple), _tuple_hook)
    converter.register_structure_hook_factory(attrs.has, _class_hook)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook_factory(
        _is_made_of(Annotated),
        lambda hint: converter.get_unstructure_hook(without_none(get_args(hint)[0])),
    )
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_hook)
    return converter


_converter: Final = _make_converter()
