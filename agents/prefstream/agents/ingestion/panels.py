"""Panels: what one or several judges say of a pair, as opinions that a threshold can be held against."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from prefstream.agents.ingestion.audit_rows import NO_SIDE, OTHER, Judged, Vote
from prefstream.domain.pooling import pooled
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Provenance, Verdict
from prefstream.schemas.values import Vote as CastVote

#: How several judges decide: their votes pooled, as routing does; one after another, each deciding what
#: it is sure of; or the first alone, with the others breaking ties between equally confident pairs.
Panel = Literal["pooled", "cascade", "lead"]
_VERDICTS = {
    "A": Verdict.A_BETTER,
    "B": Verdict.B_BETTER,
    "=": Verdict.TIE,
    "unsure": Verdict.UNSURE,
    "both_bad": Verdict.BOTH_BAD,
}


class Opinion(NamedTuple):
    """An answer and the confidence in it; both `None` where there is no verdict."""

    answer: str | None
    confidence: float | None


_NONE = Opinion(None, None)


def opinions(judged: Mapping[str, Judged], judges: Sequence[str], panel: Panel) -> list[Opinion]:
    """Return the opinions on a pair: one per judge for a cascade, else a single one."""
    own = [judged.get(name) for name in judges]
    if len(judges) == 1 or panel == "cascade":
        return [_own(one) for one in own]
    if panel == "lead":
        return [_led(own[0], own[1:])]
    return [_pooled([vote for one in own if one is not None for vote in _votes(one)])]


def _own(judged: Judged | None) -> Opinion:
    if judged is None:
        return _NONE
    if judged.confidence is None or (judged.answer is None and judged.votes):
        return _pooled(judged.votes) if judged.votes else _NONE
    return (
        _NONE
        if judged.answer is None or judged.answer in NO_SIDE
        else Opinion(judged.answer, judged.confidence)
    )


def _votes(judged: Judged) -> Sequence[Vote]:
    """Return a judge's votes; confidence in a label is one vote with that probability."""
    if judged.votes:
        return judged.votes
    if judged.answer is None or judged.confidence is None:
        return (Vote(None),)
    if judged.answer == "=" or judged.answer in NO_SIDE:
        return (Vote(judged.answer),)
    p_a = judged.confidence if judged.answer == "A" else 1 - judged.confidence
    return (Vote(judged.answer, p_a),)


def _pooled(votes: Iterable[Vote]) -> Opinion:
    found = pooled([_cast(vote) for vote in votes])
    if found.label is None:
        return _NONE
    return Opinion(
        "A" if found.label.margin > 0 else "B" if found.label.margin < 0 else "=", found.confidence
    )


def _cast(vote: Vote) -> CastVote:
    if vote.answer is not None and vote.answer.startswith(OTHER):
        verdict = None
    else:
        verdict = _VERDICTS[vote.answer] if vote.answer is not None else None
    return CastVote.model_construct(
        judge="judge",
        provenance=Provenance.RECORDED,
        order="ab",
        variant="recorded",
        raw=vote.answer,
        verdict=verdict,
        p_a=vote.p_a,
    )


def _led(lead: Judged | None, others: Sequence[Judged | None]) -> Opinion:
    """Return the lead's answer, its confidence nudged by how far the others support it.

    Among n votes of which a are for the answer, confidence is (a + s) / (n + 1): the posterior mean under
    a prior Beta(s, 1 - s) that is the others' mean support s, where pooling has 1/2. The others therefore
    order pairs of which the lead is equally sure, and never overrule one vote of it.
    """
    own = _own(lead)
    if lead is None or own.confidence is None:
        return own
    if not lead.votes:
        raise BadInput("the lead's raw votes are needed to let other judges break ties; use --panel cascade")
    supports = [_support(one, own.answer) for one in others if one is not None]
    if not supports:
        return own
    nudge = sum(supports) / len(supports) - 0.5
    return Opinion(own.answer, min(1.0, max(0.0, own.confidence + nudge / (len(lead.votes) + 1))))


def _support(judged: Judged, answer: str | None) -> float:
    opinion = _own(judged)
    if opinion.confidence is None or opinion.answer == "=":
        return 0.5
    return opinion.confidence if opinion.answer == answer else 1 - opinion.confidence
