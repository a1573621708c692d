"""The card of a release: what it is, how it was labelled, what it keeps, and what to know before using it."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from prefstream.domain.gates.overriding import applied
from prefstream.domain.releases import card_sections as sections
from prefstream.domain.releases.card_facts import CardFacts, CardFile
from prefstream.domain.releases.card_gates import gates, limits
from prefstream.domain.releases.card_head import head
from prefstream.domain.releases.card_words import inline
from prefstream.schemas.releases import FormatName
from prefstream.schemas.values import Provenance

__all__ = ["CardFacts", "CardFile", "card"]

_UNREAL: Final[Mapping[str, str]] = {
    str(Provenance.SIMULATED): "were labelled by simulated people: no human being saw them",
    str(Provenance.OFFLINE): "were judged by the small offline judge that exists for demonstrations",
    str(Provenance.RECORDED): "rest on recorded judgements, not on calls made for this release",
}


def card(facts: CardFacts) -> str:
    """Return the card as README.md: a head in YAML, then text."""
    paths: dict[tuple[FormatName, str], list[str]] = {}
    for one in facts.files:
        paths.setdefault((cast("FormatName", one.config), one.split), []).append(one.path)
    plan = facts.plan
    parts = [
        head(plan, facts.census, paths, facts.rows, facts.sizes),
        f"# {inline(plan.title or plan.name)} {inline(plan.version)}",
        *([plan.description.strip()] if plan.description.strip() else []),
        *_notices(facts),
        *_sections(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _sections(facts: CardFacts) -> Iterator[str]:
    for title, lines in (
        ("What it is", sections.what(facts)),
        ("How it was labelled", sections.how(facts)),
        ("Figures by slice", sections.figures(facts)),
        ("Gates", gates(facts)),
        ("Limits and known biases", limits(facts)),
        ("Splits and files", sections.splits(facts)),
        ("What was left out", sections.left_out(facts)),
        ("Load it", sections.load(facts)),
        ("Verify it", sections.verify()),
        ("Licence", [sections.licence(facts.plan)]),
    ):
        if told := list(lines):
            yield f"## {title}"
            yield from told


def _notices(facts: CardFacts) -> Iterator[str]:
    for origin, count in facts.census.by("provenance").items():
        if origin in _UNREAL and count:
            yield f"> **{count:,} of its pairs {_UNREAL[origin]}.**"
    answered: dict[tuple[str, str], list[str]] = {}
    for result, override in applied(facts.results, facts.overrides).overridden:
        answered.setdefault((override.by, override.reason), []).append(inline(result.shortfall))
    for (by, why), shortfalls in answered.items():
        yield (
            f"> **Gates failed and were let pass by {inline(by)}**, who says: {inline(why)}\n>\n"
            + "\n".join(f"> - {one}" for one in shortfalls)
        )
