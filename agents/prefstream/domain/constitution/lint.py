"""Lint: everything that is wrong or doubtful about a constitution, as far as it can be seen from the text."""

from collections import Counter
from collections.abc import Iterator

from prefstream.domain.constitution.conditions import condition_findings
from prefstream.domain.constitution.findings import Finding, error, warning
from prefstream.domain.constitution.order import order_findings
from prefstream.domain.constitution.wording import wording_findings
from prefstream.schemas.constitutions import Constitution

#: Longest id of a clause, rule or trigger: ids become tags and keys.
MAX_ID = 100
#: Most entries of each list: beyond these nobody can oversee it.
MOST = {"principles": 100, "curation": 1_000, "escalation": 200, "refusal_taxonomy": 100}


def lint(constitution: Constitution) -> tuple[Finding, ...]:
    """Return all findings about a constitution, in the order of the parts of the document."""
    if crowds := tuple(_crowds(constitution)):
        return crowds  # what compares each with each would take too long
    return (
        *_ids(constitution),
        *order_findings(constitution),
        *wording_findings(constitution),
        *_weights(constitution),
        *condition_findings(constitution),
    )


def _crowds(constitution: Constitution) -> Iterator[Finding]:
    for part, most in MOST.items():
        count = len(getattr(constitution, part))
        if count > most:
            said = f"{count:,} entries, more than {most:,}"
            yield error("too-many", (part,), said, "merge what belongs together")


def _ids(constitution: Constitution) -> Iterator[Finding]:
    lists = {
        "principles": [one.id for one in constitution.principles],
        "curation": [one.id for one in constitution.curation],
        "escalation": [one.id for one in constitution.escalation],
        "refusal_taxonomy": [
            one if isinstance(one, str) else one.id for one in constitution.refusal_taxonomy
        ],
    }
    for part, ids in lists.items():
        counts = Counter(ids)
        for i, name in enumerate(ids):
            if counts[name] > 1 and name in ids[:i]:
                said = f"the id {name!r} is given {counts[name]} times"
                yield error("duplicate-id", (part, i, "id"), said, "give each its own id")
            if len(name) > MAX_ID:
                said = f"the id is {len(name)} characters long, more than {MAX_ID}"
                yield error("long-id", (part, i, "id"), said, "shorten it")


def _weights(constitution: Constitution) -> Iterator[Finding]:
    weights = constitution.dimensions
    for name, weight in weights.items():
        if weight < 0:
            said = f"the weight of {name} is {weight:g}, it must not be negative"
            yield error("negative-weight", ("dimensions", name), said, "give it a weight of 0 or more")
    if weights and not any(weights.values()):
        said = "all weights are zero, so no dimension counts"
        yield error("zero-weights", ("dimensions",), said, "give at least one dimension a weight above 0")
    if not weights:
        said = "no dimension is weighed: people rate nothing beside their choice"
        yield warning(
            "no-dimensions",
            ("dimensions",),
            said,
            "state dimensions, e.g. {correctness: 0.5, helpfulness: 0.5}",
        )
