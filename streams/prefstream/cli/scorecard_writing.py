"""What `prefstream scorecard` does, apart from the command for all it imports."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.postgres.console import live as reading
from prefstream.adapters.settings import Settings
from prefstream.domain.trends import Scorecard, Week, week_named
from prefstream.schemas.errors import BadInput
from prefstream.streams.places import find_places


async def written(week: str, out: Path | None, language: str) -> dict[str, Any]:
    """Write a scorecard and return what was written.

    Args:
        week: The ISO week; empty: that of the latest figures.
        out: The file; `None`: one named after the week, here.
        language: The language.

    Raises:
        BadInput: There is no such week or language, or the file cannot be written.
    """
    chosen = week_named(week) if week else None
    say, bounded = _saying(language)
    card = await _read(chosen)
    path = out or Path(f"scorecard-{card.week.name}.html")
    try:
        path.write_text(say(card, language, bounded(Settings())), encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror or error}; choose another --out"
        ) from error
    labels = card.total.now["funnel:labels", ""].value or 0
    return {
        "week": card.week.name,
        "file": str(path),
        "slices": len(card.slices),
        "labels": int(labels),
        "alerts": len(card.alerts),
        "not_known": len(card.not_known),
    }


def _saying(language: str) -> Any:
    try:
        from prefstream.console.languages import LANGUAGES
        from prefstream.console.scorecards import bounded, scorecard_file
    except ModuleNotFoundError as error:
        raise BadInput(
            f"scorecards need the package {error.name}: pip install 'prefstream[server]'"
        ) from error
    if language not in LANGUAGES:
        raise BadInput(f"nobody translated scorecards into {language!r}; there are {', '.join(LANGUAGES)}")
    return scorecard_file, bounded


async def _read(week: Week | None) -> Scorecard:
    from prefstream.console.scorecards import scorecard_of

    connection = await connect(find_places(Settings()).dsn.get_secret_value())
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if week is None:
                at = await reading.as_of(connection, await reading.slices(connection))
                week = Week.of(at or datetime.now(UTC))
            return await scorecard_of(connection, week)
    finally:
        await connection.close()
