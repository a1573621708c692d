"""How many records a stage takes at once, by what it waits for."""

from dataclasses import dataclass

from prefstream.adapters.settings import JudgeSettings
from prefstream.agents.curation import Curation
from prefstream.agents.generation import Generation
from prefstream.agents.stage import Stage

#: Providers that answer from this machine at once.
_LOCAL = ("offline", "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Records of one run, and runs under way at once."""

    run_length: int
    in_flight: int


LIGHT = Pace(run_length=500, in_flight=4)
#: A run is acknowledged when its slowest record is done, so slow records come in short runs.
SLOW_RUN_LENGTH = 8


def pace_of(stage: Stage, judge: JudgeSettings) -> Pace:
    """Return the pace of a stage.

    A stage with state takes one run at a time, since each builds on the one before.
    """
    if isinstance(stage, Curation) and stage.classifier is not None and stage.classifier.remote:
        # No longer than the calls that may be under way, so that it ends before a rebalance gives up.
        return Pace(run_length=min(judge.in_flight, LIGHT.run_length), in_flight=1)
    if stage.stateful:
        return Pace(run_length=LIGHT.run_length, in_flight=1)
    asked = {"judging": judge.panel, "generation": judge.generators}.get(stage.name, ())
    if isinstance(stage, Generation) and stage.scorer is not None:
        asked = (*asked, stage.scorer.id)
    # What goes in batches is only queued here, which is as quick as what this machine answers.
    local = (*_LOCAL, "anthropic") if judge.batch else _LOCAL
    if all(name.split(":")[0] in local for name in asked):
        return LIGHT
    # No more records than calls: each waits for few others, and all end before a rebalance gives up.
    return Pace(run_length=SLOW_RUN_LENGTH, in_flight=max(2, -(-judge.in_flight // SLOW_RUN_LENGTH)))
