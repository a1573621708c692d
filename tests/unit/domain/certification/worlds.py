"""Simulated worlds: pairs whose risk at each confidence is known, so that every promise can be checked."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefstream.domain.certification import Evidence
from prefstream.domain.certification.evidence import Floats

Risk = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Pairs with the probability that a person disagrees with the judge on each."""

    confidence: Floats
    risk: Floats

    def draw(self, generator: np.random.Generator, n: int) -> Evidence:
        """Return labelled pairs drawn from the world as from a stream."""
        places = generator.integers(0, len(self.confidence), n)
        wrong = generator.random(n) < self.risk[places]
        return Evidence(
            confidence=self.confidence[places][:, None],
            wrong=wrong[:, None],
            audited=np.ones(n, dtype=bool),
        )

    def breaks(self, threshold: float | None, alpha: float) -> bool:
        """Return whether accepted pairs are wrong more often than the bound."""
        accepted = self.confidence >= (np.inf if threshold is None else threshold)
        return bool(accepted.any()) and float(self.risk[accepted].mean()) > alpha + 1e-12

    def coverage(self, threshold: float | None) -> float:
        """Return the share of pairs that the threshold accepts."""
        return float((self.confidence >= (np.inf if threshold is None else threshold)).mean())


def continuous(risk: Risk, n: int = 20_000) -> World:
    """Return a world without ties, with this risk at each confidence."""
    confidence = (np.arange(n) + 0.5) / n
    return World(confidence=confidence, risk=np.clip(risk(confidence), 0, 1))


def tied(groups: list[tuple[float, float, float]], n: int = 20_000) -> World:
    """Return a world of tie groups, each with confidence, share of all pairs and risk."""
    sizes = [round(share * n) for _, share, _ in groups]
    return World(
        confidence=np.repeat([confidence for confidence, _, _ in groups], sizes),
        risk=np.repeat([risk for _, _, risk in groups], sizes),
    )
