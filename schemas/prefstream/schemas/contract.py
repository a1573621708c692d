"""The contract in the formats others read: JSON Schema per event, AsyncAPI for the whole.

Everything is generated from the models and topics, so there is one truth. Texts are stable: the
same models give the same bytes.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from prefstream.schemas import topics
from prefstream.schemas.dead_letters import Detour
from prefstream.schemas.envelope import Event, Value
from prefstream.schemas.topics import EVENT_TYPES, TOPICS, TopicSpec

Document = dict[str, Any]

#: Version of the contract as a whole: a minor one adds, a major one breaks.
VERSION = "1.0.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Name of the AsyncAPI document among the documents of the contract.
ASYNCAPI = "asyncapi"
_ENVELOPE_CONSTANTS = ("type", "schema_version")
_KAFKA_BINDING = "0.5.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one stage reads and writes, configuration and dead letters aside."""

    stage: str
    receives: tuple[TopicSpec, ...]
    sends: tuple[TopicSpec, ...]


#: Every stage takes the published configuration too, and may send to the dead letters.
FLOWS: tuple[Flow, ...] = (
    Flow(
        stage="curation",
        receives=(topics.PROMPTS_SUBMITTED, topics.CURATION_RETRY),
        sends=(topics.PROMPTS_CURATED, topics.CURATION_RETRY),
    ),
    Flow(
        stage="generation",
        receives=(topics.PROMPTS_CURATED, topics.GENERATION_RETRY),
        sends=(topics.PAIRS_PROPOSED, topics.PROMPTS_CURATED, topics.GENERATION_RETRY),
    ),
    Flow(
        stage="judging",
        receives=(topics.PAIRS_PROPOSED, topics.JUDGING_RETRY),
        sends=(topics.PAIRS_JUDGED, topics.JUDGING_RETRY),
    ),
    Flow(stage="routing", receives=(topics.PAIRS_JUDGED,), sends=(topics.PAIRS_ROUTED,)),
    Flow(
        stage="resolution",
        receives=(topics.PAIRS_ROUTED, topics.LABELS_SUBMITTED),
        sends=(topics.LABELS_RESOLVED,),
    ),
    Flow(
        stage="validation",
        receives=(topics.PAIRS_PROPOSED, topics.LABELS_RESOLVED, topics.GOLD_CHOSEN),
        sends=(topics.PAIRS_VALIDATED, topics.PAIRS_REJECTED),
    ),
    Flow(stage="alerting", receives=(topics.METRICS_UPDATED,), sends=(topics.ALERTS_RAISED,)),
    Flow(
        stage="sink",
        receives=tuple(spec for spec in TOPICS if spec not in topics.CONFIGURATION),
        sends=(topics.METRICS_UPDATED,),
    ),
)


def version_of(event: type[Event]) -> int:
    """Return the schema version that this build writes of an event."""
    version: int = event.model_fields["schema_version"].default
    return version


def document_name(event: type[Event]) -> str:
    """Return the name of an event's JSON Schema, e.g. `PairJudged.v1`."""
    return f"{event.__name__}.v{version_of(event)}"


def event_schema(event: type[Event]) -> Document:
    """Return the self-contained JSON Schema (draft 2020-12) of an event."""
    schema = event.model_json_schema(schema_generator=_Generator)
    definitions = schema.pop("$defs", None)
    head = {
        "$schema": DIALECT,
        "$id": f"urn:prefstream:event:{event.__name__}:{version_of(event)}",
        "title": event.__name__,
        "description": schema["description"],
    }
    return head | schema | ({"$defs": definitions} if definitions else {})


def value_schema(value: type[Value]) -> Document:
    """Return the self-contained JSON Schema of a value that people write by hand, e.g. a constitution."""
    return {"$schema": DIALECT} | value.model_json_schema(schema_generator=_Generator)


def documents() -> dict[str, Document]:
    """Return every document of the contract by its name: one per event, and `asyncapi`."""
    return {document_name(event): event_schema(event) for event in EVENT_TYPES.values()} | {
        ASYNCAPI: asyncapi()
    }


def files() -> dict[str, str]:
    """Return the text of every document by its file name."""
    return {f"{name}.json": text_of(document) for name, document in documents().items()}


def text_of(document: Document) -> str:
    """Return a document as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def asyncapi() -> Document:
    """Return the AsyncAPI 3 document: topics, who sends and receives, what is said on them."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:prefstream",
        "info": {
            "title": "prefstream",
            "version": VERSION,
            "description": "Preference labels as a stream. Values are JSON; the headers are those of "
            "CloudEvents 1.0 in Kafka's binary mode, with W3C trace context beside them.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {"bootstrap": {"default": "localhost:9092"}},
            }
        },
        "channels": {spec.name: _channel(spec) for spec in TOPICS},
        "operations": dict(_operations()),
        "components": {"messages": _messages(), "schemas": _shared_schemas()},
    }


@cache
def field_comments(model: type[Value]) -> dict[str, str]:
    """Return the `#:` comments above the fields of a model, inherited ones included."""
    comments: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, Value):
            comments |= _comments_in(getsource(owner))
    return comments


def _comments_in(source: str) -> dict[str, str]:
    comments: dict[str, str] = {}
    pending: list[str] = []
    for line in map(str.strip, source.splitlines()):
        if line.startswith("#:"):
            pending.append(line.removeprefix("#:").strip())
        elif pending:
            comments[line.partition(":")[0]] = " ".join(pending)
            pending = []
    return comments


class _Generator(GenerateJsonSchema):
    """Generate with the comments as descriptions, and without titles that repeat field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        document = super().model_schema(schema)
        model: type[Value] = schema["cls"]
        for name, comment in field_comments(model).items():
            document["properties"][name].setdefault("description", comment)
        if issubclass(model, Event):
            # Models fill them in for writers in Python; on the wire a reader must be told.
            for name in _ENVELOPE_CONSTANTS:
                document["properties"][name].pop("default")
            document["required"] = [*_ENVELOPE_CONSTANTS, *document["required"]]
        return document


def _shared_schemas() -> Document:
    """Return the schemas of all events and values, referring to each other within AsyncAPI."""
    models = [(event, "validation") for event in EVENT_TYPES.values()]
    _, schema = models_json_schema(
        models,  # type: ignore[arg-type]  # a list of literals widens to str
        ref_template="#/components/schemas/{model}",
        schema_generator=_Generator,
    )
    return dict(sorted(schema["$defs"].items()))


def _channel(spec: TopicSpec) -> Document:
    return {
        "address": spec.name,
        "description": spec.about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(spec)},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions or topics.DEFAULT_PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": [spec.cleanup],
                    "retention.ms": spec.retention_ms,
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "x-key": spec.key,
    }


def _operations() -> Iterable[tuple[str, Document]]:
    for flow in FLOWS:
        for spec in (*flow.receives, *topics.CONFIGURATION):
            yield f"{flow.stage}.receive.{spec.name}", _operation(flow.stage, "receive", spec)
        for spec in (*flow.sends, topics.DEAD_LETTERS):
            yield f"{flow.stage}.send.{spec.name}", _operation(flow.stage, "send", spec)


def _operation(stage: str, action: str, spec: TopicSpec) -> Document:
    channel = f"#/channels/{spec.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{stage} {action}s {spec.name}",
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _message_names(spec)],
    }


def _message_names(spec: TopicSpec) -> tuple[str, ...]:
    return tuple(event.__name__ for event in spec.events) or ("DetouredRecord",)


def _messages() -> Document:
    events = {event.__name__: _message(event, spec) for event, spec in topics.TOPIC_OF.items()}
    return events | {"DetouredRecord": _detoured_record()}


def _message(event: type[Event], spec: TopicSpec) -> Document:
    return {
        "name": f"prefstream.{document_name(event)}",
        "title": event.__name__,
        "summary": (event.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": _cloudevents_headers(event),
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": _key_binding(spec.key)},
    }


def _cloudevents_headers(event: type[Event]) -> Document:
    text = {"type": "string"}
    properties = {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": text | {"description": "event_id"},
        "ce_source": text | {"description": "source"},
        "ce_type": {"const": f"prefstream.{document_name(event)}"},
        "ce_time": text | {"format": "date-time", "description": "occurred_at, in UTC"},
        "ce_subject": text | {"description": "subject, also the record's key"},
        "ce_correlationid": text | {"description": "correlation_id"},
        "traceparent": text | {"description": "W3C Trace Context, version 00"},
    }
    optional = {"ce_causationid": text | {"description": "causation_id, where there is one"}}
    return {"type": "object", "required": list(properties), "properties": properties | optional}


def _detoured_record() -> Document:
    told = {f"ps_{name}": {"type": "string"} for name in Detour.__slots__}
    return {
        "name": "prefstream.DetouredRecord",
        "title": "DetouredRecord",
        "summary": "A record as it came, byte for byte, with what happened to it in ps_* headers.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "required": list(told), "properties": told},
        "payload": {"description": "The original bytes, whatever they are."},
        "bindings": {"kafka": _key_binding("as source")},
    }


def _key_binding(key: str) -> Document:
    return {"key": {"type": "string", "description": key}, "bindingVersion": _KAFKA_BINDING}
