"""What validation costs a pair as pairs pile up: the pure stage over states in memory.

    .venv/bin/python benchmarks/validation_cost.py [--pairs 10000 100000]

Every pair is proposed and resolved, about 700 characters each, one in ten nearly a copy of an earlier one,
and goes through `needs` and `handle` as the runner calls them, with the default policy of checks. The named
baseline is the same stage with every check switched off. Costs are of the processor, for the last tenth of
the pairs, so that they show what the ones before have made of it; making the pairs is not measured. In a
deployment the states lie in PostgreSQL: here they are in
memory, as Python's objects some 20 kB a pair, and their own bytes are printed.
"""

import argparse
import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from typing import Any

from prefstream.adapters.constitutions.shipped import shipped_constitution
from prefstream.agents.stage import Configuration, Given
from prefstream.agents.validation import Validation
from prefstream.domain.checks.catalog import CATALOG
from prefstream.domain.checks.policies import DEFAULT_POLICY
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Message, Preference, Response

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFF = CheckPolicy(name="off", severities=dict.fromkeys(CATALOG, "off"))
SYLLABLES = [
    first + second for first in "bcdfghklmnprstvw" for second in ("a", "e", "i", "o", "u", "on", "er")
]
#: About half of any English text: by them its language is known at a glance.
COMMON_TEXT = """
    the a of and to in is that it for on with as was at by this be are from or have an not you which
"""
COMMON = COMMON_TEXT.split()
COMMON_SHARE = 0.45


def main() -> None:
    """Print the cost at each number of pairs, with all checks and with none."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000, 100_000])
    for count in parser.parse_args().pairs:
        cost, states = measured(count, DEFAULT_POLICY)
        base, _ = measured(min(count, 100_000), OFF)
        size = sum(len(key) + len(value) for key, value in states.items())
        print(
            f"{count:>9,} pairs  {cost * 1e6:6.0f} us a pair  {cost / base:5.2f} times that without checks"
            f"  {len(states) / count:5.1f} states and {size / count:7,.0f} bytes of them a pair"
            f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7,.0f} MB at most",
            flush=True,
        )


def measured(count: int, policy: CheckPolicy) -> tuple[float, dict[str, bytes]]:
    """Return the seconds a pair of the last tenth, and the states in the end."""
    stage, configuration = Validation(), Configuration(constitution=shipped_constitution(), checks=policy)
    states: dict[str, bytes] = {}
    spent, last = 0.0, count - count // 10
    for number, events in enumerate(made(count)):
        began = process_time()
        for event in events:
            handle(stage, configuration, event, states)
        if number >= last:
            spent += process_time() - began
    return spent / (count // 10), states


def handle(stage: Validation, configuration: Configuration, event: Event, states: dict[str, bytes]) -> None:
    """Let the stage handle one event, and keep its states."""
    given = Given(configuration=configuration)
    while True:
        needs = stage.needs(event, given)
        if needs.keys <= given.states.keys():
            break
        found = {**given.states, **{key: states.get(key) for key in needs.keys}}
        given = Given(configuration=configuration, states=found)
        if needs.final:
            break
    states.update(stage.handle(event, given).states)


def made(count: int) -> Iterator[tuple[Event, Event]]:
    """Yield pairs with their resolutions; one in ten repeats an earlier pair but for a word."""
    chance = Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(20_000)]
    earlier: list[list[list[str]]] = []
    for number in range(count):
        if earlier and chance.random() < 0.1:
            texts = [list(text) for text in chance.choice(earlier)]
            texts[0][chance.randrange(len(texts[0]))] = chance.choice(words)
        else:
            texts = [
                [chance.choice(COMMON if chance.random() < COMMON_SHARE else words) for _ in range(size)]
                for size in (20, 50, 50)
            ]
        if number % 100 == 0:
            earlier.append(texts)
        yield proposed(number, [" ".join(text).capitalize() + "." for text in texts]), resolved(number)


def proposed(number: int, texts: list[str]) -> PairProposed:
    """Return a pair of these texts."""
    said: dict[str, Any] = {
        "pair_id": f"pair-{number}",
        "prompt_id": f"prompt-{number}",
        "group_id": f"group-{number}",
    }
    first, second = (Response(text=text, model="made") for text in texts[1:])
    message = Message(role="user", content=texts[0])
    return PairProposed(
        **envelope("PairProposed", number),
        **said,
        messages=(message,),
        response_a=first,
        response_b=second,
        strategy="ready_made",
        slice="general",
    )


def resolved(number: int) -> LabelResolved:
    """Return the label of a pair."""
    return LabelResolved(
        **envelope("LabelResolved", number),
        pair_id=f"pair-{number}",
        slice="general",
        label=Preference.A_BETTER,
        margin=1,
        soft_label=1.0,
        method="consensus",
        evidence=(),
    )


def envelope(kind: str, number: int) -> dict[str, Any]:
    """Return what every event says."""
    return {
        "event_id": derived_id("benchmark", kind, number),
        "occurred_at": NOON + timedelta(seconds=number),
        "source": "benchmark",
        "subject": f"pair-{number}",
        "correlation_id": f"pair-{number}",
    }


if __name__ == "__main__":
    main()
