"""The scorecard of a judge: everything that can be said of it on some pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prefstream.domain.evaluation.alternative_annotator import AlternativeTest, alternative_test
from prefstream.domain.evaluation.bias import Choice, LengthBias, length_bias
from prefstream.domain.evaluation.calibration import Calibration, calibration
from prefstream.domain.evaluation.consistency import Consistency, consistency, unreadable_words
from prefstream.domain.evaluation.prediction_powered import PoweredMean, powered_mean
from prefstream.domain.evaluation.readings import (
    EvaluationSet,
    Judgement,
    JudgeName,
    LabelledPair,
    Side,
    side_of,
)
from prefstream.schemas.errors import BadInput

#: The slice that stands for all pairs together.
ALL = "*"
_CREDIT: Mapping[Side, float] = {"A": 1.0, "=": 0.5, "B": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What PPI++ makes of the pairs that people labelled and those they did not."""

    #: Share of all pairs on which people would agree with the judge.
    agreement: PoweredMean
    #: Share of all pairs on which people would prefer A, a tie counting half.
    win_rate_a: PoweredMean


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One judge under one strategy on one slice."""

    judge: JudgeName
    slice: str
    consistency: Consistency
    #: The same on those pairs on which people prefer a response.
    without_ties: Consistency
    length: LengthBias
    calibration: Calibration
    estimates: Estimates
    alternative: AlternativeTest
    #: What the judge said where no verdict could be read, with how often.
    unreadable: Mapping[str, int]
    #: Judged pairs that do not count here, by reason: unlabelled, people are split or name no side.
    left_out: Mapping[str, int]


def scorecards(evaluated: EvaluationSet, *, by_slice: bool, epsilon: float) -> tuple[Scorecard, ...]:
    """Return the scorecards of every judge, on all pairs and, if asked, on each slice.

    Args:
        evaluated: What people and judges said.
        by_slice: Whether each slice gets its own.
        epsilon: What the lower price of a judge is worth in the alternative-annotator test.

    Raises:
        BadInput: There is no judgement at all, or nothing that people labelled.
    """
    if not evaluated.judgements:
        raise BadInput("there is no judgement here; give the file of the judges' verdicts too")
    if all(pair.people.side is None for pair in evaluated.pairs.values()):
        raise BadInput("people take no side on any pair; give the file of their labels too")
    parts = [(ALL, evaluated)]
    if by_slice:
        parts += [(name, evaluated.of_slice(name)) for name in evaluated.slices]
    return tuple(
        scorecard(name, part.pairs, part.judgements[name], slice_name=slice_name, epsilon=epsilon)
        for name in sorted(evaluated.judgements)
        for slice_name, part in parts
        if name in part.judgements
    )


def scorecard(
    name: JudgeName,
    pairs: Mapping[str, LabelledPair],
    judgements: Mapping[str, Judgement],
    *,
    slice_name: str,
    epsilon: float,
) -> Scorecard:
    """Return the scorecard of one judge on some pairs."""
    sides = {key: pairs[key].people for key in judgements}
    compared = [(people.side, judgements[key]) for key, people in sides.items() if people.side is not None]
    scored = [(one.confidence, side == one.side) for side, one in compared if one.confidence is not None]
    reasons = [people.reason for people in sides.values() if people.reason is not None]
    found, decided = consistency(compared), [(side, one) for side, one in compared if side != "="]
    return Scorecard(
        judge=name,
        slice=slice_name,
        consistency=found,
        without_ties=found if len(decided) == len(compared) else consistency(decided),
        length=length_bias(_choices(pairs, judgements)),
        calibration=calibration(scored),
        estimates=_estimates(pairs, judgements),
        alternative=_alternative(pairs, judgements, epsilon),
        unreadable=unreadable_words([one for _, one in compared]),
        left_out={reason: reasons.count(reason) for reason in sorted(set(reasons))},
    )


def human_sides(pairs: Mapping[str, LabelledPair]) -> dict[str, dict[str, Side]]:
    """Return the side each annotator named, by pair; reviewers and adjudicators saw others' labels."""
    found: dict[str, dict[str, Side]] = {}
    for key, pair in pairs.items():
        for label in pair.labels:
            side = side_of(label.verdict)
            if label.round == "annotate" and side is not None:
                found.setdefault(label.annotator, {})[key] = side
    return found


def _choices(pairs: Mapping[str, LabelledPair], judgements: Mapping[str, Judgement]) -> Iterator[Choice]:
    for key, one in judgements.items():
        lengths, people = pairs[key].lengths, pairs[key].people.side
        if lengths is not None and people is not None:
            yield lengths, people, one.side


def _estimates(pairs: Mapping[str, LabelledPair], judgements: Mapping[str, Judgement]) -> Estimates:
    sides = {key: pairs[key].people.side for key in judgements}
    known = [(side, judgements[key]) for key, side in sides.items() if side is not None]
    # Pairs that people labelled without taking a side are no sample of those nobody labelled.
    others = [judgements[key] for key in sides if not pairs[key].labels]
    return Estimates(
        agreement=powered_mean(
            [float(side == one.side) for side, one in known],
            [one.confidence or 0.0 for _, one in known],
            [one.confidence or 0.0 for one in others],
        ),
        win_rate_a=powered_mean(
            [_CREDIT[side] for side, _ in known],
            [_leaning(one) for _, one in known],
            [_leaning(one) for one in others],
        ),
    )


def _leaning(one: Judgement) -> float:
    return 0.5 if one.p_a is None else one.p_a


def _alternative(
    pairs: Mapping[str, LabelledPair], judgements: Mapping[str, Judgement], epsilon: float
) -> AlternativeTest:
    judge = {key: one.side for key, one in judgements.items()}
    try:
        return alternative_test(human_sides(pairs), judge, epsilon=epsilon)
    except BadInput as missing:
        # Without the extra everything else is still worth having.
        return AlternativeTest(
            epsilon=epsilon, winning_rate=None, advantage=None, passed=None, reason=str(missing)
        )
