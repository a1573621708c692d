"""Tasks of Label Studio, made from pairs."""

from typing import Any, Literal

from prefstream.domain.exchange.label_studio_config import (
    LEFT,
    MESSAGES,
    PAIRWISE,
    PUSH,
    RIGHT,
    VERDICT,
    alias_of,
)
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Verdict

Sides = Literal["ab", "ba"]


def task_of(
    pair: PairProposed, *, push_id: str, sides: Sides, judged: PairJudged | None = None
) -> dict[str, Any]:
    """Return the task that shows a pair.

    It names neither models nor the pair: who labels is to judge the texts alone.

    Args:
        pair: The pair.
        push_id: What the task is known by on our side.
        sides: "ab" puts A on the left.
        judged: The judge's reading, where people are to see it.
    """
    texts = (pair.response_a.text, pair.response_b.text)
    left, right = texts if sides == "ab" else texts[::-1]
    messages = [{"role": message.role, "content": message.content} for message in pair.messages]
    data = {MESSAGES: messages, LEFT: left, RIGHT: right, PUSH: push_id}
    prediction = None if judged is None else prediction_of(judged, sides=sides)
    return {"data": data} | ({} if prediction is None else {"predictions": [prediction]})


def prediction_of(judged: PairJudged, *, sides: Sides) -> dict[str, Any] | None:
    """Return the judge's verdict as a prediction; nothing where the judge has none."""
    if judged.label is None:
        return None
    shown = Verdict((judged.label if sides == "ab" else judged.label.swapped).value)
    result: list[dict[str, Any]] = [
        {
            "from_name": VERDICT,
            "to_name": LEFT,
            "type": "choices",
            "value": {"choices": [alias_of(shown)]},
        }
    ]
    if judged.label.margin:
        better = "left" if shown in {Verdict.A_MUCH_BETTER, Verdict.A_BETTER} else "right"
        result.append(
            {
                "from_name": PAIRWISE,
                "to_name": f"{LEFT},{RIGHT}",
                "type": "pairwise",
                "value": {"selected": better},
            }
        )
    score = {} if judged.confidence is None else {"score": judged.confidence}
    return {"model_version": judged.judge_id, "result": result} | score
