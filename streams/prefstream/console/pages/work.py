"""The page where people label pairs, and the tasks it asks for with their texts rendered."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from prefstream.adapters.postgres.console import preferences as kept
from prefstream.adapters.postgres.console import texts
from prefstream.console import answers, lending
from prefstream.console.languages import Words, to_say, words_of
from prefstream.console.pages.page import page
from prefstream.console.pages.preferences import Preferences, preferences_of
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Labels, Principal
from prefstream.console.problems import Problem
from prefstream.console.rendering import Difference, difference, plain, rendered
from prefstream.domain.constitution.annotators import Rubric, rubric_of
from prefstream.domain.people import rounds_of

router = APIRouter(include_in_schema=False)

#: Rounds about pairs in the order in which a person who may do several gets them.
_ROUNDS = ("adjudicate", "review", "annotate")
#: The answers of the scale, from left to right; "A" stands on the left.
SCALE: Mapping[str, str] = {
    "A>>": to_say("Left is much better"),
    "A>": to_say("Left is better"),
    "=": to_say("Equally good"),
    "B>": to_say("Right is better"),
    "B>>": to_say("Right is much better"),
}
#: What may have gone wrong before, in the words of the page; the codes are `ERROR_CATEGORIES`.
ERRORS: Mapping[str, str] = {
    "clause_missed": to_say("A clause that decides was not considered"),
    "clause_misread": to_say("A clause was misread"),
    "wrong_priority": to_say("Clauses were weighed against their order"),
    "facts_wrong": to_say("A claim was taken for true, or false, wrongly"),
    "text_missed": to_say("Part of a text was overlooked"),
    "length_or_style": to_say("Length or style was taken for substance"),
    "judge_followed": to_say("Another verdict was followed without a reason"),
    "careless": to_say("No sign of reading"),
    "constitution_gap": to_say("The constitution says too little about it"),
    "contested": to_say("People may differ; nothing went wrong"),
}
#: Longer texts are not compared word by word.
_MAX_COMPARED = 100_000
#: Sentences are quoted by keys from so many characters.
_MAX_QUOTABLE = 100_000


class Wanted(BaseModel):
    """What the page asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    round: str | None = None
    ahead: bool = False


@router.get("/work")
async def work(request: Request, parts: TheParts, principal: Labels, round: str = "") -> HTMLResponse:  # noqa: A002
    """Show the page; its script asks for the first task."""
    rounds = _rounds(principal, round or None)
    rubric, preferences = await asyncio.gather(_rubric(parts), _preferences(parts, principal))
    return page(
        request,
        "work.html",
        principal,
        rubric=rubric,
        preferences=preferences,
        scale=SCALE,
        rounds=[one for one in _ROUNDS if one in rounds_of(principal.role)],
        round=round if round in rounds else "",
        informed=any(one != "annotate" for one in rounds),
        error_categories=ERRORS,
        desk=_desk(principal, preferences, rubric, round),
    )


@router.post("/work/next")
async def next_task(parts: TheParts, principal: Labels, wanted: Wanted) -> Response:
    """Lend the next task, its texts rendered."""
    order = lending.Order(rounds=_rounds(principal, wanted.round), ahead=wanted.ahead)
    found = await lending.next_task(parts, principal, order)
    return Response(status_code=204) if found is None else await _answer(found, principal)


@router.post("/work/submissions/{submission_id}/undo")
async def undo(parts: TheParts, principal: Labels, submission_id: UUID) -> Response:
    """Take an answer back and show its task again."""
    return await _answer(await answers.undone(parts, principal, str(submission_id)), principal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A task's texts as HTML."""

    messages: list[Markup]
    left: Markup
    right: Markup
    #: The words of both, to be quoted from.
    plain: dict[str, str]
    #: `None`: too long to be compared.
    difference: Difference | None


def shown(task: Mapping[str, Any], say: Words) -> Shown:
    """Return the texts of a leased pair as HTML; it takes a while for long ones.

    Args:
        task: The leased pair.
        say: The language in which marks are read out.
    """
    left, right = task["left"]["text"], task["right"]["text"]
    words = plain(left), plain(right)
    marks = {"only_left": say.gettext("Only left:"), "only_right": say.gettext("Only right:")}
    comparable = max(map(len, words)) <= _MAX_COMPARED
    return Shown(
        messages=[rendered(message["content"]) for message in task["messages"]],
        left=rendered(left),
        right=rendered(right),
        plain={"a": words[0][:_MAX_QUOTABLE], "b": words[1][:_MAX_QUOTABLE]},
        difference=difference(*words, **marks) if comparable else None,
    )


async def _answer(task: dict[str, Any], principal: Principal) -> Response:
    html = await asyncio.to_thread(shown, task, words_of(principal.language))
    document = {"task": task, "html": html}
    return Response(orjson.dumps(document, default=str), media_type="application/json")


def _rounds(principal: Principal, round_name: str | None) -> list[str]:
    """Return the rounds that are meant.

    Raises:
        Problem: The person may not take part in it (403), or there is no such round (404).
    """
    mine = rounds_of(principal.role)
    if round_name is None:
        return [one for one in _ROUNDS if one in mine]
    if round_name not in _ROUNDS:
        raise Problem(404, f"there is no round {round_name[:100]!r}; rounds are: {', '.join(_ROUNDS)}")
    if round_name not in mine:
        raise Problem(403, f"the role {principal.role} takes no part in the round {round_name}")
    return [round_name]


async def _rubric(parts: Parts) -> Rubric | None:
    async with parts.pool.acquire() as connection:
        constitution = await texts.constitution_in_force(connection)
    return rubric_of(constitution) if constitution else None


async def _preferences(parts: Parts, principal: Principal) -> Preferences:
    return preferences_of(await kept.stored(parts.pool, principal.person_id))


def _desk(
    principal: Principal, preferences: Preferences, rubric: Rubric | None, round_name: str
) -> dict[str, Any]:
    """Return what the script works with."""
    return {
        "person": principal.person_id,
        "round": round_name or None,
        "keys": preferences.all_keys,
        "keys_on": preferences.keys_on,
        "submit": preferences.submit,
        "blind_first": preferences.blind_first,
        "breaks": preferences.breaks,
        "rubric_id": rubric.constitution_id if rubric else None,
        "clauses": [clause.id for clause in rubric.clauses] if rubric else [],
        "dimensions": list(rubric.dimensions) if rubric else [],
        "scale": list(SCALE),
    }
