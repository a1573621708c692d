"""What authors get wrong in the words: clauses alike, cases that show nothing, too much text."""

import re
from collections.abc import Iterator
from itertools import combinations

from prefstream.domain.constitution.findings import Finding, Path, error, warning
from prefstream.schemas.constitutions import Constitution, Exemplar

#: Longest rule that people hold in mind, in characters.
MAX_RULE = 1_200
#: Longest text of one case, in characters.
MAX_CASE = 4_000
#: More than this is read by no annotator and paid for with every judgement.
MAX_TOTAL = 60_000
#: Share of words in common from which two rules look like one.
ALIKE = 0.85
_PROTOCOLS = ("ties", "both_bad", "refusals", "contested_facts", "length")


def wording_findings(constitution: Constitution) -> Iterator[Finding]:
    """Yield what is wrong or doubtful about rules, cases and protocols."""
    yield from _alike(constitution)
    for i, principle in enumerate(constitution.principles):
        if len(principle.rule) > MAX_RULE:
            yield _long(("principles", i, "rule"), len(principle.rule), MAX_RULE)
        for field in ("exemplars", "counter_examples"):
            cases: tuple[Exemplar, ...] = getattr(principle, field)
            for j, case in enumerate(cases):
                yield from _case(("principles", i, field, j), case)
    yield from _protocols(constitution)
    if (total := len(constitution.model_dump_json(exclude={"curation"}))) > MAX_TOTAL:
        yield _long(("principles",), total, MAX_TOTAL)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case.

    >>> words("What can be checked, MUST be right.")
    ('what', 'can', 'be', 'checked', 'must', 'be', 'right')
    """
    return tuple(re.findall(r"\w+", text.casefold()))


def _alike(constitution: Constitution) -> Iterator[Finding]:
    said = [(i, one.id, words(one.rule)) for i, one in enumerate(constitution.principles)]
    for (_, name, rule), (j, other, again) in combinations(said, 2):
        path = ("principles", j, "rule")
        fix = "merge the two, or say where they differ"
        shared = len(set(rule) & set(again)) / max(1, len(set(rule) | set(again)))
        if name == other:
            continue
        if rule == again:
            yield error(
                "identical-rules", path, f"nobody can tell {other} from {name}: one rule, two ids", fix
            )
        elif shared >= ALIKE:
            yield warning("similar-rules", path, f"{other} says nearly the same as {name}", fix)


def _case(path: Path, case: Exemplar) -> Iterator[Finding]:
    if words(case.better) == words(case.worse) and case.better.split() == case.worse.split():
        yield error(
            "same-responses",
            (*path, "worse"),
            "better and worse are the same, so the case shows nothing",
            "make the worse response break the rule",
        )
    for field in ("prompt", "better", "worse"):
        text: str = getattr(case, field)
        if not text.strip():
            fix = "write it, or say in words that it is an empty response"
            yield error("empty-text", (*path, field), f"{field} is empty", fix)
        elif len(text) > MAX_CASE:
            yield _long((*path, field), len(text), MAX_CASE)


def _protocols(constitution: Constitution) -> Iterator[Finding]:
    silent = [name for name in _PROTOCOLS if not getattr(constitution.protocols, name).strip()]
    if silent:
        yield warning(
            "empty-protocol",
            ("protocols",),
            f"nothing is said about {', '.join(silent)}: people and judges will each decide alone",
            "state a sentence for each under protocols",
        )


def _long(path: Path, characters: int, most: int) -> Finding:
    return warning(
        "too-long",
        path,
        f"{characters:,} characters, more than {most:,}",
        "cut it: every judgement pays for the text and every annotator must remember it",
    )
