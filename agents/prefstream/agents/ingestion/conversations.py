"""Prompts and responses in the shapes people store them: text, message lists, transcripts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from prefstream.agents.ingestion.cells import Cells, json_list
from prefstream.schemas.values import Message

_ROLES: Mapping[str, str] = {
    "human": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function": "tool",
}
_TURN = re.compile(r"\n\n(Human|Assistant):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response and the turns before it, where they are stored together."""

    before: tuple[Message, ...]
    text: str


def prompt_of(cells: Cells) -> tuple[Message, ...] | None:
    """Return the messages of the prompt; `None` when the row has none, or none that can be read."""
    name = next((one for one in ("prompt", "messages", "instruction", "input") if cells.has(one)), None)
    if name is None:
        return None
    turns = _turns(cells, name)
    if turns is None:
        return None
    if turns[-1].role == "assistant":
        cells.note(name, "ends with the assistant's turn, so there is nothing left to answer")
    if name == "instruction":
        turns = _with_input(cells, turns)
    system = cells.text("system")
    return (Message(role="system", content=system), *turns) if system else turns


def reply_of(cells: Cells, name: str) -> Reply | None:
    """Return a response: text, or the last turn of a conversation that ends with the assistant."""
    value = cells.raw(name)
    turns = transcript(value) if isinstance(value, str) else None
    if turns is None and not isinstance(value, list):
        text = cells.text(name)
        if value is None:
            cells.note(name, "is missing")
        return Reply(before=(), text=text) if text is not None else None
    turns = turns if turns is not None else _turns(cells, name)
    if not turns:
        return None
    if turns[-1].role != "assistant":
        cells.note(name, "does not end with the assistant's turn")
        return None
    return Reply(before=turns[:-1], text=turns[-1].content)


def transcript(text: str) -> tuple[Message, ...] | None:
    r"""Return the turns of a dialogue written as "\n\nHuman: ...\n\nAssistant: ...", else `None`.

    >>> [turn.role for turn in transcript("\n\nHuman: Hi\n\nAssistant: Hello")]
    ['user', 'assistant']
    """
    if not text.startswith("\n\nHuman:"):
        return None
    parts = _TURN.split(text)[1:]
    return tuple(
        Message(role="user" if who == "Human" else "assistant", content=said.removeprefix(" "))
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    )


def _with_input(cells: Cells, turns: tuple[Message, ...]) -> tuple[Message, ...]:
    given = cells.text("input")
    if not given:
        return turns
    return (*turns[:-1], Message(role=turns[-1].role, content=f"{turns[-1].content}\n\n{given}"))


def _turns(cells: Cells, name: str) -> tuple[Message, ...] | None:
    value = cells.raw(name)
    if isinstance(value, str) and name == "messages":
        spelt = json_list(value)
        value = value if spelt is None else spelt
    if value is None:
        cells.note(name, "is missing")
        return None
    if not isinstance(value, list):
        text = cells.text(name)
        return (Message(role="user", content=text),) if text is not None else None
    if not value:
        cells.note(name, "is an empty conversation")
        return None
    return _messages(cells, name, value)


def _messages(cells: Cells, name: str, turns: Sequence[object]) -> tuple[Message, ...] | None:
    messages: list[Message] = []
    for number, turn in enumerate(turns, start=1):
        role, content = _said(turn)
        if not isinstance(role, str) or not isinstance(content, str):
            cells.note(name, f"turn {number} is not a role with text")
            return None
        try:
            messages.append(Message(role=_ROLES.get(role, role), content=content))  # type: ignore[arg-type]
        except ValidationError:
            cells.note(name, f"turn {number} has a role or text that does not fit")
            return None
    return tuple(messages)


def _said(turn: object) -> tuple[object, object]:
    if not isinstance(turn, Mapping):
        return None, None
    return turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
