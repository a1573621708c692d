"""How releases and their gates are told."""

from typing import Any

from prefstream.cli.console import say


def say_draft(document: dict[str, Any]) -> None:
    """Say what a release takes, what it leaves out and why, and what its gates found."""
    taken = f"{document['pairs']:,} pairs, {document['tasks']:,} other tasks"
    say(f"{document['candidates']:,} candidates, of which are taken: {taken}")
    for name, n in sorted(document["exclusions"].items(), key=lambda one: -one[1]):
        say(f"  left out {n:>9,}  {name}")
    for config, splits in document["rows"].items():
        say(f"  {config:<26} {counts(splits)}")
    for one in document["gates"]:
        say_gate(one)


def say_gate(one: dict[str, Any]) -> None:
    """Say what one gate found."""
    value = "-" if one["value"] is None else f"{one['value']:.3f}"
    limit = "" if one["limit"] is None else f"limit {one['limit']:g}"
    told = one["shortfall"] or one["reason"]
    word = "pass" if one["passed"] else "FAIL"
    say(f"  {word}  {gate_name(one):<36} {value:>7}  {limit:<12} {told}".rstrip())


def gate_name(one: dict[str, Any]) -> str:
    """Return a gate with its slice."""
    return one["gate"] if one.get("slice") is None else f"{one['gate']} of {one['slice']}"


def counts(counted: dict[str, int]) -> str:
    """Return counts in a line."""
    return ", ".join(f"{name} {n:,}" for name, n in counted.items())
