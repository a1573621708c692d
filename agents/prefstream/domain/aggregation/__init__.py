"""One label of each task from what several workers said of it."""

from prefstream.domain.aggregation.methods import METHODS, Aggregate, Verdict, aggregated
from prefstream.domain.aggregation.scores import GoldScore, gold_score

__all__ = ["METHODS", "Aggregate", "GoldScore", "Verdict", "aggregated", "gold_score"]
