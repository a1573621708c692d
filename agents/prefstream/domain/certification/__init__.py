"""Certification: which pairs the judge may decide alone, proved from the audit sample."""

from prefstream.domain.certification.backtests import Backtest, Design, Outcome, backtest
from prefstream.domain.certification.budgets import BudgetCurve, Point, budget_curve
from prefstream.domain.certification.certificates import ALL, Certificate, Refusal, SliceCertificate
from prefstream.domain.certification.certification import LEAST_LABELS, certify, thresholds
from prefstream.domain.certification.evidence import NO_VERDICT, Evidence, evidence
from prefstream.domain.certification.needs import Need, least_labels
from prefstream.domain.certification.terms import Population, Terms
from prefstream.domain.certification.walks import Step

__all__ = [
    "ALL",
    "LEAST_LABELS",
    "NO_VERDICT",
    "Backtest",
    "BudgetCurve",
    "Certificate",
    "Design",
    "Evidence",
    "Need",
    "Outcome",
    "Point",
    "Population",
    "Refusal",
    "SliceCertificate",
    "Step",
    "Terms",
    "backtest",
    "budget_curve",
    "certify",
    "evidence",
    "least_labels",
    "thresholds",
]
