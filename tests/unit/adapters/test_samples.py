import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.samples import demo_pairs, demo_prompts, demo_truths
from prefstream.agents.curation import Curation, state_key
from prefstream.agents.judges.offline import OfflineJudge
from prefstream.agents.stage import Configuration, Given
from prefstream.domain.checks.content import content_checks
from prefstream.domain.pooling import pooled
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSetAside
from prefstream.schemas.values import Provenance, Vote

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIGURATION = Configuration(constitution=shipped_constitution())
PAIRS = demo_pairs(NOON)
ROOT = Path(__file__).parents[3]


def votes_on(pair: PairProposed) -> Sequence[Vote]:
    return OfflineJudge().votes(pair, CONFIGURATION, {})


def test_the_script_makes_exactly_the_shipped_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "ops/samples"))
    made = import_module("make_demo").sample()

    for name, rows in made.items():
        shipped = (ROOT / "streams/prefstream/adapters/samples" / name).read_text(encoding="utf-8")
        assert "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) == shipped


def test_the_sample_has_five_slices_of_at_least_fifty_pairs() -> None:
    counts = Counter(pair.slice for pair in PAIRS)

    assert set(counts) == {"arithmetic", "code", "format", "languages", "refusals"}
    assert min(counts.values()) >= 50
    assert len(demo_prompts(NOON)) >= 60


def test_no_row_tells_the_truth() -> None:
    for name in ("demo_pairs.jsonl", "demo_prompts.jsonl"):
        text = (ROOT / "streams/prefstream/adapters/samples" / name).read_text(encoding="utf-8")
        assert '"truth"' not in text


def test_every_pair_has_a_truth_and_passes_the_content_checks() -> None:
    truths = demo_truths()

    assert all(truths[pair.pair_id].slice == pair.slice for pair in PAIRS)
    failed = {check.check for pair in PAIRS for check in content_checks(pair) if not check.passed}
    assert failed == {"simulated_origin"}, "which every sample is"
    assert len({pair.fingerprint for pair in PAIRS}) == len(PAIRS)


def test_everything_is_labelled_offline() -> None:
    assert {pair.provenance for pair in PAIRS} == {Provenance.OFFLINE}
    assert {prompt.provenance for prompt in demo_prompts(NOON)} == {Provenance.OFFLINE}
    assert {vote.provenance for pair in PAIRS for vote in votes_on(pair)} == {Provenance.OFFLINE}


def test_neither_side_nor_model_nor_length_gives_the_better_response_away() -> None:
    truths = demo_truths()
    preferred = [(pair, truths[pair.pair_id].preference.margin) for pair in PAIRS]
    decided = [(pair, margin > 0) for pair, margin in preferred if margin]

    share_a = sum(a for _, a in decided) / len(decided)
    longer = [
        (len(pair.response_a.text) > len(pair.response_b.text)) == a
        for pair, a in decided
        if len(pair.response_a.text) != len(pair.response_b.text)
    ]
    alder = [(pair.response_a.model == "sample:alder") == a for pair, a in decided]

    assert 0.42 < share_a < 0.58
    assert 0.4 < sum(longer) / len(longer) < 0.6
    assert 0.42 < sum(alder) / len(alder) < 0.58


def test_curation_sets_aside_what_nobody_can_prefer_anything_about() -> None:
    outcomes = [
        Curation()
        .handle(prompt, Given(configuration=CONFIGURATION, states={state_key(prompt): None}))
        .events[0]
        for prompt in demo_prompts(NOON)
    ]
    reasons = Counter(event.reason for event in outcomes if isinstance(event, PromptSetAside))

    assert reasons == {"filler": 5, "personal-data": 1}


@pytest.mark.parametrize(
    ("slice_", "low", "high"),
    [
        ("arithmetic", 0.93, 1.0),
        ("format", 0.85, 0.97),
        ("languages", 0.8, 0.95),
        ("refusals", 0.75, 0.92),
        ("code", 0.4, 0.7),
    ],
)
def test_the_offline_judge_is_good_on_some_slices_and_poor_on_code(
    slice_: str, low: float, high: float
) -> None:
    truths = demo_truths()
    right = [
        _side(pooled(votes_on(pair)).label) == _side(truths[pair.pair_id].preference)
        for pair in PAIRS
        if pair.slice == slice_
    ]

    assert low <= sum(right) / len(right) <= high


def test_where_the_offline_judge_is_sure_it_is_more_often_right() -> None:
    truths = demo_truths()
    told = [(pooled(votes_on(pair)), truths[pair.pair_id].preference) for pair in PAIRS]
    sure = [_side(p.label) == _side(truth) for p, truth in told if (p.confidence or 0) > 0.9]
    unsure = [_side(p.label) == _side(truth) for p, truth in told if (p.confidence or 0) <= 0.9]

    assert sum(sure) / len(sure) > 0.9
    assert sum(unsure) / len(unsure) < 0.6
    assert len(unsure) > 40


def _side(preference: object) -> int:
    margin = getattr(preference, "margin", 0)
    return (margin > 0) - (margin < 0)
