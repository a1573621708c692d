"""Settings: language, look, keys and breaks of whoever asks, and their password."""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from prefstream.adapters.postgres.console import people, preferences
from prefstream.console import passwords, people_acts
from prefstream.console.languages import LANGUAGES, MIRRORED, to_say
from prefstream.console.pages.page import page
from prefstream.console.pages.preferences import KEYS, Preferences, preferences_of
from prefstream.console.parts import TheParts
from prefstream.console.principals import Anybody, Principal
from prefstream.console.problems import Problem
from prefstream.schemas.errors import BadInput

router = APIRouter(include_in_schema=False)
_SAVED = to_say("Saved.")
_WRONG_PASSWORD = to_say("The present password is wrong; nothing was changed.")
_TOO_SHORT = to_say("The new password is too short or too long; nothing was changed.")
_UNREADABLE = to_say("Something was not understood; nothing was changed.")
_KEY_TWICE = to_say("Two acts have the same key; give each its own. Nothing was changed.")


@router.get("/settings")
async def settings(request: Request, parts: TheParts, principal: Anybody, saved: int = 0) -> HTMLResponse:
    """Show what this person has set."""
    shown = preferences_of(await preferences.stored(parts.pool, principal.person_id))
    return _page(request, principal, shown, told=_SAVED if saved else "")


@router.post("/settings")
async def save(request: Request, parts: TheParts, principal: Anybody) -> Response:
    """Keep what was set; keys that are as they come are not kept, so that they may change with us."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    shown = preferences_of(await preferences.stored(parts.pool, principal.person_id))
    try:
        chosen = chosen_by(form)
    except ValidationError:
        return _page(request, principal, shown, wrong=_UNREADABLE)
    language = form.get("language", principal.language)
    if language not in LANGUAGES and language != principal.language:
        return _page(request, principal, shown, wrong=_UNREADABLE)
    if any(count > 1 for count in Counter(chosen.all_keys.values()).values()):
        return _page(request, principal, chosen, wrong=_KEY_TWICE)
    await preferences.keep(
        parts.pool, principal.person_id, language=language, preferences=chosen.model_dump(mode="json")
    )
    return RedirectResponse("/settings?saved=1", HTTPStatus.SEE_OTHER)


@router.post("/settings/password")
async def change_password(
    request: Request,
    parts: TheParts,
    principal: Anybody,
    present: Annotated[str, Form(max_length=passwords.MOST_CHARACTERS)] = "",
    fresh: Annotated[str, Form(max_length=passwords.MOST_CHARACTERS)] = "",
) -> Response:
    """Change one's own password; all sessions end, this one too."""
    shown = preferences_of(await preferences.stored(parts.pool, principal.person_id))
    try:
        request.app.state.rates.login(principal.person_id, request)
    except Problem as problem:
        return _page(request, principal, shown, wrong=_WRONG_PASSWORD, status=problem.status)
    found = await people.login(parts.pool, principal.person_id)
    if not await passwords.right(present, found[1] if found else None):
        return _page(request, principal, shown, wrong=_WRONG_PASSWORD)
    try:
        password_hash = await passwords.hashed_aside(fresh)
    except BadInput:
        return _page(request, principal, shown, wrong=_TOO_SHORT)
    async with parts.pool.acquire() as connection, connection.transaction():
        await people_acts.give_password(connection, principal.person_id, principal.person_id, password_hash)
    return RedirectResponse("/login", HTTPStatus.SEE_OTHER)


def chosen_by(form: Mapping[str, str]) -> Preferences:
    """Return what a form says; a box that is not ticked is not sent.

    >>> chosen_by({"theme": "dark", "key.undo": "y", "key.help": "?", "key.left": ""}).keys
    {'undo': 'y'}

    Raises:
        ValidationError: Something of it cannot be.
    """
    given = {act: form.get(f"key.{act}", "").strip() for act in KEYS}
    return Preferences(
        theme=form.get("theme", "auto"),
        keys_on="keys_on" in form,
        keys={act: key for act, key in given.items() if key and key != KEYS[act]},
        submit=form.get("submit", "ctrl+enter"),
        blind_first="blind_first" in form,
        breaks="breaks" in form,
    )


def _page(
    request: Request,
    principal: Principal,
    shown: Preferences,
    *,
    told: str = "",
    wrong: str = "",
    status: int = 0,
) -> HTMLResponse:
    languages = dict(LANGUAGES) | ({MIRRORED: MIRRORED} if principal.language == MIRRORED else {})
    return page(
        request,
        "settings.html",
        principal,
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK),
        languages=languages,
        chosen=shown,
        keys=KEYS,
        told=told,
        wrong=wrong,
        fewest=passwords.FEWEST_CHARACTERS,
    )
