"""The routing stage."""

from tests.factories import a_constitution, a_judgement_failed, a_pair_judged, a_pair_proposed, a_policy

from prefstream.agents.routing import Routing
from prefstream.agents.stage import NOTHING, Configuration, Given, Outcome
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import Policy
from prefstream.schemas.routes import PairRouted, ReasonCode
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
