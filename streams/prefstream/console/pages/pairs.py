"""The history of a pair: who did what when, and why."""

from http import HTTPStatus
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from prefstream.adapters.postgres.console import overview
from prefstream.adapters.postgres.console.history import History, at_work_on, history_of
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem
from prefstream.console.rendering import rendered_all
from prefstream.domain.history import Step, timeline
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelWithdrawn
from prefstream.schemas.pairs import PairProposed

router = APIRouter(include_in_schema=False)
_FIRST = 50


@router.get("/pairs")
async def pairs(request: Request, parts: TheParts, principal: Reads, pair_id: str = "") -> Response:
    """Look a pair up, or choose one of those that people see first."""
    if pair_id.strip("\0 "):
        return RedirectResponse(f"/pairs/{quote(pair_id.strip(chr(0) + ' '))}", HTTPStatus.SEE_OTHER)
    tasks = await overview.first_tasks(parts.pool, slice_name=None, round_=None, most=_FIRST)
    return page(request, "pairs.html", principal, tasks=tasks)


@router.get("/pairs/{pair_id:path}")
async def pair(request: Request, parts: TheParts, principal: Reads, pair_id: str, raw: str = "") -> Response:
    """Show the history of a pair, or one of its events as it is in the log."""
    if "\0" in pair_id:  # no text of the database has it
        raise Problem(404, "there is no such pair")
    if await at_work_on(parts.pool, pair_id, person_id=principal.person_id):
        raise Problem(
            409,
            f"you are labelling {pair_id!r} just now, and what others said of it would sway you; "
            "submit or release it first",
            kind="at_work_on_it",
        )
    history = await history_of(parts.pool, pair_id)
    if not (history.events or history.unread or history.erased):
        raise Problem(404, f"there is no pair {pair_id!r}")
    if raw:
        return _raw(history, raw)
    steps = timeline(history.events)
    proposed = next((step.event for step in steps if isinstance(step.event, PairProposed)), None)
    return page(
        request,
        "pair.html",
        principal,
        pair_id=pair_id,
        steps=steps,
        unread=history.unread,
        erased=history.erased,
        proposed=proposed,
        texts=await _texts(proposed),
        cost=_cost(steps),
        outcome=_outcome(steps),
        withdrawn={step.event.label_id for step in steps if isinstance(step.event, LabelWithdrawn)},
    )


def _raw(history: History, event_id: str) -> Response:
    event = next((event for event in history.events if event.event_id == event_id), None)
    if event is None:
        raise Problem(404, f"the pair has no event {event_id!r}")
    text = orjson.dumps(event.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    return Response(text, media_type="application/json")


async def _texts(proposed: PairProposed | None) -> tuple[object, ...]:
    """Return the conversation and the two responses as HTML that is safe to show."""
    if proposed is None:
        return ()
    texts = [message.content for message in proposed.messages]
    return tuple(await rendered_all([*texts, proposed.response_a.text, proposed.response_b.text]))


def _cost(steps: tuple[Step, ...]) -> tuple[int, int] | None:
    """Return what was paid for the pair and how many calls have no known price."""
    priced = [step for step in steps if step.cost_nanousd is not None]
    if not priced:
        return None
    return sum(step.cost_nanousd or 0 for step in priced), sum(step.unpriced_calls for step in priced)


def _outcome(steps: tuple[Step, ...]) -> Event | None:
    """Return the event that says how it stands with the pair."""
    last = [step.event for step in steps if step.event.type in _OUTCOMES]
    return last[-1] if last else None


_OUTCOMES = ("LabelResolved", "LabelDisputed", "PairValidated", "PairRejected", "PairRouted")
