"""The published contract: valid, in step with the models, and readable against what was released."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.factories import a_label_submitted, one_of_each
from tests.strategies import instances

from prefstream import schemas
from prefstream.agents.curation import Curation
from prefstream.agents.generation import Generation
from prefstream.agents.judging import Judging
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.validation import Validation
from prefstream.schemas import contract, reference
from prefstream.schemas.codec import UPCASTERS, decode, encode
from prefstream.schemas.compatibility import contract_incompatibilities
from prefstream.schemas.contract import FLOWS, asyncapi, documents, event_schema
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.topics import CONFIGURATION, EVENT_TYPES, RAW, TOPICS

HERE = Path(__file__).parent
SHIPPED = Path(schemas.__path__[0]) / "json"
REFERENCE = HERE.parents[1] / "docs" / "reference"
EXPORT = "run `prefstream schemas export schemas/prefstream/schemas/json --reference docs/reference`"
STAGES = (Curation, Generation, Judging, Routing, Resolution, Validation)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def official() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(read(HERE / "data" / "asyncapi-3.0.0.json"))


def validator_of(event: type[Event]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(event_schema(event), validate_formats=True)


# The documents ------------------------------------------------------------------------------------


def test_the_asyncapi_document_is_valid_by_the_official_schema() -> None:
    assert [f"{error.instance_path}: {error.message}" for error in official().iter_errors(asyncapi())] == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document["operations"]["routing.send.pairs.routed.v1"].update(action="shout"),
        lambda document: document["channels"]["pairs.routed.v1"].update(messages=[]),
        lambda document: document["channels"]["pairs.routed.v1"]["bindings"]["kafka"].update(partitions=0),
        lambda document: document.update(surprise=1),
    ],
)
def test_the_official_schema_finds_damage(damage: Callable[[Any], None]) -> None:
    document = asyncapi()
    damage(document)
    assert not official().is_valid(document)


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()

    def references(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for inner in node for found in references(inner)]
        if not isinstance(node, dict):
            return []
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for inner in node.values() for found in references(inner)]

    found = references(document)
    assert len(found) > 100
    for reference_to in found:
        target: Any = document
        for step in reference_to.removeprefix("#/").split("/"):
            target = target[step]


def test_every_topic_and_event_stands_in_the_asyncapi_document() -> None:
    document = asyncapi()
    assert set(document["channels"]) == {spec.name for spec in TOPICS}
    assert set(document["components"]["messages"]) == {*EVENT_TYPES, "DetouredRecord"}
    for spec in TOPICS:
        expected = {"DetouredRecord"} if spec in RAW else {event.__name__ for event in spec.events}
        assert set(document["channels"][spec.name]["messages"]) == expected


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_the_contract_says_what_a_stage_reads(stage: Any) -> None:
    defaults: dict[str, Any] = {field.name: field.default for field in fields(stage)}
    flow = next(flow for flow in FLOWS if flow.stage == defaults["name"])
    read_by_contract = set(flow.receives) - set(RAW) - set(CONFIGURATION)
    assert read_by_contract == set(defaults["inputs"]) - set(RAW) - set(CONFIGURATION)


def test_every_topic_is_written_by_somebody_or_comes_from_outside() -> None:
    written = {spec.name for flow in FLOWS for spec in flow.sends}
    by_people = {"labels.submitted.v1", "demonstrations.submitted.v1", "annotators.assessed.v1"}
    outside = {"prompts.submitted.v1", "tasks.proposed.v1", "gold.chosen.v1"} | by_people
    outside |= {"releases.published.v1", "content.erased.v1"}
    outside |= {spec.name for spec in CONFIGURATION}
    assert written | outside | {"dead-letters.v1"} == {spec.name for spec in TOPICS}


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_an_event_schema_is_valid_and_stands_alone(event: type[Event]) -> None:
    schema = event_schema(event)
    assert schema["$schema"] == contract.DIALECT
    assert schema["title"] == event.__name__
    assert schema["description"]
    jsonschema_rs.meta.validate(schema)
    outside = [ref for ref in json.dumps(schema).split('"$ref": "')[1:] if not ref.startswith("#/$defs/")]
    assert outside == []


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_the_schema_accepts_what_the_codec_writes(event: Event) -> None:
    validator_of(type(event)).validate(orjson.loads(encode(event)))


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=EVENT_TYPES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_schema_accepts_any_event_the_codec_writes(event: type[Event], data: st.DataObject) -> None:
    validator_of(event).validate(json.loads(encode(data.draw(instances(event)))))


def _between_fields(error: Undecodable) -> bool:
    """Return whether each field fits and they do not fit each other, which the schema leaves to the codec."""
    cause = error.__cause__
    # Of a field it would say which, after the type of the event.
    return isinstance(cause, ValidationError) and all(len(one["loc"]) <= 1 for one in cause.errors())


JUNK: list[Any] = [None, True, -7, 0.5, "", " ", "x", "A>", [], {}, [None], {"x": "y"}]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_codec_and_schema_agree_on_what_is_an_event(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(one_of_each()))
    document = orjson.loads(encode(event))
    field = data.draw(st.sampled_from(sorted(document)))
    if data.draw(st.booleans()):
        del document[field]
    else:
        document[field] = data.draw(st.sampled_from(JUNK))
    refusal = _refusal(document)
    if refusal is None:
        # The codec takes JSON's `true` for version 1; no writer of the contract says it.
        assert document["schema_version"] is True or validator_of(type(event)).is_valid(document)
    else:
        assert _between_fields(refusal) or not validator_of(type(event)).is_valid(document)


def _refusal(document: Any) -> Undecodable | None:
    try:
        decode(orjson.dumps(document))
    except Undecodable as error:
        return error
    return None


def test_comments_above_fields_become_descriptions() -> None:
    schema = event_schema(type(a_label_submitted()))
    assert schema["properties"]["seconds"]["description"] == (
        "Seconds from showing the pair to submitting the label."
    )
    assert schema["properties"]["subject"]["description"] == "What it is about; also the record's key."
    assert "description" not in schema["properties"]["annotator"]


def test_the_same_models_give_the_same_bytes() -> None:
    assert contract.files() == contract.files()
    assert reference.pages() == reference.pages()


# Drift --------------------------------------------------------------------------------------------


def test_the_shipped_documents_are_what_the_models_say() -> None:
    for name, text in contract.files().items():
        assert (SHIPPED / name).read_text(encoding="utf-8") == text, f"{name} has drifted; {EXPORT}"


def test_every_shipped_document_is_of_this_contract_or_older() -> None:
    present = set(contract.files())
    upcast = {f"{name}.v{version}.json" for name, version in UPCASTERS}
    assert {path.name for path in SHIPPED.glob("*")} <= present | upcast


@pytest.mark.parametrize("name", reference.pages())
def test_the_reference_pages_are_what_the_models_say(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == reference.pages()[name], f"drift; {EXPORT}"


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_the_reference_says_every_field_of_every_event(event: str) -> None:
    section = reference.pages()["events.md"].split(f"\n## {event}\n")[1].split("\n## ")[0]
    for name in EVENT_TYPES[event].model_fields:
        assert f"| `{name}` |" in section


def test_what_was_released_can_still_be_read() -> None:
    released = {path.stem: read(path) for path in (HERE / "baseline").glob("*.json")}
    assert len(released) >= 19
    assert contract_incompatibilities(released, documents(), upcasts=UPCASTERS) == []
