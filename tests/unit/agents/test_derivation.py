"""Envelopes of derived events."""

from datetime import timedelta

from tests.factories import NOON, NOON_MS, a_pair_proposed, a_prompt_submitted

from prefstream.agents.curation import Curation
from prefstream.agents.derivation import derived
from prefstream.agents.routing import Routing

CAUSE = a_prompt_submitted()


def test_a_derived_event_names_its_cause_its_stage_and_its_version() -> None:
    envelope = derived(Curation(), CAUSE, subject="q")
    assert envelope["causation_id"] == CAUSE.event_id
    assert envelope["source"] == "prefstream/curation"
    assert (envelope["subject"], envelope["correlation_id"], envelope["stage_version"]) == (
        "q",
        "q",
        Curation().version,
    )


def test_ids_are_the_same_each_time_and_differ_by_stage_version_ordinal_and_input() -> None:
    first = derived(Curation(), CAUSE, subject="q")["event_id"]
    assert derived(Curation(), CAUSE, subject="q")["event_id"] == first
    others = [
        derived(Curation(version="another"), CAUSE, subject="q"),
        derived(Routing(), CAUSE, subject="q"),
        derived(Curation(), CAUSE, subject="q", ordinal=1),
        derived(Curation(), CAUSE, subject="q", input_id="another input"),
        derived(Curation(), a_pair_proposed(), subject="q"),
    ]
    assert len({first, *(other["event_id"] for other in others)}) == 6


def test_event_time_is_the_latest_of_the_cause_and_the_answers() -> None:
    def moment(*answered_ms: int) -> object:
        return derived(Curation(), CAUSE, subject="q", answered_ms=answered_ms)["occurred_at"]

    assert moment() == NOON
    assert moment(0, NOON_MS - 1) == NOON
    assert moment(NOON_MS + 1500, 0) == NOON + timedelta(milliseconds=1500)
