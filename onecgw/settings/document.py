"""Read config.yml, a subset of YAML: the text of each setting with its line and column."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import yaml

from onecgw.errors import ConfigError, Problem
from onecgw.settings.declaration import DeclaredSetting, Section
from onecgw.settings.messages import describe_unknown
from onecgw.settings.parse import RawSettings, RawValue
from onecgw.settings.paths import FILE_SUFFIX, base_folder, read_secret_file

_MAX_DEPTH: Final = 16
"""Levels of nesting; the composer recurses, and the settings need three levels."""

_NULL: Final = "tag:yaml.org,2002:null"
_NOT_YAML: Final = (
    "not YAML; check the indentation (no tabs), the colons, and that texts with special signs"
    " stand in quotes, here and in the line above"
)
_TAB: Final = "not YAML: a tab character; spaces are expected"


class _UnsupportedYaml(yaml.MarkedYAMLError):
    """YAML beyond plain maps, lists and scalars; the message quotes nothing from the file."""


class _PlainLoader(yaml.SafeLoader):
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # types-PyYAML lacks it
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            message = "anchors and aliases (& and *) are not supported; quote a text that has them"
            raise _UnsupportedYaml(problem=message, problem_mark=event.start_mark)
        if getattr(event, "tag", None) is not None:
            message = "tags (!) are not supported; quote a text that starts with one"
            raise _UnsupportedYaml(problem=message, problem_mark=event.start_mark)
        if self._depth == _MAX_DEPTH:
            raise _UnsupportedYaml(problem="nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read_document(path: Path, schema: Mapping[str, Section | DeclaredSetting]) -> RawSettings:
    """Read the settings in a file, without parsing their values.

    Raises:
        ConfigError: the file cannot be read, or is not YAML. The message never quotes its text,
            which may be a secret.
    """
    root = _compose(path)
    reader = _DocumentReader(path=path, schema=schema)
    if isinstance(root, yaml.MappingNode):
        reader.read_map(root, "")
    elif root is not None:
        reader.report(root, "", "sections such as `onec:` are expected")
    return reader.found


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    try:
        return yaml.compose(text, Loader=_PlainLoader)
    except _UnsupportedYaml as error:
        raise ConfigError(f"{_place(path, error.problem_mark)}: {error.problem}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        reason = _TAB if mark and _is_tab(text, mark) else _NOT_YAML
        raise ConfigError(f"{_place(path, mark)}: {reason}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}:{line}: a character that YAML forbids") from None
    except (ValueError, OverflowError):
        # PyYAML does not wrap these for the numbers of %YAML and of \U escapes.
        raise ConfigError(f"{path}: {_NOT_YAML}") from None


def _is_tab(text: str, mark: yaml.Mark) -> bool:
    """Whether the parser stopped at a tab, or in a line that is indented with one."""
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    return "\t" in indentation or line[mark.column : mark.column + 1] == "\t"


def _place(path: Path, mark: yaml.Mark | None) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


@attrs.define(kw_only=True)
class _DocumentReader:
    path: Path
    schema: Mapping[str, Section | DeclaredSetting]
    found: RawSettings = attrs.field(factory=lambda: RawSettings(values={}, problems=[]))

    def report(self, node: yaml.Node, key: str, message: str) -> None:
        # No setting has digits in its key; such a key may be a misplaced secret.
        name = f" {key}" if re.fullmatch(r"[A-Za-z_.-]{1,80}", key) else ""
        path = _place(self.path, node.start_mark) + name
        self.found.problems.append(Problem(path=path, message=message))

    def read_map(self, node: yaml.MappingNode, prefix: str) -> None:
        """Read a section and the sections in it; `prefix` is its key with a dot, or ""."""
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            name = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            key = f"{prefix}{name}"
            setting = self.schema.get(key)
            if key in lines:
                self.report(key_node, key, f"given twice; it stands in line {lines[key]} too")
            elif "." in name:
                self.report(
                    key_node, key, "a name without dots is expected, indented in its section"
                )
            elif setting is None and (secret := self._secret_of(key)) is not None:
                lines[key] = key_node.start_mark.line + 1
                self._read_secret_of(secret, key_node, value_node)
            elif setting is None:
                self.report(key_node, key, describe_unknown(key, self.schema))
            else:
                lines[key] = key_node.start_mark.line + 1
                if isinstance(setting, Section):
                    self._read_section(value_node, key)
                else:
                    place = _place(self.path, key_node.start_mark)
                    self._set(key, _raw_value(place, value_node))

    def _secret_of(self, key: str) -> str | None:
        """The key of the secret whose file a key such as `onec.auth.password_file` names."""
        if not key.endswith(FILE_SUFFIX):
            return None
        secret = self.schema.get(key.removesuffix(FILE_SUFFIX))
        return secret.key if isinstance(secret, DeclaredSetting) and secret.is_secret else None

    def _read_secret_of(self, secret: str, key_node: yaml.Node, value_node: yaml.Node) -> None:
        place = _place(self.path, key_node.start_mark)
        named = _raw_value(place, value_node)
        if isinstance(named.text, str):
            path = base_folder(self.path) / named.text
            self._set(secret, read_secret_file(place, path))
        elif named.text is not None or named.error:
            self._set(secret, RawValue(place=place, error="the path of a file is expected"))

    def _set(self, key: str, value: RawValue) -> None:
        """Keep the value of a setting; a secret may stand here or in a file, but not in both."""
        other = self.found.values.get(key)
        if other is not None and _is_given(other):
            if not _is_given(value):
                return
            error = f"either {key} or {key}{FILE_SUFFIX} is expected, not both"
            value = RawValue(place=value.place, error=error)
        self.found.values[key] = value

    def _read_section(self, node: yaml.Node, key: str) -> None:
        if isinstance(node, yaml.MappingNode):
            self.read_map(node, f"{key}.")
        elif not _is_null(node):
            self.report(node, key, "a section is expected, with its settings indented below")


def _raw_value(place: str, node: yaml.Node) -> RawValue:
    if _is_null(node):
        return RawValue(place=place)
    if isinstance(node, yaml.ScalarNode):
        return RawValue(place=place, text=node.value)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(item.value for item in node.value if isinstance(item, yaml.ScalarNode))
        if len(items) == len(node.value):
            return RawValue(place=place, text=items)
    return RawValue(place=place, error="a plain value is expected, not a structure")


def _is_given(value: RawValue) -> bool:
    return value.text is not None or bool(value.error)


def _is_null(node: yaml.Node) -> bool:
    """Whether a value is empty, null, ~ or a quoted empty text."""
    return isinstance(node, yaml.ScalarNode) and (not node.value or node.tag == _NULL)
