from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.agents.test_audit_tables import row, sample

from prefstream.agents.ingestion.audit_arrays import plain_columns, plain_sample
from prefstream.agents.ingestion.audit_samples import AuditSample, Reading

ANSWERS = st.sampled_from(["A", "b", "tie", "unsure", "both_bad", "A>>", "2", "", None])


def plain(rows: list[dict[str, Any]], reading: Reading | None = None) -> AuditSample | None:
    names = plain_columns(list(rows[0]), {})
    if names is None:
        return None
    columns = {name: [one[column] for one in rows] for name, column in names.items()}
    return plain_sample(columns, reading or Reading())


@given(
    st.lists(
        st.builds(
            row,
            pair=st.integers(0, 10_000).map(lambda place: f" p{place}"),
            judge=ANSWERS,
            human=ANSWERS,
            confidence=st.one_of(st.floats(0, 1), st.sampled_from(["0.5", 1, 0])),
            slice=st.sampled_from(["maths", "code ", "", None]),
            propensity=st.just(0.2),
        ),
        min_size=1,
        max_size=60,
        unique_by=lambda one: one["pair_id"],
    )
)
def test_whole_columns_are_the_evidence_that_rows_are(rows: list[dict[str, Any]]) -> None:
    found, expected = plain(rows), sample(rows)
    assert found is not None
    for name in AuditSample.__slots__:
        if name != "slices":  # what is in them is in the hash
            assert getattr(found, name) == getattr(expected, name), name
    assert list(found.slices) == list(expected.slices)


@pytest.mark.parametrize(
    "changed",
    [
        {"pair_id": "p0"},
        {"pair_id": None},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": True},
        {"confidence": None},
        {"confidence": "much"},
        {"judge_label": "gibberish"},
        {"human_label": ["A", "B"]},
        {"human_label": '["A", "B"]'},
        {"propensity": 0.3},
        {"propensity": None},
        {"slice": 7},
    ],
)
def test_what_is_not_plain_is_left_to_be_read_row_by_row(changed: dict[str, Any]) -> None:
    rows = [row(f"p{place}", slice="s", propensity=0.2) for place in range(4)]
    assert plain(rows) is not None
    rows[3] |= changed
    assert plain(rows) is None


@pytest.mark.parametrize(
    "column", ["judge", "annotator", "votes", "audited", "confidence:x", "human_label_1"]
)
def test_a_table_with_other_columns_is_left_too(column: str) -> None:
    assert plain([row() | {column: None}]) is None
