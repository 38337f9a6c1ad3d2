"""What a base publishes: the service document, and the types of `$metadata` that are needed."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

import attrs
import msgspec

from onecgw.backends.odata.object_names import ROW_TYPES, bare_type
from onecgw.errors import OnecBadResponse

_FORMAT: Final = 1


@attrs.frozen(kw_only=True)
class Types:
    """The fields of entity types and of the results of virtual tables, by the name of the type.

    fields: type → field → type of the field. functions: register → virtual table → parameters.
    members: enumeration → its members, where the base publishes them.
    """

    fields: Mapping[str, Mapping[str, str]]
    functions: Mapping[str, Mapping[str, tuple[str, ...]]]
    members: Mapping[str, tuple[str, ...]]

    def column(self, type_name: str, field: str) -> str | None:
        """How a field of a reference or of any other type is spelled in answers; None: it lacks it.

        A field of one reference type is `X_Key`; one of several types is `X`, with `X_Type`.
        """
        known = self.fields.get(type_name, {})
        return next((name for name in (f"{field}_Key", field) if name in known), None)

    def is_composite(self, type_name: str, column: str) -> bool:
        """Whether a column holds references of several types."""
        return f"{column}_Type" in self.fields.get(type_name, {})


def types_of(entity_sets: Iterable[str]) -> frozenset[str]:
    """The names of the types that are needed to read the sets and their virtual tables."""
    return frozenset(
        name
        for one in entity_sets
        for name in (one, *(f"{one}{suffix}" for suffix in ROW_TYPES.values()))
    )


def read_service_document(body: bytes) -> frozenset[str]:
    """Read the entity sets that a base publishes.

    Raises:
        OnecBadResponse: it is not a service document in JSON.
    """
    try:
        found = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
        return frozenset(str(one["name"]) for one in found["value"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise OnecBadResponse("the list of published objects is not OData's JSON") from error


class MetadataReader:
    """Reads `$metadata` as it arrives and keeps only what is wanted.

    wanted: the names of types. enumerations: of which the members are wanted.
    """

    def __init__(self, wanted: Collection[str], enumerations: Collection[str] = ()) -> None:
        self._wanted = frozenset(wanted)
        self._enumerations = frozenset(enumerations)
        self._fields: dict[str, dict[str, str]] = {}
        self._functions: dict[str, dict[str, list[str]]] = {}
        self._members: dict[str, list[str]] = {}
        self._type: dict[str, str] | None = None
        self._enumeration: list[str] | None = None
        self._function = ""
        self._parameters: list[str] | None = None
        # Names come as `namespace name`; the namespaces of 1C's versions are not compared.
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, chunk: bytes) -> None:
        """Read the next piece.

        Raises:
            OnecBadResponse: it is not XML, or defines entities.
        """
        self._parse(chunk, is_final=False)

    def close(self) -> Types:
        """Finish.

        Raises:
            OnecBadResponse: the document ends too early.
        """
        self._parse(b"", is_final=True)
        found = {"fields": self._fields, "functions": self._functions, "members": self._members}
        return msgspec.convert(found, Types)

    def _parse(self, chunk: bytes, *, is_final: bool) -> None:
        try:
            self._parser.Parse(chunk, is_final)
        except expat.ExpatError as error:
            raise OnecBadResponse(f"$metadata of 1C is not XML: {error}") from error

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        # Called for every element of up to 17 MB: the commonest first, and nothing else before.
        if tag.endswith("Property"):
            if self._type is not None and not tag.endswith("NavigationProperty"):
                self._type[attributes["Name"]] = attributes.get("Type", "")
        elif tag.endswith(("Type", "FunctionImport", "Parameter", "Member")):
            self._declare(tag.rpartition(" ")[2], attributes)

    def _declare(self, kind: str, attributes: dict[str, str]) -> None:
        name = attributes.get("Name", "")
        if kind in ("EntityType", "ComplexType"):
            self._type = self._fields.setdefault(name, {}) if name in self._wanted else None
        elif kind == "EnumType":
            self._type = None
            self._enumeration = (
                self._members.setdefault(name, []) if name in self._enumerations else None
            )
        elif kind == "Member" and self._enumeration is not None:
            self._enumeration.append(name)
        elif kind == "FunctionImport":
            self._function, self._parameters = name, None
        elif kind == "Parameter" and name == "bindingParameter":
            register = bare_type(attributes.get("Type", ""))
            if register in self._wanted:
                functions = self._functions.setdefault(register, {})
                self._parameters = functions.setdefault(self._function, [])
        elif kind == "Parameter" and self._parameters is not None:
            self._parameters.append(name)


class MetadataCache:
    """Keeps what was read of `$metadata` on disk, so that a restart does not read it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def digest(base: str, entity_sets: Iterable[str], wanted: Iterable[str]) -> str:
        """What the kept types depend on, as one name: another composition is another name."""
        facts = [_FORMAT, base, sorted(entity_sets), sorted(wanted)]
        return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()

    def load(self, digest: str) -> Types | None:
        """What is kept; None where nothing is, or where it is damaged."""
        try:
            return msgspec.json.decode(self._path(digest).read_bytes(), type=Types)
        except (OSError, ValueError, msgspec.DecodeError):
            return None

    def save(self, digest: str, types: Types) -> None:
        """Keep it; a folder that cannot be written keeps nothing."""
        path = self._path(digest)
        building = path.with_suffix(".building")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            building.write_bytes(msgspec.json.encode(types))
            building.replace(path)
        except OSError:
            building.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"odata-metadata-{digest[:32]}.json"


def _refuse_doctype(*_: object) -> None:
    raise OnecBadResponse("$metadata of 1C has a document type, which could define entities")
