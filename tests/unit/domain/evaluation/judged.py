"""Readings, judgements and pairs as tests need them."""

from prefstream.domain.evaluation import (
    EvaluationSet,
    HumanLabel,
    Judgement,
    JudgeName,
    LabelledPair,
    Reading,
    Texts,
    judgement_of,
)
from prefstream.schemas.labels import Round
from prefstream.schemas.values import ClauseVerdict, Provenance, Verdict, Vote

JUDGE = JudgeName("gpt", "plain")


def vote(verdict: str | None, order: str = "ab", *clauses: ClauseVerdict, rationale: str = "") -> Vote:
    return Vote(
        judge="gpt",
        provenance=Provenance.RECORDED,
        order=order,  # type: ignore[arg-type]
        variant="plain",
        raw=verdict,
        verdict=None if verdict is None else Verdict(verdict),
        clause_verdicts=clauses,
        rationale=rationale,
    )


def judged(ab: str | None = None, ba: str | None = None, *, orders: str = "both") -> Judgement:
    readings = [Reading(vote(ab, "ab"))] if orders in {"both", "ab"} else []
    readings += [Reading(vote(ba, "ba"))] if orders in {"both", "ba"} else []
    return judgement_of(readings)


def label(annotator: str, verdict: str, round_: Round = "annotate", **more: object) -> HumanLabel:
    return HumanLabel(annotator=annotator, verdict=Verdict(verdict), round=round_, **more)  # type: ignore[arg-type]


def pair(
    pair_id: str, *labels: HumanLabel, slice_name: str = "code", texts: Texts | None = None
) -> LabelledPair:
    return LabelledPair(pair_id=pair_id, slice=slice_name, labels=labels, texts=texts)


def evaluated(*cases: tuple[LabelledPair, Judgement]) -> EvaluationSet:
    return EvaluationSet(
        pairs={one.pair_id: one for one, _ in cases},
        judgements={JUDGE: {one.pair_id: judgement for one, judgement in cases}},
    )
