"""Texts: a conversation as one string, for the formats that hold strings."""

from collections.abc import Sequence

from prefstream.domain.releases.tables import Row
from prefstream.schemas.values import Message

_ROLES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


def plain_prompt(messages: Sequence[Message]) -> str:
    r"""Return a prompt as one string.

    One message of the user is its text as it is: trainers put their own template around it. Whatever
    has more turns names the role before each; where roles matter, the conversational formats keep them.

    >>> plain_prompt([Message(role="user", content="2 + 2?")])
    '2 + 2?'
    >>> plain_prompt([Message(role="system", content="Be brief."), Message(role="user", content="2 + 2?")])
    'System: Be brief.\n\nUser: 2 + 2?'
    """
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].content
    return "\n\n".join(f"{_ROLES[message.role]}: {message.content}" for message in messages)


def turns(messages: Sequence[Message]) -> list[Row]:
    """Return a conversation as chat templates take it."""
    return [turn(message.role, message.content) for message in messages]


def turn(role: str, content: str) -> Row:
    """Return one message of a conversation."""
    return {"role": role, "content": content}


def reply(text: str) -> Row:
    """Return a response as the assistant's turn."""
    return turn("assistant", text)
