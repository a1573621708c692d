"""From findings to votes: three variants in both orders, with a bias and a doubt of their own.

A vote adds up the weighted differences between the two responses, leans a little towards the one it
reads first, and wavers the more, the less it could check. The wavering is a hash of what is read, so
the same pair always gets the same votes, and a pair told the other way round gets their mirror image.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from prefstream.domain.offline.reading import CHECKED, Finding, findings
from prefstream.schemas.values import ClauseVerdict, Provenance, Verdict, Vote

#: Weight of each clause under each variant of the reader.
VARIANTS: Mapping[str, Mapping[str, float]] = {
    "plain": {},
    "strict": {"format": 1.4, "correctness": 1.2, "conciseness": 0.5},
    "brief": {"conciseness": 1.5, "language": 0.9},
}
_ORDERS: tuple[Literal["ab", "ba"], ...] = ("ab", "ba")
_FIRST_BIAS = 0.12
_DOUBT, _DOUBT_CHECKED = 0.6, 0.1
_TIE_BELOW, _TIE_BELOW_CHECKED = 0.03, 0.25
_MUCH_FROM = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two responses differ under one clause, from A's side, and why."""

    clause: str
    difference: float
    because: str
    checked: bool


def votes_on(
    prompt: str, response_a: str, response_b: str, *, judge: str, clauses: Collection[str]
) -> list[Vote]:
    """Return the offline reader's votes on a pair, one per variant and order.

    Args:
        prompt: The last thing the user said.
        response_a: Text of the first response.
        response_b: Text of the second response.
        judge: The name under which the votes are cast.
        clauses: Ids of the constitution's clauses; findings under others count but are not cited.
    """
    compared = compare(findings(prompt, response_a), findings(prompt, response_b))
    cited = tuple(_clause_verdict(c.clause, _sign(c.difference)) for c in compared if c.clause in clauses)
    doubts = {
        "ab": sha256(f"{response_a}\0{response_b}".encode()).digest(),
        "ba": sha256(f"{response_b}\0{response_a}".encode()).digest(),
    }
    checked = any(c.checked for c in compared)
    doubt, tie_below = (_DOUBT_CHECKED, _TIE_BELOW_CHECKED) if checked else (_DOUBT, _TIE_BELOW)
    rationales = _rationales(compared)
    votes = []
    for place, (variant, weights) in enumerate(VARIANTS.items()):
        lean_a = sum(c.difference * weights.get(c.clause, 1.0) for c in compared)
        for order in _ORDERS:
            waver = (doubts[order][place] / 127.5 - 1.0) * doubt
            shown = (lean_a if order == "ab" else -lean_a) + waver + min(_FIRST_BIAS, doubt)
            side, raw, verdict = _verdict(shown, order, tie_below)
            votes.append(
                Vote(
                    judge=judge,
                    provenance=Provenance.OFFLINE,
                    order=order,
                    variant=variant,
                    raw=raw,
                    verdict=verdict,
                    clause_verdicts=cited,
                    rationale=rationales[side],
                )
            )
    return votes


def compare(of_a: Sequence[Finding], of_b: Sequence[Finding]) -> list[Comparison]:
    """Return the differences clause by clause; what was found on one side only is held against zero."""
    a, b = {f.clause: f for f in of_a}, {f.clause: f for f in of_b}
    return [_compared(clause, a.get(clause), b.get(clause)) for clause in {**a, **b}]


def _compared(clause: str, a: Finding | None, b: Finding | None) -> Comparison:
    score_a, score_b = a.score if a else 0.0, b.score if b else 0.0
    # The reason is what speaks louder, be it for one side or against the other.
    louder = a if b is None or (a is not None and abs(score_a) >= abs(score_b)) else b
    assert louder is not None
    return Comparison(
        clause=clause,
        difference=score_a - score_b,
        because=f"{'A' if louder is a else 'B'} {louder.because}",
        checked=max(abs(score_a), abs(score_b)) >= CHECKED,
    )


def _rationales(compared: Sequence[Comparison]) -> Mapping[int, str]:
    """Return the rationale for a verdict for A (1), for B (-1) and for a tie (0)."""
    said = {0: "Offline reader: sees no difference that it can check."}
    for side, name in ((1, "A"), (-1, "B")):
        reason = max(compared, key=lambda c: c.difference * side, default=None)
        if reason is None or reason.difference * side <= 0:
            said[side] = f"Offline reader: leans to {name} without a finding under any clause."
        else:
            said[side] = f"Offline reader: {name} is better under {reason.clause}: {reason.because}."
    return said


@lru_cache(maxsize=64)
def _clause_verdict(clause: str, side: int) -> ClauseVerdict:
    return ClauseVerdict(clause=clause, verdict="A" if side > 0 else "B" if side < 0 else "both")


def _sign(difference: float) -> int:
    return (difference > 0) - (difference < 0)


def _verdict(shown: float, order: Literal["ab", "ba"], tie_below: float) -> tuple[int, str, Verdict]:
    """Return the side (1 for A), the verdict as the reader saw the pair, and the same mapped back."""
    if abs(shown) < tie_below:
        return 0, Verdict.TIE.value, Verdict.TIE
    first = shown > 0
    much = abs(shown) >= _MUCH_FROM
    raw = _SHOWN[first, much]
    for_a = first == (order == "ab")
    return (1 if for_a else -1), raw.value, _SHOWN[for_a, much]


_SHOWN = {
    (True, True): Verdict.A_MUCH_BETTER,
    (True, False): Verdict.A_BETTER,
    (False, True): Verdict.B_MUCH_BETTER,
    (False, False): Verdict.B_BETTER,
}
