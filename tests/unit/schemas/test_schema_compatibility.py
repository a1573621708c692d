"""What takes something away from readers is named; what only adds is not."""

from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.schemas.compatibility import contract_incompatibilities, incompatibilities
from prefstream.schemas.contract import documents
from prefstream.schemas.errors import BadInput

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
NULL = {"type": "null"}


def of(field: Any, **more: Any) -> dict[str, Any]:
    """Return an object schema with one field `f`."""
    return {"type": "object", "properties": {"f": field}, **more}


BREAKING: list[tuple[str, Any, Any, list[str]]] = [
    ("removed", of(TEXT), {"type": "object", "properties": {}}, ["f: removed"]),
    ("retyped", of(TEXT), of(INTEGER), ["f: string is no longer accepted"]),
    ("number to integer", of({"type": "number"}), of(INTEGER), ["f: number is no longer accepted"]),
    ("nullable no more", of({"anyOf": [TEXT, NULL]}), of(TEXT), ["f: null is no longer accepted"]),
    ("newly required", of(TEXT), of(TEXT, required=["f"]), ["f: newly required"]),
    (
        "required and new",
        of(TEXT),
        {"type": "object", "properties": {"f": TEXT, "g": TEXT}, "required": ["g"]},
        ["g: newly required"],
    ),
    ("narrowed enum", of({"enum": ["a", "b"]}), of({"enum": ["a"]}), ["f: 'b' is no longer accepted"]),
    ("new enum", of(TEXT), of({"type": "string", "enum": ["a"]}), ["f: only ['a'] are accepted now"]),
    ("other constant", of({"const": 1}), of({"const": 2}), ["f: 1 is no longer accepted"]),
    (
        "raised minimum",
        of({"type": "integer", "minimum": 1}),
        of({"type": "integer", "minimum": 2}),
        ["f: minimum tightened from 1 to 2"],
    ),
    (
        "new maximum",
        of(INTEGER),
        of({"type": "integer", "maximum": 9}),
        ["f: maximum tightened from none to 9"],
    ),
    (
        "shorter",
        of({"type": "string", "maxLength": 9}),
        of({"type": "string", "maxLength": 8}),
        ["f: maxLength tightened from 9 to 8"],
    ),
    (
        "new pattern",
        of(TEXT),
        of({"type": "string", "pattern": "^a"}),
        ["f: pattern changed from none to ^a"],
    ),
    (
        "other format",
        of({"type": "string", "format": "date"}),
        of({"type": "string", "format": "time"}),
        ["f: format changed from date to time"],
    ),
    (
        "inside a list",
        of({"type": "array", "items": TEXT}),
        of({"type": "array", "items": INTEGER}),
        ["f[]: string is no longer accepted"],
    ),
    (
        "inside a mapping",
        of({"type": "object", "additionalProperties": TEXT}),
        of({"type": "object", "additionalProperties": INTEGER}),
        ["f{}: string is no longer accepted"],
    ),
    (
        "closed to other fields",
        of({"type": "object"}),
        of({"type": "object", "additionalProperties": False}),
        ["f{}: no longer allowed"],
    ),
    ("other default", of({"default": 1}), of({"default": 2}), ["f: default changed from 1 to 2"]),
    (
        "within a union, in terms of the nearest",
        of({"anyOf": [{"type": "string", "maxLength": 5}, NULL]}),
        of({"anyOf": [{"type": "string", "maxLength": 4}, NULL]}),
        ["f: maxLength tightened from 5 to 4"],
    ),
    (
        "behind a reference",
        of({"$ref": "#/$defs/F"}, **{"$defs": {"F": of(TEXT)}}),
        of({"$ref": "#/$defs/F"}, **{"$defs": {"F": of(INTEGER)}}),
        ["f.f: string is no longer accepted"],
    ),
    (
        "anything to something",
        of({}),
        of(TEXT),
        [
            f"f: {kind} is no longer accepted"
            for kind in ("number", "integer", "boolean", "null", "array", "object")
        ],
    ),
]
HARMLESS: list[tuple[str, Any, Any]] = [
    ("the same", of(TEXT), of(TEXT)),
    ("a new optional field", of(TEXT), {"type": "object", "properties": {"f": TEXT, "g": TEXT}}),
    ("nullable now", of(TEXT), of({"anyOf": [TEXT, NULL]})),
    ("integer to number", of(INTEGER), of({"type": "number"})),
    ("a wider enum", of({"enum": ["a"]}), of({"enum": ["a", "b"]})),
    ("no enum any more", of({"type": "string", "enum": ["a"]}), of(TEXT)),
    ("a wider bound", of({"type": "integer", "minimum": 2}), of({"type": "integer", "minimum": 1})),
    ("no bound any more", of({"type": "integer", "minimum": 2}), of(INTEGER)),
    ("optional now", of(TEXT, required=["f"]), of(TEXT)),
    ("another description", of(TEXT), of({"type": "string", "description": "words"})),
    ("something to anything", of(TEXT), of({})),
    ("anything stays anything", of({}), of({})),
    ("a list of types", of(TEXT), of({"type": ["string", "null"]})),
    ("closed before and after", of({"additionalProperties": False}), of({"additionalProperties": False})),
    ("opened", of({"type": "object", "additionalProperties": False}), of({"type": "object"})),
    (
        "said open",
        of({"type": "object"}),
        of({"type": "object", "additionalProperties": True}),
    ),
    ("a reference in place of the same", of(TEXT), of({"$ref": "#/$defs/T"}, **{"$defs": {"T": TEXT}})),
]


@pytest.mark.parametrize(
    ("old", "new", "says"), [row[1:] for row in BREAKING], ids=[row[0] for row in BREAKING]
)
def test_what_breaks_readers_is_named(old: Any, new: Any, says: list[str]) -> None:
    assert incompatibilities(old, new) == says


@pytest.mark.parametrize(("old", "new"), [row[1:] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_what_breaks_no_reader_is_not_named(old: Any, new: Any) -> None:
    assert incompatibilities(old, new) == []


def test_a_schema_that_refers_to_itself_is_compared_once() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/$defs/T"}, "name": TEXT}}
    changed = {"type": "object", "properties": {"child": {"$ref": "#/$defs/T"}, "name": INTEGER}}
    found = incompatibilities(
        {"$ref": "#/$defs/T", "$defs": {"T": tree}}, {"$ref": "#/$defs/T", "$defs": {"T": changed}}
    )
    assert found == ["name: string is no longer accepted"]


def test_a_reference_into_nowhere_is_bad_input() -> None:
    with pytest.raises(BadInput, match="#/x/y"):
        incompatibilities(of({"$ref": "#/x/y"}), of(TEXT))


BOUNDED = st.fixed_dictionaries(
    {"type": st.just("integer")}, optional={"minimum": st.integers(0, 5), "maximum": st.integers(0, 5)}
)
CHOICE = st.lists(st.integers(0, 5), min_size=1, unique=True).map(lambda values: {"enum": values})
WORD = st.fixed_dictionaries(
    {"type": st.just("string")}, optional={"minLength": st.integers(0, 2), "maxLength": st.integers(0, 2)}
)
LEAF: st.SearchStrategy[Any] = BOUNDED | CHOICE | WORD | st.just(NULL) | st.just({})
ANY_FIELD = LEAF | st.lists(LEAF, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
SCHEMAS = st.builds(
    lambda field, required: of(field, required=["f"] if required else []), ANY_FIELD, st.booleans()
)
DOCUMENTS: list[Any] = [
    {},
    *({"f": value} for value in (None, True, 0, 1, 3, 5, 7, -1, 0.5, "", "a", "ab", "abc")),
]


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_no_finding_means_that_the_new_schema_accepts_all_the_old_one_did(old: Any, new: Any) -> None:
    if incompatibilities(old, new):
        return
    was, now = jsonschema_rs.validator_for(old), jsonschema_rs.validator_for(new)
    for document in DOCUMENTS:
        if was.is_valid(document):
            assert now.is_valid(document)


@given(SCHEMAS)
def test_every_schema_reads_its_own_documents(schema: Any) -> None:
    assert incompatibilities(schema, deepcopy(schema)) == []


# The contract as a whole --------------------------------------------------------------------------


def test_the_contract_is_compatible_with_itself() -> None:
    assert contract_incompatibilities(documents(), documents()) == []


def test_a_finding_names_the_event() -> None:
    present = documents()
    del present["PairJudged.v1"]["properties"]["votes"]
    assert contract_incompatibilities(documents(), present) == ["PairJudged.v1: votes: removed"]


def test_an_event_that_is_gone_is_named() -> None:
    present = documents()
    del present["PairJudged.v1"]
    assert contract_incompatibilities(documents(), present) == ["PairJudged.v1: the event is gone"]


def test_a_new_version_needs_an_upcaster_for_each_older_one() -> None:
    released, present = {"X.v1": of(TEXT)}, {"X.v3": of(INTEGER)}
    assert contract_incompatibilities(released, present, upcasts=[("X", 1)]) == [
        "X.v1: no upcaster reads version 2"
    ]
    assert contract_incompatibilities(released, present, upcasts=[("X", 1), ("X", 2)]) == []


def test_a_version_never_goes_back() -> None:
    assert contract_incompatibilities({"X.v2": of(TEXT)}, {"X.v1": of(TEXT)}) == [
        "X.v2: the present version is the older 1"
    ]


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        (["x-key"], "slice", "key changed from pair_id to slice"),
        (["bindings", "kafka", "partitions"], 7, "partitions changed from 4 to 7"),
        (
            ["bindings", "kafka", "topicConfiguration", "cleanup.policy"],
            ["compact"],
            "cleanup.policy changed from ['delete'] to ['compact']",
        ),
        (["messages"], {}, "no longer carries PairRouted"),
    ],
)
def test_a_change_of_a_topic_that_readers_feel_is_named(path: list[str], content: Any, says: str) -> None:
    present = documents()
    where = present["asyncapi"]["channels"]["pairs.routed.v1"]
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = content
    assert contract_incompatibilities(documents(), present) == [f"topic pairs.routed.v1: {says}"]


def test_a_topic_that_is_gone_is_named() -> None:
    present = documents()
    del present["asyncapi"]["channels"]["pairs.routed.v1"]
    assert contract_incompatibilities(documents(), present) == ["topic pairs.routed.v1: removed"]
