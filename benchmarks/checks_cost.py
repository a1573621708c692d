"""What the content checks cost a pair, each by itself, against one pass over its texts.

    .venv/bin/python benchmarks/checks_cost.py [--pairs 10000 100000]

Pairs are made of words drawn with a seed, about 2.5 thousand characters each, a few with digits, addresses
of the web, lists and code, and without a finding. The named baseline is one `str.lower()` of all texts of
the pair. Times are of the processor; "share" is of the sum.
"""

import argparse
from collections.abc import Callable, Iterator
from random import Random
from time import process_time
from typing import TypeVar

from prefstream.domain.checks.content import _FINDERS, content_checks
from prefstream.domain.checks.texts import PairTexts
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Message, Response

TEXT = """
    the a of and to in is that it for on with as was at by this be are from or have an not you which can
    your people water house reason answer question should number often little between country system program
    because important example however different language information development government through company
"""
WORDS = TEXT.split()
EXTRAS = (
    "In 1997, 40% of 2,500",
    "see https://docs.example.org/a/b?c=1",
    "- first\n- second",
    "x = f(y, 12)",
)
T = TypeVar("T")
#: Pairs made and measured at a time: memory stays flat, and making them is not measured.
CHUNK = 2000


def main() -> None:
    """Print the cost of every check at each number of pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000, 100_000])
    for count in parser.parse_args().pairs:
        report(count)


def report(count: int) -> None:
    """Measure so many pairs and print a line a check."""
    spent: dict[str, float] = dict.fromkeys(_FINDERS, 0.0)
    lowered = whole = 0.0
    characters = found = 0
    content_checks(next(pairs(1)))
    for chunk in chunks(count):
        whole += timed(content_checks, chunk)
        texts = [PairTexts(pair) for pair in chunk]
        lowered += timed(lambda one: one.whole.lower(), texts)
        for name, find in _FINDERS.items():
            spent[name] += timed(find, texts)
        characters += sum(len(one.whole) for one in texts)
        found += sum(not check.passed for pair in chunk[:100] for check in content_checks(pair))
    total = sum(spent.values())
    print(f"{count} pairs of {characters / count:.0f} characters; findings in every 20th: {found}")
    print(f"  {'all checks':<22} {whole / count * 1e6:>8.1f} us   {whole / lowered:>6.1f} x str.lower()")
    for name, seconds in sorted(spent.items(), key=lambda one: -one[1]):
        each = seconds / count * 1e6
        print(f"  {name:<22} {each:>8.2f} us   {seconds / lowered:>6.1f} x {seconds / total:>7.1%}")
    print(f"  {'str.lower(), baseline':<22} {lowered / count * 1e6:>8.2f} us")


def timed(call: Callable[[T], object], values: list[T]) -> float:
    """Return the processor's seconds for a call on each value."""
    began = process_time()
    for value in values:
        call(value)
    return process_time() - began


def chunks(count: int) -> Iterator[list[PairProposed]]:
    """Yield that many pairs in lists."""
    made = pairs(count)
    for start in range(0, count, CHUNK):
        yield [next(made) for _ in range(min(CHUNK, count - start))]


def pairs(count: int) -> Iterator[PairProposed]:
    """Yield that many pairs, the same ones every time."""
    random = Random(7)
    template = None
    for number in range(count):
        prompt, first, second = (text(random, length) for length in (300, 1100, 1100))
        if template is None:
            template = pair(prompt, first, second)
        yield template.model_copy(
            update={
                "pair_id": f"pair-{number}",
                "messages": (Message(role="user", content=prompt),),
                "response_a": Response(text=first, model="one"),
                "response_b": Response(text=second, model="two"),
            }
        )


def text(random: Random, length: int) -> str:
    """Return a text of about this length that ends with a full stop."""
    parts: list[str] = []
    while sum(map(len, parts)) < length:
        parts.append(" ".join(random.choices(WORDS, k=12)).capitalize() + ".")
        if random.random() < 0.1:
            parts.append(random.choice(EXTRAS) + ".")
    return " ".join(parts)


def pair(prompt: str, first: str, second: str) -> PairProposed:
    """Return a pair with these texts."""
    return PairProposed.model_validate(
        {
            "event_id": "00000000-0000-5000-8000-000000000000",
            "occurred_at": "2026-03-01T12:00:00Z",
            "source": "benchmark",
            "subject": "pair",
            "correlation_id": "pair",
            "pair_id": "pair",
            "prompt_id": "prompt",
            "messages": [{"role": "user", "content": prompt}],
            "response_a": {"text": first, "model": "one"},
            "response_b": {"text": second, "model": "two"},
            "strategy": "ready_made",
            "group_id": "prompt",
            "slice": "general",
        },
        strict=False,
    )


if __name__ == "__main__":
    main()
