"""What the detector of attempts to instruct the judge flags, and what it costs.

    .venv/bin/python benchmarks/injection_flags.py [--flagged] [--missed]

Rates on the written sets under tests/hostile, and on real responses where the labelled data is there
(PREFSTREAM_SHARED_DATA, else ../shared/data beside the checkout). `--flagged` prints the real and benign
responses that are flagged, `--missed` the hostile ones that are not.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.hostile.sets import written
from tests.hostile.test_flagging import real_explanations, real_responses

from prefstream.domain.injection import suspicions

REPEATS = 100
KILOBYTE = 1000


def main() -> None:
    """Print the rates and the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flagged", action="store_true", help="print honest responses that are flagged")
    parser.add_argument("--missed", action="store_true", help="print hostile responses that are not")
    chosen = parser.parse_args()
    for name in ("developed", "held_out"):
        report(f"hostile, {name}", texts(name), missed=chosen.missed)
    report("benign near-misses", texts("benign"), flagged=chosen.flagged)
    real = shared(lambda: list(real_responses()))
    if real:
        report("real responses", real, flagged=chosen.flagged)
        report("explanations of real judges", shared(lambda: [text for text in real_explanations() if text]))
    forms()
    speed(real or texts("benign"))


def texts(name: str) -> list[str]:
    """Return the texts of a written set."""
    return [response.text for response in written(name)]


def shared(read: Callable[[], list[str]]) -> list[str]:
    """Return the texts, none where the labelled data is not there."""
    try:
        return read()
    except pytest.skip.Exception as absent:
        print(f"left out: {absent}")
        return []


def report(title: str, responses: Sequence[str], *, flagged: bool = False, missed: bool = False) -> None:
    """Print how many of the responses are flagged."""
    found = [(text, suspicions(text)) for text in responses]
    hits = [(text, suspected) for text, suspected in found if suspected]
    print(f"{title:32} {len(hits):5} of {len(found):5} flagged  {len(hits) / len(found):7.2%}")
    for text, suspected in hits if flagged else ():
        print(f"    {suspected[0].kind}: {suspected[0].excerpt!r} in {text[:60]!r}")
    for text in (text for text, suspected in found if missed and not suspected):
        print(f"    {text[:200]!r}")


def forms() -> None:
    """Print the share flagged of each form of attack, where it is not all of it."""
    asked: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for response in (*written("developed"), *written("held_out")):
        asked[response.kind] += 1
        seen[response.kind] += bool(suspicions(response.text))
    print("forms:", ", ".join(f"{form} {seen[form]}/{asked[form]}" for form in sorted(asked)))


def speed(responses: Sequence[str]) -> None:
    """Print the time of a kilobyte, of the responses as they are, and of much more."""
    joined = "\n\n".join(responses)
    kilobytes = [text for text in responses if 900 <= len(text) <= 1100] or [joined[:KILOBYTE]]
    report_time(f"{len(kilobytes)} responses of about a kilobyte", kilobytes)
    report_time("500 responses as they come", responses[:: max(1, len(responses) // 500)])
    report_time("two megabytes", [(joined * (2_000_000 // len(joined) + 1))[:2_000_000]])


def report_time(title: str, responses: Sequence[str]) -> None:
    """Print the median over the responses of the fastest reading of each: other processes only add."""
    times = [fastest(text) for text in responses]
    print(f"{title}: {median(times) * 1e6:.0f} us, at most {max(times) * 1e6:.0f} us")


def fastest(text: str) -> float:
    """Return the seconds of the fastest of some readings."""
    times = []
    for _ in range(REPEATS if len(text) < 10 * KILOBYTE else 3):
        began = time.perf_counter()
        suspicions(text)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
