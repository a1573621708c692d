"""Positions, manifests and differences of releases."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factories as make

from prefstream.domain.releases.differences import differences
from prefstream.domain.releases.manifest import BESIDE, FileFacts, content_digest, open_lineage, sums, sums_of
from prefstream.domain.releases.position import check_within, read, said
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import GateResult, ReleasePlan

FACTS = {"README.md": FileFacts(digest="a" * 64, size_bytes=1), "x": FileFacts(digest="b" * 64, size_bytes=2)}
_PLACES = st.tuples(st.sampled_from(["pairs.proposed.v1", "labels.submitted.v1"]), st.integers(0, 40))


@given(st.dictionaries(_PLACES, st.integers(0, 2**60), min_size=1))
def test_a_position_that_was_said_is_read_back(position: dict[tuple[str, int], int]) -> None:
    assert read(orjson.loads(orjson.dumps(said(position)))) == position


@pytest.mark.parametrize(
    "document", [{}, [], None, {"pairs": 1}, {"a/x": 1}, {"/0": 1}, {"a/0": -1}, {"a/0": 1.5}, {"a/0": True}]
)
def test_what_is_no_position_is_refused(document: object) -> None:
    with pytest.raises(BadInput, match="position"):
        read(document)


def test_a_position_beyond_the_sink_is_refused_and_named() -> None:
    sink = {("pairs.proposed.v1", 0): 7}

    check_within({("pairs.proposed.v1", 0): 7}, sink)
    with pytest.raises(BadInput, match=r"pairs\.proposed\.v1/0 at 8 \(the sink is at 7\)"):
        check_within({("pairs.proposed.v1", 0): 8}, sink)
    with pytest.raises(BadInput, match=r"/1 at 1 \(the sink is at 0\)"):
        check_within({("pairs.proposed.v1", 1): 1}, sink)


def test_the_hash_is_of_the_content_and_not_of_what_stands_beside_it() -> None:
    beside = dict.fromkeys(BESIDE, FileFacts(digest="c" * 64, size_bytes=3))

    assert content_digest(FACTS | beside) == content_digest(FACTS)
    assert content_digest(FACTS | {"y": FACTS["x"]}) != content_digest(FACTS)
    assert content_digest({"README.md": FACTS["x"], "x": FACTS["README.md"]}) != content_digest(FACTS)


def test_the_list_of_hashes_is_read_back() -> None:
    assert sums_of(sums(FACTS)) == {path: facts.digest for path, facts in FACTS.items()}
    with pytest.raises(BadInput, match="no list"):
        sums_of(b"nonsense\n")


def test_a_cut_is_an_event_of_open_lineage_with_its_gates_as_assertions() -> None:
    gates = [
        GateResult(gate="alpha", slice="law", passed=False),
        GateResult(gate="gold_accuracy", passed=True),
    ]

    document = orjson.loads(
        open_lineage(
            release="helpful-1-0",
            plan=ReleasePlan(name="helpful"),
            position={("pairs.validated.v1", 0): 7, ("pairs.validated.v1", 1): 7},
            gates=gates,
            cut_at=make.NOON,
            version="1",
        )
    )

    assert document["eventType"] == "COMPLETE"
    assert document["schemaURL"].startswith("https://openlineage.io/spec/2-0-2/OpenLineage.json")
    assert document["eventTime"] == "2026-03-01T12:00:00+00:00"
    assert [one["name"] for one in document["inputs"]] == ["pairs.validated.v1"]
    (written,) = document["outputs"]
    assert written["facets"]["version"]["datasetVersion"] == "helpful-1-0"
    assert written["facets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "alpha:law", "success": False},
        {"assertion": "gold_accuracy", "success": True},
    ]


def test_differences_name_what_came_went_and_changed() -> None:
    def line(pair: str, label: str, split: str = "train") -> dict[str, object]:
        return {"pair_id": pair, "label": label, "split": split, "slice": "law", "rows": {}}

    first = [line("same", "A>"), line("gone", "A>"), line("turned", "A>"), line("moved", "A>")]
    second = [line("same", "A>"), line("new", "A>"), line("turned", "B>"), line("moved", "A>", "test")]
    before = [{"gate": "alpha", "slice": "law", "passed": True, "value": 0.8}]
    after = [{"gate": "alpha", "slice": "law", "passed": False, "value": 0.7}]

    found = differences(first, second, (before, after))

    assert [one.examples for one in (found.added, found.removed, found.relabelled, found.moved)] == [
        ("new",),
        ("gone",),
        ("turned",),
        ("moved",),
    ]
    assert found.kept == 1
    assert found.gates == (
        {
            "gate": "alpha",
            "slice": "law",
            "before": 0.8,
            "after": 0.7,
            "passed_before": True,
            "passes": False,
        },
    )
