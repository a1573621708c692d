"""Reliability: how well people label, told by each other, by gold questions and by how they work."""

from prefstream.domain.reliability.actions import Action, Recommendation, recommended
from prefstream.domain.reliability.acts import RULE, Act, ActKind, GivenLabel, events_of
from prefstream.domain.reliability.assessments import Assessment, GoldAnswer, Proposal, assessed
from prefstream.domain.reliability.calibration_weeks import (
    AnchorDrift,
    against_others,
    anchor_drift,
    calibration_set,
    drift,
    order_for,
)
from prefstream.domain.reliability.dawid_skene import FLAT, Prior, Schedule
from prefstream.domain.reliability.estimates import (
    Estimate,
    Posterior,
    Skill,
    estimated,
    most_likely,
    of_sheet,
    soft_label,
)
from prefstream.domain.reliability.gold_choice import gold_item, gold_turn, week_of
from prefstream.domain.reliability.gold_tests import GoldRecord, GoldTest
from prefstream.domain.reliability.habits import (
    PAUSE_S,
    Finding,
    Habits,
    habits_of,
    most_false_alarms,
)
from prefstream.domain.reliability.ledgers import Ledger, SliceLedger
from prefstream.domain.reliability.operating import Operating, operating
from prefstream.domain.reliability.overlap import OverlapRule, OverlapStep, next_step, overlap_step
from prefstream.domain.reliability.questions import QuestionKind, Shares, as_shown, is_right, question_turn
from prefstream.domain.reliability.rotation import next_slice
from prefstream.domain.reliability.sheets import CrowdLabel, Sheet
from prefstream.domain.reliability.signals import Bounds, Kind, Work, signals
from prefstream.domain.reliability.spells import Spell, rest_due, spell_after
from prefstream.domain.reliability.splits import split_p_value
from prefstream.domain.reliability.submissions import crowd_ballot, crowd_label, work_of
from prefstream.domain.reliability.sureness import SureCertificate, certified_sure
from prefstream.domain.reliability.tables import (
    PersonTables,
    SliceTables,
    TablesName,
    publication,
    tables_of,
    worth_publishing,
)
from prefstream.domain.reliability.weekly import SetAnswer, WeekFigures, set_due, week_figures
from prefstream.domain.reliability.worlds import Worlds

__all__ = [
    "FLAT",
    "PAUSE_S",
    "RULE",
    "Act",
    "ActKind",
    "Action",
    "AnchorDrift",
    "Assessment",
    "Bounds",
    "CrowdLabel",
    "Estimate",
    "Finding",
    "GivenLabel",
    "GoldAnswer",
    "GoldRecord",
    "GoldTest",
    "Habits",
    "Kind",
    "Ledger",
    "Operating",
    "OverlapRule",
    "OverlapStep",
    "PersonTables",
    "Posterior",
    "Prior",
    "Proposal",
    "QuestionKind",
    "Recommendation",
    "Schedule",
    "SetAnswer",
    "Shares",
    "Sheet",
    "Skill",
    "SliceLedger",
    "SliceTables",
    "Spell",
    "SureCertificate",
    "TablesName",
    "WeekFigures",
    "Work",
    "Worlds",
    "against_others",
    "anchor_drift",
    "as_shown",
    "assessed",
    "calibration_set",
    "certified_sure",
    "crowd_ballot",
    "crowd_label",
    "drift",
    "estimated",
    "events_of",
    "gold_item",
    "gold_turn",
    "habits_of",
    "is_right",
    "most_false_alarms",
    "most_likely",
    "next_slice",
    "next_step",
    "of_sheet",
    "operating",
    "order_for",
    "overlap_step",
    "publication",
    "question_turn",
    "recommended",
    "rest_due",
    "set_due",
    "signals",
    "soft_label",
    "spell_after",
    "split_p_value",
    "tables_of",
    "week_figures",
    "week_of",
    "work_of",
    "worth_publishing",
]
