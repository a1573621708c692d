"""Sampling: which prompts are drawn, and the plan that draws towards target shares.

A prompt is drawn when the number that the hash of its id and the plan's seed stands for is below the
keep probability of its slice: the same prompt always falls the same way, and a higher probability keeps
all that a lower one kept. Its weight is one over that probability, so that a weighted count is the
Horvitz-Thompson estimate of the count before sampling (Horvitz & Thompson, JASA 1952).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from prefstream.schemas.errors import BadInput
from prefstream.schemas.sampling import SamplingPlan

#: How far the targets may add up to more than one, for they are decimal numbers.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Whether a prompt is used, and how likely that was."""

    kept: bool
    probability: float

    @property
    def weight(self) -> float:
        """Return how many prompts of its slice this one stands for."""
        return 1.0 / self.probability


def draw(plan: SamplingPlan, *, prompt_id: str, slice_name: str) -> Draw:
    """Return whether a plan draws a prompt.

    >>> draw(SamplingPlan(name="all"), prompt_id="p", slice_name="math")
    Draw(kept=True, probability=1.0)
    """
    probability = plan.probability(slice_name)
    return Draw(kept=position(prompt_id, plan.seed) < probability, probability=probability)


def position(prompt_id: str, seed: str) -> float:
    """Return where a prompt falls in [0, 1), uniformly over prompts and over seeds."""
    digest = sha256(f"sampling|{len(seed)}:{seed}|{prompt_id}".encode(errors="surrogatepass")).digest()
    # 53 bits: every such number is a float below 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)


def planned(
    *, name: str, seed: str, targets: Mapping[str, float], arrivals: Mapping[str, int]
) -> SamplingPlan:
    """Return the plan under which kept prompts have the target shares and as few as possible are lost.

    keep_s = min(1, c * target_s / arrival_s) with the largest c that bends no share: the slice that is
    scarcest for its target is kept whole. What the targets leave over goes to all other slices together,
    in proportion to their arrivals. A slice with a target and no arrivals is kept whole when it comes.

    >>> halves, arrivals = {"code": 0.5, "math": 0.5}, {"code": 10, "math": 40}
    >>> plan = planned(name="p", seed="", targets=halves, arrivals=arrivals)
    >>> plan.keep["code"], plan.keep["math"]
    (1.0, 0.25)

    Raises:
        BadInput: The targets are no shares, or nothing has arrived in any of their slices.
    """
    _check(targets)
    groups = _groups(targets, arrivals)
    factor = min((count / target for target, count in groups.values() if target and count), default=None)
    if factor is None:
        raise BadInput(
            f"no prompt has arrived in {', '.join(targets)}, so no probability can be reckoned; "
            "check the names of the slices"
        )
    keep = {group: _kept(factor, target, count) for group, (target, count) in groups.items()}
    others = keep.pop(None)
    return SamplingPlan(
        name=name,
        seed=seed,
        keep={group: probability for group, probability in keep.items() if group is not None},
        keep_others=others if others is not None else 0.0,
        targets=dict(targets),
        arrivals=dict(arrivals),
    )


def expected(plan: SamplingPlan, arrivals: Mapping[str, int]) -> dict[str, float]:
    """Return how many of these arrivals the plan keeps on average, per slice."""
    return {name: count * plan.probability(name) for name, count in sorted(arrivals.items())}


def _groups(targets: Mapping[str, float], arrivals: Mapping[str, int]) -> dict[str | None, tuple[float, int]]:
    """Return target and arrivals of each named slice, and of all others together under `None`."""
    groups: dict[str | None, tuple[float, int]] = {
        name: (target, arrivals.get(name, 0)) for name, target in targets.items()
    }
    left = max(0.0, 1.0 - math.fsum(targets.values()))
    rest = sum(count for name, count in arrivals.items() if name not in targets)
    groups[None] = (left if left > _SLACK else 0.0, rest)
    return groups


def _kept(factor: float, target: float, count: int) -> float:
    if target == 0.0:
        return 0.0
    return min(1.0, factor * target / count) if count else 1.0


def _check(targets: Mapping[str, float]) -> None:
    if not targets:
        raise BadInput("no target is given; say e.g. --targets code=.3,math=.7")
    for name, target in targets.items():
        if not (0.0 <= target <= 1.0):
            raise BadInput(f"the target of {name} is {target}; a share is between 0 and 1")
    total = math.fsum(targets.values())
    if not (0.0 < total <= 1.0 + _SLACK):
        raise BadInput(f"the targets add up to {total:g}; together they are more than 0 and at most 1")
