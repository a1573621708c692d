"""The reference projection: what a history of records amounts to."""

from datetime import timedelta
from itertools import permutations

import pytest
from tests.factories import (
    NOON,
    PAIR,
    a_judgement_failed,
    a_label_disputed,
    a_label_resolved,
    a_label_submitted,
    a_pair_judged,
    a_pair_proposed,
    a_pair_rejected,
    a_pair_routed,
    a_pair_validated,
    a_prompt_submitted,
    a_record,
)

from prefstream.agents.driver import LabelRow, rows
from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.pairs import PairRejected, PairValidated
from prefstream.schemas.records import LogRecord
from prefstream.schemas.values import Verdict

LATER = NOON + timedelta(minutes=1)


def ident(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


def the_records(*events: Event) -> list[LogRecord]:
    return [a_record(event, offset=offset) for offset, event in enumerate(events)]


def test_a_pair_row_holds_the_event_of_every_step() -> None:
    said = (
        a_pair_proposed(),
        a_pair_judged(),
        a_pair_routed(),
        a_label_disputed(),
        a_label_resolved(),
        a_pair_validated(),
    )
    row = rows(the_records(*said)).pairs[PAIR]
    assert (row.proposed, row.judged, row.routed, row.resolved, row.verdict) == (*said[:3], *said[4:])
    assert row.disputes == {said[3].event_id}


def test_the_first_event_of_an_id_holds_and_a_different_second_one_is_a_conflict() -> None:
    first, same, later = a_pair_judged(), a_pair_judged(), a_pair_judged(occurred_at=LATER)
    other = a_pair_judged(confidence=0.5)
    assert rows(the_records(first, same, later)).conflicts == frozenset()
    final = rows(the_records(first, other))
    assert final.conflicts == {first.event_id}
    assert final.archive == {first.event_id: first}


@pytest.mark.parametrize("backwards", [False, True])
def test_of_several_judgements_the_latest_counts_and_of_equally_late_the_greater_id(backwards: bool) -> None:
    early = a_pair_judged(event_id=ident(9))
    late = a_judgement_failed(event_id=ident(1), occurred_at=LATER)
    last = a_pair_judged(event_id=ident(2), occurred_at=LATER)
    events = [early, late, last]
    final = rows(the_records(*(reversed(events) if backwards else events)))
    assert final.pairs[PAIR].judged == last


def test_the_verdict_is_on_the_latest_resolution_and_the_most_facts_count_in_any_order() -> None:
    old = a_pair_rejected(event_id=ident(8), resolution_id=ident(1), reasons=("empty", "x", "y"))
    fit = a_pair_validated(event_id=ident(7), resolution_id=ident(2), occurred_at=LATER)
    one = a_pair_rejected(event_id=ident(6), resolution_id=ident(2), occurred_at=LATER, reasons=("empty",))
    two = a_pair_rejected(event_id=ident(5), resolution_id=ident(2), occurred_at=LATER, facts=2)
    for order in permutations((old, fit, one, two)):
        assert rows(the_records(*order)).pairs[PAIR].verdict == two
    assert isinstance(rows(the_records(old, fit)).pairs[PAIR].verdict, PairValidated)
    assert isinstance(rows(the_records(fit, one)).pairs[PAIR].verdict, PairRejected)


def test_labels_are_told_by_event_id_and_prompts_are_no_pairs() -> None:
    label = a_label_submitted(verdict=Verdict.BOTH_BAD)
    final = rows(the_records(a_prompt_submitted(), label, label))
    assert final.labels == {
        label.event_id: LabelRow(
            event_id=label.event_id, pair_id=PAIR, annotator="ann", verdict="both_bad", round="annotate"
        )
    }
    assert set(final.pairs) == {PAIR}


def test_a_dead_letter_said_twice_is_one_and_keeps_bytes_and_coordinates() -> None:
    origin = a_record(value=b"\xff", partition=3, offset=17)
    told = Detour(
        stage="judging",
        topic=origin.topic,
        partition=3,
        offset=17,
        reason="undecodable",
        detail="not JSON",
        attempt=1,
    )
    out = detoured(origin, told, topic="dead-letters.v1")
    dead = a_record(topic=out.topic, key=out.key, value=out.value, headers=out.headers)
    (letter,) = rows([origin, dead, dead]).dead_letters
    assert (letter.topic, letter.partition, letter.offset, letter.value) == (origin.topic, 3, 17, b"\xff")


def test_a_dead_letter_that_does_not_say_where_it_came_from_is_refused() -> None:
    with pytest.raises(Undecodable, match="where it came from"):
        rows([a_record(topic="dead-letters.v1")])


def test_records_of_retry_topics_and_poison_are_no_rows() -> None:
    final = rows([a_record(topic="judging.retry.v1"), a_record(value=b"no event"), a_record(value=None)])
    assert final.archive == {}
