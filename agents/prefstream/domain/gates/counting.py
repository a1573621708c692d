"""What one pair, or one answer to a gold question, adds to the census of a release.

A key begins with the kind of what is counted. Kinds of rows (pairs that the release takes): `pairs`,
`label`, `method`, `strategy`, `provenance`, `judge`, `constitution`, `policy`, `tag`, `prompt_length`,
`length`, `confidence`, `refusal`, `day`, `note`. Kinds of evidence (also of pairs that only the policy of
ties leaves out): `resolved`, `cited`, `verdict`, `annotator`, `overlap`, `ordinal`, `pair`, `audited`,
`length_people`, and `gold` of gold questions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from prefstream.domain.agreement import nominal, ordinal
from prefstream.domain.agreement.compositions import composition_of, composition_text
from prefstream.domain.measures import contrast
from prefstream.domain.offline.refusals import declines
from prefstream.domain.releases.examples import Example, PersonLabel
from prefstream.schemas.people import GoldAnswered
from prefstream.schemas.values import Message, Preference

#: What is counted: its kind, then what of it.
Key = tuple[str, ...]

#: Bins of confidence.
CONFIDENCE_BINS: Final = 10
_OPENING: Final = 300
_SIDES: Final[Mapping[Preference, str]] = {
    Preference.A_MUCH_BETTER: "a",
    Preference.A_BETTER: "a",
    Preference.TIE: "=",
    Preference.B_BETTER: "b",
    Preference.B_MUCH_BETTER: "b",
}


def side_of(label: Preference) -> str:
    """Return what a label prefers: "a", "b" or "=".

    >>> side_of(Preference.B_MUCH_BETTER)
    'b'
    """
    return _SIDES[label]


def by_people(example: Example) -> bool:
    """Return whether people decided a pair, not the judge alone."""
    return example.method != "judge"


def of_row(example: Example) -> Iterator[Key]:
    """Yield what a pair counts for as a row of the release."""
    name, side = example.slice, _SIDES[example.label]
    yield "pairs", name
    yield "label", name, str(example.label)
    yield "method", name, example.method
    yield "strategy", name, example.strategy
    yield "provenance", str(example.provenance)
    for kind, value in (
        ("judge", example.judge_id),
        ("constitution", example.constitution_id),
        ("policy", example.policy_id),
    ):
        if value is not None:
            yield kind, value
    yield "prompt_length", band_of(example.messages)
    if example.confidence is not None:
        yield "confidence", name, str(min(int(example.confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1))
    yield "day", "people" if by_people(example) else "judge", example.resolved_at.date().isoformat()
    for check in example.checks:
        if not check.passed:
            yield "note", check.check
    yield from _of_choice(example, side)


def _of_choice(example: Example, side: str) -> Iterator[Key]:
    """Yield whether the longer response wins, and whether a refusal does."""
    if side == "=":
        return
    texts = example.response_a.text, example.response_b.text
    longer = contrast(*texts).longer
    if longer is not None:
        yield "length", example.slice, "longer" if longer == side else "shorter"
    won, lost = texts if side == "a" else texts[::-1]
    if _refuses(won) and not _refuses(lost):
        yield "refusal", example.slice


def _refuses(text: str) -> bool:
    return declines(text[:_OPENING].replace("\u2019", "'"))


def band_of(messages: Sequence[Message]) -> str:
    """Return the band of a prompt's length: the power of two below its characters.

    >>> band_of([Message(role="user", content="x" * 100)])
    '64'
    """
    size = sum([len(message.content) for message in messages])
    return str(1 << (size.bit_length() - 1)) if size else "0"


def of_evidence(example: Example) -> Iterator[Key]:
    """Yield what a pair shows of people and of the judge, whether or not the release takes it."""
    name = example.slice
    yield "resolved", name
    if example.clauses:
        yield "cited", name
    for label in example.labels:
        preference = label.verdict.preference
        informative = preference is not None and preference is not Preference.TIE
        yield "verdict", name, "yes" if informative else "no"
        yield "annotator", name, label.annotator
    first = first_round(example.labels)
    if first:
        yield from _of_people(name, {who: str(label.verdict) for who, label in first.items()})
    if by_people(example):
        yield from _of_judge(example, _SIDES[example.label])


def first_round(labels: Sequence[PersonLabel]) -> dict[str, PersonLabel]:
    """Return the latest label of each annotator, in the order of their names, of the first round alone.

    A reviewer or adjudicator may know what others said: that they agree with it shows nothing.
    """
    latest: dict[str, PersonLabel] = {}
    for label in labels:
        if label.round != "annotate":
            continue
        other = latest.get(label.annotator)
        if other is None or (label.occurred_at, label.event_id) > (other.occurred_at, other.event_id):
            latest[label.annotator] = label
    return dict(sorted(latest.items()))


def _of_people(name: str, verdicts: Mapping[str, str]) -> Iterator[Key]:
    said = {who: category for who, verdict in verdicts.items() if (category := nominal(verdict)) is not None}
    if said:
        yield "overlap", name, str(len(said))
    points = Counter(point for verdict in verdicts.values() if (point := ordinal(verdict)) is not None)
    if points:
        yield "ordinal", name, composition_text(composition_of(points))
    for (one, first), (other, second) in combinations(said.items(), 2):
        yield "pair", name, one, other, first, second


def _of_judge(example: Example, side: str) -> Iterator[Key]:
    """Yield what a pair that people decided shows, where the coin chose it: then it speaks for all."""
    if not example.audit:
        return
    if example.accepted and example.judge_label is not None:
        yield "audited", example.slice, "agree" if _SIDES[example.judge_label] == side else "differ"
    longer = contrast(example.response_a.text, example.response_b.text).longer
    if longer is not None and side != "=":
        yield "length_people", example.slice, "longer" if longer == side else "shorter"


def of_gold(event: GoldAnswered) -> Key:
    """Return what an answer to a gold question counts for."""
    right = "right" if event.right else "wrong"
    return "gold", str(event.provenance), event.annotator, event.slice, right
