"""Raw JSON arguments → a request object, or every problem with its path; and back to 1C's JSON."""

import difflib
import functools
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn_from_attrs, override

from onecgw.catalogue.declaration import Field, fields_of, without_none
from onecgw.catalogue.scalars import (
    GOT,
    SHOWN_CHARACTERS,
    beneath,
    read_boolean,
    read_day,
    read_integer,
    read_text,
    refused,
    shown,
)
from onecgw.catalogue.strict_json import read_json
from onecgw.errors import InvalidRequest, Problem, ValidationFailed
from onecgw.locales.text import Text, say
from onecgw.settings import LimitsSettings
from onecgw.text import normalized

Request = TypeVar("Request")

MAX_ELEMENTS: Final = 1000  # of an array; a caller with more ids can use the id of their folder
# What n8n's agent adds to the arguments of every tool.
ADDED_BY_CLIENTS: Final = frozenset({"toolCallId", "sessionId", "action", "chatInput", "tool"})
MAX_PROBLEMS: Final = 50  # in one error; more would be too many to read


def parse_arguments(
    request: type[Request], raw: object, *, restricted: frozenset[str] = frozenset()
) -> Request:
    """The request object that raw JSON arguments describe.

    What models and clients are known to get wrong is mended: an integer as "10" or 10.0, an id or a
    code as 10, a boolean as "true", an object or array as a JSON text, one element where an array
    is due, null for what is left out, the members that n8n adds. Texts come out in the form in
    which they go to 1C.

    Args:
        request: the class.
        raw: any JSON value.
        restricted: measures that no error text may offer to this caller.

    Raises:
        ValidationFailed: what is wrong, each problem with its path, as far as MAX_PROBLEMS.
    """
    if isinstance(raw, dict):
        declared: type = request
        dropped = ADDED_BY_CLIENTS.difference(field.name for field in fields_of(declared))
        raw = {name: value for name, value in raw.items() if name not in dropped}
    return _parser(restricted).structure(raw, request)


def null_filters(request: type, raw: object) -> tuple[str, ...]:
    """The paths of filters that accepted arguments hold as null, which means absent."""
    members = _unquoted(raw, dict)
    if not isinstance(members, dict):
        return ()
    found = [
        field.name
        for field in fields_of(request)
        if _is_filter(field.name) and field.name in members and members[field.name] is None
    ]
    for field in fields_of(request):
        if attrs.has(field.type) and field.name in members:
            inner = null_filters(field.type, members[field.name])
            found += [f"{field.name}.{name}" for name in inner]
    return tuple(found)


def _is_filter(name: str) -> bool:
    """Whether a report is of fewer objects with the argument than without it."""
    return name == "filters" or name.endswith(("_ids", "_cohort"))


def lower_to_limits(request: Any, limits: LimitsSettings) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401 - any request class
    """The request with numbers above their limit lowered, and a sentence for each."""
    lowered: dict[str, int] = {}
    notices = []
    for field in fields_of(request.__class__):
        value = getattr(request, field.attribute)
        if field.arg.maximum is None or value is None:
            continue
        maximum: int = getattr(limits, field.arg.maximum)
        if value > maximum:
            notices.append(
                say("notices.lowered", argument=field.name, value=value, maximum=maximum)
            )
            lowered[field.attribute] = maximum
    return attrs.evolve(request, **lowered) if lowered else request, tuple(notices)


def to_onec(request: object) -> dict[str, Any]:
    """The JSON object for 1C: declared keys only, an absent argument is absent."""
    body: dict[str, Any] = _unparser.unstructure(request)
    return body


class _Problems:
    """The problems found so far; the search ends at MAX_PROBLEMS."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, *problems: Problem) -> None:
        """Add problems.

        Raises:
            ValidationFailed: MAX_PROBLEMS are reached; the last one says that there may be more.
        """
        self._found += problems
        if len(self._found) >= MAX_PROBLEMS:
            more = Problem(path="", message=say("errors.more_problems"))
            raise ValidationFailed((*self._found[: MAX_PROBLEMS - 1], more))

    def raise_if_any(self) -> None:
        """Report the problems.

        Raises:
            ValidationFailed: there are some.
        """
        if self._found:
            raise ValidationFailed(tuple(self._found))


class _Hooks:
    """The hooks with which cattrs reads each type of argument.

    cattrs' own hooks coerce (True → 1, 1.9 → 1, "abc" → ('a', 'b', 'c')) and stop at the first
    problem of an object; none of them is left.
    """

    def __init__(self, restricted: frozenset[str]) -> None:
        self._restricted = restricted
        self.converter = Converter()
        for leaf, read in _LEAVES.items():
            self.converter.register_structure_hook(leaf, _ignoring_type(read))
        register = self.converter.register_structure_hook_factory
        register(_is_made_of(Literal), self._literal)
        register(_is_made_of(tuple), self._tuple)
        register(attrs.has, self._object)

    def _literal(self, hint: Any) -> Callable[[object, Any], str]:  # noqa: ANN401 - a type hint
        accepted: tuple[str, ...] = get_args(hint)
        offered = ", ".join(member for member in accepted if member not in self._restricted)

        def structure(value: object, _: Any) -> str:  # noqa: ANN401 - cattrs passes the type
            text = normalized(value) if isinstance(value, str) else value
            if isinstance(text, str) and text in accepted:
                return text
            raise refused(say("errors.one_of", accepted=offered), value)

        return structure

    def _tuple(self, hint: Any) -> Callable[[object, Any], tuple[Any, ...]]:  # noqa: ANN401
        item_type = get_args(hint)[0]
        item_hook = self.converter.get_structure_hook(item_type)

        def structure(value: object, _: Any) -> tuple[Any, ...]:  # noqa: ANN401
            items = _unquoted(value, list)
            if (isinstance(items, str) and items != "") or isinstance(items, dict):
                items = [items] if _is_single(items, item_type) else items
            if not isinstance(items, list) or not items:
                raise refused(say("errors.array_or_left_out"), value)
            if len(items) > MAX_ELEMENTS:
                raise refused(say("errors.elements", most=MAX_ELEMENTS), items)
            # A dictionary, because it keeps the order and knows at once what it holds.
            results: dict[Any, None] = {}
            problems = _Problems()
            for index, item in enumerate(items):
                path = f"[{index}]"
                try:
                    result = item_hook(item, item_type)
                except ValidationFailed as error:
                    problems.add(*beneath(path, error.problems))
                    continue
                if result in results:
                    message = say("errors.repeated", value=shown(item))
                    problems.add(Problem(path=path, message=message))
                results[result] = None
            problems.raise_if_any()
            return tuple(results)

        return structure

    def _object(self, request: type) -> Callable[[object, Any], Any]:
        fields = {field.name: field for field in fields_of(request)}

        def structure(value: object, _: Any) -> Any:  # noqa: ANN401 - cattrs passes the type
            members = _members_of(value, request, fields)
            problems = _Problems()
            for key in members:
                if key not in fields:
                    problems.add(_unknown(str(key), fields))
            values: dict[str, Any] = {}
            refused_fields: list[str] = []
            for name, field in fields.items():
                given = members.get(name)
                if given is None:  # clients of strict schemas send null for what is left out
                    if field.is_required:
                        message = say("errors.required", about=field.arg.about)
                        problems.add(Problem(path=name, message=message))
                    continue
                try:
                    values[field.attribute] = self._field(field, given)
                except ValidationFailed as error:
                    refused_fields.append(field.attribute)
                    problems.add(*beneath(name, error.problems))
            if find := getattr(request, "find_contradictions", None):
                problems.add(*find(values, frozenset(refused_fields)))
            problems.raise_if_any()
            return request(**values)

        return structure

    def _field(self, field: Field, value: object) -> Any:  # noqa: ANN401 - any argument type
        if field.arg.may_be_empty and isinstance(value, str) and not normalized(value).strip():
            return ""
        try:
            result = self.converter.get_structure_hook(field.type)(value, field.type)
        except ValidationFailed as error:
            if field.is_required or value not in ("", []):
                raise
            raise ValidationFailed(tuple(map(_or_left_out, error.problems))) from error
        arg = field.arg
        if arg.minimum is not None and result < arg.minimum:
            raise refused(say("errors.minimum", minimum=arg.minimum), value)
        if arg.most is not None and isinstance(result, tuple) and len(result) > arg.most:
            raise refused(say("errors.elements", most=arg.most), value)
        if arg.most is not None and isinstance(result, int) and result > arg.most:
            raise refused(say("errors.maximum", maximum=arg.most), value)
        if arg.max_length is not None and len(result) > arg.max_length:
            raise refused(say("errors.length", most=arg.max_length), value)
        return result


_LEAVES: Final[Mapping[type, Callable[[object], Any]]] = {
    str: read_text,
    int: read_integer,
    bool: read_boolean,
    date: read_day,
}


def _ignoring_type(read: Callable[[object], Any]) -> Callable[[object, Any], Any]:
    return lambda value, _: read(normalized(value) if isinstance(value, str) else value)


def _is_single(value: object, item_type: Any) -> bool:  # noqa: ANN401 - a type hint
    """Whether a value may stand for an array that holds it alone."""
    if not attrs.has(item_type):
        return isinstance(value, str)
    return isinstance(value, dict) or hasattr(item_type, "from_text")


def _members_of(value: object, request: type, fields: Mapping[str, Field]) -> Mapping[str, object]:
    """The members of an object, which may be a JSON text or a text form of its class.

    Raises:
        ValidationFailed: it is none of these.
    """
    members = _unquoted(value, dict)
    if isinstance(members, str) and (read_text_form := getattr(request, "from_text", None)):
        members = read_text_form(normalized(members)) or members
    if not isinstance(members, dict):
        keys = ", ".join(fields)
        if not hasattr(request, "TEXT_FORM"):
            raise refused(say("errors.object", keys=keys), value)
        raise refused(say("errors.object_or_text", keys=keys, form=say(request.TEXT_FORM)), value)
    mend = getattr(request, "mended", None)
    mended: Mapping[str, object] = mend(members) if mend else members
    return mended


def _or_left_out(problem: Problem) -> Problem:
    """The problem of an optional argument that is empty, which may as well be absent."""
    message = problem.message
    if not isinstance(message, Text) or message.key != GOT:
        return problem
    expected: Any = message.values["expected"]
    if expected.key == "errors.array_or_left_out":
        return problem
    left_out = say("errors.or_left_out", expected=expected)
    return attrs.evolve(problem, message=say(GOT, **{**message.values, "expected": left_out}))


def _is_made_of(origin: object) -> Callable[[Any], bool]:
    return lambda hint: get_origin(hint) is origin


def _unknown(name: str, fields: Mapping[str, Field]) -> Problem:
    # Comparing a name of a megabyte would take minutes, and be of no use.
    near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], fields, n=1)
    accepted = ", ".join(fields)
    message = (
        say("errors.unknown_near", near=near[0], accepted=accepted)
        if near
        else say("errors.unknown", accepted=accepted)
    )
    return Problem(path=shown(name)[1:-1], message=message)


def _unquoted(value: object, expected: type) -> object:
    """The object or array inside a JSON text, where one is due; anything else as it came.

    Raises:
        ValidationFailed: it looks like one, and is no valid JSON.
    """
    opening = "{" if expected is dict else "["
    if isinstance(value, str) and value.lstrip().startswith(opening):
        try:
            return read_json(value.encode("utf-8", "surrogatepass"), what="errors.the_json_text")
        except InvalidRequest as error:
            raise ValidationFailed((Problem(path="", message=error.message),)) from error
    return value


@functools.cache
def _parser(restricted: frozenset[str]) -> Converter:
    """One for those who may see everything, one for those who may not."""
    return _Hooks(restricted).converter


def _make_unparser() -> Converter:
    converter = Converter()

    def unstructure_object(request: type) -> Callable[[Any], dict[str, Any]]:
        renamed: dict[str, Any] = {
            field.attribute: override(rename=field.name, omit=field.arg.is_local or None)
            for field in fields_of(request)
        }
        # In the order of the declaration, which is not that of attrs.
        ordered = [attrs.fields_dict(request)[name] for name in renamed]
        return make_dict_unstructure_fn_from_attrs(
            ordered, request, converter, _cattrs_omit_if_default=True, **renamed
        )

    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook_factory(
        _is_made_of(Annotated),
        lambda hint: converter.get_unstructure_hook(without_none(get_args(hint)[0])),
    )
    converter.register_unstructure_hook_factory(attrs.has, unstructure_object)
    return converter


_unparser: Final = _make_unparser()
