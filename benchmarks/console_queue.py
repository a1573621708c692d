"""The queue under load: how long "next pair" takes while many people annotate at once.

    .venv/bin/python benchmarks/console_queue.py                     # 50 people, 20,000 open tasks, 60 s
    .venv/bin/python benchmarks/console_queue.py --think 2 --seconds 60
    .venv/bin/python benchmarks/console_queue.py --people 64 --kills 6 --seconds 60

A PostgreSQL, consoles (processes of their own) and the people share this machine. Each person leases, says
that the pair is shown, submits and goes on at once (--think 0) or after thinking for an exponential time of
that mean. The sink runs, so that what was answered leaves the queue as it does in a deployment.

With --kills, a console is killed with SIGKILL that often (its people wait until it is back), and PostgreSQL
once; afterwards the tables and the log are checked: no task lent more often than wanted, nobody twice on a
pair, every acknowledged answer in the log, once after repeats are dropped by event id.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.console.crowd import Figures, Plan, crowd


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--needed", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds of thinking per pair")
    parser.add_argument("--consoles", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    plan = Plan(
        people=chosen.people,
        tasks=chosen.tasks,
        needed=chosen.needed,
        seconds=chosen.seconds,
        think_s=chosen.think,
        consoles=chosen.consoles,
        kills=chosen.kills,
    )
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(crowd(plan, Path(folder)))
    print(json.dumps(figures.document, indent=2) if chosen.json else told(plan, figures))


def told(plan: Plan, figures: Figures) -> str:
    """Return the figures in words."""
    asked = f"{plan.people} people, {plan.tasks:,} open tasks, {plan.consoles} console(s)"
    lines = [f"{asked}, {plan.seconds:.0f} s, thinking {plan.think_s:g} s"]
    for name, times in figures.times_ms.items():
        lines.append(
            f"  {name:10} n={len(times):7,}  p50 {figures.quantile(name, 0.5):7.1f} ms  "
            f"p95 {figures.quantile(name, 0.95):7.1f} ms  p99 {figures.quantile(name, 0.99):7.1f} ms"
        )
    lines.append(f"  {figures.answers_per_s:,.0f} answers a second; {figures.acknowledged:,} acknowledged")
    lines += [f"  {name}: {count}" for name, count in figures.checks.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
