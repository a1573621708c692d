"""Rows of single pairs: preferences in three shapes, completions with a verdict, rewards, demonstrations."""

from collections.abc import Callable
from typing import Final

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats.texts import plain_prompt, reply, turns
from prefstream.domain.releases.tables import MESSAGE, MESSAGES, Column, Row
from prefstream.schemas.values import Response

#: Digits of a soft label that is turned around: 1 - 0.9 is 0.1, not 0.09999999999999998.
_DIGITS = 12

#: What every row of a pair says of it.
ABOUT: Final = (
    Column(name="pair_id", kind="string", about="The pair."),
    Column(name="prompt_id", kind="string", about="The prompt; pairs of one prompt are in one split."),
    Column(name="slice", kind="string", about="The slice of the prompt distribution."),
    Column(name="margin", kind="float64", about="1 (better) or 2 (much better)."),
    Column(
        name="weight",
        kind="float64",
        about="The weight of the stratum; where audited, divided by the propensity: the audited rows alone"
        " then stand for all traffic.",
    ),
    Column(name="audited", kind="bool", about="Whether a coin asked a person, whatever the judge said."),
    Column(name="propensity", kind="float64", about="Probability with which a person was asked."),
    Column(
        name="soft_label", kind="float64", about="Share of the evidence that prefers chosen; ties count half."
    ),
    Column(name="method", kind="string", about="judge, consensus, majority, posterior or adjudication."),
    Column(name="confidence", kind="float64", about="The judge's calibrated confidence; null: no judge."),
    Column(name="constitution_id", kind="string", about="The constitution that it was judged by."),
    Column(name="chosen_model", kind="string", about="Who wrote the better response."),
    Column(name="rejected_model", kind="string", about="Who wrote the other one."),
)
ROW_ID: Final = Column(name="row_id", kind="string", about="Hash of the row; `release trace` takes it.")


def better_and_worse(example: Example) -> tuple[Response, Response]:
    """Return the two responses, the preferred one first."""
    if example.margin < 0:
        return example.response_b, example.response_a
    return example.response_a, example.response_b


def weight(example: Example) -> float:
    """Return how many pairs of the traffic an example stands for.

    The weight of its stratum; where a coin asked a person, divided by the probability of that, which
    makes the audited pairs stand for all pairs of their kind (Horvitz and Thompson, 1952).
    """
    if example.audit and example.propensity:
        return example.stratum_weight / example.propensity
    return example.stratum_weight


def about(example: Example) -> Row:
    """Return what every row of a pair says of it."""
    better, worse = better_and_worse(example)
    soft = example.soft_label
    if soft is not None and example.margin < 0:
        soft = round(1.0 - soft, _DIGITS)
    return {
        "pair_id": example.pair_id,
        "prompt_id": example.prompt_id,
        "slice": example.slice,
        "margin": float(abs(example.margin)),
        "weight": float(weight(example)),
        "audited": example.audit,
        "propensity": example.propensity,
        "soft_label": soft,
        "method": example.method,
        "confidence": example.confidence,
        "constitution_id": example.constitution_id,
        "chosen_model": better.model,
        "rejected_model": worse.model,
    }


def _preference(example: Example) -> list[Row]:
    better, worse = better_and_worse(example)
    return [{"prompt": plain_prompt(example.messages), "chosen": better.text, "rejected": worse.text}]


def _implicit(example: Example) -> list[Row]:
    better, worse = better_and_worse(example)
    said = turns(example.messages)
    return [{"chosen": [*said, reply(better.text)], "rejected": [*said, reply(worse.text)]}]


def _conversational(example: Example) -> list[Row]:
    better, worse = (reply(response.text) for response in better_and_worse(example))
    row: Row = {"prompt": turns(example.messages), "chosen": [better], "rejected": [worse]}
    return [row | {"chosen_message": better, "rejected_message": worse}]


def _unpaired(example: Example) -> list[Row]:
    better, worse = better_and_worse(example)
    prompt = plain_prompt(example.messages)
    return [
        {"prompt": prompt, "completion": better.text, "label": True},
        {"prompt": prompt, "completion": worse.text, "label": False},
    ]


PREFERENCE: Final = (
    ROW_ID,
    Column(name="prompt", kind="string", about="The conversation as text; a lone user message as it is."),
    Column(name="chosen", kind="string", about="The better response."),
    Column(name="rejected", kind="string", about="The other one."),
    *ABOUT,
)
IMPLICIT: Final = (
    ROW_ID,
    Column(name="chosen", kind=MESSAGES, about="The conversation with the better response."),
    Column(name="rejected", kind=MESSAGES, about="The conversation with the other one."),
    *ABOUT,
)
CONVERSATIONAL: Final = (
    ROW_ID,
    Column(name="prompt", kind=MESSAGES, about="The conversation."),
    Column(name="chosen", kind=MESSAGES, about="The better response."),
    Column(name="rejected", kind=MESSAGES, about="The other one."),
    Column(name="chosen_message", kind=MESSAGE, about="`chosen` as one message, for LLaMA-Factory."),
    Column(name="rejected_message", kind=MESSAGE, about="`rejected` as one message, for LLaMA-Factory."),
    *ABOUT,
)
UNPAIRED: Final = (
    ROW_ID,
    Column(name="prompt", kind="string", about="The conversation as text; a lone user message as it is."),
    Column(name="completion", kind="string", about="A response."),
    Column(name="label", kind="bool", about="Whether it was the better one of its pair."),
    *ABOUT,
)

#: What a format makes of one pair with a preference, without what all formats say of a pair.
SHAPES: Final[dict[str, Callable[[Example], list[Row]]]] = {
    "preference": _preference,
    "preference_implicit": _implicit,
    "preference_conversational": _conversational,
    "unpaired": _unpaired,
    # A reward model reads whole conversations; the margin that all rows of pairs carry is its margin.
    "reward": _implicit,
}
