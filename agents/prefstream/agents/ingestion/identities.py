"""What a pair consists of and what it is called, the same for pairs, labels and verdicts.

One wide file often holds all three. A pair without an id gets one from its content, and a pair
stored as chosen and rejected gets its sides by a coin that its id tosses: whoever reads the same
row again, for its label this time, finds the same pair the same way round.
"""

from dataclasses import dataclass

import orjson

from prefstream.agents.ingestion.cells import Cells
from prefstream.agents.ingestion.conversations import prompt_of, reply_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.values import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A prompt and its two responses, in the order the row has them."""

    messages: tuple[Message, ...]
    first: str
    second: str
    #: Whether the first is the one somebody chose, rather than simply the first.
    ranked: bool
    #: The turns before the second, where they differ from those before the first.
    other_messages: tuple[Message, ...] = ()


def prompt_id_of(cells: Cells, messages: tuple[Message, ...]) -> str:
    """Return the prompt's id, derived from what it says when the row does not name it."""
    return cells.named("prompt_id") or derived_id("ingest", "prompt", _said(messages))


def content_of(cells: Cells) -> Content | None:
    """Return the prompt and the responses; what is missing becomes a finding."""
    ranked = not (cells.has("response_a") or cells.has("response_b"))
    names = ("chosen", "rejected") if ranked and cells.has("chosen") else ("response_a", "response_b")
    first, second = (reply_of(cells, name) for name in names)
    messages = prompt_of(cells)
    if first is None or second is None:
        return None
    before = first.before or second.before
    # Not refused: that a row pairs answers to two prompts is a finding about the data, kept with the pair.
    other = second.before if first.before and second.before != first.before else ()
    if messages is not None and before and before != messages:
        cells.note(names[0], "follows another prompt than the row names")
    messages = messages or before
    if not messages and not cells.reasons:
        cells.note("prompt", "is missing")
    if not messages:
        return None
    return Content(
        messages=messages, first=first.text, second=second.text, ranked=ranked, other_messages=other
    )


def pair_id_of(cells: Cells, content: Content | None = None) -> str:
    """Return the pair's id, derived from its content when the row does not name it."""
    named = cells.named("pair_id")
    if named is not None:
        return named
    if content is None and (cells.has("response_a") or cells.has("chosen")):
        content = content_of(cells)
    if content is None:
        return cells.required("pair_id")
    return derived_id("ingest", "pair", _said(content.messages), content.first, content.second)


def chosen_is_a(pair_id: str) -> bool:
    """Return whether the chosen response stands first: a fair coin, else A would always win."""
    return int(derived_id("ingest", "sides", pair_id)[0], 16) % 2 == 0


def _said(messages: tuple[Message, ...]) -> str:
    return orjson.dumps([[message.role, message.content] for message in messages]).decode()
