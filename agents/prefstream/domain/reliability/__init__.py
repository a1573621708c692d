"""Reliability: how well people label, told by each other, by gold questions and by how they work."""

from prefstream.domain.reliability.actions import Action, Recommendation, recommended
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
from prefstream.domain.reliability.habits import Finding, Habits, habits_of, most_false_alarms
from prefstream.domain.reliability.ledgers import Ledger, SliceLedger
from prefstream.domain.reliability.operating import Operating, operating
from prefstream.domain.reliability.overlap import OverlapRule, OverlapStep, next_step, overlap_step
from prefstream.domain.reliability.rotation import next_slice
from prefstream.domain.reliability.sheets import CrowdLabel, Sheet
from prefstream.domain.reliability.signals import Bounds, Kind, Work, signals
from prefstream.domain.reliability.splits import split_p_value
from prefstream.domain.reliability.submissions import crowd_label, work_of
from prefstream.domain.reliability.sureness import SureCertificate, certified_sure

__all__ = [
    "FLAT",
    "Action",
    "AnchorDrift",
    "Bounds",
    "CrowdLabel",
    "Estimate",
    "Finding",
    "GoldRecord",
    "GoldTest",
    "Habits",
    "Kind",
    "Ledger",
    "Operating",
    "OverlapRule",
    "OverlapStep",
    "Posterior",
    "Prior",
    "Recommendation",
    "Schedule",
    "Sheet",
    "Skill",
    "SliceLedger",
    "SureCertificate",
    "Work",
    "against_others",
    "anchor_drift",
    "calibration_set",
    "certified_sure",
    "crowd_label",
    "drift",
    "estimated",
    "gold_item",
    "gold_turn",
    "habits_of",
    "most_false_alarms",
    "most_likely",
    "next_slice",
    "next_step",
    "of_sheet",
    "operating",
    "order_for",
    "overlap_step",
    "recommended",
    "signals",
    "soft_label",
    "split_p_value",
    "week_of",
    "work_of",
]
