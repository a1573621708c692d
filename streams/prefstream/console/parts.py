"""What the console works with: database, log, settings, clock and chance."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import Depends
from starlette.requests import HTTPConnection

from prefstream.adapters.log import LogWriter
from prefstream.adapters.settings import Settings
from prefstream.console.live_feed import Feed
from prefstream.console.quality_port import NO_QUALITY, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts; whoever starts the console puts them together."""

    pool: asyncpg.Pool
    writer: LogWriter
    settings: Settings
    now: Callable[[], datetime]
    #: Random text that nobody can guess, for tokens and ids.
    secret: Callable[[], str]
    #: Gold questions, calibration sets and what is said beside the work.
    quality: Quality = NO_QUALITY
    #: What everybody who watches sees.
    feed: Feed = field(default_factory=Feed)


def parts_of(request: HTTPConnection) -> Parts:
    """Return the parts of the application that answers a request."""
    parts: Parts = request.app.state.parts
    return parts


#: The parts as a parameter of a route.
TheParts = Annotated[Parts, Depends(parts_of)]
