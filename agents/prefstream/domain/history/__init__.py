"""Histories: what became of a pair, and what people disagree about."""

from prefstream.domain.history.disagreements import Cited, Cluster, clusters
from prefstream.domain.history.timeline import Step, timeline

__all__ = ["Cited", "Cluster", "Step", "clusters", "timeline"]
