"""The routing stage."""

from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_constitution, a_judgement_failed, a_pair_judged, a_pair_proposed, a_policy

from prefstream.agents.routing import Routing
from prefstream.agents.stage import NOTHING, Configuration, Given, Outcome
from prefstream.domain.selection import sketch_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import OverlapPolicy, Policy
from prefstream.schemas.routes import PairRouted, ReasonCode
from prefstream.schemas.selection import AUDIT_FIRST, Selection
from prefstream.schemas.values import Preference, Provenance, Stakes


def routed(event: Event, policy: Policy | None = None, *, overlap: int = 1) -> PairRouted:
    given = Given(configuration=Configuration(constitution=a_constitution(), policy=policy))
    (event,) = Routing(overlap=overlap).handle(event, given).events
    assert isinstance(event, PairRouted)
    return event


def test_a_route_carries_the_judgement_and_the_policy_it_rests_on() -> None:
    policy = a_policy(audit_share=0.0, overlap=3)
    route = routed(a_pair_judged(provenance=Provenance.OFFLINE), policy)
    assert (route.route, route.policy_id, route.threshold, route.overlap) == ("accept", policy.id, 0.8, 3)
    assert (route.judge_label, route.p_a, route.confidence) == (Preference.A_BETTER, 0.9, 0.9)
    assert route.provenance is Provenance.OFFLINE


def test_without_a_policy_the_stages_own_overlap_holds() -> None:
    route = routed(a_pair_judged(), overlap=2)
    assert (route.route, route.policy_id, route.threshold, route.overlap) == ("escalate", None, None, 2)


def test_a_slice_that_asks_until_it_is_sure_begins_with_its_fewest_people() -> None:
    rule = OverlapPolicy(fewest=2, most=6, sure=0.9)
    policy = a_policy(overlap=3, overlaps={"arithmetic": rule})
    route, other = routed(a_pair_judged(), policy), routed(a_pair_judged(slice="tone"), policy)
    assert (route.overlap, route.overlap_rule) == (2, rule)
    assert (other.overlap, other.overlap_rule) == (3, None)


def test_a_failed_judgement_escalates_without_a_label() -> None:
    route = routed(a_judgement_failed(stakes=Stakes.HIGH), a_policy(audit_share=0.0))
    assert (route.route, route.judge_label, route.p_a, route.confidence) == ("escalate", None, None, None)
    assert [reason.code for reason in route.reasons] == [
        ReasonCode.MANDATORY,
        ReasonCode.NO_VERDICT,
        ReasonCode.BELOW_THRESHOLD,
    ]


def test_flags_of_the_judgement_reach_the_decision() -> None:
    route = routed(a_pair_judged(flags=("injection_suspected",)), a_policy())
    assert ReasonCode.INJECTION_SUSPECTED in {reason.code for reason in route.reasons}


def test_routing_needs_nothing_and_passes_other_events_by() -> None:
    given = Given(configuration=Configuration(constitution=a_constitution()))
    assert Routing().needs(a_pair_judged(), given) == NOTHING
    assert Routing().handle(a_pair_proposed(), given) == Outcome()


def selected(event: Event, selection: Selection | None, policy: Policy | None) -> PairRouted:
    published = Configuration(constitution=a_constitution(), policy=policy, selection=selection)
    (routed,) = Routing().handle(event, Given(configuration=published)).events
    assert isinstance(routed, PairRouted)
    return routed


SKETCH = sketch_of("What is 17 times 23?", "word " * 50, "391")
AGAINST = Selection(
    sketch_version=SKETCH.version, weights=(-3_000_000, *(5_000_000,) * len(SKETCH.features)), labels=9
)


@given(
    confidence=st.none() | st.floats(0, 1),
    share=st.floats(0, 1),
    weights=st.lists(st.integers(-(10**7), 10**7), min_size=12, max_size=12),
    seen=st.dictionaries(st.sampled_from(["0:0", "1:7", "2:9"]), st.integers(0, 10**6)),
    stakes=st.sampled_from(Stakes),
)
def test_no_selection_whatever_changes_who_decides_or_who_is_audited(
    confidence: float | None, share: float, weights: list[int], seen: dict[str, int], stakes: Stakes
) -> None:
    policy = a_policy(audit_share=share)
    label = None if confidence is None else Preference.A_BETTER
    event = a_pair_judged(confidence=confidence, p_a=confidence, label=label, stakes=stakes, sketch=SKETCH)
    selection = Selection(sketch_version=SKETCH.version, weights=tuple(weights), labels=3, seen=seen)
    kept = {"event_id", "priority"}
    plain, learned = (selected(event, one, policy).model_dump(exclude=kept) for one in (None, selection))
    assert plain == learned


def test_a_selection_moves_a_pair_in_the_queue_and_is_named_there() -> None:
    event = a_pair_judged(sketch=SKETCH, confidence=0.5)
    plain, learned = (selected(event, one, a_policy(audit_share=0.0)) for one in (None, AGAINST))
    assert plain.priority is not None
    assert learned.priority is not None
    assert plain.priority.selection_id is None
    assert learned.priority.selection_id == AGAINST.id
    assert plain.priority.value != learned.priority.value


def test_a_pair_that_asks_nobody_has_no_place_in_the_queue() -> None:
    assert selected(a_pair_judged(), None, a_policy(audit_share=0.0)).priority is None
    audited = selected(a_pair_judged(), AGAINST, a_policy(audit_share=1.0))
    assert audited.route == "accept"
    assert audited.priority is not None
    assert audited.priority.value == AUDIT_FIRST


def test_a_repeat_under_other_configuration_is_another_event() -> None:
    event = a_pair_judged()
    policy = a_policy()
    ids = [
        selected(event, selection, one).event_id for selection in (None, AGAINST) for one in (None, policy)
    ]
    assert len(set(ids)) == 4
    assert selected(event, None, policy).event_id == selected(event, None, policy).event_id


def test_a_route_under_another_policy_is_another_event_and_a_repeat_is_the_same() -> None:
    """A redelivery across a publication must not say one event with two contents."""
    judged = a_pair_judged()
    strict, lax = a_policy(audit_share=0.0), a_policy(name="lax", audit_share=1.0)
    routes = [routed(judged, policy) for policy in (None, strict, lax, strict, None)]
    assert len({route.event_id for route in routes}) == 3
    assert (routes[1], routes[0]) == (routes[3], routes[4])
    assert routed(judged, overlap=2).event_id != routes[0].event_id, "the overlap comes from the settings"


def test_another_judge_or_constitution_makes_the_policy_inapplicable_at_once() -> None:
    policy = a_policy(audit_share=1.0, constitution_id="house@1#0123456789abcdef")
    assert routed(a_pair_judged(), policy).route == "accept"
    for changed in ({"judge_id": "panel-2"}, {"constitution_id": "house@2#0123456789abcdef"}):
        route = routed(a_pair_judged(**changed), policy)
        assert (route.route, route.threshold) == ("escalate", None)
        assert [reason.code for reason in route.reasons] == [
            ReasonCode.POLICY_NOT_APPLICABLE,
            ReasonCode.AUDIT,
        ]
        assert (route.audit, route.propensity) == (True, 1.0), "the coin does not depend on the route"
