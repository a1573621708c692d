from datetime import timedelta

from tests import factories as make

from prefstream.domain.reliability import (
    RULE,
    Act,
    Finding,
    GivenLabel,
    GoldAnswer,
    assessed,
    events_of,
    set_due,
)
from prefstream.schemas.labels import LabelWithdrawn
from prefstream.schemas.people import AnnotatorActionTaken


def answers(pattern: str) -> list[GoldAnswer]:
    return [
        GoldAnswer(id=f"g{n}", right=one == "+", at=make.NOON + timedelta(hours=n))
        for n, one in enumerate(pattern)
    ]


def a_finding(number: int, kind: str = "left") -> Finding:
    return Finding(kind=kind, raised_by=f"l{number}", since="l0", labels=20, shown=20)  # type: ignore[arg-type]


def test_an_honest_record_asks_for_nothing() -> None:
    assert assessed(answers("+" * 30), []).proposals == ()


def test_who_fails_at_first_loses_all_labels() -> None:
    withdraw, retrain = assessed(answers("---"), []).proposals

    assert (withdraw.action, withdraw.after, withdraw.by_gold) == ("withdraw", None, True)
    assert retrain.action == "retrain"


def test_who_falls_later_loses_labels_from_the_last_good_answer_on() -> None:
    record = answers("+" * 30 + "-" * 30)
    withdraw = assessed(record, []).proposals[0]

    assert withdraw.after is not None
    assert record[20].at <= withdraw.after <= record[30].at


def test_a_cause_names_the_answer_that_decided() -> None:
    first, second = assessed(answers("---"), []), assessed(answers("+---" * 3), [])

    assert first.proposals[0].cause == "gold failed g2"
    assert second.proposals[0].cause != first.proposals[0].cause


def test_what_was_done_is_not_proposed_again_but_what_is_new_is() -> None:
    once = assessed([], [a_finding(20)])
    (warning,) = once.proposals
    done = {(warning.action, warning.cause)}

    assert assessed([], [a_finding(20)], done=done).proposals == ()
    assert [one.action for one in assessed([], [a_finding(20), a_finding(40)], done=done).proposals] == [
        "pause"
    ]


def test_a_habit_never_costs_labels() -> None:
    many = assessed([], [a_finding(n) for n in range(20, 200, 20)])

    assert not any(one.by_gold or one.action == "withdraw" for one in many.proposals)


def an_act(**changes: object) -> Act:
    given = {"annotator": "ann", "action": "pause", "why": "so", "by": "lea", "at": make.NOON} | changes
    return Act(**given)  # type: ignore[arg-type]


def test_each_label_is_withdrawn_by_an_event_of_its_own_whoever_withdraws() -> None:
    labels = tuple(
        GivenLabel(label_id=make.a_label_submitted(pair_id=f"p{n}").event_id, pair_id=f"p{n}")
        for n in range(3)
    )
    by_lea, by_kim = (events_of(an_act(action="withdraw", labels=labels, by=by)) for by in ("lea", "kim"))

    said, *withdrawn = by_lea
    assert isinstance(said, AnnotatorActionTaken)
    assert said.labels == tuple(label.label_id for label in labels)
    assert [type(one) for one in withdrawn] == [LabelWithdrawn] * 3
    assert [one.event_id for one in withdrawn] == [one.event_id for one in by_kim[1:]]
    assert {one.causation_id for one in withdrawn} == {said.event_id}


def test_very_many_labels_are_named_by_several_events() -> None:
    label_id = make.a_label_submitted().event_id
    labels = tuple(GivenLabel(label_id=label_id, pair_id="p") for _ in range(12_001))

    said = [
        one for one in events_of(an_act(action="withdraw", labels=labels)) if one.type != "LabelWithdrawn"
    ]

    assert [len(one.labels) for one in said] == [5000, 5000, 2001]  # type: ignore[attr-defined]
    assert len({one.event_id for one in said}) == 3


def test_a_rule_acts_once_per_cause_and_people_as_often_as_they_want() -> None:
    later = make.NOON + timedelta(days=1)

    assert an_act(by=RULE, cause="c").event_id == an_act(by=RULE, cause="c", at=later).event_id
    assert an_act(cause="c").event_id != an_act(cause="c", at=later).event_id


def test_a_set_waits_to_be_whole_until_thursday() -> None:
    assert set_due(50, size=50, weekday=0)
    assert not set_due(49, size=50, weekday=2)
    assert set_due(12, size=50, weekday=3)
    assert not set_due(9, size=50, weekday=6)
    assert set_due(4, size=4, weekday=0)
    assert not set_due(1000, size=0, weekday=6)
