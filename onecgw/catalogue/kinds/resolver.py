"""Tools that find objects of 1C's catalogues, or say more of them."""

from collections.abc import Hashable

import attrs

from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.output_schema import CUT_MEMBERS, JsonObject, object_schema
from onecgw.catalogue.kinds.single_call import SingleCallTool
from onecgw.catalogue.kinds.tool import Upstream
from onecgw.responses.candidates import build_candidates, build_details
from onecgw.responses.redaction import OF_EVERY_ANSWER, REFERENCE, Redaction
from onecgw.responses.shaping import Answer, ResponseLimits


class ResolverTool(SingleCallTool):
    """A tool that finds objects by words of their names; bounded by `limit`."""

    is_report = False
    rows_argument = "limit"

    def output_schema(self) -> JsonObject:
        """Candidates with id and label."""
        text: JsonObject = {"type": "string"}
        candidate = object_schema({"id": text, "label": text}, ("id", "label"))
        members: dict[str, JsonObject] = {
            "candidates_returned": {"type": "integer"},
            **CUT_MEMBERS,
            "candidates": {"type": "array", "items": candidate},
        }
        return object_schema(members, ("candidates_returned", "truncated", "candidates"))

    def is_supported(self, capabilities: Capabilities) -> bool:
        """Whether the resolver exists and its catalogue can hold anything in this base."""
        kind_of_object = self.operation.rpartition("/")[2]
        return super().is_supported(capabilities) and (
            kind_of_object not in capabilities.always_empty
        )

    def cache_key(self, arguments: JsonObject) -> Hashable:
        """The words without case and spacing, and every other argument."""
        words = " ".join(str(arguments["query"]).lower().split())
        rest = ((name, value) for name, value in arguments.items() if name != "query")
        return (self.name, words, *sorted(rest))

    def _rows_without_argument(self, upstream: Upstream) -> int:
        return upstream.limits.resolve_limit

    def _redaction(self, restricted: frozenset[str]) -> Redaction:
        members = {**OF_EVERY_ANSWER, "total": {}, "candidates": REFERENCE}
        return Redaction(restricted=restricted, members=members)

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        if arguments.get("query") == "":
            return build_candidates(body, limits, narrow="notices.give_words")
        return build_candidates(body, limits)


@attrs.frozen(kw_only=True)
class DetailsTool(ResolverTool):
    """A tool that describes objects with known ids. ids_argument: the argument with the ids."""

    ids_argument: str

    def cache_key(self, arguments: JsonObject) -> Hashable:
        """The ids, whatever their order."""
        return (self.name, *sorted(arguments[self.ids_argument]))

    def _prepared(self, arguments: JsonObject, limits: ResponseLimits) -> JsonObject:  # noqa: ARG002
        """The arguments as they are: there are as many objects as ids."""
        return arguments

    def _build(self, body: bytes, arguments: JsonObject, limits: ResponseLimits) -> Answer:
        ids = arguments[self.ids_argument]
        return build_details(body, ids, attrs.evolve(limits, rows=len(ids)))
