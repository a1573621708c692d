"""Prompts: one row a prompt, with the best response known, for trainers that generate by themselves."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats.pairs import ROW_ID, better_and_worse
from prefstream.domain.releases.formats.texts import turns
from prefstream.domain.releases.tables import MESSAGES, Column, ListOf, Row, Struct
from prefstream.schemas.releases import ReleasePlan

PROMPTS: Final = (
    ROW_ID,
    Column(name="prompt", kind=MESSAGES, about="The conversation."),
    Column(name="reference", kind="string", about="The best response known; null: all its pairs are ties."),
    Column(name="data_source", kind="string", about="Name of the release, for verl."),
    Column(name="ability", kind="string", about="The slice, for verl."),
    Column(
        name="reward_model",
        kind=Struct((("style", "string"), ("ground_truth", "string"))),
        about="Style `model`: a preferred response is no answer that a rule could check. For verl.",
    ),
    Column(
        name="extra_info",
        kind=Struct((("index", "int64"), ("prompt_id", "string"), ("slice", "string"))),
        about="A number and the names of the prompt, for verl.",
    ),
    Column(name="pair_id", kind="string", about="The pair that the reference is of."),
    Column(name="pair_ids", kind=ListOf("string"), about="All pairs of the prompt."),
    Column(name="prompt_id", kind="string", about="The prompt."),
    Column(name="slice", kind="string", about="The slice of the prompt distribution."),
    Column(name="weight", kind="float64", about="The weight of the prompt's stratum."),
    Column(name="margin", kind="float64", about="By how much the reference was preferred."),
    Column(name="method", kind="string", about="How the reference's pair got its label."),
    Column(name="confidence", kind="float64", about="The judge's confidence in it; null: no judge."),
    Column(name="constitution_id", kind="string", about="The constitution that it was judged by."),
    Column(name="chosen_model", kind="string", about="Who wrote the reference."),
)
#: Hex digits of the prompt's number: it is read as a signed integer of 64 bits.
_INDEX_DIGITS = 12


def prompt_row(group: Sequence[Example], plan: ReleasePlan) -> Row:
    """Return the row of a prompt.

    The reference is the better response of the pair with the widest margin, then of the surest one,
    then of the first; the conversation is that pair's.

    Args:
        group: All pairs of one prompt, in order.
        plan: The release's plan.
    """
    best = max(group, key=_strength)
    tie = best.margin == 0
    better, _ = better_and_worse(best)
    reference = None if tie else better.text
    index = int(sha256(best.prompt_id.encode()).hexdigest()[:_INDEX_DIGITS], 16)
    return {
        "prompt": turns(best.messages),
        "reference": reference,
        "data_source": plan.name,
        "ability": best.slice,
        "reward_model": {"style": "model", "ground_truth": reference},
        "extra_info": {"index": index, "prompt_id": best.prompt_id, "slice": best.slice},
        "pair_id": best.pair_id,
        "pair_ids": [example.pair_id for example in group],
        "prompt_id": best.prompt_id,
        "slice": best.slice,
        "weight": float(best.stratum_weight),
        "margin": float(abs(best.margin)),
        "method": best.method,
        "confidence": best.confidence,
        "constitution_id": best.constitution_id,
        "chosen_model": None if tie else better.model,
    }


def _strength(example: Example) -> tuple[int, float]:
    return abs(example.margin), example.confidence or 0.0
