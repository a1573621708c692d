"""Pooling: many votes on one pair become one label with a measured confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from prefstream.schemas.values import Preference, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What the votes say together; all `None` when none of them could be read."""

    label: Preference | None
    #: Probability that A is better, from the readable votes.
    p_a: float | None
    #: Support of the label among all votes, the unreadable ones included.
    confidence: float | None


NO_VERDICT = Pooled(label=None, p_a=None, confidence=None)


def pooled(votes: Sequence[Vote]) -> Pooled:
    """Pool votes over judges, orders and variants.

    With a_i the credit of vote i for A (1, 1/2 for a tie, 0; where a vote states a probability, that),
    m votes with a preference of n cast: p_a = (sum a_i + 1/2) / (m + 1), and the label's confidence is
    (credit of the label + 1/2) / (n + 1). Votes that cannot be read, "unsure" and "both_bad" name no
    side: they lower the confidence and say nothing of the label. Equal credit on both sides is a tie.

    The estimate (a + 1/2) / (n + 1) is the posterior mean under Jeffreys' prior.

    >>> from prefstream.schemas.values import Provenance, Verdict
    >>> of = {"judge": "j", "provenance": Provenance.REAL, "order": "ab", "variant": "plain", "raw": None}
    >>> verdicts = [Verdict("A>"), Verdict("A>"), Verdict("unsure"), None]
    >>> pooled([Vote(verdict=verdict, **of) for verdict in verdicts])
    Pooled(label=<Preference.A_BETTER: 'A>'>, p_a=0.8333333333333334, confidence=0.5)
    """
    readable = [vote for vote in votes if vote.verdict is not None and vote.verdict.preference is not None]
    if not readable:
        return NO_VERDICT
    # Exactly rounded, so that the order in which votes came cannot show in the last digit.
    credit_a = fsum(_credit(vote) for vote in readable)
    credit_b = fsum(1.0 - _credit(vote) for vote in readable)
    p_a = (credit_a + 0.5) / (len(readable) + 1)
    if credit_a == credit_b:
        ties = sum(
            vote.verdict is not None and vote.verdict.preference is Preference.TIE for vote in readable
        )
        return Pooled(label=Preference.TIE, p_a=p_a, confidence=(ties + 0.5) / (len(votes) + 1))
    confidence = (max(credit_a, credit_b) + 0.5) / (len(votes) + 1)
    return Pooled(label=_side(readable, a_leads=credit_a > credit_b), p_a=p_a, confidence=confidence)


def opposed(pools: Sequence[Pooled]) -> bool:
    """Return whether two judges come down on opposite sides; a tie or no verdict opposes nobody.

    Args:
        pools: What each judge's own votes say.
    """
    sides = {pool.label.margin > 0 for pool in pools if pool.label is not None and pool.label.margin}
    return len(sides) > 1


def _credit(vote: Vote) -> float:
    if vote.p_a is not None:
        return vote.p_a
    preference = vote.verdict.preference if vote.verdict else None
    margin = preference.margin if preference else 0
    return 0.5 if margin == 0 else float(margin > 0)


def _side(readable: Sequence[Vote], *, a_leads: bool) -> Preference:
    """Return the leading side, "much better" when at least half of its own votes say so."""
    margins = [
        vote.verdict.preference.margin for vote in readable if vote.verdict and vote.verdict.preference
    ]
    own = [abs(margin) for margin in margins if margin and (margin > 0) == a_leads]
    strong = sum(size == 2 for size in own) * 2 >= len(own) > 0
    if a_leads:
        return Preference.A_MUCH_BETTER if strong else Preference.A_BETTER
    return Preference.B_MUCH_BETTER if strong else Preference.B_BETTER
