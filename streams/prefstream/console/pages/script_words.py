"""The messages of scripts, in the language of their page."""

from typing import Any

from fastapi import APIRouter

from prefstream.console.languages import LANGUAGES, MIRRORED, script_words
from prefstream.console.principals import Anybody
from prefstream.console.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/languages/{language}.json")
async def words(language: str, _principal: Anybody) -> dict[str, Any]:
    """Return the messages of the scripts in a language."""
    if language not in LANGUAGES and language != MIRRORED:
        raise Problem(404, f"nobody translated the console into {language!r}")
    return {"language": language, "messages": script_words(language)}
