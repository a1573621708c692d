"""Whatever the interleaving, the duplication and the faults: the same final rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories import (
    NOON,
    a_calibration_chosen,
    a_gold_chosen,
    a_label_submitted,
    a_label_withdrawn,
    a_message,
    a_pair_proposed,
    a_prompt_submitted,
    a_quarantine_decided,
    a_reliability_published,
)
from tests.topology.chains import Script, a_chain, an_open_policy, assert_counters_add_up, the_stages

from prefstream.agents.driver import CrashPoint, Driver, rows
from prefstream.agents.driver.consumer import Consumer, World
from prefstream.agents.driver.lane import Lane
from prefstream.agents.resolution import Resolution
from prefstream.agents.stage import Given, Outcome, Stage
from prefstream.agents.tasks import Result
from prefstream.agents.validation import Validation
from prefstream.domain.checks.policies import DEFAULT_POLICY
from prefstream.domain.crowds import Crowd
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.people import CalibrationChosen, GoldChosen
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.values import Verdict

PAIRS = tuple(f"p{number}" for number in range(5))
STAGES = tuple(the_stages())
LONG = "Please tell me, in so many words, what the capital of France is called and who founded it"
#: Every duplicate waits for a person.
HELD = CheckPolicy(
    name="held",
    severities=dict.fromkeys(("exact_duplicate", "near_duplicate", "duplicate_prompt"), "quarantine"),
)
FINDINGS = ((), ("near_duplicate",), ("duplicate_prompt", "exact_duplicate"))
RULE = OverlapPolicy(fewest=1, most=3, sure=0.9)
POINTS: tuple[CrashPoint, ...] = ("before_handle", "after_state", "after_emit", "before_commit", "now")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A disturbance of one stage after one input."""

    after: int
    stage: str
    kind: Literal["crash", "redeliver", "rebalance"]
    at: CrashPoint = "now"
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class History:
    """What comes in from outside, and what the outside answers."""

    inputs: Sequence[Event | bytes]
    verdicts: dict[str, Sequence[str | None]] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    overlap: int = 1
    #: Ask until labels are sure, instead.
    rule: OverlapPolicy | None = None
    #: Whether anything is known of people.
    known: bool = False
    checks: CheckPolicy = DEFAULT_POLICY


def a_pair(pair_id: str, content: int, minute: int, prompt_id: str = "prompt-1") -> PairProposed:
    """Build a pair; contents from 3 on are nearly the same as each other."""
    moment = NOON + timedelta(minutes=minute)
    text = "" if content == 2 else "391"
    return a_pair_proposed(
        pair_id=pair_id,
        prompt_id=prompt_id,
        group_id=prompt_id,
        messages=(a_message(f"question {content}" if content < 3 else f"{LONG} {'abc'[content - 3]}"),),
        response_a=a_pair_proposed().response_a.model_copy(update={"text": text}),
        occurred_at=moment,
    )


def a_label(
    number: int, pair_id: str, annotator: str, verdict: Verdict, stage: str, minute: int, **more: Any
) -> LabelSubmitted:
    moment = NOON + timedelta(minutes=minute)
    return a_label_submitted(
        pair_id=pair_id,
        annotator=annotator,
        verdict=verdict,
        round=stage,
        task_id=f"t{number}",
        occurred_at=moment,
        **more,
    )


def a_decision(pair_id: str, minute: int, *, released: bool, findings: Sequence[str]) -> Event:
    return a_quarantine_decided(
        event_id=derived_id("decision", pair_id, minute, released, *findings),
        pair_id=pair_id,
        released=released,
        findings=tuple(findings),
        occurred_at=NOON + timedelta(minutes=minute),
    )


def a_withdrawal(label: LabelSubmitted, minute: int) -> Event:
    moment = NOON + timedelta(minutes=minute)
    return a_label_withdrawn(
        pair_id=label.pair_id, label_id=label.event_id, annotator=label.annotator, occurred_at=moment
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    minutes, pair_ids = st.integers(0, 3), st.sampled_from(PAIRS)
    pairs = [
        a_pair(pair_id, draw(st.integers(0, 5)), draw(minutes), draw(st.sampled_from(("q1", "q2", pair_id))))
        for pair_id in draw(st.sets(pair_ids))
    ]
    chosen: list[Event] = [a_gold_chosen(pair_id=one) for one in draw(st.sets(pair_ids, max_size=1))]
    chosen += [a_calibration_chosen(pair_id=one) for one in draw(st.sets(pair_ids, max_size=1))]
    decisions = [
        a_decision(
            draw(pair_ids),
            draw(minutes),
            released=draw(st.booleans()),
            findings=draw(st.sampled_from(FINDINGS)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    labels = [
        a_label(
            number,
            draw(pair_ids),
            draw(st.sampled_from(("ann", "ben", "cid"))),
            draw(st.sampled_from(Verdict)),
            draw(st.sampled_from(("annotate", "annotate", "review", "adjudicate"))),
            draw(minutes),
            needs_specialist=draw(st.integers(0, 5)) == 0,
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    gone = draw(st.lists(st.sampled_from(labels), max_size=3, unique_by=id)) if labels else []
    withdrawals = [a_withdrawal(label, draw(minutes)) for label in gone]
    prompts = [a_prompt_submitted(prompt_id="q")] if draw(st.booleans()) else []
    poison = [b"no event"] if draw(st.booleans()) else []
    once: list[Event | bytes] = draw(
        st.permutations([*pairs, *labels, *withdrawals, *prompts, *poison, *chosen, *_different(decisions)])
    )
    again = draw(st.lists(st.sampled_from(once), max_size=4)) if once else []
    return History(
        inputs=[*once, *again],
        verdicts=draw(st.dictionaries(pair_ids, st.lists(st.sampled_from(("A>", "B>>", None)), max_size=3))),
        failures=draw(st.dictionaries(st.sampled_from((*PAIRS, "hasty")), st.sampled_from((1, 2, 99)))),
        refused=frozenset(draw(st.sets(st.sampled_from((*PAIRS, "careful")), max_size=1))),
        overlap=draw(st.integers(1, 3)),
        rule=draw(st.sampled_from((None, None, RULE, RULE.model_copy(update={"most": 2})))),
        known=draw(st.booleans()),
        checks=draw(st.sampled_from((DEFAULT_POLICY, DEFAULT_POLICY, HELD))),
    )


def _different(events: Sequence[Event]) -> list[Event]:
    return [*{event.event_id: event for event in events}.values()]


FAULTS = st.lists(
    st.builds(
        Fault,
        after=st.integers(0, 15),
        stage=st.sampled_from(STAGES),
        kind=st.sampled_from(("crash", "crash", "redeliver", "rebalance")),
        at=st.sampled_from(POINTS),
        count=st.integers(1, 4),
    ),
    max_size=6,
)


def the_run(
    history: History,
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    hurried: bool = False,
    **settings: Any,
) -> Driver:
    """Take a history through the chain; hurried, the next input comes before all is done."""
    script = Script(verdicts=history.verdicts, failures=history.failures, refused=history.refused)
    policy = an_open_policy(
        audit_share=0.3,
        overlap=history.overlap,
        overlaps={"arithmetic": history.rule} if history.rule else {},
    )
    crowds = {"arithmetic": Crowd.published(a_reliability_published())} if history.known else {}
    driver = a_chain(
        script=script, policy=policy, crowds=crowds, checks=history.checks, seed=seed, **settings
    )
    pace = Random(seed)
    for number, value in enumerate(history.inputs):
        if isinstance(value, bytes):
            driver.pipe("pairs.proposed.v1", "poison", value)
        else:
            driver.say(value)
        _disturb(driver, [fault for fault in faults if fault.after == number])
        if hurried:
            driver.run(pace.randrange(12))
        else:
            driver.settle()
        assert_counters_add_up(driver)
    _disturb(driver, [fault for fault in faults if fault.after >= len(history.inputs)])
    driver.settle()
    return driver


def _disturb(driver: Driver, faults: Sequence[Fault]) -> None:
    for fault in faults:
        if fault.kind == "crash":
            driver.crash(fault.stage, at=fault.at)
        elif fault.kind == "redeliver":
            driver.redeliver(fault.stage, fault.count)
        else:
            driver.rebalance(fault.stage)


def the_end(driver: Driver) -> dict[str, Any]:
    """Return the final rows without what may differ: coordinates, and verdicts that were superseded."""
    final = rows(driver.records())
    verdicts = {row.verdict.event_id for row in final.pairs.values() if row.verdict}
    return {
        "pairs": final.pairs,
        "labels": final.labels,
        "dead": {
            (letter.stage, letter.topic, letter.reason, letter.key, letter.value)
            for letter in final.dead_letters
        },
        "archive": {
            event_id
            for event_id, event in final.archive.items()
            if event_id in verdicts or not isinstance(event, PairValidated | PairRejected)
        },
        "conflicts": final.conflicts,
    }


@given(history=histories(), faults=FAULTS, seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_interleaving_duplication_and_fault_ends_in_the_rows_of_the_sequential_run(
    history: History, faults: Sequence[Fault], seed: int
) -> None:
    sequential = the_run(history, commit_share=1.0, window=1)
    disturbed = the_run(history, faults=faults, seed=seed, hurried=True)
    assert the_end(disturbed) == the_end(sequential)
    assert not the_end(disturbed)["conflicts"]


@given(history=histories(), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_fit_rests_on_a_withdrawn_label_or_is_a_gold_question(history: History, seed: int) -> None:
    final = rows(the_run(history, seed=seed, hurried=True).records())
    told = final.archive.values()
    withdrawn = {one.label_id for one in told if isinstance(one, LabelWithdrawn)}
    chosen = {one.pair_id for one in told if isinstance(one, GoldChosen | CalibrationChosen)}
    for pair_id, row in final.pairs.items():
        if isinstance(row.verdict, PairValidated):
            assert row.resolved is not None
            assert row.verdict.resolution_id == row.resolved.event_id
            assert not {one.event_id for one in row.resolved.grounds} & withdrawn
            assert pair_id not in chosen


# The power of the property: what breaks a rule must break it. ---------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetfulResolution(Resolution):
    """Says nothing when an event is repeated, though a crash may have swallowed what it said."""

    def handle(self, event: Event, given: Given) -> Outcome:
        outcome = Resolution.handle(self, event, given)
        return outcome if outcome.states else Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstComeValidation(Validation):
    """Takes whichever duplicate arrives first for the first one."""

    def handle(self, event: Event, given: Given) -> Outcome:
        if isinstance(event, PairProposed):
            event = event.model_copy(update={"occurred_at": NOON, "pair_id": event.pair_id})
            arrived = replace(given, states={key: _late(key, value) for key, value in given.states.items()})
            return Validation.handle(self, event, arrived)
        return Validation.handle(self, event, given)


def _late(key: str, stored: bytes | None) -> bytes | None:
    if stored is None or not key.startswith("group:"):
        return stored
    return stored.replace(b"2026-03-01", b"1999-03-01")


class AcksFirst(Consumer):
    """Acks and commits before the outputs are appended."""

    def _deliver(self, lane: Lane) -> None:
        result = lane.slots[0].result
        assert isinstance(result, Result)
        self._ack(lane, result)
        if self._dies("after_emit"):
            return
        for out in result.outputs:
            self.world.append(out)


class AcksFirstDriver(Driver):
    """Runs every stage with the wrong order of ack and append."""

    def consumer(self, stage: Stage, world: World, *, window: int, commit_share: float) -> Consumer:
        return AcksFirst(stage=stage, world=world, window=window, commit_share=commit_share)


HISTORY = History(
    inputs=[
        *(a_pair(pair_id, number % 2, 3 - number % 4) for number, pair_id in enumerate(PAIRS)),
        *(
            a_label(number, pair_id, annotator, Verdict.B_BETTER, "annotate", 5)
            for annotator in ("ann", "ben")
            for number, pair_id in enumerate(PAIRS)
        ),
    ],
    overlap=2,
)


def _differing(count: int, **settings: Any) -> int:
    """Return how many of so many disturbed runs end in other rows than the same chain's sequential one."""
    expected = the_end(the_run(HISTORY, commit_share=1.0, window=1, **settings))
    differing = 0
    for seed in range(count):
        chance = Random(seed)
        faults = [
            Fault(
                after=chance.randrange(18),
                stage=chance.choice(STAGES),
                kind=chance.choice(("crash", "crash", "redeliver", "rebalance")),
                at=chance.choice(POINTS),
            )
            for _ in range(8)
        ]
        disturbed = the_run(HISTORY, faults=faults, seed=seed, hurried=True, **settings)
        differing += the_end(disturbed) != expected
    return differing


def test_the_rules_as_they_are_survive_a_hundred_disturbed_runs() -> None:
    assert _differing(100) == 0


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"replaced": (ForgetfulResolution(),)}, id="resolution_that_does_not_repeat_itself"),
        pytest.param({"replaced": (FirstComeValidation(),)}, id="first_come_duplicates"),
        pytest.param({"driver": AcksFirstDriver}, id="ack_before_append"),
    ],
)
def test_a_broken_rule_is_caught(broken: dict[str, Any]) -> None:
    assert _differing(100, **broken) > 0
