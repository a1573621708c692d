"""Preferences: what a person has set for the pages, as `people.preferences` keeps it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: Every act on the page where people label, and the key that does it unless remapped.
KEYS: Mapping[str, str] = {
    "verdict_1": "1",
    "verdict_2": "2",
    "verdict_3": "3",
    "verdict_4": "4",
    "verdict_5": "5",
    "unsure": "u",
    "both_bad": "x",
    "specialist": "k",
    "cite": "c",
    "quote": "q",
    "rationale": "w",
    "dimensions": "t",
    "rubric": "r",
    "difference": "d",
    "prompt": "p",
    "left": "[",
    "right": "]",
    "reveal": "v",
    "adjudication": "a",
    "undo": "z",
    "pause": "b",
    "help": "?",
}
_KEY = Annotated[str, Field(min_length=1, max_length=1, pattern=r"\S")]


class Preferences(BaseModel):
    """What a person has set."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: Literal["auto", "light", "dark"] = "auto"
    #: Single keys act; off for those who speak to their computer or press keys by accident.
    keys_on: bool = True
    #: Keys that differ from `KEYS`, by act.
    keys: dict[str, _KEY] = Field(default_factory=dict)
    #: What sends an answer: a key with Ctrl (or Cmd), or Enter alone outside of fields.
    submit: Literal["ctrl+enter", "enter"] = "ctrl+enter"
    #: In review, earlier labels stay hidden until one has chosen.
    blind_first: bool = True
    #: Breaks are proposed.
    breaks: bool = True

    @property
    def all_keys(self) -> dict[str, str]:
        """Return the key of every act."""
        return dict(KEYS) | {act: key for act, key in self.keys.items() if act in KEYS}


def preferences_of(stored: Mapping[str, Any] | None) -> Preferences:
    """Return preferences as stored; what is not set, or cannot be read, is as it comes.

    >>> preferences_of({"theme": "dark", "keys": {"undo": "y"}}).all_keys["undo"]
    'y'
    >>> preferences_of({"theme": "pink"}).theme
    'auto'
    """
    try:
        return Preferences.model_validate(stored or {})
    except ValidationError as error:
        wrong = {str(found["loc"][0]) for found in error.errors() if found["loc"]}
        return Preferences.model_validate({k: v for k, v in (stored or {}).items() if k not in wrong})
