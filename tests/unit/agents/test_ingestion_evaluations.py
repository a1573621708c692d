from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from prefstream.agents.ingestion import Defaults, Findings
from prefstream.agents.ingestion.evaluation_sets import NO_SLICE, EvaluationRows
from prefstream.agents.ingestion.evaluations import Columns, EvaluationRow, evaluation_row
from prefstream.domain.evaluation import EvaluationSet, JudgeName, Texts
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict


def read(row: Mapping[str, object], own: Columns | None = None, **more: Any) -> EvaluationRow:
    found = refused(row, own, **more)
    assert isinstance(found, EvaluationRow), str(found)
    return found


def refused(row: Mapping[str, object], own: Columns | None = None, **more: Any) -> EvaluationRow | Findings:
    defaults = Defaults(source="test", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), **more)
    return evaluation_row(row, defaults, own or Columns())


def gathered(*rows: Mapping[str, object]) -> EvaluationSet:
    gathering = EvaluationRows()
    for number, row in enumerate(rows, start=1):
        gathering.add(read(row), where=f"rows:{number}")
    return gathering.gathered()


def test_a_row_may_hold_both_orders() -> None:
    row = read({"item_id": "p1", "judge": "gpt", "strategy": "CoT", "winner": "1", "winner_swapped": None})
    (first, _, ab), (_, _, ba) = row.readings
    assert first == JudgeName("gpt", "CoT")
    assert (ab.vote.order, ab.vote.verdict, ba.vote.order, ba.vote.verdict) == (
        "ab",
        Verdict("A>"),
        "ba",
        None,
    )


def test_a_verdict_that_cannot_be_read_is_none_and_keeps_its_words() -> None:
    row = read({"pair_id": "p1", "judge": "gpt", "verdict": "garbage"})
    assert (row.readings[0][2].vote.verdict, row.readings[0][2].vote.raw) == (None, "garbage")


def test_a_persons_label_that_cannot_be_read_is_refused() -> None:
    found = refused({"pair_id": "p1", "label": "maybe"})
    assert str(found) == "the label of people is no verdict that can be read: 'maybe'"


@pytest.mark.parametrize("column", ["confidence", "p_a"])
@pytest.mark.parametrize("value", [1.2, -0.1, "nan", "inf", "high", True])
def test_a_confidence_outside_0_to_1_is_refused(column: str, value: object) -> None:
    found = refused({"pair_id": "p1", "judge": "gpt", "verdict": "A", column: value})
    assert isinstance(found, Findings)
    assert str(found).startswith(f"{column} is")


def test_a_missing_confidence_is_none() -> None:
    row = read({"pair_id": "p1", "judge": "gpt", "verdict": "A", "confidence": float("nan")})
    assert row.readings[0][2].confidence is None


def test_columns_of_annotators_are_found_by_their_names() -> None:
    row = read({"idx": 3, "annotator1": 1, "annotator2": 0, "annotator3": None, "notes": 2})
    assert row.pair_id == "3"
    assert [(one.annotator, one.verdict.value) for one in row.labels] == [
        ("annotator1", "A>"),
        ("annotator2", "="),
    ]


def test_columns_may_belong_to_named_judges_and_people() -> None:
    own = Columns(judges={"gpt": "g", "palm": "p"}, annotators={"ann": "h"})
    row = read({"pair_id": "p1", "g": "A", "p": 2, "h": "B", "annotator1": 1}, own)
    assert [(judge.judge, reading.vote.verdict) for judge, _, reading in row.readings] == [
        ("gpt", Verdict("A>")),
        ("palm", Verdict("B>")),
    ]
    assert [(one.annotator, one.verdict.value) for one in row.labels] == [("ann", "B>")]


def test_labels_may_be_an_object_also_in_csv() -> None:
    for labels in ({"x": "A", "y": "tie"}, '{"x": "A", "y": "tie"}'):
        row = read({"pair_id": "p1", "labels": labels})
        assert [(one.annotator, one.verdict.value) for one in row.labels] == [("x", "A>"), ("y", "=")]


def test_clause_verdicts_are_read_and_checked() -> None:
    verdicts = [{"clause": "P1", "verdict": "A", "quote": "so"}]
    row = read({"pair_id": "p1", "judge": "gpt", "verdict": "A", "clause_verdicts": verdicts})
    assert row.readings[0][2].vote.clause_verdicts[0].quote == "so"
    wrong = refused({"pair_id": "p1", "judge": "gpt", "verdict": "A", "clause_verdicts": [{"clause": "P1"}]})
    assert "verdict: Field required" in str(wrong)


def test_clause_verdicts_in_csv_are_a_list_in_json() -> None:
    verdict = {"pair_id": "p1", "judge": "gpt", "verdict": "A"}
    some = read(verdict | {"clause_verdicts": '[{"clause": "P1", "verdict": "B"}]'})
    assert some.readings[0][2].vote.clause_verdicts[0].verdict == "B"
    assert read(verdict | {"clause_verdicts": ""}).readings[0][2].vote.clause_verdicts == ()
    assert str(refused(verdict | {"clause_verdicts": "P1: B"})) == "clause_verdicts is text, not a list"


def test_a_verdict_of_nobody_is_refused() -> None:
    assert str(refused({"pair_id": "p1", "verdict": "A"})) == "judge is missing"


def test_a_row_without_a_pair_is_refused() -> None:
    assert str(refused({"judge": "gpt", "verdict": "A"})) == "pair_id is missing"


def test_responses_that_are_no_text_have_a_length_and_no_text() -> None:
    row = read({"pair_id": "p1", "prompt": "?", "response1": True, "response2": "no"})
    assert (row.lengths, row.texts) == ((4, 2), None)


def test_texts_are_kept_where_there_are_any() -> None:
    row = read({"pair_id": "p1", "instruction": "Add", "input": "2 2", "output_1": "4", "output_2": "5"})
    assert row.texts == Texts(prompt="Add\n\n2 2", response_a="4", response_b="5")


def test_rows_of_several_files_are_put_together_by_pair() -> None:
    found = gathered(
        {"pair_id": "p1", "slice": "code", "label": "A", "length_a": 3, "length_b": "4"},
        {"pair_id": "p1", "judge": "gpt", "verdict": "A", "order": "ab"},
        {"pair_id": "p1", "judge": "gpt", "verdict": "B", "order": "ba"},
        {"pair_id": "p2", "judge": "gpt", "verdict": "A"},
    )
    assert (found.pairs["p1"].slice, found.pairs["p1"].lengths, found.pairs["p2"].slice) == (
        "code",
        (3, 4),
        NO_SLICE,
    )
    judged = found.judgements[JudgeName("gpt", "recorded")]
    assert (judged["p1"].side, len(judged["p1"].readings), judged["p2"].side) == ("=", 2, "A")


def test_what_is_said_twice_counts_once() -> None:
    gathering = EvaluationRows()
    row = read({"pair_id": "p1", "label": "A", "judge": "gpt", "verdict": "A"})
    for number in (1, 2):
        gathering.add(row, where=f"rows:{number}")
    assert gathering.repeated == 2
    assert len(gathering.gathered().pairs["p1"].labels) == 1


def test_repeated_readings_are_told_apart_by_their_number() -> None:
    found = gathered(
        {"pair_id": "p1", "judge": "gpt", "verdict": "A", "repeat": 1},
        {"pair_id": "p1", "judge": "gpt", "verdict": "B", "repeat": 2},
    )
    assert len(found.judgements[JudgeName("gpt", "recorded")]["p1"].readings) == 2


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"label": "A"}, {"label": "B"}, "rows:2: people labels pair 'p1' 'B>' here and 'A>' before"),
        ({"slice": "a"}, {"slice": "b"}, "pair 'p1' is in slice 'b' here and in 'a' before"),
        (
            {"judge": "gpt", "verdict": "A"},
            {"judge": "gpt", "verdict": "B"},
            "reads pair 'p1' in the order ab a second time, and says something else",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_refused(
    first: dict[str, object], second: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        gathered({"pair_id": "p1"} | first, {"pair_id": "p1"} | second)


def test_judges_and_people_who_speak_of_other_pairs_are_refused() -> None:
    with pytest.raises(BadInput, match="judges speak of 'p2' and the like, people of 'p1'; do the ids match"):
        gathered({"pair_id": "p1", "label": "A"}, {"pair_id": "p2", "judge": "gpt", "verdict": "A"})


def test_an_order_may_be_given_once() -> None:
    row = {"pair_id": "p1", "judge": "gpt", "verdict": "A", "order": "ba", "verdict_swapped": "A"}
    assert str(refused(row)) == "verdict_swapped is given although the row's own order is ba already"


def test_the_other_order_may_stand_alone() -> None:
    row = read({"pair_id": "p1", "judge": "gpt", "verdict_swapped": "B", "p_a_swapped": 0.3})
    ((_, _, reading),) = row.readings
    assert (reading.vote.order, reading.vote.p_a) == ("ba", 0.3)


@pytest.mark.parametrize("labels", ["{broken", "[1]", ["A"]])
def test_labels_that_are_no_object_are_refused(labels: object) -> None:
    assert str(refused({"pair_id": "p1", "labels": labels})).startswith("labels is ")


def test_named_columns_that_one_row_lacks_are_passed_over() -> None:
    own = Columns(judges={"gpt": "g"})
    assert read({"pair_id": "p1", "other": "A"}, own).readings == ()


def test_a_verdict_that_is_no_text_keeps_its_spelling() -> None:
    row = read({"pair_id": "p1", "judge": "gpt", "verdict": {"better": "A"}})
    assert (row.readings[0][2].vote.verdict, row.readings[0][2].vote.raw) == (None, '{"better":"A"}')


def test_the_row_that_has_the_texts_gives_them() -> None:
    texts = {"prompt": "?", "response_a": "x", "response_b": "yy"}
    found = gathered({"pair_id": "p1", "label": "A"}, {"pair_id": "p1"} | texts, {"pair_id": "p1"} | texts)
    assert found.pairs["p1"].lengths == (1, 2)
    assert found.pairs["p1"].texts is not None
