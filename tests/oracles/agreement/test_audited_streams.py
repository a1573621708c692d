"""The audit sample on real judgements, looked at after every label: its limits hold the truth throughout."""

from random import Random

import pytest
from tests.chain import llmbar, pandalm

from prefstream.domain.evaluation.intervals import always, wilson

pytestmark = pytest.mark.shared

STREAMS = 500
AUDIT_SHARE = 0.3
LEVEL = 0.95


@pytest.fixture(scope="module", params=["GPT-4", "ChatGPT", "PaLM2"])
def agrees(request: pytest.FixtureRequest) -> list[bool]:
    """Give whether people agree with a judge, by item; an item without a label of the judge says nothing."""
    if not (pandalm.shared_data() / "llmbar").is_dir():
        pytest.skip(f"the real labelled data is not at {pandalm.shared_data()}; set PREFSTREAM_SHARED_DATA")
    return [not one.wrong for one in llmbar.items(request.param) if one.pool.label is not None]


def looks(agrees: list[bool], seed: int) -> list[tuple[int, int]]:
    """Return hits and labels after each audited item of one stream of all items in an order by chance."""
    chance, hits, labels, seen = Random(seed), 0, 0, []
    for one in chance.sample(agrees, len(agrees)):
        if chance.random() < AUDIT_SHARE:
            hits, labels = hits + one, labels + 1
            seen.append((hits, labels))
    return seen


def test_the_limits_hold_the_true_agreement_at_every_look_of_nearly_every_stream(agrees: list[bool]) -> None:
    truth = sum(agrees) / len(agrees)
    held = 0
    for seed in range(STREAMS):
        limits = [always(hits, labels) for hits, labels in looks(agrees, seed)]
        held += all(low <= truth <= high for low, high in limits)
    assert held / STREAMS >= LEVEL


def test_limits_for_one_look_do_not(agrees: list[bool]) -> None:
    """So the limits for one look are shown beside, and nothing acts on them."""
    truth = sum(agrees) / len(agrees)
    held = 0
    for seed in range(STREAMS):
        limits = [wilson(hits / labels, labels) for hits, labels in looks(agrees, seed)]
        held += all(low <= truth <= high for low, high in limits)
    assert held / STREAMS < LEVEL
