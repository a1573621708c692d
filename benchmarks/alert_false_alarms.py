"""How often alert rules raise on slices where nothing changes, and how soon where something does.

    python benchmarks/alert_false_alarms.py [--streams 2000] [--outcomes 2000] [--seed 7]

Shares: streams whose true share is exactly at the bound, looked at after every outcome. The promise is
that at most outcomes / ARL of them ever alarm. Agreement: slices whose true alpha is steady, with a
figure after every pair; the rule looks once a day. For contrast, the same slices where every figure is a
look. Prints one JSON document.
"""

import argparse
import json
import random
import time
from collections import deque
from collections.abc import Iterator

from prefstream.domain.agreement import Compositions
from prefstream.domain.agreement.krippendorff import alpha_nominal
from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.alerts import DEFAULTS, Evidence, Rules, SliceWatch, rules_of, watched
from prefstream.domain.monitoring import ARL
from prefstream.schemas.metrics import Measurement

PLAIN, CAREFUL = rules_of(DEFAULTS), rules_of(DEFAULTS, spend=0.05)
DAY_US = 86_400_000_000
DAYS, WINDOW_DAYS = 30, 7
LEAST = PLAIN.named("people_alpha").min_n


def alarm_after(chance: random.Random, *, bound: float, share: float, outcomes: int) -> int | None:
    """Return after how many outcomes the monitor alarms; `None`: it does not."""
    evidence, right = Evidence.begin(), 0
    for seen in range(1, outcomes + 1):
        right += chance.random() < share
        evidence = evidence.after(right=right, wrong=seen - right, bound=bound)
        if evidence.alarm:
            return seen
    return None


def shares(streams: int, outcomes: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one line per bound and true share."""
    for bound, share in ((0.95, 0.95), (0.75, 0.75), (0.60, 0.60), (0.95, 0.85), (0.75, 0.60), (0.60, 0.45)):
        chance = random.Random(f"{seed} {bound} {share}")
        found = [alarm_after(chance, bound=bound, share=share, outcomes=outcomes) for _ in range(streams)]
        alarms = sorted(one for one in found if one is not None)
        yield {
            "bound": bound,
            "true_share": share,
            "streams": streams,
            "ever_alarmed": len(alarms) / streams,
            "promised_at_most": outcomes / ARL if share >= bound else None,
            "median_outcomes_to_alarm": alarms[len(alarms) // 2] if alarms else None,
        }


def figure_of(units: dict[tuple[tuple[str, int], ...], int]) -> Statistic:
    """Return alpha of counted pairs."""
    return alpha_nominal(Compositions(units={key: n for key, n in units.items() if n}))


def a_pair(chance: random.Random, alpha: float) -> tuple[tuple[str, int], ...]:
    """Return what two people say of a pair: with two even categories they differ in (1 - alpha) / 2."""
    first = chance.choice("AB")
    if chance.random() < (1 - alpha) / 2:
        return (("A", 1), ("B", 1))
    return ((first, 2),)


def ever_raised(
    chance: random.Random, rules: Rules, *, alpha: float, per_day: int, every_figure: bool
) -> bool:
    """Return whether a slice of steady alpha ever raises within the days."""
    watch, window, units = SliceWatch(), deque(), {}  # type: ignore[var-annotated]
    for number in range(DAYS * per_day):
        pair = a_pair(chance, alpha)
        window.append(pair)
        units[pair] = units.get(pair, 0) + 1
        if len(window) > WINDOW_DAYS * per_day:
            units[window.popleft()] -= 1
        day, first_of_day = number // per_day, number % per_day == 0
        if not every_figure and not first_of_day and len(window) != LEAST:
            continue  # the rule passes over it: reckoning the figure would change nothing
        at_us = (number if every_figure else day) * DAY_US + number
        said = figure_of(units)
        figure = Measurement(
            statistic="alpha_nominal", value=said.value, low=said.low, high=said.high, n=said.n_units
        )
        watch, signals = watched(rules, watch, window="7d", as_of_us=at_us, figures=[figure])
        if any(one.name == "people_alpha" for one in signals):
            return True
    return False


def agreement(streams: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one line per true alpha: how far it is above the bound, in standard errors of a window."""
    per_day = 40
    n = per_day * WINDOW_DAYS
    for alpha in (0.95, 0.93, 0.90, 0.87, 0.85, 0.80):
        few = max(20, streams // 50)
        for rules, every_figure, count in (
            (PLAIN, False, streams),
            (CAREFUL, False, streams),
            (PLAIN, True, few),
        ):
            chance = random.Random(f"{seed} {alpha} {every_figure}")
            raised = sum(
                ever_raised(chance, rules, alpha=alpha, per_day=per_day, every_figure=every_figure)
                for _ in range(count)
            )
            error = (1 - alpha**2) ** 0.5 / n**0.5
            yield {
                "true_alpha": alpha,
                "standard_errors_above_bound": round((alpha - 0.80) / error, 2),
                "pairs_a_day": per_day,
                "days": DAYS,
                "average_lower_bound": round(alpha - 1.96 * error, 3),
                "spend": rules.spend,
                "looks": "every figure" if every_figure else "daily",
                "streams": count,
                "ever_raised": raised / count,
            }


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--outcomes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    begun = time.perf_counter()
    document = {
        "shares": list(shares(given.streams, given.outcomes, given.seed)),
        "agreement": list(agreement(given.streams, given.seed)),
    }
    print(json.dumps(document | {"seconds": round(time.perf_counter() - begun, 1)}, indent=2))


if __name__ == "__main__":
    main()
