"""Generation as pure plans: which candidates to draw, which to score, and which two make a pair."""

from prefstream.domain.generation.draws import Candidate, Draft, Draw, Fault, Mark
from prefstream.domain.generation.pairing import Cut, Pairing, cuts
from prefstream.domain.generation.plans import Step, next_step
from prefstream.domain.generation.scores import overall
from prefstream.domain.generation.strategies import STRATEGIES, Strategy, StrategyName, unworkable

__all__ = [
    "STRATEGIES",
    "Candidate",
    "Cut",
    "Draft",
    "Draw",
    "Fault",
    "Mark",
    "Pairing",
    "Step",
    "Strategy",
    "StrategyName",
    "cuts",
    "next_step",
    "overall",
    "unworkable",
]
