"""Argilla records in and out: a round trip loses nothing that a record can hold, and says what it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.domain.exchange.argilla_labels import Reading, labels_of
from prefstream.domain.exchange.argilla_records import record_of, sides_of_pair, user_of
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import LabelSubmitted, Quote
from prefstream.schemas.values import Preference, Verdict
from prefstream.streams.argilla_files import Chosen, read_records, read_users, write_records
from tests import factories as make
from tests.exchange.archiving import Archiving

READING = Reading(occurred_at=make.NOON)
SIDED = {"ab": next(f"p{n}" for n in range(99) if sides_of_pair(f"p{n}") == "ab")}
SIDED["ba"] = next(f"p{n}" for n in range(99) if sides_of_pair(f"p{n}") == "ba")


def a_label(pair_id: str, **changes: Any) -> LabelSubmitted:
    defaults: dict[str, Any] = {
        "pair_id": pair_id,
        "clauses": ("P1",),
        "rationale": "It is right.",
        "dimensions": {"accuracy": 4},
        "sides": sides_of_pair(pair_id),
        "seconds": None,
    }
    return make.a_label_submitted(**(defaults | changes))


@pytest.mark.parametrize("sides", ["ab", "ba"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_label_goes_out_and_comes_back_the_same(sides: str, verdict: Verdict) -> None:
    pair_id = SIDED[sides]
    label = a_label(pair_id, verdict=verdict)
    record = record_of(make.a_pair_proposed(pair_id=pair_id), labels=[label]).record
    del record["metadata"]["known_answers"]  # as if somebody else had given it

    (back,) = labels_of(json.loads(json.dumps(record)), READING).labels

    same = {"event_id": back.event_id, "source": back.source}
    assert back == label.model_copy(update=same)


def test_what_came_back_unchanged_is_known_and_what_was_changed_is_a_label() -> None:
    pair = make.a_pair_proposed()
    record = record_of(pair, labels=[a_label(make.PAIR), a_label(make.PAIR, annotator="bob")]).record
    record["responses"]["rationale"][0]["value"] = "On second thought."

    found = labels_of(record, READING)

    assert found.known == 1
    assert [(one.annotator, one.rationale) for one in found.labels] == [("ann", "On second thought.")]


def test_what_a_record_cannot_hold_is_counted() -> None:
    label = a_label(make.PAIR, seconds=4.0, quotes=(Quote(response="a", text="391"),), needs_specialist=True)

    export = record_of(make.a_pair_proposed(), labels=[a_label(make.PAIR), label])

    assert export.lost == {"seconds": 1, "quotes": 1, "needs_specialist": 1, "earlier answers": 1}


def test_the_judge_is_a_suggestion_on_the_side_it_prefers_and_only_when_asked_for() -> None:
    pair_id = SIDED["ba"]
    pair = make.a_pair_proposed(pair_id=pair_id)
    judged = make.a_pair_judged(pair_id=pair_id, label=Preference.A_MUCH_BETTER, confidence=0.75)

    assert record_of(pair).record["suggestions"] == {}
    assert record_of(pair, judged=judged).record["suggestions"] == {
        "verdict": {"value": "right_much_better", "score": 0.75, "agent": make.JUDGE}
    }
    assert "model-1" not in json.dumps(record_of(pair).record)


def test_records_as_the_api_has_them_are_read_too() -> None:
    record = {
        "external_id": make.PAIR,
        "id": "c0ffee00-0000-4000-8000-000000000000",
        "fields": {},
        "responses": [
            {"values": {"verdict": {"value": "both_bad"}}, "status": "submitted", "user_id": "u1"},
            {"values": {"verdict": {"value": "unsure"}}, "status": "draft", "user_id": "u2"},
            {"values": {}, "status": "discarded", "user_id": "u3"},
        ],
    }
    found = labels_of(record, Reading(occurred_at=make.NOON, users={"u1": "ada"}))

    assert [(one.annotator, one.verdict) for one in found.labels] == [("ada", Verdict.BOTH_BAD)]
    assert found.unfinished == 2


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "names no pair"),
        ({"id": 5}, "names no pair"),
        ({"id": "p", "responses": {"verdict": [{"value": "A wins", "user_id": "u"}]}}, "none of the seven"),
        ({"id": "p", "responses": {"clauses": [{"value": ["P1"], "user_id": "u"}]}}, "missing"),
        (
            {"id": "p", "metadata": {"sides": "?"}, "responses": [{"values": {"verdict": "unsure"}}]},
            "neither ab nor ba",
        ),
        (
            {
                "id": "p",
                "responses": [{"values": {"verdict": "unsure", "dimension-x": "four"}, "user_id": "u"}],
            },
            "dimensions.x",
        ),
        ({"id": "p", "responses": [{"values": {"verdict": "unsure", "clauses": ["P9"]}}]}, "clause"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(record: dict[str, Any], why: str) -> None:
    reading = Reading(occurred_at=make.NOON, clauses=frozenset({"P1"}))
    found = labels_of(record, reading)

    assert found.labels == []
    assert why in found.findings[0]


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["records.json", "records.jsonl"])
async def test_files_go_out_and_come_back_and_twice_changes_nothing(
    archiving: Archiving, tmp_path: Path, name: str
) -> None:
    log = await PostgresLog.open(archiving.dsn, partitions=4)
    await log.ensure_topics(partitions=4, replication=1)
    for number in range(3):
        changes = {"pair_id": f"pair-{number}"}
        await archiving.archive(
            make.a_pair_proposed(**changes), make.a_pair_judged(**changes), make.a_pair_routed(**changes)
        )
    path = tmp_path / name
    done = await write_records(archiving.pool, path, Chosen(suggestions=True, labels=True))
    text = path.read_text()
    records = json.loads(text) if name.endswith(".json") else [json.loads(one) for one in text.splitlines()]
    for record in records:
        record["responses"] = {"verdict": [{"value": "equally_good", "user_id": user_of("ada")}]}
    records.append({"id": "pair-unknown", "responses": records[0]["responses"]})
    path.write_text(json.dumps(records) if name.endswith(".json") else "\n".join(map(json.dumps, records)))
    users = tmp_path / "users.json"
    users.write_text(json.dumps({user_of("ada"): "ada"}))
    writer = await log.writer()

    first = await read_records(archiving.pool, writer, path, now=make.NOON, users=read_users(users))
    again = await read_records(archiving.pool, writer, path, now=make.NOON, users=read_users(users))
    said = [decode(one.value) async for one in log.snapshot("labels.submitted.v1")]
    await log.close()

    assert (done.records, done.suggestions, done.responses) == (3, 3, 0)
    assert (first.records, first.labels, first.refused) == (4, 3, 1)
    assert "there is no pair 'pair-unknown'" in first.findings[0][1]
    assert again.labels == 3
    assert len({event.event_id for event in said}) == 3
    assert {event.annotator for event in said if isinstance(event, LabelSubmitted)} == {"ada"}


def test_a_file_of_users_is_an_object(tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    users.write_text('["ada"]')

    with pytest.raises(BadInput, match="USER ID"):
        read_users(users)
