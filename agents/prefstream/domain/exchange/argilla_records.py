"""Argilla records made from pairs: what people are to answer, what the judge suggests, what was answered.

A record has the shape that Argilla 2 writes and reads as JSON: `fields` and `metadata` by name,
`suggestions` by question, `responses` by question and user. Users there are UUIDs; the metadata says whose
they are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson

from prefstream.domain.exchange.label_studio_config import DIMENSION, alias_of
from prefstream.domain.exchange.label_studio_tasks import Sides
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Verdict

#: Names of the questions, beside one per rating dimension.
VERDICT, CLAUSES, RATIONALE = "verdict", "clauses", "rationale"
#: Names of the fields.
PROMPT, LEFT, RIGHT = "prompt", "left", "right"
#: Names of the metadata.
PAIR, SIDES, SLICE, ANNOTATORS, KNOWN = "pair_id", "sides", "slice", "annotators", "known_answers"
#: What a label can say and a record cannot.
UNSAYABLE: Final = ("seconds", "quotes", "needs_specialist", "error_category", "refinement", "task_id")


@dataclass(slots=True, kw_only=True)
class Export:
    """A record, and how often it could not say something."""

    record: dict[str, Any]
    lost: Counter[str] = field(default_factory=Counter)


def sides_of_pair(pair_id: str) -> Sides:
    """Return on which sides a pair's responses stand: a fair coin by its id, the same in every export."""
    return "ab" if int(derived_id("argilla", "sides", pair_id)[0], 16) % 2 == 0 else "ba"


def user_of(annotator: str) -> str:
    """Return the UUID by which a person is known in a record."""
    return derived_id("argilla", "user", annotator)


def record_of(
    pair: PairProposed, *, judged: PairJudged | None = None, labels: Sequence[LabelSubmitted] = ()
) -> Export:
    """Return the record of a pair.

    Args:
        pair: The pair; its models are not named, for who labels is to judge the texts alone.
        judged: The judge's reading, where people are to see it as a suggestion.
        labels: What people said already; a person's latest counts.
    """
    sides = sides_of_pair(pair.pair_id)
    texts = (pair.response_a.text, pair.response_b.text)
    left, right = texts if sides == "ab" else texts[::-1]
    standing = {label.annotator: label for label in labels}
    answers = {user_of(one.annotator): _answer(one, sides) for one in standing.values()}
    metadata = {PAIR: pair.pair_id, SIDES: sides, SLICE: pair.slice}
    if answers:
        metadata[ANNOTATORS] = _json({user_of(name): name for name in standing})
        metadata[KNOWN] = _json({user: answer_hash(answer) for user, answer in answers.items()})
    record: dict[str, Any] = {
        "id": pair.pair_id,
        "fields": {
            PROMPT: [{"role": message.role, "content": message.content} for message in pair.messages],
            LEFT: left,
            RIGHT: right,
        },
        "metadata": metadata,
        "suggestions": _suggestions(judged, sides),
        "responses": _by_question(answers),
        "vectors": {},
        "_server_id": None,
    }
    lost = _lost(standing.values())
    lost.update({"earlier answers": len(labels) - len(standing)} if len(labels) > len(standing) else {})
    return Export(record=record, lost=lost)


def answer_hash(answer: Mapping[str, Any]) -> str:
    """Return what an answer is recognised by when it comes back unchanged."""
    return sha256(orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _answer(label: LabelSubmitted, sides: Sides) -> dict[str, Any]:
    """Return what a person said, by question, as the sides stand in the record."""
    preference = label.verdict.preference
    shown = label.verdict
    if preference is not None and sides == "ba":
        shown = Verdict(preference.swapped.value)
    answer: dict[str, Any] = {VERDICT: alias_of(shown)}
    if label.clauses:
        answer[CLAUSES] = list(label.clauses)
    if label.rationale:
        answer[RATIONALE] = label.rationale
    return answer | {DIMENSION + name: rating for name, rating in label.dimensions.items()}


def _suggestions(judged: PairJudged | None, sides: Sides) -> dict[str, Any]:
    if judged is None or judged.label is None:
        return {}
    shown = judged.label if sides == "ab" else judged.label.swapped
    value = alias_of(Verdict(shown.value))
    return {VERDICT: {"value": value, "score": judged.confidence, "agent": judged.judge_id}}


def _by_question(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    by_question: dict[str, list[dict[str, Any]]] = {}
    for user, answer in answers.items():
        for question, value in answer.items():
            by_question.setdefault(question, []).append({"value": value, "user_id": user})
    return by_question


def _lost(labels: Iterable[LabelSubmitted]) -> Counter[str]:
    said = (name for label in labels for name in UNSAYABLE if getattr(label, name) not in {None, False, ()})
    return Counter(said)


def _json(value: Mapping[str, str]) -> str:
    """Return a mapping as text: metadata there holds plain values only."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
