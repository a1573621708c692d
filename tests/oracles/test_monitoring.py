"""The monitor on real judgements: a judge that is good on natural items and bad on adversarial ones."""

from random import Random

import pytest
from tests.chain import llmbar, pandalm

from prefstream.domain.monitoring import Detector

pytestmark = pytest.mark.shared

SHUFFLES = 200
#: Adversarial pairs that may be accepted before the alarm.
MOST_ACCEPTED = 50


@pytest.fixture(scope="module")
def items() -> list[llmbar.Item]:
    if not (pandalm.shared_data() / "llmbar").is_dir():
        pytest.skip(f"the real labelled data is not at {pandalm.shared_data()}; set PREFSTREAM_SHARED_DATA")
    return llmbar.items("ChatGPT")


def agreements(items: list[llmbar.Item], *, natural: bool, threshold: float) -> list[bool]:
    """Return whether people agree with what is accepted at this threshold."""
    return [
        not one.wrong for one in items if one.natural is natural and (one.pool.confidence or 0.0) >= threshold
    ]


@pytest.mark.parametrize(
    ("alpha", "threshold"), [(0.1, 0.6), (0.1, 0.8), (0.2, 0.5), (0.2, 0.7), (0.05, 0.8)]
)
def test_the_turn_to_adversarial_items_is_found_before_fifty_of_them_are_accepted(
    items: list[llmbar.Item], alpha: float, threshold: float
) -> None:
    natural = agreements(items, natural=True, threshold=threshold)
    adversarial = agreements(items, natural=False, threshold=threshold)
    assert 1 - sum(natural) / len(natural) <= alpha, "the policy keeps its promise on natural items"
    false_alarms, delays = 0, []
    for seed in range(SHUFFLES):
        Random(seed).shuffle(natural)
        detector = Detector.begin(alpha=alpha)
        for agrees in natural:
            detector = detector.after(agrees=agrees)
        false_alarms += detector.alarm is not None
        Random(seed).shuffle(adversarial)
        for agrees in adversarial[:MOST_ACCEPTED]:
            detector = detector.after(agrees=agrees)
        assert detector.alarm is not None, f"not found within {MOST_ACCEPTED} (seed {seed})"
        delays.append(detector.alarm.at + 1 - len(natural))
    print(f"alpha {alpha}, threshold {threshold}: {false_alarms} false, delay at most {max(delays)}")
    assert false_alarms <= 0.05 * SHUFFLES
    assert max(delays) < MOST_ACCEPTED
