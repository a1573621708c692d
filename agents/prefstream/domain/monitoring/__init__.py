"""Monitoring: whether accepted pairs still keep a policy's promise, asked after every audited one."""

from prefstream.domain.monitoring.detector import ARL, Alarm, Detector, bets_of
from prefstream.domain.monitoring.watch import Drift, Outcome, alarms

__all__ = ["ARL", "Alarm", "Detector", "Drift", "Outcome", "alarms", "bets_of"]
