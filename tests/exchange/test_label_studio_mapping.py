"""What goes to Label Studio and comes back, as values: no server is needed to tell what it should be."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from prefstream.domain.constitution.annotators import rubric_of
from prefstream.domain.exchange.label_studio_annotations import Known, Person, Pushed, Step, steps_of
from prefstream.domain.exchange.label_studio_config import ALIASES, labelling_config
from prefstream.domain.exchange.label_studio_tasks import prediction_of, task_of
from prefstream.schemas.values import Preference, Provenance, Verdict
from tests import factories as make

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def pushed(**changes: Any) -> Pushed:
    defaults: dict[str, Any] = {
        "push_id": "push-1",
        "address": "http://there",
        "pair_id": make.PAIR,
        "round": "annotate",
        "sides": "ab",
        "clauses": frozenset({"P1", "P2"}),
    }
    return Pushed(**(defaults | changes))


def annotation(result: Any, **changes: Any) -> dict[str, Any]:
    said = {"id": 7, "completed_by": 1, "result": result, "updated_at": "2026-03-01T12:00:00.5Z"}
    return said | {"was_cancelled": False, "lead_time": 3.5} | changes


def choice(*chosen: str) -> dict[str, Any]:
    return {"from_name": "verdict", "type": "choices", "value": {"choices": list(chosen)}}


def side(selected: str) -> dict[str, Any]:
    return {"from_name": "preferred", "type": "pairwise", "value": {"selected": selected}}


def only(task: Pushed, *annotations: dict[str, Any], known: dict[int, Known] | None = None) -> Step:
    (step,) = steps_of(task, annotations, known or {}, {1: Person(annotator="ada")}, now=MOMENT)
    return step


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_every_verdict_comes_back_as_it_was_meant_whichever_side_it_was_shown_on(alias: str) -> None:
    shown = ALIASES[alias]
    as_shown = only(pushed(), annotation([choice(alias)])).label
    changed_over = only(pushed(sides="ba"), annotation([choice(alias)])).label

    assert as_shown is not None
    assert changed_over is not None
    assert as_shown.verdict is shown
    preference = shown.preference
    expected = shown if preference is None else Verdict(preference.swapped.value)
    assert (changed_over.verdict, changed_over.sides) == (expected, "ba")
    assert (as_shown.annotator, as_shown.seconds, as_shown.source) == ("ada", 3.5, "label-studio")


def test_a_click_on_a_side_alone_is_a_verdict_and_a_choice_says_how_much() -> None:
    clicked = only(pushed(), annotation([side("right")])).label
    both = only(pushed(), annotation([side("right"), choice("right_much_better")])).label

    assert clicked is not None
    assert both is not None
    assert (clicked.verdict, both.verdict) == (Verdict.B_BETTER, Verdict.B_MUCH_BETTER)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ([side("left"), choice("right_better")], "contradict"),
        ([], "no verdict"),
        (None, "no verdict"),
        ("text", "no verdict"),
        ([{"from_name": "verdict"}, 5, None], "no verdict"),
        ([choice("best of all")], "none of the seven"),
        ([choice("unsure", "both_bad")], "more than one"),
        ([choice("unsure"), {"from_name": "clauses", "value": {"choices": ["P7"]}}], "no clause is named P7"),
    ],
)
def test_what_cannot_be_read_is_a_finding_and_no_label(result: Any, why: str) -> None:
    step = only(pushed(), annotation(result))

    assert step.label is None
    assert why in step.findings[0]


def test_a_skipped_task_gives_neither_label_nor_finding() -> None:
    step = only(pushed(), annotation([], was_cancelled=True))

    assert (step.label, step.withdrawal, step.findings) == (None, None, ())


def test_the_same_again_asks_for_nothing_and_a_change_takes_the_first_label_back() -> None:
    first = only(pushed(), annotation([choice("unsure")]))
    assert first.label is not None
    known = {
        7: Known(revision=1, content_hash=first.content_hash, event_id=first.label.event_id, annotator="ada")
    }
    touched = annotation([choice("unsure")], updated_at="2026-03-02T12:00:00Z", completed_by={"id": 1})
    again = list(steps_of(pushed(), [touched], known, {1: Person(annotator="ada")}, now=MOMENT))
    changed = only(pushed(), annotation([choice("both_bad")]), known=known)
    skipped = only(pushed(), annotation([], was_cancelled=True), known=known)
    (gone,) = steps_of(pushed(), [], known, {}, now=MOMENT)

    assert again == []
    assert changed.label is not None
    assert changed.label.event_id != first.label.event_id
    for step in (changed, skipped, gone):
        assert step.withdrawal is not None
        assert step.withdrawal.label_id == first.label.event_id
    assert (skipped.label, gone.label) == (None, None)


def test_whoever_is_simulated_or_unknown_is_marked_so() -> None:
    people = {1: Person(annotator="bot", simulated=True)}
    (simulated,) = steps_of(pushed(), [annotation([choice("unsure")])], {}, people, now=MOMENT)
    (unknown,) = steps_of(pushed(), [annotation([choice("unsure")])], {}, {}, now=MOMENT)

    assert simulated.label is not None
    assert unknown.label is not None
    assert simulated.label.provenance is Provenance.SIMULATED
    assert unknown.label.annotator == "label-studio:1"


def test_a_task_shows_the_texts_on_their_sides_and_names_nothing_else() -> None:
    pair = make.a_pair_proposed()
    task = task_of(pair, push_id="push-1", sides="ba")

    assert task == {
        "data": {
            "messages": [{"role": "user", "content": "What is 17 times 23?"}],
            "left": "401",
            "right": "391",
            "prefstream_push": "push-1",
        }
    }


def test_a_prediction_stands_on_the_side_it_is_about_and_a_tie_clicks_no_side() -> None:
    better = prediction_of(make.a_pair_judged(label=Preference.A_BETTER, confidence=0.75), sides="ba")
    tie = prediction_of(make.a_pair_judged(label=Preference.TIE), sides="ba")

    assert better is not None
    assert (better["score"], better["model_version"]) == (0.75, make.JUDGE)
    assert [one["value"] for one in better["result"]] == [
        {"choices": ["right_better"]},
        {"selected": "right"},
    ]
    assert tie is not None
    assert [one["value"] for one in tie["result"]] == [{"choices": ["equally_good"]}]
    assert prediction_of(make.a_pair_judged(label=None, confidence=None), sides="ab") is None


def test_the_configuration_is_xml_whatever_the_constitution_says() -> None:
    rule = 'Say "no" to <script>alert(1)</script> & --> the rest.'
    hostile = make.a_constitution(
        title='T "<&>', principles=(make.a_principle(id='P"<1', rule=rule), make.a_principle(id="P2"))
    )
    root = ET.fromstring(labelling_config(rubric_of(hostile)))
    choices = {one.get("name"): [c.get("value") for c in one] for one in root.iter("Choices")}

    assert choices["clauses"] == ['P"<1', "P2"]
    assert len(choices["verdict"]) == 7
    assert {one.get("name") for one in root.iter("Rating")} == {"dimension-helpfulness", "dimension-accuracy"}
