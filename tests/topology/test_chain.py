"""The whole chain on scripted answers: what comes in and what comes out."""

from datetime import timedelta

import pytest
from tests.factories import (
    NOON,
    PAIR,
    a_constitution,
    a_constitution_published,
    a_label_resolved,
    a_label_submitted,
    a_message,
    a_metrics_updated,
    a_pair_proposed,
    a_policy_published,
    a_policy_revoked,
    a_prompt_submitted,
)
from tests.topology.chains import Script, a_chain, an_open_policy, assert_counters_add_up

from prefstream.agents.driver import Driver, PairRow, rows
from prefstream.agents.stage import Configuration
from prefstream.agents.tasks import MAX_ATTEMPTS
from prefstream.agents.validation import Validation
from prefstream.schemas.dead_letters import redriven
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelDisputed, LabelResolved
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.policies import SlicePolicy
from prefstream.schemas.prompts import PromptCurated, PromptSetAside
from prefstream.schemas.routes import ReasonCode
from prefstream.schemas.values import Preference, Provenance, Stakes, Verdict


def the_row(driver: Driver, pair_id: str = PAIR) -> PairRow:
    return rows(driver.records()).pairs[pair_id]


def codes(row: PairRow) -> set[ReasonCode]:
    assert row.routed is not None
    return {reason.code for reason in row.routed.reasons}


def test_a_prompt_becomes_a_validated_pair_that_people_labelled() -> None:
    driver = a_chain()
    driver.say(a_prompt_submitted(prompt_id="q1"))
    driver.run_until_idle()
    (curated,) = driver.read("prompts.curated.v1")
    assert isinstance(curated, PromptCurated)
    assert curated.slice == "arithmetic"
    (proposed,) = driver.read("pairs.proposed.v1")
    assert isinstance(proposed, PairProposed)
    assert {proposed.response_a.text, proposed.response_b.text} == {"careful on q1", "hasty on q1"}
    assert driver.read("labels.resolved.v1") == []
    driver.say(a_label_submitted(pair_id=proposed.pair_id, verdict=Verdict.B_BETTER))
    driver.run_until_idle()
    row = the_row(driver, proposed.pair_id)
    assert isinstance(row.verdict, PairValidated)
    assert (row.verdict.label, row.verdict.method) == (Preference.B_BETTER, "consensus")
    assert row.verdict.provenance is Provenance.RECORDED
    assert_counters_add_up(driver)


def test_a_confident_judge_is_accepted_and_no_person_is_asked() -> None:
    driver = a_chain(policy=an_open_policy())
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    row = the_row(driver)
    assert row.routed is not None
    assert (row.routed.route, row.routed.audit) == ("accept", False)
    assert codes(row) == {ReasonCode.AT_OR_ABOVE_THRESHOLD}
    assert isinstance(row.verdict, PairValidated)
    assert row.verdict.method == "judge"


def test_low_confidence_goes_to_a_person() -> None:
    driver = a_chain(script=Script(default=("A>", "B>", "A>")), policy=an_open_policy())
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    assert codes(the_row(driver)) == {ReasonCode.BELOW_THRESHOLD}
    assert the_row(driver).resolved is None


def test_an_audited_pair_is_labelled_by_a_person_though_the_judge_is_accepted() -> None:
    driver = a_chain(policy=an_open_policy(audit_share=1.0))
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    assert codes(the_row(driver)) == {ReasonCode.AT_OR_ABOVE_THRESHOLD, ReasonCode.AUDIT}
    assert the_row(driver).resolved is None
    driver.say(a_label_submitted(verdict=Verdict.B_BETTER))
    driver.run_until_idle()
    resolved = the_row(driver).resolved
    assert resolved is not None
    assert (resolved.method, resolved.label) == ("consensus", Preference.B_BETTER)


def test_without_a_policy_everything_escalates() -> None:
    driver = a_chain()
    driver.say(*(a_pair_proposed(pair_id=f"p{number}") for number in range(20)))
    driver.run_until_idle()
    assert {tuple(codes(row)) for row in rows(driver.records()).pairs.values()} == {(ReasonCode.NO_POLICY,)}


def test_a_published_policy_holds_until_it_is_revoked() -> None:
    driver, policy = a_chain(), an_open_policy()
    for pair_id, change in (
        ("before", None),
        ("under", a_policy_published(policy=policy)),
        ("beside", a_policy_revoked(policy_id="another")),
        ("after", a_policy_revoked(policy_id=policy.id)),
    ):
        driver.say(*([change] if change else []), a_pair_proposed(pair_id=pair_id))
        driver.run_until_idle()
    routes = {row.pair_id: row.routed.route for row in rows(driver.records()).pairs.values() if row.routed}
    assert routes == {"before": "escalate", "under": "accept", "beside": "accept", "after": "escalate"}


def test_a_published_constitution_places_the_prompts_that_come_after_it() -> None:
    driver = a_chain()
    bare = a_constitution(version="2", curation=(), default_slice="elsewhere")
    driver.say(a_constitution_published(constitution=bare), a_prompt_submitted())
    driver.run_until_idle()
    (curated,) = driver.read("prompts.curated.v1")
    assert isinstance(curated, PromptCurated)
    assert (curated.slice, curated.constitution_id) == ("elsewhere", bare.id)


def test_high_stakes_go_to_people_and_name_the_clause() -> None:
    driver = a_chain(policy=an_open_policy())
    driver.say(a_pair_proposed(stakes=Stakes.HIGH))
    driver.run_until_idle()
    row = the_row(driver)
    assert row.routed is not None
    assert [(reason.code, reason.clause) for reason in row.routed.reasons] == [(ReasonCode.MANDATORY, "P1")]


def test_an_unreadable_vote_is_no_verdict_and_goes_to_people() -> None:
    driver = a_chain(script=Script(default=(None,)), policy=an_open_policy())
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    row = the_row(driver)
    assert isinstance(row.judged, PairJudged)
    assert (row.judged.label, row.judged.confidence) == (None, None)
    assert ReasonCode.NO_VERDICT in codes(row)


def test_a_pair_no_judge_answers_for_goes_to_people() -> None:
    driver = a_chain(script=Script(refused=frozenset({PAIR})), policy=an_open_policy())
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    row = the_row(driver)
    assert isinstance(row.judged, JudgementFailed)
    assert row.judged.reason == "refused"
    assert ReasonCode.NO_VERDICT in codes(row)


def test_people_who_disagree_are_reviewed_then_adjudicated() -> None:
    driver = a_chain(overlap=2)
    minute = iter(range(10))

    def label(annotator: str, verdict: Verdict, stage: str) -> None:
        moment = NOON + timedelta(minutes=next(minute))
        driver.say(a_label_submitted(annotator=annotator, verdict=verdict, round=stage, occurred_at=moment))
        driver.run_until_idle()

    driver.say(a_pair_proposed())
    label("ann", Verdict.A_BETTER, "annotate")
    label("ben", Verdict.B_BETTER, "annotate")
    label("cid", Verdict.TIE, "review")
    label("dee", Verdict.B_MUCH_BETTER, "adjudicate")
    said = driver.read("labels.resolved.v1")
    disputes = [event.next_round for event in said if isinstance(event, LabelDisputed)]
    assert disputes == ["review", "adjudicate"]
    assert [event.method for event in said if isinstance(event, LabelResolved)] == ["adjudication"]
    row = the_row(driver)
    assert row.verdict is not None
    assert row.verdict.resolution_id == said[-1].event_id
    assert len(row.disputes) == 2


def test_an_adjudicator_revises_what_was_resolved() -> None:
    driver = a_chain()
    later = NOON + timedelta(hours=1)
    driver.say(a_pair_proposed(), a_label_submitted(verdict=Verdict.A_BETTER))
    driver.run_until_idle()
    driver.say(a_label_submitted(annotator="dee", verdict=Verdict.TIE, round="adjudicate", occurred_at=later))
    driver.run_until_idle()
    row = the_row(driver)
    assert isinstance(row.verdict, PairValidated)
    assert (row.verdict.label, row.verdict.method) == (Preference.TIE, "adjudication")
    assert len(driver.read("pairs.validated.v1")) == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("labels_first", [True, False])
def test_of_exact_duplicates_the_earliest_stays_in_any_order_of_arrival(
    order: tuple[int, ...], labels_first: bool
) -> None:
    driver = a_chain(policy=an_open_policy())
    pairs = [
        a_pair_proposed(pair_id=f"p{number}", occurred_at=NOON + timedelta(minutes=number))
        for number in range(3)
    ]
    swapped = pairs[1].model_copy(
        update={"response_a": pairs[1].response_b, "response_b": pairs[1].response_a}
    )
    pairs[1] = swapped
    for place in order:
        driver.say(pairs[place])
        if not labels_first:
            driver.run_until_idle()
    driver.run_until_idle()
    verdicts = {row.pair_id: row.verdict for row in rows(driver.records()).pairs.values()}
    assert isinstance(verdicts["p0"], PairValidated)
    for pair_id in ("p1", "p2"):
        rejected = verdicts[pair_id]
        assert isinstance(rejected, PairRejected)
        assert rejected.reasons == ("exact_duplicate",)


def test_a_label_may_come_before_its_pair_is_routed_and_even_proposed() -> None:
    driver = a_chain()
    driver.say(a_label_submitted(verdict=Verdict.B_BETTER))
    driver.run_until_idle()
    assert driver.read("labels.resolved.v1") == []
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    row = the_row(driver)
    assert isinstance(row.verdict, PairValidated)
    assert row.verdict.label is Preference.B_BETTER


def test_an_empty_response_is_rejected_with_the_finding() -> None:
    driver = a_chain(policy=an_open_policy())
    proposed = a_pair_proposed()
    driver.say(
        proposed.model_copy(update={"response_b": proposed.response_b.model_copy(update={"text": " "})})
    )
    driver.run_until_idle()
    verdict = the_row(driver).verdict
    assert isinstance(verdict, PairRejected)
    assert verdict.reasons == ("empty_response",)
    assert next(check.finding for check in verdict.checks if not check.passed) == "response B has no text"


def test_a_prompt_set_aside_makes_no_pair_and_names_its_rule() -> None:
    driver = a_chain()
    driver.say(a_prompt_submitted(messages=(a_message("Lorem ipsum dolor"),)))
    driver.run_until_idle()
    (aside,) = driver.read("prompts.curated.v1")
    assert isinstance(aside, PromptSetAside)
    assert (aside.reason, aside.clause) == ("filler", "C3")
    assert driver.read("pairs.proposed.v1") == []
    assert driver.tally("generation").done == 1


def test_poison_bytes_become_dead_letters_with_their_bytes_and_coordinates() -> None:
    driver = a_chain()
    driver.say(a_pair_proposed())
    driver.pipe("pairs.proposed.v1", "poison", b"\xff\x00 no event", headers=(("trace", b"kept"),))
    driver.run_until_idle()
    poison = next(one for one in driver.records("pairs.proposed.v1") if one.key == b"poison")
    letters = rows(driver.records()).dead_letters
    assert [letter.stage for letter in letters] == ["judging", "validation"]
    for letter in letters:
        assert (letter.topic, letter.partition, letter.offset) == (
            poison.topic,
            poison.partition,
            poison.offset,
        )
        assert (letter.key, letter.value, letter.reason) == (b"poison", poison.value, "undecodable")
    assert all(("trace", b"kept") in record.headers for record in driver.records("dead-letters.v1"))
    assert driver.tally("judging").dead == 1
    assert_counters_add_up(driver)


def test_an_unknown_schema_version_is_a_dead_letter_that_says_which() -> None:
    driver = a_chain()
    (record,) = _records_of(a_pair_proposed())
    driver.pipe("pairs.proposed.v1", PAIR, record.replace(b'"schema_version":1', b'"schema_version":9'))
    driver.run_until_idle()
    letter = rows(driver.records()).dead_letters[0]
    assert "schema version 9" in letter.detail


def _records_of(event: PairProposed) -> list[bytes]:
    driver = a_chain()
    driver.say(event)
    return [record.value or b"" for record in driver.records("pairs.proposed.v1")]


def test_a_transient_failure_is_retried_after_its_time_and_then_succeeds() -> None:
    script = Script(failures={PAIR: 2})
    driver = a_chain(script=script)
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    assert driver.tally("judging").retry == 1
    assert script.asked[PAIR] == 1
    driver.advance(1999)
    driver.run_until_idle()
    assert script.asked[PAIR] == 1
    driver.advance(1)
    driver.run_until_idle()
    assert script.asked[PAIR] == 2
    driver.advance(4000)
    driver.run_until_idle()
    assert isinstance(the_row(driver).judged, PairJudged)
    tally = driver.tally("judging")
    assert (tally.received, tally.done, tally.retry) == (3, 1, 2)
    assert_counters_add_up(driver)


def test_the_provider_says_when_to_try_again() -> None:
    script = Script(failures={PAIR: 1}, retry_after_s=30.0)
    driver = a_chain(script=script)
    start = driver.now_ms
    driver.say(a_pair_proposed())
    driver.settle()
    assert driver.now_ms == start + 30_000
    assert isinstance(the_row(driver).judged, PairJudged)


def test_what_keeps_failing_is_a_dead_letter_after_its_last_attempt() -> None:
    script = Script(failures={"hasty": 10**6})
    driver = a_chain(script=script)
    driver.say(a_prompt_submitted())
    driver.settle()
    (letter,) = rows(driver.records()).dead_letters
    assert (letter.stage, letter.reason, letter.attempt) == ("generation", "attempts_exhausted", MAX_ATTEMPTS)
    assert letter.topic == "prompts.curated.v1"
    assert letter.detail == "overloaded: 529"
    assert script.asked["hasty"] == MAX_ATTEMPTS
    assert script.asked["careful"] == 1


def test_a_dead_letter_that_is_redriven_goes_its_way_under_the_same_id() -> None:
    script = Script(refused=frozenset({"careful"}))
    driver = a_chain(script=script)
    driver.say(a_prompt_submitted())
    driver.settle()
    (dead,) = driver.records("dead-letters.v1")
    script.refused = frozenset()
    out = redriven(dead)
    driver.pipe(out.topic, out.key.decode(), out.value, headers=out.headers)
    driver.settle()
    curated = driver.read("prompts.curated.v1")
    assert len(curated) == 2
    assert curated[0] == curated[1]
    assert len(driver.read("pairs.proposed.v1")) == 1


def test_an_event_a_stage_does_not_know_is_passed_by() -> None:
    driver = a_chain()
    for topic in (
        "prompts.submitted.v1",
        "prompts.curated.v1",
        "pairs.proposed.v1",
        "pairs.judged.v1",
        "pairs.routed.v1",
        "labels.resolved.v1",
    ):
        driver.pipe(topic, "arithmetic", a_metrics_updated())
    driver.run_until_idle()
    assert len(driver.records()) == 6
    assert all(driver.tally(name).done >= 1 for name in ("curation", "routing", "validation"))


def test_policy_thresholds_hold_per_slice() -> None:
    policy = an_open_policy(
        slices={"code": SlicePolicy(threshold=None), "arithmetic": SlicePolicy(threshold=0.8)}
    )
    driver = a_chain(policy=policy)
    driver.say(*(a_pair_proposed(pair_id=name, slice=name) for name in ("code", "arithmetic", "general")))
    driver.run_until_idle()
    assert {name: codes(the_row(driver, name)) for name in ("code", "arithmetic", "general")} == {
        "code": {ReasonCode.NOT_CERTIFIED},
        "arithmetic": {ReasonCode.AT_OR_ABOVE_THRESHOLD},
        "general": {ReasonCode.NOT_CERTIFIED},
    }


def test_a_resolution_that_arrives_late_does_not_take_the_place_of_a_newer_one() -> None:
    driver = Driver([Validation()], Configuration(constitution=a_constitution()))
    newer = a_label_resolved(
        event_id="00000000-0000-5000-8000-000000000002", occurred_at=NOON + timedelta(hours=1)
    )
    older = a_label_resolved(event_id="00000000-0000-5000-8000-000000000001")
    for event in (
        a_pair_proposed(),
        newer,
        older,
        a_pair_proposed(pair_id="pair-0", occurred_at=NOON - timedelta(hours=1)),
    ):
        driver.say(event)
        driver.run_until_idle()
    verdict = the_row(driver).verdict
    assert isinstance(verdict, PairRejected)
    assert verdict.resolution_id == newer.event_id


@pytest.mark.parametrize("number", range(8))
def test_an_adjudication_holds_even_when_the_adjudicators_clock_is_behind(number: int) -> None:
    driver, pair_id = a_chain(), f"p{number}"
    driver.say(a_pair_proposed(pair_id=pair_id), a_label_submitted(pair_id=pair_id))
    driver.run_until_idle()
    driver.say(
        a_label_submitted(
            pair_id=pair_id,
            annotator="dee",
            verdict=Verdict.B_BETTER,
            round="adjudicate",
            occurred_at=NOON - timedelta(minutes=1),
        )
    )
    driver.run_until_idle()
    row = the_row(driver, pair_id)
    assert row.resolved is not None
    assert row.resolved.method == "adjudication"
    assert isinstance(row.verdict, PairValidated)
    assert row.verdict.label is Preference.B_BETTER


def test_a_redelivery_of_routing_across_a_publication_leaves_no_conflict_and_one_resolution() -> None:
    driver = a_chain(policy=an_open_policy(audit_share=1.0), commit_share=0.0)
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    driver.say(a_policy_published(policy=an_open_policy(name="second")))
    driver.redeliver("routing", 10)
    driver.settle()

    routes = driver.read("pairs.routed.v1")
    assert [getattr(route, "audit", None) for route in routes] == [True, False], "the first waits for people"
    found = rows(driver.records())
    assert found.conflicts == frozenset()
    assert found.dead_letters == ()
    assert driver.read("labels.resolved.v1") == [], "the first route stays, and it asks people"
    assert found.pairs[PAIR].routed == routes[0]
