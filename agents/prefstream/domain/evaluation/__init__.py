"""How good judges are: what they say held against what people say."""

from prefstream.domain.evaluation.adoption import Adoption, RecordedEvaluation, RecordedPair, adoption
from prefstream.domain.evaluation.alternative_annotator import AlternativeTest, alternative_test
from prefstream.domain.evaluation.bias import LengthBias, length_bias
from prefstream.domain.evaluation.calibration import Bin, Calibration, calibration
from prefstream.domain.evaluation.clauses import ClauseReport, Difference, Mistake, clause_reports
from prefstream.domain.evaluation.consistency import Consistency, consistency
from prefstream.domain.evaluation.exemplars import Proposed, proposals
from prefstream.domain.evaluation.intervals import Share, always, wilson
from prefstream.domain.evaluation.prediction_powered import PoweredMean, powered_mean, ppi_mean
from prefstream.domain.evaluation.readings import (
    EvaluationSet,
    HumanLabel,
    Judgement,
    JudgeName,
    LabelledPair,
    People,
    Reading,
    Side,
    Texts,
    judgement_of,
    people_of,
    side_of,
)
from prefstream.domain.evaluation.scorecard import ALL, Estimates, Scorecard, scorecards
from prefstream.domain.evaluation.stacking import Panel, Stacking, panel_of, stacking

__all__ = [
    "ALL",
    "Adoption",
    "AlternativeTest",
    "Bin",
    "Calibration",
    "ClauseReport",
    "Consistency",
    "Difference",
    "Estimates",
    "EvaluationSet",
    "HumanLabel",
    "JudgeName",
    "Judgement",
    "LabelledPair",
    "LengthBias",
    "Mistake",
    "Panel",
    "People",
    "PoweredMean",
    "Proposed",
    "Reading",
    "RecordedEvaluation",
    "RecordedPair",
    "Scorecard",
    "Share",
    "Side",
    "Stacking",
    "Texts",
    "adoption",
    "alternative_test",
    "always",
    "calibration",
    "clause_reports",
    "consistency",
    "judgement_of",
    "length_bias",
    "panel_of",
    "people_of",
    "powered_mean",
    "ppi_mean",
    "proposals",
    "scorecards",
    "side_of",
    "stacking",
    "wilson",
]
