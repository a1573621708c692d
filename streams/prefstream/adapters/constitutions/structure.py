"""What does not fit the contract of a constitution: missing, mistyped and misspelt fields."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from prefstream.domain.constitution.findings import Finding, Path, error

#: Fields whose lack keeps a principle from teaching anything, and how many of each there must be.
CASES = {"exemplars": 2, "counter_examples": 1}
_CODES = {"missing": "missing-field", "too_short": "too-few", "extra_forbidden": "unknown-field"}


def structure_findings(problems: ValidationError) -> Iterator[Finding]:
    """Yield the innermost problems: what is wrong with a list because of its items says nothing new."""
    found = [problem for problem in problems.errors(include_url=False) if not _beside_the_point(problem)]
    outer = {problem["loc"][:depth] for problem in found for depth in range(len(problem["loc"]))}
    for problem in found:
        if problem["loc"] not in outer:
            yield _finding(problem, _path(problem["loc"]))


def unknown_fields(said: Any, understood: Any, path: Path = ()) -> Iterator[Finding]:
    """Yield what was said and not understood: a field with a typo must not be ignored."""
    if isinstance(said, Mapping) and isinstance(understood, Mapping):
        for key, value in said.items():
            if key in understood:
                yield from unknown_fields(value, understood[key], (*path, key))
            else:
                yield _unknown((*path, key), str(key), list(understood))
    elif isinstance(said, list) and isinstance(understood, list):
        for i, (one, other) in enumerate(zip(said, understood, strict=True)):
            yield from unknown_fields(one, other, (*path, i))


def _unknown(path: Path, key: str, known: list[str]) -> Finding:
    near = get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
    return error("unknown-field", path, f"unknown field {key!r}; {hint}", "correct the name, or take it out")


def _finding(problem: Any, path: Path) -> Finding:
    field, kind = path[-1] if path else "", problem["type"]
    if kind in ("missing", "too_short") and field in CASES and len(path) > 1:
        return _too_few_cases(path, str(field))
    if kind == "missing":
        return error("missing-field", path, f"the field {field!r} is missing", "add it")
    numeric = kind == "string_type" and isinstance(problem["input"], int | float)
    fix = "put it in quotes" if numeric else "`prefstream constitution schema` says what may stand here"
    hint = " (put it in quotes)" if numeric else ""
    return error(_CODES.get(kind, "wrong-value"), path, f"{problem['msg']}{hint}", fix)


def _too_few_cases(path: Path, field: str) -> Finding:
    if field == "counter_examples":
        return error(
            "no-counter-example",
            path,
            "the principle has no counter-example",
            "add one case where a response looks as if it kept to the rule and does not",
        )
    return error(
        "too-few-exemplars",
        path,
        f"a principle needs at least {CASES[field]} exemplars",
        "add cases with prompt, better, worse and why",
    )


def _beside_the_point(problem: Any) -> bool:
    """Return whether it says that a mapping is no text, or a text no mapping, where either may stand."""
    if problem["loc"][:1] != ("refusal_taxonomy",):
        return False
    mapping, kind = isinstance(problem["input"], dict), str(problem["type"])
    return kind == "model_type" or (kind == "string_type" and mapping)


def _path(location: tuple[str | int, ...]) -> Path:
    if location[:1] == ("refusal_taxonomy",) and len(location) > 2:
        return (*location[:2], *location[3:])  # without the name of the alternative
    return location
