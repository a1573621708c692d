"""What `prefstream stats` says to people."""

from collections.abc import Mapping
from typing import Any

from prefstream.cli.console import say

#: Lines beyond which a reader is better served by --json.
_MOST_PAIRS, _MOST_SLICES, _MOST_TASKS = 20, 100, 20
#: Workers up to which every pair fits on a screen.
_MOST_IN_MATRIX = 10
_NAMES = {
    "percent_agreement": "percent agreement",
    "alpha_nominal": "alpha, nominal",
    "alpha_ordinal": "alpha, ordinal",
    "alpha_interval": "alpha, interval",
    "fleiss_kappa": "Fleiss' kappa",
    "gwet_ac1": "Gwet's AC1",
    "gwet_ac2": "Gwet's AC2",
}


def say_agreement(report: Mapping[str, Any]) -> None:
    """Say how far workers agree: all together, by slice, by pair of workers."""
    say(
        f"{report['n_labels']:,} labels of {report['n_units']:,} tasks by {report['n_raters']:,} workers;"
        f" {report['n_pairable_units']:,} tasks have two labels or more"
    )
    _say_left_out(report)
    for name, words in _NAMES.items():
        say(f"  {words:<18} {_figure(report[name])}")
    _say_pairs(report)
    slices = report.get("slices", {})
    if slices:
        _say_slices(slices)


def _say_left_out(report: Mapping[str, Any]) -> None:
    if report["n_missing"]:
        say(f"left out: {report['n_missing']:,} rows without a label")
    if report["n_repeated"]:
        say(f"left out: {report['n_repeated']:,} labels that were there twice")


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return f"-       {figure['reason']}"
    if figure["low"] is None:
        return f"{figure['value']:.4f}  no limits: {figure['bounds_reason']}"
    return f"{figure['value']:.4f}  {figure['low']:.4f} to {figure['high']:.4f}"


def _say_pairs(report: Mapping[str, Any]) -> None:
    pairs = report["cohen_kappa"]
    if not pairs:
        return
    if report["n_raters"] <= _MOST_IN_MATRIX:
        _say_matrix(pairs)
    most = sorted(pairs.items(), key=lambda pair: (-pair[1]["n_units"], pair[0]))[:_MOST_PAIRS]
    weighted = report.get("cohen_kappa_quadratic")
    say("Cohen's kappa" + (", and weighted (quadratic)" if weighted else ""))
    for name, figure in most:
        also = f"   {_figure(weighted[name])}" if weighted else ""
        say(f"  {' | '.join(figure['workers'])}: {figure['n_units']:,} tasks, {_figure(figure)}{also}")
    if report["n_raters_paired"] < report["n_raters"]:
        say(f"  only among the {report['n_raters_paired']:,} workers with the most labels")
    if len(pairs) > len(most):
        say(f"  ... and {len(pairs) - len(most):,} more pairs of workers; --json has them all")


def _say_matrix(pairs: Mapping[str, Any]) -> None:
    by_workers = {frozenset(figure["workers"]): figure for figure in pairs.values()}
    workers = sorted({worker for names in by_workers for worker in names})
    width = max(6, *map(len, workers))
    say("share of common tasks on which two workers agree")
    say("  " + " " * width + "".join(f" {worker:>{width}}" for worker in workers))
    for one in workers:
        cells = "".join(f" {_share(by_workers.get(frozenset({one, other}))):>{width}}" for other in workers)
        say(f"  {one:<{width}}{cells}")


def _share(figure: Mapping[str, Any] | None) -> str:
    return "-" if figure is None else f"{figure['agreeing_units'] / figure['n_units']:.3f}"


def _say_slices(slices: Mapping[str, Any]) -> None:
    width = max(5, *map(len, slices))
    say(f"{'slice':<{width}} {'tasks':>7} {'workers':>7}  alpha, nominal")
    for name, one in list(slices.items())[:_MOST_SLICES]:
        say(f"{name:<{width}} {one['n_units']:>7,} {one['n_raters']:>7,}  {_figure(one['alpha_nominal'])}")
    if len(slices) > _MOST_SLICES:
        say(f"... and {len(slices) - _MOST_SLICES:,} more slices; --json has them all")


def say_aggregation(report: Mapping[str, Any]) -> None:
    """Say the labels of tasks, and how often they are right."""
    say(
        f"{report['method']}: {report['n_tasks']:,} tasks from {report['n_labels']:,} labels by"
        f" {report['n_raters']:,} workers; {report['n_tied']:,} are tied"
    )
    _say_left_out(report)
    _say_gold(report["gold"])
    for task, label in list(report["labels"].items())[:_MOST_TASKS]:
        tied = "  tied" if task in report["tied"] else ""
        say(f"  {task}: {label} {report['posterior'][task][label]:.3f}{tied}")
    if report["n_tasks"] > _MOST_TASKS:
        say(f"  ... and {report['n_tasks'] - _MOST_TASKS:,} more tasks; --json has them all")


def _say_gold(gold: Mapping[str, Any] | None) -> None:
    if gold is None:
        return
    accuracy = gold["accuracy"]
    if accuracy["value"] is None:
        say(f"right: unknown: {accuracy['reason']}")
        return
    say(
        f"right on {gold['right']:,} of {gold['n']:,} known tasks: {accuracy['value']:.4f}"
        f" ({accuracy['low']:.4f} to {accuracy['high']:.4f})"
    )
    if gold["without_labels"]:
        say(f"{gold['without_labels']:,} known tasks have no label by workers")
    if gold["labels_nobody_gave"]:
        say(f"known labels that no worker gave: {', '.join(gold['labels_nobody_gave'])}")
