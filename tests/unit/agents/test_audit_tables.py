import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.agents.ingestion.audit_columns import audit_columns
from prefstream.agents.ingestion.audit_rows import audit_row
from prefstream.agents.ingestion.audit_samples import AuditSample, Reading
from prefstream.agents.ingestion.audit_tables import AuditTable
from prefstream.domain.certification import Terms, certify
from prefstream.schemas.errors import BadInput


def table(rows: Sequence[Mapping[str, Any]]) -> AuditTable:
    gathered = AuditTable()
    for line, row in enumerate(rows, start=1):
        gathered.add(audit_row(row, audit_columns(list(row), {})), line)
    return gathered


def sample(rows: Sequence[Mapping[str, Any]], **reading: Any) -> AuditSample:
    return table(rows).sample(Reading(**reading))


def row(pair: object = "p1", judge: object = "A", human: object = "A", **more: object) -> dict[str, Any]:
    return {"pair_id": pair, "confidence": 0.9, "judge_label": judge, "human_label": human} | more


rows = st.lists(
    st.builds(
        row,
        pair=st.integers(0, 400).map(str),
        judge=st.sampled_from(["A", "B", "tie", None]),
        human=st.sampled_from(["A", "B", "tie", None]),
        confidence=st.integers(0, 4).map(lambda votes: (votes + 0.5) / 5),
        slice=st.sampled_from(["maths", "code"]),
    ),
    min_size=20,
    max_size=200,
    unique_by=lambda one: one["pair_id"],
).filter(lambda found: any(one["human_label"] for one in found))


def proved(found: AuditSample) -> object:
    return certify(found.slices, Terms(alpha=0.3))


@given(rows)
def test_changing_the_sides_over_changes_nothing(found: list[dict[str, Any]]) -> None:
    other = {"A": "B", "B": "A"}
    swapped = [
        one | {name: other.get(one[name], one[name]) for name in ("judge_label", "human_label")}
        for one in found
    ]
    assert proved(sample(found)) == proved(sample(swapped))


@given(rows)
def test_rows_that_are_there_twice_count_once(found: list[dict[str, Any]]) -> None:
    twice = sample([*found, *found])
    assert proved(sample(found)) == proved(twice)
    assert twice.repeated == len(found)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(found: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert proved(sample(found)) == proved(sample(shuffled))
    assert sample(found).content_hash == sample(shuffled).content_hash


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"confidence": 0.8}, "confidence 0.9 and here with 0.8"),
        ({"judge_label": "B"}, "judge_label 'A' and here with 'B'"),
        ({"slice": "code"}, "slice 'maths' and here with 'code'"),
        ({"propensity": 0.2}, "propensity 0.1 and here with 0.2"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(change: dict[str, Any], said: str) -> None:
    one = row(slice="maths", propensity=0.1)
    with pytest.raises(BadInput, match=f"'p1' stands on line 1 with {said}"):
        table([one, one | change])


def test_a_person_who_says_two_things_is_refused() -> None:
    with pytest.raises(BadInput, match="the label of ann"):
        table([row(annotator="ann"), row(annotator="ann", human="B")])


@pytest.mark.parametrize(
    ("truth", "wrong"), [("first", [False, True, False]), ("majority", [True, False, True])]
)
def test_where_people_differ_the_rule_says_who_is_right(truth: str, wrong: list[bool]) -> None:
    found = sample(
        [
            row("p1", human=["A", "B", "B"]),
            row("p2", human=["B", "A", "A"]),
            row("p3", human=["A", "B"]),  # no majority: nobody agrees
        ],
        truth=truth,
    )
    assert found.slices["general"].wrong[:, 0].tolist() == wrong
    assert found.disputed == 3


def test_a_fresh_person_is_each_of_them_about_as_often() -> None:
    found = sample([row(str(pair), human=["A", "B", "B"]) for pair in range(900)])
    assert 0.6 < found.slices["general"].wrong.mean() < 0.73
    again = sample([row(str(pair), human=["A", "B", "B"]) for pair in range(900)])
    assert found.content_hash == again.content_hash


def test_people_may_stand_in_rows_lists_objects_or_columns() -> None:
    forms: list[list[dict[str, Any]]] = [
        [row(human="A"), row(human="B")],
        [row(human="A", annotator="x"), row(human="B", annotator="y")],
        [row(human=["A", "B"])],
        [row(human='["A", "B"]')],
        [row(human={"x": "A", "y": "B"})],
        [
            {
                "pair_id": "p1",
                "confidence": 0.9,
                "judge_label": "A",
                "human_label_1": "A",
                "human_label_2": "B",
            }
        ],
    ]
    assert [sample(form).disputed for form in forms] == [1] * len(forms)


def test_votes_are_pooled_as_routing_pools_them() -> None:
    found = sample([{"pair_id": "p", "votes": ["A", "A", None, "unsure"], "human_label": "A"}])
    assert found.slices["general"].confidence.tolist() == [[0.5]]
    forms = [["1", 1, "model_a", "b"], "A,A,A,B", '["A>", "A", "A>>", "B>"]']
    pooled = [sample([{"pair_id": "p", "votes": form, "human_label": 1}]) for form in forms]
    assert [one.slices["general"].confidence.tolist() for one in pooled] == [[[0.7]]] * 3


def test_votes_may_stand_one_a_row() -> None:
    verdicts = [("plain", "A", "A"), ("cot", "A", "B")]
    found = sample(
        [
            {
                "pair_id": "p",
                "judge": "j",
                "strategy": s,
                "winner": w,
                "winner_swapped": x,
                "human_label": "A",
            }
            for s, w, x in [*verdicts, verdicts[0]]
        ]
    )
    assert found.slices["general"].confidence.tolist() == [[0.7]]
    assert found.repeated == 1


def test_judges_may_stand_in_rows_or_in_columns() -> None:
    in_rows = [row(confidence=sure) | {"judge": name} for name, sure in (("x", 0.9), ("y", 0.6))]
    in_columns = {
        "pair_id": "p1",
        "confidence:x": 0.9,
        "judge_label:x": "A",
        "confidence:y": 0.6,
        "judge_label:y": "A",
        "human_label": "A",
    }
    for form in (in_rows, [in_columns]):
        with pytest.raises(BadInput, match="the order of the judges matters"):
            sample(form, panel="cascade")
        found = sample(form, panel="cascade", judges=("x", "y"))
        assert found.judges == ("x", "y")
        assert found.slices["general"].confidence.tolist() == [[0.9, 0.6]]
    assert sample([in_columns], panel="cascade", judges=("y", "x")).slices["general"].confidence[0, 0] == 0.6
    with pytest.raises(BadInput, match="no judge 'z'"):
        sample([in_columns], judges=("z",))


def test_other_judges_order_pairs_of_which_the_lead_is_equally_sure_and_no_others() -> None:
    def ranked(lead: str, *others: str) -> float:
        judges = {"a": list(lead)} | {f"b{n}": list(one) for n, one in enumerate(others)}
        cells = {"pair_id": "p", "human_label": "A"} | {
            f"votes:{name}": said for name, said in judges.items()
        }
        found = sample([cells], panel="lead", judges=tuple(judges))
        return float(found.slices["general"].confidence[0, 0])

    ladder = [
        ranked("AAB", "BBB"),
        ranked("AAB", "AAA"),
        ranked("AAA", "BBB", "BBB"),
        ranked("AAA", "BBB", "AAA"),
        ranked("AAA", "AAA", "AAA"),
    ]
    assert all(low < high for low, high in itertools.pairwise(ladder))


def test_a_pair_outside_the_audit_sample_says_nothing_of_risk() -> None:
    found = sample([row("p1", propensity=0.2), row("p2", propensity=0), row("p3", propensity=None)])
    assert (found.n_pairs, found.n_labels) == (3, 1)
    assert sample([row("p1", audited=False), row("p2", audited="true")]).n_labels == 1
    assert sample([row("p1", human=None)]).n_labels == 0


def test_labels_that_were_likelier_to_be_taken_are_thinned_to_the_rest() -> None:
    found = sample([row(str(pair), propensity=0.1 if pair % 2 else 0.4) for pair in range(4000)])
    assert 2000 + 430 < found.n_labels < 2000 + 570
    assert found.thinned == 4000 - found.n_labels


def test_no_verdict_is_no_tie_and_unsure_agrees_with_nobody() -> None:
    found = sample(
        [
            row("p1", judge=None),
            row("p2", judge="unsure"),
            row("p3", judge="gibberish"),
            row("p4", human="both_bad"),
            row("p5", judge="tie", human="tie"),
        ]
    ).slices["general"]
    assert found.confidence[:, 0].tolist() == [-float("inf")] * 3 + [0.9, 0.9]
    assert found.wrong[3:, 0].tolist() == [True, False]


def test_answers_in_words_of_their_own_are_compared_as_text() -> None:
    found = sample([row("p1", "Safe", "safe"), row("p2", "safe", "unsafe")])
    assert found.slices["general"].wrong[:, 0].tolist() == [False, True]
    with pytest.raises(BadInput, match="no answer in common"):
        sample([row("p1", "A", "safe")])


def test_one_answer_throughout_is_told() -> None:
    assert sample([row(str(pair)) for pair in range(9)]).one_class
    assert not sample([row("p1"), row("p2", human="B")]).one_class


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"confidence": 1.5}, "confidence is 1.5, not a number from 0 to 1"),
        ({"confidence": float("nan")}, "confidence is nan"),
        ({"confidence": "nan"}, "confidence is 'nan'"),
        ({"confidence": True}, "confidence is True"),
        ({"confidence": None}, "neither confidence nor votes"),
        ({"propensity": 2}, "propensity is 2"),
        ({"pair_id": None}, "pair_id is missing"),
        ({"audited": "perhaps"}, "say true or false"),
    ],
)
def test_cells_that_cannot_be_used_are_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        table([row() | changed])


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["confidence", "judge_label", "human_label"], "pair_id"),
        (["pair_id", "confidence", "judge_label"], "human_label"),
        (["pair_id", "judge_label", "human_label"], "judge_label with confidence, or votes"),
        (["pair_id", "human_label", "confidence:x"], "judge_label with confidence, or votes"),
    ],
)
def test_missing_columns_are_named(header: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=f"no column for .*{said}"):
        audit_columns(header, {})


def test_labels_of_which_only_some_can_be_read_are_refused() -> None:
    with pytest.raises(BadInput, match="'gibberish' of pair 'p2'"):
        sample([row("p1"), row("p2", human="gibberish")])
