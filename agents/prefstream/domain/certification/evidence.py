"""Evidence: what judges said of pairs, how sure they were, and where people labelled them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefstream.schemas.errors import BadInput

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Places = np.ndarray[Any, np.dtype[np.intp]]

#: The rank of a pair without a verdict: below every confidence, so that no threshold accepts it.
NO_VERDICT = -np.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """The pairs of one slice, judged by one judge or by several in order.

    Several judges are a cascade: at a threshold, the first judge whose confidence lies above it
    decides the pair; a pair that none is sure of escalates.
    """

    #: Per pair and judge, 0 to 1; -inf where the judge gave no verdict.
    confidence: Floats
    #: Per pair and judge: whether a person disagrees. Says nothing where nobody labelled the pair.
    wrong: Flags
    #: Per pair: whether it is in the audit sample, that is, labelled whatever its confidence.
    audited: Flags

    @property
    def n_pairs(self) -> int:
        """Pairs, audited or not."""
        return len(self.audited)

    @property
    def n_labels(self) -> int:
        """Pairs of the audit sample."""
        return int(self.audited.sum())

    @property
    def n_judges(self) -> int:
        """Judges, each with a column."""
        return int(self.confidence.shape[1])

    @property
    def best(self) -> Floats:
        """Per pair: the highest confidence of any judge, which decides whether it is accepted."""
        best: Floats = self.confidence[:, 0] if self.n_judges == 1 else self.confidence.max(axis=1)
        return best

    def at(self, places: Places) -> "Evidence":
        """Return the evidence on some of the pairs."""
        return Evidence(
            confidence=self.confidence[places], wrong=self.wrong[places], audited=self.audited[places]
        )

    def mistaken(self, threshold: float) -> Flags:
        """Return per pair whether the judge who decides it at this threshold is wrong."""
        if self.n_judges == 1:
            return self.wrong[:, 0]
        deciding = (self.confidence >= threshold).argmax(axis=1)
        wrong: Flags = self.wrong[np.arange(self.n_pairs), deciding]
        return wrong


def evidence(
    confidence: Sequence[float | None] | Sequence[Sequence[float | None]] | Floats,
    wrong: Sequence[bool] | Sequence[Sequence[bool]] | Flags,
    audited: Sequence[bool] | Flags | None = None,
) -> Evidence:
    """Return evidence, checked.

    Args:
        confidence: Per pair, or per pair and judge; `None` where there is no verdict.
        wrong: The same shape: whether a person disagrees.
        audited: Per pair, whether it is in the audit sample; all are where it is left out.

    Raises:
        BadInput: A confidence is not a number from 0 to 1, or the shapes do not fit.

    >>> one = evidence([0.9, None, 0.6], [False, True, True], [True, True, False])
    >>> one.n_pairs, one.n_labels, one.best.tolist()
    (3, 2, [0.9, -inf, 0.6])
    """
    ranks = confidence if isinstance(confidence, np.ndarray) else np.array(_ranked(confidence), dtype=float)
    flags: Flags = np.asarray(wrong, dtype=bool)
    if ranks.ndim == 1:
        ranks = ranks[:, None]
    if flags.ndim == 1:
        flags = flags[:, None]
    kept = np.ones(len(ranks), dtype=bool) if audited is None else np.asarray(audited, dtype=bool)
    if ranks.shape != flags.shape or ranks.shape[:1] != kept.shape:
        raise BadInput(
            f"confidence, errors and audit flags are of different shapes: {ranks.shape}, {flags.shape},"
            f" {kept.shape}; give one of each for every pair"
        )
    if np.isnan(ranks).any():
        raise BadInput("a confidence is not a number (NaN); leave it empty where there is no verdict")
    outside = ranks[(ranks != NO_VERDICT) & ((ranks < 0) | (ranks > 1))]
    if len(outside):
        raise BadInput(f"a confidence is {outside[0]:g}, not a number from 0 to 1")
    return Evidence(confidence=ranks.astype(np.float64), wrong=flags, audited=kept)


def _ranked(confidence: Sequence[Any]) -> list[Any]:
    return [
        NO_VERDICT if one is None else one if isinstance(one, int | float) else _ranked(one)
        for one in confidence
    ]
