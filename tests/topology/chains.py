"""The chain as the tests wire it: real stages, scripted answers of the outside world."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.factories import NOON_MS, a_constitution, a_policy

from prefstream.agents.curation import Curation
from prefstream.agents.demonstrations import Demonstrations
from prefstream.agents.driver import Driver
from prefstream.agents.generation import Generation
from prefstream.agents.judges.recorded import RecordedJudge
from prefstream.agents.judging import Judging
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Reply, Stage
from prefstream.agents.validation import Validation
from prefstream.domain.checks.policies import DEFAULT_POLICY
from prefstream.domain.crowds import Crowd
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.policies import Policy
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import Response


@dataclass(frozen=True, kw_only=True)
class ScriptedGenerator:
    """A source of candidates whose answers the script knows by its name."""

    name: str
    varies: bool = False

    @property
    def id(self) -> str:
        return f"scripted:{self.name}"

    def call(self, prompt: PromptCurated, draw: int = 0) -> Call:
        request = {"generator": self.name, "prompt_id": prompt.prompt_id} | ({"draw": draw} if draw else {})
        return Call(provider="scripted", request=request)

    def response(self, content: Mapping[str, Any], draw: int = 0) -> Response:
        return Response(text=content["text"], model=self.name)


@dataclass(kw_only=True)
class Script:
    """What the outside answers, by pair id or by generator; it counts how often it was asked."""

    #: Verdicts of the recorded judge by pair id; others get the default.
    verdicts: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    default: Sequence[str | None] = ("A>", "A>")
    #: Transient failures before the first answer, by pair id or generator.
    failures: Mapping[str, int] = field(default_factory=dict)
    #: Pair ids or generators that never answer.
    refused: frozenset[str] = frozenset()
    retry_after_s: float | None = None
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, call: Call) -> Answer:
        key = str(call.request.get("generator") or call.request["pair_id"])
        self.asked[key] += 1
        if key in self.refused:
            return Failure(reason="refused", detail=f"{key} is not answered", transient=False)
        if self.asked[key] <= self.failures.get(key, 0):
            return Failure(
                reason="overloaded", detail="529", transient=True, retry_after_s=self.retry_after_s
            )
        if call.provider == "scripted":
            return Reply(content={"text": f"{key} on {call.request['prompt_id']}"}, at_ms=NOON_MS + 1000)
        verdicts = self.verdicts.get(key, self.default)
        return Reply(content={"votes": [recorded_vote(verdict) for verdict in verdicts]}, at_ms=0)


def recorded_vote(verdict: str | None) -> dict[str, Any]:
    return {
        "judge": "oracle",
        "provenance": "recorded",
        "order": "ab",
        "variant": "plain",
        "raw": verdict,
        "verdict": verdict,
    }


def the_stages(*, overlap: int = 1) -> dict[str, Stage]:
    stages: tuple[Stage, ...] = (
        Curation(),
        Generation(generators=(ScriptedGenerator(name="careful"), ScriptedGenerator(name="hasty"))),
        Judging(panel=(RecordedJudge(judge="oracle"),)),
        Routing(overlap=overlap),
        Resolution(),
        Validation(),
        Demonstrations(),
    )
    return {stage.name: stage for stage in stages}


def a_chain(
    *,
    script: Script | None = None,
    policy: Policy | None = None,
    replaced: Sequence[Stage] = (),
    overlap: int = 1,
    crowds: Mapping[str, Crowd] = MappingProxyType({}),
    checks: CheckPolicy = DEFAULT_POLICY,
    driver: type[Driver] = Driver,
    **settings: Any,
) -> Driver:
    """Wire all stages; those in `replaced` take the place of the stage of their name."""
    stages = the_stages(overlap=overlap) | {stage.name: stage for stage in replaced}
    configuration = Configuration(constitution=a_constitution(), policy=policy, crowds=crowds, checks=checks)
    return driver([*stages.values()], configuration, answers=script or Script(), **settings)


def an_open_policy(**changes: Any) -> Policy:
    """Build a policy that holds for any judge and audits nobody."""
    return a_policy(**({"judge_id": None, "audit_share": 0.0} | changes))


def assert_counters_add_up(driver: Driver) -> None:
    for name in the_stages():
        tally = driver.tally(name)
        assert tally.received == tally.done + tally.retry + tally.dead + tally.in_flight, (name, tally)
