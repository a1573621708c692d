"""Rankings: all responses to one prompt in order, where the pairs of a group say one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from prefstream.domain.demonstrations.rankings import levels
from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats.made import LeftOut, Made
from prefstream.domain.releases.formats.pairs import ROW_ID, weight
from prefstream.domain.releases.formats.texts import plain_prompt, turns
from prefstream.domain.releases.tables import MESSAGES, Column, ListOf, Row, Struct
from prefstream.schemas.values import Response

#: Which response: its text and who wrote it.
Candidate = tuple[str, str]

ANSWER: Final = Struct((("answer", "string"), ("rank", "int64"), ("model", "string")))
RANKING: Final = (
    ROW_ID,
    Column(name="prompt", kind="string", about="The conversation as text; a lone user message as it is."),
    Column(name="messages", kind=MESSAGES, about="The conversation."),
    Column(name="answers", kind=ListOf(ANSWER), about="The responses, best first; equal ranks are ties."),
    Column(name="group_id", kind="string", about="The set of responses."),
    Column(name="pair_ids", kind=ListOf("string"), about="The pairs that the order follows from."),
    Column(name="prompt_id", kind="string", about="The prompt; rows of one prompt are in one split."),
    Column(name="slice", kind="string", about="The slice of the prompt distribution."),
    Column(name="weight", kind="float64", about="Mean weight of the pairs."),
    Column(name="method", kind="string", about="How the pairs got their labels; mixed: in several ways."),
    Column(
        name="confidence", kind="float64", about="The judge's least confidence; null: a pair had no judge."
    ),
    Column(name="constitution_id", kind="string", about="The constitution; null: the pairs have several."),
)


def ranking(group: Sequence[Example]) -> Made:
    """Return the ranking that the pairs of a group say, or why they say none.

    Responses are ranked by their wins, a tie counting half a win to both. That is the ranking only where
    every two of them were compared and every label agrees with it; anything else would be a guess.

    Args:
        group: All pairs of one group, in order.
    """
    if any(example.messages != group[0].messages for example in group):
        return _none(group, "ranking_prompts_differ")
    margins = _margins(group)
    if margins is None:
        return _none(group, "ranking_inconsistent")
    candidates = _candidates(group)
    if any((one, other) not in margins for one, other in combinations(candidates, 2)):
        return _none(group, "ranking_incomplete")
    ranks = _ranks(list(candidates), margins)
    if any(_sign(margin) != _sign(ranks[b] - ranks[a]) for (a, b), margin in margins.items()):
        return _none(group, "ranking_inconsistent")
    return Made(rows=(_row(group, [(ranks[key], answer) for key, answer in candidates.items()]),))


def _key(response: Response) -> Candidate:
    return response.text, response.model


def _candidates(group: Sequence[Example]) -> dict[Candidate, Response]:
    """Return the responses of a group, each once, in an order that only their content decides."""
    found = {_key(said): said for example in group for said in (example.response_a, example.response_b)}
    return dict(sorted(found.items()))


def _margins(group: Sequence[Example]) -> Mapping[tuple[Candidate, Candidate], int] | None:
    """Return the margin by two responses, both ways round; `None` where two labels point apart."""
    margins: dict[tuple[Candidate, Candidate], int] = {}
    for example in group:
        a, b = _key(example.response_a), _key(example.response_b)
        for both, margin in (((a, b), example.margin), ((b, a), -example.margin)):
            if _sign(margins.setdefault(both, margin)) != _sign(margin):
                return None
    return margins


def _ranks(
    candidates: Sequence[Candidate], margins: Mapping[tuple[Candidate, Candidate], int]
) -> dict[Candidate, int]:
    points = [
        sum(1 + _sign(margins[one, other]) for other in candidates if other != one) for one in candidates
    ]
    return dict(zip(candidates, levels([-point for point in points]), strict=True))


def _row(group: Sequence[Example], ranked: list[tuple[int, Response]]) -> Row:
    first = group[0]
    ordered = sorted(ranked, key=lambda one: (one[0], one[1].text, one[1].model))
    confidences = [example.confidence for example in group]
    known = [confidence for confidence in confidences if confidence is not None]
    return {
        "prompt": plain_prompt(first.messages),
        "messages": turns(first.messages),
        "answers": [{"answer": said.text, "rank": rank, "model": said.model} for rank, said in ordered],
        "group_id": first.group_id,
        "pair_ids": [example.pair_id for example in group],
        "prompt_id": first.prompt_id,
        "slice": first.slice,
        "weight": sum(map(weight, group)) / len(group),
        "method": _single([example.method for example in group]) or "mixed",
        "confidence": min(known) if len(known) == len(confidences) else None,
        "constitution_id": _single([example.constitution_id for example in group]),
    }


def _single(values: Sequence[str | None]) -> str | None:
    return values[0] if len(set(values)) == 1 else None


def _sign(margin: int) -> int:
    return (margin > 0) - (margin < 0)


def _none(group: Sequence[Example], reason: str) -> Made:
    return Made(left_out=tuple(LeftOut(id=example.pair_id, reason=reason) for example in group))
