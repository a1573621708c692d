"""Mirrors: from the pair's own A and B to the sides as they were shown, and back.

Left and right stand in the same letters as A and B, so that one scale serves everywhere: "A>" as shown
means that the left one is better. Where A stands on the left nothing changes; where it stands on the right
everything that names a side changes over. Doing it twice changes nothing.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from prefstream.domain.tasks.lending import Sides
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted, Quote
from prefstream.schemas.values import Preference, Verdict, Vote

_RESPONSES: Final[Mapping[Literal["a", "b"], Literal["a", "b"]]] = {"a": "b", "b": "a"}
_CLAUSE_VERDICTS: Final[Mapping[str, str]] = {"A": "B", "B": "A"}


def mirrored(verdict: Verdict, sides: Sides) -> Verdict:
    """Return a verdict seen from the other naming of the sides.

    >>> mirrored(Verdict.A_BETTER, "ba"), mirrored(Verdict.A_BETTER, "ab"), mirrored(Verdict.UNSURE, "ba")
    (<Verdict.B_BETTER: 'B>'>, <Verdict.A_BETTER: 'A>'>, <Verdict.UNSURE: 'unsure'>)
    """
    preference = verdict.preference
    if sides == "ab" or preference is None:
        return verdict
    return Verdict(preference.swapped.value)


def mirrored_response(response: Literal["a", "b"], sides: Sides) -> Literal["a", "b"]:
    """Return which response that is by the other naming.

    >>> mirrored_response("a", "ba")
    'b'
    """
    return response if sides == "ab" else _RESPONSES[response]


def mirrored_quotes(quotes: tuple[Quote, ...], sides: Sides) -> tuple[Quote, ...]:
    """Return quotes that say of the other naming where they stand."""
    if sides == "ab":
        return quotes
    return tuple(
        quote.model_copy(update={"response": mirrored_response(quote.response, sides)}) for quote in quotes
    )


def shown_label(label: LabelSubmitted, *, by: str, sides: Sides) -> dict[str, Any]:
    """Return somebody's label as whoever decides next sees it.

    Args:
        label: The label.
        by: What its annotator is called here.
        sides: On which sides the responses stand now.
    """
    return {
        "by": by,
        "round": label.round,
        "verdict": mirrored(label.verdict, sides).value,
        "blind_verdict": None if label.blind_verdict is None else mirrored(label.blind_verdict, sides).value,
        "dimensions": dict(label.dimensions),
        "rationale": label.rationale,
        # A and B, or left and right, in the rationale mean what that person saw.
        "saw_changed_sides": label.sides != sides,
        "clauses": list(label.clauses),
        "quotes": [one.model_dump() for one in mirrored_quotes(label.quotes, sides)],
        "needs_specialist": label.needs_specialist,
        "error_category": label.error_category,
    }


def shown_judgement(judged: PairJudged, sides: Sides) -> dict[str, Any]:
    """Return what the judges said as whoever decides next sees it."""
    p_a = judged.p_a
    return {
        "verdict": None if judged.label is None else _preference(judged.label, sides),
        "p_left": p_a if p_a is None or sides == "ab" else round(1.0 - p_a, 12),
        "confidence": judged.confidence,
        "flags": list(judged.flags),
        "votes": [_vote(vote, sides) for vote in judged.votes],
    }


def _preference(label: Preference, sides: Sides) -> str:
    return (label if sides == "ab" else label.swapped).value


def _vote(vote: Vote, sides: Sides) -> dict[str, Any]:
    return {
        "judge": vote.judge,
        "variant": vote.variant,
        "saw_changed_sides": vote.order != sides,
        "verdict": None if vote.verdict is None else mirrored(vote.verdict, sides).value,
        "rationale": vote.rationale,
        "clauses": [
            {
                "clause": one.clause,
                "verdict": one.verdict if sides == "ab" else _CLAUSE_VERDICTS.get(one.verdict, one.verdict),
                "quote": one.quote,
                "quote_found": one.quote_found,
            }
            for one in vote.clause_verdicts
        ],
    }
