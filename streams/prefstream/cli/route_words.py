"""What `prefstream route` says to people."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefstream.cli.console import say

_WIDTH, _HEIGHT = 61, 16


def say_certificate(document: Mapping[str, Any]) -> None:
    """Say what was certified and why not the rest."""
    pooled = document["pooled"]
    where = " in every slice" if pooled is None else " over all slices together"
    say(
        f"people disagree with at most {document['alpha']:.1%} of accepted pairs, with probability"
        f" {1 - document['delta']:.1%}{where}"
    )
    about = "pairs to come" if document["population"] == "stream" else "the pairs of the file"
    say(f"about {about}; {document['n_labels']:,} audit labels of {document['n_pairs']:,} pairs\n")
    if pooled is not None:
        say("POOLED: one threshold for all slices. It promises nothing for any single slice.\n")
        _say_slices({"(all slices)": pooled})
        say("\nunder it, without a promise of their own:")
    _say_slices(document["slices"])
    _say_notes(document)


_COLUMNS = f"{'threshold':>9}  {'coverage':>8}  {'labels':>6}  {'accepted':>8}  {'wrong':>5}  p"


def _say_slices(slices: Mapping[str, Mapping[str, Any]]) -> None:
    width = max(5, *map(len, slices))
    say(f"{'slice':<{width}}  {_COLUMNS}")
    for name, one in slices.items():
        threshold = "escalate" if one["threshold"] is None else f"{one['threshold']:.4f}"
        p_value = "" if one["p_value"] is None else f"{one['p_value']:.3g}"
        say(
            f"{name:<{width}}  {threshold:>9}  {one['coverage']:>8.1%}  {one['n_labels']:>6,}"
            f"  {one['n_accepted']:>8,}  {one['errors']:>5,}  {p_value}"
        )
        if one["refusal"] not in {None, "pooled_only"}:
            say(f"{'':<{width}}  {one['reason']}")
            if one["needed_reason"]:
                say(f"{'':<{width}}  needed: {one['needed_reason']}")


def say_backtest(document: Mapping[str, Any]) -> None:
    """Say how often the promise held."""
    about = "its pairs" if document["population"] == "file" else "a stream of such pairs"
    n_labels, n_pairs = document["n_labels"], document["n_pairs"]
    say(
        f"{document['resamples']:,} runs, each with {n_labels:,} labels of {n_pairs:,} pairs, certifying"
        f" for {about};\nbound {document['alpha']:g}, allowed to fail {document['delta']:g}\n"
    )
    rows = {"pooled": document["pooled"]}
    if document["slicewise"] is not None:
        rows["by slice"] = document["slicewise"]
        rows |= {f"  {name}": one for name, one in document["slices"].items()}
    width = max(map(len, rows))
    heads = ("coverage", "oracle", "violated", "abstained", "some slice violated")
    say("  ".join(("", *heads)).rjust(width + sum(map(len, heads)) + 2 * len(heads)))
    for name, one in rows.items():
        some = one.get("any_slice_violation_rate")
        say(
            f"{name:<{width}}  {one['coverage_mean']:>8.1%}  {one['oracle_coverage']:>6.1%}"
            f"  {one['violation_rate']:>8.1%}  {one['abstain_rate']:>9.1%}"
            f"  {'' if some is None else format(some, '.1%'):>19}".rstrip()
        )
    limit = document["violation_limit"]
    say(f"\nby chance alone, honest runs violate in up to {limit:.1%} (999 times of 1,000)")
    _say_notes(document)


def say_curve(document: Mapping[str, Any]) -> None:
    """Draw the budget curve in characters, and say what it means."""
    for line in curve_lines(document["points"]):
        say(line)
    alone = document["accuracy_without_people"]
    say(f"\n{document['n_pairs']:,} labelled pairs; the judge alone: {alone:.1%}")
    for accuracy, share in document["people_for"].items():
        say(f"{float(accuracy):.0%} right with {share:.0%} of the pairs sent to people")
    worse = document["worse_than_random"]
    if worse:
        say(f"at {worse:.0%} of the budgets routing by confidence is WORSE than sending any pairs")
    _say_notes(document)


def _say_notes(document: Mapping[str, Any]) -> None:
    for text in document["notes"]:
        say(f"note: {text}")


def curve_lines(points: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the lines of a plot: # routed, . at random, o for who knows all.

    >>> points = [{"people": s, "routed": s, "random": s, "oracle": s} for s in (0.0, 0.5, 1.0)]
    >>> len(curve_lines(points)), "#" in "".join(curve_lines(points))
    (21, True)
    """
    low = min(min(one["routed"], one["random"]) for one in points)
    span = (1.0 - low) or 1.0
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT + 1)]
    for kind, mark in (("oracle", "o"), ("random", "."), ("routed", "#")):
        for one in points:
            row = round((1.0 - one[kind]) / span * _HEIGHT)
            grid[row][round(one["people"] * (_WIDTH - 1))] = mark
    lines = [
        f"{f'{1 - row / _HEIGHT * span:.2f}' if row % 4 == 0 else '':>5} |{''.join(cells).rstrip()}"
        for row, cells in enumerate(grid)
    ]
    ticks = "".join(f"{share / 5:<{(_WIDTH - 1) // 5}.1f}" for share in range(6))
    return [
        "right in the end  (# routed, . at random, o for who knows all)",
        *lines,
        f"{'':>5} +{'-' * _WIDTH}",
        f"{'':>7}{ticks.rstrip()}",
        f"{'':>7}share of pairs sent to people",
    ]
