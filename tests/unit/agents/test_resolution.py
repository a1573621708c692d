"""The resolution stage: evidence in any order, the same said."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.factories import (
    NOON,
    PAIR,
    a_constitution,
    a_label_submitted,
    a_label_withdrawn,
    a_pair_proposed,
    a_pair_routed,
    a_reliability_published,
    an_accepted_pair_routed,
)

from prefstream.agents.configuration import configured
from prefstream.agents.resolution import Resolution
from prefstream.agents.stage import NOTHING, Configuration, Given, Needs, Outcome
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.values import Preference, Provenance, Verdict

CONFIGURATION = Configuration(constitution=a_constitution())


def told(*events: Event, stored: dict[str, bytes] | None = None) -> list[Event]:
    """Return all that the stage says of these events, one after the other.

    What is on a topic of the configuration holds for the events after it.
    """
    states = {} if stored is None else stored
    said: list[Event] = []
    configuration = CONFIGURATION
    for event in events:
        configuration = configured(configuration, event)
        keys = Resolution().needs(event, Given(configuration=configuration)).keys
        outcome = Resolution().handle(
            event, Given(configuration=configuration, states={key: states.get(key) for key in keys})
        )
        states |= outcome.states
        said.extend(outcome.events)
    return said


def label(annotator: str, verdict: Verdict = Verdict.A_BETTER, minute: int = 1, **more: Any) -> Event:
    moment = NOON + timedelta(minutes=minute)
    return a_label_submitted(annotator=annotator, verdict=verdict, occurred_at=moment, **more)


def test_an_accepted_route_is_the_judges_label_at_once() -> None:
    route = an_accepted_pair_routed()
    (resolved,) = told(route)
    assert isinstance(resolved, LabelResolved)
    assert (resolved.label, resolved.margin, resolved.soft_label) == (Preference.A_BETTER, 1, 0.9)
    assert (resolved.method, resolved.evidence, resolved.causation_id) == (
        "judge",
        (route.event_id,),
        route.event_id,
    )


def test_peoples_labels_do_not_change_what_the_judge_was_trusted_with() -> None:
    said = told(an_accepted_pair_routed(), label("ann", Verdict.B_BETTER))
    assert len(said) == 1


@pytest.mark.parametrize(
    "route", [an_accepted_pair_routed(audit=True), an_accepted_pair_routed(judge_label=None)]
)
def test_an_audited_or_unlabelled_acceptance_waits_for_people(route: Event) -> None:
    assert told(route) == []
    (resolved,) = told(route, label("ann", Verdict.B_BETTER))
    assert isinstance(resolved, LabelResolved)
    assert resolved.method == "consensus"


def test_the_order_of_route_and_labels_does_not_matter() -> None:
    route, first, second = a_pair_routed(overlap=2), label("ann"), label("ben", minute=2)
    said = {
        tuple(told(*order))
        for order in permutations((route, first, second))
        if order.index(first) < order.index(second)
    }
    assert len(said) == 1


def test_a_resolution_has_the_time_and_the_cause_of_its_latest_evidence() -> None:
    first, second = label("ann", minute=9), label("ben", minute=2)
    (resolved,) = told(a_pair_routed(overlap=2), first, second)
    assert resolved.occurred_at == first.occurred_at
    assert resolved.causation_id == first.event_id


def test_a_resolution_is_as_real_as_the_weakest_label_it_rests_on() -> None:
    simulated = label("ann", provenance=Provenance.SIMULATED)
    (resolved,) = told(a_pair_routed(), simulated)
    assert isinstance(resolved, LabelResolved)
    assert resolved.provenance is Provenance.SIMULATED


def test_a_dispute_asks_for_the_next_round_and_names_its_evidence() -> None:
    first, second = label("ann"), label("ben", Verdict.B_BETTER)
    (disputed,) = told(a_pair_routed(overlap=2), first, second)
    assert isinstance(disputed, LabelDisputed)
    assert (disputed.next_round, disputed.evidence) == ("review", (first.event_id, second.event_id))


def test_a_repeated_event_is_answered_with_everything_again() -> None:
    events: Sequence[Event] = (
        a_pair_routed(overlap=2),
        label("ann"),
        label("ben", Verdict.B_BETTER),
        label("cid", Verdict.B_BETTER, minute=3, round="review"),
    )
    stored: dict[str, bytes] = {}
    said = told(*events, stored=stored)
    assert len(said) == 2
    for event in events:
        assert told(event, stored=dict(stored)) == said


def test_the_first_route_of_a_pair_holds() -> None:
    other = a_pair_routed(event_id="00000000-0000-5000-8000-000000000001", overlap=5)
    assert len(told(a_pair_routed(), other, label("ann"))) == 1


def test_a_revision_is_later_than_what_it_revises_whatever_the_clocks_say() -> None:
    behind = label("dee", Verdict.TIE, minute=-5, round="adjudicate")
    first, revised = told(a_pair_routed(), label("ann"), behind)
    assert revised.occurred_at == first.occurred_at + timedelta(microseconds=1)


def test_resolution_needs_the_state_of_the_pair_and_passes_other_events_by() -> None:
    given = Given(configuration=CONFIGURATION)
    assert Resolution().needs(label("ann"), given) == Needs(keys=frozenset({PAIR}), final=True)
    assert Resolution().needs(a_pair_proposed(), given) == NOTHING
    assert Resolution().handle(a_pair_proposed(), given) == Outcome()


def reopening(route: PairRouted, **changes: Any) -> PairRouted:
    defaults: dict[str, Any] = {
        "event_id": derived_id("test", "reopened", route.event_id),
        "occurred_at": NOON + timedelta(minutes=5),
        "revises": route.event_id,
        "route": "escalate",
    }
    return route.model_copy(update=defaults | changes)


def test_an_acceptance_that_is_taken_back_is_revised_by_a_persons_label() -> None:
    route = an_accepted_pair_routed()
    accepted, revised = told(route, reopening(route), label("ann", Verdict.B_BETTER, minute=9))
    assert isinstance(accepted, LabelResolved)
    assert isinstance(revised, LabelResolved)
    assert (accepted.method, revised.method) == ("judge", "consensus")
    assert revised.label is Preference.B_BETTER
    assert revised.occurred_at > accepted.occurred_at


def test_the_order_of_acceptance_reopening_and_labels_does_not_matter() -> None:
    route = an_accepted_pair_routed()
    taken_back, ann, ben = (
        reopening(route, overlap=2),
        label("ann"),
        label("ben", Verdict.B_BETTER, minute=2),
    )
    orders = permutations((route, taken_back, ann, ben))
    # Labels come on one topic under one key, so they keep their order.
    said = [
        {event.event_id: event for event in told(*some)}
        for some in orders
        if some.index(ann) < some.index(ben)
    ]
    assert len(said) == 12
    assert all(one == said[0] for one in said)
    assert [type(event) for event in said[0].values()].count(LabelDisputed) == 1


def test_of_two_routes_the_first_stays_and_the_other_says_nothing_new() -> None:
    accepted = an_accepted_pair_routed()
    escalated = a_pair_routed(event_id=derived_id("test", "another", PAIR))
    first = told(accepted)
    assert told(accepted, escalated) == [*first, *first]
    assert told(escalated, accepted) == []


def test_a_pair_that_people_were_asked_about_anyway_is_not_reopened() -> None:
    route = a_pair_routed()
    assert told(route, reopening(route)) == []
    (resolved,) = told(route, reopening(route), label("ann"))[-1:]
    assert isinstance(resolved, LabelResolved)
    assert resolved.method == "consensus"


def withdrawal(label: Event, minute: int = 30, **more: Any) -> Event:
    moment = NOON + timedelta(minutes=minute)
    return a_label_withdrawn(label_id=label.event_id, occurred_at=moment, **more)


def test_a_resolution_that_loses_a_label_is_disputed_later_and_because_of_the_withdrawal() -> None:
    gone = withdrawal(label("ann"), minute=-9)
    resolved, disputed = told(a_pair_routed(), label("ann"), gone)
    assert isinstance(disputed, LabelDisputed)
    assert (disputed.reason, disputed.next_round, disputed.evidence) == ("label_withdrawn", "annotate", ())
    assert disputed.causation_id == gone.event_id
    assert disputed.occurred_at == resolved.occurred_at + timedelta(microseconds=1)


def test_a_pair_that_the_judge_was_trusted_with_stays_so_whatever_is_withdrawn() -> None:
    assert len(told(an_accepted_pair_routed(), label("ann"), withdrawal(label("ann")))) == 1


def test_a_withdrawal_before_its_label_holds_it_back_for_ever() -> None:
    assert told(a_pair_routed(), withdrawal(label("ann")), label("ann")) == []


def test_the_order_of_route_and_withdrawal_does_not_matter() -> None:
    route, ann, ben = a_pair_routed(overlap=2), label("ann"), label("ben", minute=2)
    gone, cid = withdrawal(ann), label("cid", Verdict.B_BETTER, minute=40)
    said = {
        tuple(told(*order))
        for order in permutations((route, ann, ben, gone, cid))
        if [event for event in order if event is not route] == [ann, ben, gone, cid]
    }
    assert len(said) == 1
    assert [type(event) for event in said.pop()] == [LabelResolved, LabelDisputed, LabelDisputed]


def test_what_a_withdrawal_brings_about_is_said_under_names_of_its_own() -> None:
    events: Sequence[Event] = (
        a_pair_routed(overlap=2),
        label("ann"),
        label("ben", Verdict.B_BETTER),
        label("cid", minute=3),
        withdrawal(label("cid", minute=3)),
        withdrawal(label("cid", minute=3), event_id=derived_id("test", "withdrawn again")),
    )
    stored: dict[str, bytes] = {}
    said = told(*events, stored=stored)
    assert [getattr(event, "reason", "") for event in said] == [
        "no_majority",
        "",
        "label_withdrawn",
        "no_majority",
    ]
    assert len({event.event_id for event in said}) == 4
    for event in events:
        assert told(event, stored=dict(stored)) == said


RULE = OverlapPolicy(fewest=2, most=4, sure=0.95)


def test_labels_of_known_people_are_asked_for_until_they_are_sure() -> None:
    route = a_pair_routed(overlap=2, overlap_rule=RULE)
    said = told(a_reliability_published(), route, label("ann"), label("cid", Verdict.B_BETTER), label("ben"))
    unsure, resolved = said
    assert isinstance(unsure, LabelDisputed)
    assert (unsure.reason, unsure.needed) == ("not_sure", 3)
    assert isinstance(resolved, LabelResolved)
    assert unsure.reliability_id == resolved.reliability_id == "arithmetic#0123456789abcdef"


def test_what_was_said_stays_said_when_more_is_known_of_people() -> None:
    route = a_pair_routed(overlap=2, overlap_rule=RULE)
    before = (route, label("ann"), label("cid"))
    after = (label("ben", minute=2), label("dee", minute=3))
    stored: dict[str, bytes] = {}
    said = told(a_reliability_published(), *before, stored=stored)
    newer = a_reliability_published(fingerprint="f" * 64, strangers={"A": {"A": 1.0}, "B": {"B": 1.0}})

    said += told(newer, *after, stored=stored)

    assert said[0].model_dump()["reliability_id"] == "arithmetic#0123456789abcdef"
    for event in (*before, *after):
        assert told(newer, event, stored=dict(stored)) == said


def test_a_label_that_asks_for_a_specialist_brings_a_review() -> None:
    (disputed,) = told(a_pair_routed(), label("ann", needs_specialist=True))
    assert isinstance(disputed, LabelDisputed)
    assert (disputed.reason, disputed.next_round) == ("needs_specialist", "review")


def test_evidence_that_was_kept_before_there_were_withdrawals_can_be_read() -> None:
    route = (
        b'["38af3cbf-3a89-5f1d-82d7-7b489d398e00","2026-03-01T12:00:00+00:00",'
        b'"arithmetic",false,"A>",0.9,2,"real"]'
    )
    ann = b'["a4a33a3c-4b67-56db-bf35-49cc32aad135","2026-03-01T12:01:00+00:00","ann","A>","annotate","real"]'
    stored = {PAIR: b"[" + route + b",[" + ann + b"]]"}
    (resolved,) = told(label("ben"), stored=stored)
    assert isinstance(resolved, LabelResolved)
    assert resolved in told(a_pair_routed(overlap=2), label("ann"), label("ben"))


def test_a_resolution_says_on_whose_labels_it_rests() -> None:
    ann = label("ann", constitution_id="house@1", rationale="B is clearly better.")
    *_, resolved = told(a_pair_routed(overlap=2), ann, label("ben", constitution_id="house@2"))
    assert isinstance(resolved, LabelResolved)
    assert [(one.by, one.constitution_id) for one in resolved.grounds] == [
        ("ann", "house@1"),
        ("ben", "house@2"),
    ]
    assert [bool(one.contradiction) for one in resolved.grounds] == [True, False]


def test_a_rationale_is_read_with_the_sides_as_they_were_shown() -> None:
    turned = label("ann", sides="ba", rationale="B is clearly better.")
    (resolved,) = told(a_pair_routed(overlap=1), turned)
    assert isinstance(resolved, LabelResolved)
    assert resolved.grounds[0].contradiction == ""


def test_an_accepted_label_rests_on_the_judge_and_its_constitution() -> None:
    (resolved,) = told(a_pair_routed(route="accept", judged_under="house@1"))
    assert isinstance(resolved, LabelResolved)
    (ground,) = resolved.grounds
    assert (ground.by, ground.constitution_id) == (a_pair_routed().judge_id, "house@1")
