"""The audit sample of what runs here, as judges held against people."""

import asyncio
from collections.abc import Callable, Sequence

import asyncpg

from prefstream.adapters.postgres.audit_sample import AuditedPair, OtherPair, audited_pairs, other_pairs
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.settings import Settings
from prefstream.domain.evaluation import (
    EvaluationSet,
    HumanLabel,
    Judgement,
    JudgeName,
    LabelledPair,
    Reading,
    Texts,
    judgement_of,
    side_of,
)
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Provenance, Verdict
from prefstream.streams.places import find_places

#: The strategy under which the panel as a whole stands: its votes pooled, as routing sees them.
POOLED = "pooled"
_SLOW_S = 2.0


async def audit_sample(settings: Settings, *, when_slow: Callable[[], None]) -> EvaluationSet:
    """Return the audit sample of the deployment that the settings name.

    Args:
        settings: Where it is.
        when_slow: Called once if it takes longer than people wait without a word.

    Raises:
        BadInput: Nothing was audited yet.
        Unavailable: Nothing runs here.
    """
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=2) as pool:
        told = asyncio.get_running_loop().call_later(_SLOW_S, when_slow)
        try:
            return await sampled(pool)
        finally:
            told.cancel()


async def sampled(pool: asyncpg.Pool) -> EvaluationSet:
    """Return the audit sample in a database.

    Every judge of the panel is there by each of its prompt variants, and the panel as a whole by its
    identity. The pairs outside the sample stand beside, without labels, for estimates of the whole:
    labels that they have came because they were hard, so they are no sample of anything.

    Raises:
        BadInput: Nothing was audited yet.
    """
    audited = [one async for one in audited_pairs(pool)]
    if not audited:
        raise BadInput(
            "no audited pair has been judged yet; publish a policy with an audit_share above 0"
            " (prefstream policy publish), or evaluate on files"
        )
    return evaluation_set(audited, await other_pairs(pool))


def evaluation_set(audited: Sequence[AuditedPair], others: Sequence[OtherPair]) -> EvaluationSet:
    """Return pairs of the audit sample, and others that the same panels judged, as one set."""
    pairs = {one.pair_id: _pair(one) for one in audited}
    judgements: dict[JudgeName, dict[str, Judgement]] = {}
    for one in audited:
        for name, judgement in _judgements(one):
            judgements.setdefault(name, {})[one.pair_id] = judgement
    for other in others:
        name = JudgeName(other.judge_id, POOLED)
        if name in judgements:
            pairs[other.pair_id] = LabelledPair(pair_id=other.pair_id, slice=other.slice)
            judgements[name][other.pair_id] = _unaudited(other)
    return EvaluationSet(pairs=pairs, judgements=judgements)


def _pair(one: AuditedPair) -> LabelledPair:
    proposed = one.proposed
    lengths = None
    if proposed is not None:
        lengths = (len(proposed.response_a.text), len(proposed.response_b.text))
    return LabelledPair(
        pair_id=one.pair_id,
        slice=one.slice,
        labels=tuple(_label(label) for label in one.labels),
        lengths=lengths,
        texts=None if proposed is None else _texts(proposed),
    )


def _label(label: LabelSubmitted) -> HumanLabel:
    return HumanLabel(
        annotator=label.annotator,
        verdict=Verdict.UNSURE if label.needs_specialist else label.verdict,
        round=label.round,
        rationale=label.rationale,
        clauses=label.clauses,
        by_a_person=label.provenance in {Provenance.REAL, Provenance.RECORDED},
    )


def _texts(proposed: PairProposed) -> Texts:
    return Texts(
        prompt=proposed.messages[-1].content,
        response_a=proposed.response_a.text,
        response_b=proposed.response_b.text,
    )


def _judgements(one: AuditedPair) -> list[tuple[JudgeName, Judgement]]:
    by_name: dict[JudgeName, list[Reading]] = {}
    for vote in one.judged.votes:
        by_name.setdefault(JudgeName(vote.judge, vote.variant), []).append(Reading(vote))
    judged = one.judged
    whole = Judgement(
        readings=tuple(Reading(vote) for vote in judged.votes),
        side=side_of(None if judged.label is None else Verdict(judged.label.value)),
        confidence=judged.confidence,
        p_a=judged.p_a,
    )
    single = [(name, judgement_of(readings)) for name, readings in by_name.items()]
    return [*single, (JudgeName(judged.judge_id, POOLED), whole)]


def _unaudited(other: OtherPair) -> Judgement:
    side = side_of(None if other.label is None else Verdict(other.label))
    return Judgement(readings=(), side=side, confidence=other.confidence, p_a=other.p_a)
