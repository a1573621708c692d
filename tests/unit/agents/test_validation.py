"""The validation stage: fit or not, and of exact duplicates the earliest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.factories import (
    NOON,
    a_constitution,
    a_label_disputed,
    a_label_resolved,
    a_message,
    a_pair_proposed,
    a_pair_routed,
    a_response,
)

from prefstream.agents.stage import NOTHING, Configuration, Given, Outcome
from prefstream.agents.validation import Validation
from prefstream.domain.checks.catalog import CATALOG
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.values import Preference, Provenance

CONFIGURATION = Configuration(constitution=a_constitution())


@dataclass
class Bench:
    """The stage with its state, one event after the other."""

    states: dict[str, bytes] = field(default_factory=dict)
    rounds: int = 0

    def say(self, event: Event) -> Sequence[Event]:
        loaded: dict[str, bytes | None] = {}
        given = Given(configuration=CONFIGURATION, states=loaded)
        self.rounds = 0
        while missing := Validation().needs(event, given).keys - loaded.keys():
            loaded.update({key: self.states.get(key) for key in missing})
            self.rounds += 1
        outcome = Validation().handle(event, given)
        self.states.update(outcome.states)
        return outcome.events

    def say_all(self, *events: Event) -> list[Event]:
        return [said for event in events for said in self.say(event)]


def proposal(number: int, *, content: str = "same") -> PairProposed:
    """Build the pair of this number, proposed in the order of the numbers."""
    moment = NOON + timedelta(minutes=number)
    return a_pair_proposed(pair_id=f"p{number}", messages=(a_message(content),), occurred_at=moment)


def resolution(number: int, **changes: Any) -> LabelResolved:
    return a_label_resolved(pair_id=f"p{number}", **changes)


def final(events: Sequence[Event]) -> dict[str, bool]:
    """Return the last said of each pair: whether it is fit."""
    return {event.subject: isinstance(event, PairValidated) for event in events}


@pytest.mark.parametrize("resolved_first", [True, False])
def test_a_pair_is_validated_once_it_is_both_proposed_and_resolved(resolved_first: bool) -> None:
    events = [proposal(1), resolution(1, provenance=Provenance.SIMULATED)]
    (verdict,) = Bench().say_all(*(reversed(events) if resolved_first else events))
    assert isinstance(verdict, PairValidated)
    assert (verdict.label, verdict.soft_label, verdict.method) == (Preference.A_BETTER, 1.0, "consensus")
    assert verdict.resolution_id == verdict.causation_id == resolution(1).event_id
    assert verdict.provenance is Provenance.SIMULATED
    off = {"stale_constitution", "withdrawn_annotator", "contradicted_rationale"}
    assert {check.check for check in verdict.checks} >= CATALOG.keys() - off


def test_a_pair_that_fails_a_check_is_rejected_for_every_reason() -> None:
    pair = a_pair_proposed(response_a=a_response(""), response_b=a_response(""))
    (rejected,) = Bench().say_all(pair, a_label_resolved())
    assert isinstance(rejected, PairRejected)
    assert rejected.reasons == ("empty_response", "identical_responses")


def test_a_later_resolution_gets_a_verdict_of_its_own() -> None:
    newer = resolution(
        1, event_id="00000000-0000-5000-8000-000000000001", occurred_at=NOON + timedelta(hours=1)
    )
    first, second = Bench().say_all(proposal(1), resolution(1), newer)
    assert isinstance(second, PairValidated)
    assert second.resolution_id == newer.event_id
    assert first.event_id != second.event_id


def test_an_older_resolution_that_arrives_late_changes_nothing() -> None:
    newer = resolution(
        1, event_id="00000000-0000-5000-8000-000000000001", occurred_at=NOON + timedelta(hours=1)
    )
    first, again = Bench().say_all(proposal(1), newer, resolution(1))
    assert first == again


@pytest.mark.parametrize("resolved_at", [0, 1, 2, 3])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_exact_duplicates_the_earliest_stays(order: tuple[int, ...], resolved_at: int) -> None:
    arrivals: list[Event] = [proposal(number) for number in order]
    arrivals[resolved_at:resolved_at] = [resolution(number) for number in range(3)]
    said = Bench().say_all(*arrivals)
    assert final(said) == {"p0": True, "p1": False, "p2": False}
    assert all(event.reasons == ("exact_duplicate",) for event in said if isinstance(event, PairRejected))


def test_of_duplicates_proposed_at_the_same_instant_the_smaller_id_stays() -> None:
    pairs = [a_pair_proposed(pair_id=pair_id) for pair_id in ("pb", "pa")]
    labels = [a_label_resolved(pair_id=pair_id) for pair_id in ("pb", "pa")]
    assert final(Bench().say_all(*pairs, *labels)) == {"pa": True, "pb": False}


def test_pairs_that_say_different_things_do_not_meet() -> None:
    said = Bench().say_all(proposal(1), proposal(2, content="other"), resolution(1), resolution(2))
    assert final(said) == {"p1": True, "p2": True}


def test_a_repeated_proposal_says_its_own_verdict_and_that_of_the_pair_it_displaced() -> None:
    bench = Bench()
    bench.say_all(proposal(2), resolution(2), resolution(1))
    said = list(bench.say(proposal(1)))
    assert final(said) == {"p1": True, "p2": False}
    assert list(bench.say(proposal(1))) == said
    assert list(bench.say(resolution(1))) == said[:1]
    assert list(bench.say(resolution(2))) == said[1:]


def test_a_displaced_pair_without_a_label_is_rejected_when_it_gets_one() -> None:
    bench = Bench()
    assert bench.say_all(proposal(2), proposal(1)) == []
    (rejected,) = bench.say(resolution(2))
    assert isinstance(rejected, PairRejected)


def test_a_group_that_lost_the_first_pairs_state_still_answers() -> None:
    bench = Bench()
    bench.say(proposal(2))
    del bench.states["pair:p2"]
    assert final(bench.say_all(resolution(1), proposal(1))) == {"p1": True}


def test_state_is_asked_for_in_at_most_two_rounds() -> None:
    bench = Bench()
    bench.say(proposal(2))
    assert bench.rounds == 1
    bench.say(proposal(1))
    assert bench.rounds == 2
    bench.say(proposal(1))
    assert bench.rounds == 2


def test_validation_passes_other_events_by() -> None:
    given = Given(configuration=CONFIGURATION)
    for event in (a_label_disputed(), a_pair_routed()):
        assert Validation().needs(event, given) == NOTHING
        assert Validation().handle(event, given) == Outcome()
