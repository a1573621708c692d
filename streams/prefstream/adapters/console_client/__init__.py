"""A client of the console's API: calls are values, `Console` and `AsyncConsole` send them.

>>> from prefstream.adapters.console_client import Console, next_task, submit  # doctest: +SKIP
>>> with Console("http://127.0.0.1:8484", token="pfs_...") as console:  # doctest: +SKIP
...     task = console.ask(next_task(rounds=["annotate"]))
...     if task is not None:
...         console.ask(submit(task, {"verdict": "A>", "rationale": "the left one is right"}, seconds=31.0))
"""

from prefstream.adapters.console_client.answers import Candidate, Ingested, LeasedTask, Submitted, Turn
from prefstream.adapters.console_client.calls import (
    Call,
    draft,
    heartbeat,
    ingest,
    next_task,
    pair,
    queue,
    read,
    release,
    session,
    shown,
    submit,
    undo,
    write,
)
from prefstream.adapters.console_client.clients import AsyncConsole, Console
from prefstream.adapters.console_client.refusals import Refused

__all__ = [
    "AsyncConsole",
    "Call",
    "Candidate",
    "Console",
    "Ingested",
    "LeasedTask",
    "Refused",
    "Submitted",
    "Turn",
    "draft",
    "heartbeat",
    "ingest",
    "next_task",
    "pair",
    "queue",
    "read",
    "release",
    "session",
    "shown",
    "submit",
    "undo",
    "write",
]
