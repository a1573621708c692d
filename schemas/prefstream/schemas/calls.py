"""Calls to the outside world and what comes back, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a call is for, so that its cost finds its place; no part of the call's identity."""

    #: "judging", "generation", "classification", "critique", "drafting", ...
    purpose: str = ""
    #: The pair or prompt it is made for.
    subject: str = ""
    slice: str = ""
    #: The judge or generator that asks.
    asked_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One effect in the outside world, e.g. one request to a model.

    The id is derived from what is asked, so that asking again finds the recorded answer.
    """

    provider: str
    request: Mapping[str, Any]
    #: The answer must be recorded before its event is published; `False` where asking again is
    #: free and certain to give the same answer.
    journalled: bool = True
    about: About = field(default_factory=About, compare=False)
    request_id: str = field(init=False)

    def __post_init__(self) -> None:
        canonical = orjson.dumps([self.provider, dict(self.request)], option=orjson.OPT_SORT_KEYS)
        object.__setattr__(self, "request_id", sha256(canonical).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back from a call."""

    content: Mapping[str, Any]
    #: Milliseconds since 1970 at which the answer was had; event time of what follows from it.
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer came back."""

    reason: str
    detail: str
    #: Whether trying later may help.
    transient: bool
    retry_after_s: float | None = None
    #: Nothing was tried: it waits for money or for a batch, and does not count as an attempt.
    waiting: bool = False


Answer = Reply | Failure
