"""Spells of work: since when somebody has worked without a pause, and when a break is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from prefstream.domain.reliability.habits import PAUSE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Work without a pause."""

    began_at: datetime
    last_at: datetime


def spell_after(spell: Spell | None, *, at: datetime, seconds: float | None) -> Spell:
    """Return the spell after one more answer; a long task is not a pause, time before it is.

    Args:
        spell: The one before.
        at: When the answer was given.
        seconds: How long the task was looked at, as far as that was measured.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> spell = spell_after(None, at=noon, seconds=30.0)
    >>> spell = spell_after(spell, at=noon + timedelta(minutes=6), seconds=340.0)
    >>> spell.began_at == noon - timedelta(seconds=30)
    True
    """
    shown_at = at - timedelta(seconds=seconds or 0.0)
    if spell is None or (shown_at - spell.last_at).total_seconds() >= PAUSE_S:
        return Spell(began_at=shown_at, last_at=at)
    return Spell(began_at=spell.began_at, last_at=max(at, spell.last_at))


def rest_due(spell: Spell | None, *, now: datetime, after_s: float) -> float | None:
    """Return the seconds worked without a pause, if a break is due now; else `None`.

    Args:
        spell: The spell up to the last answer.
        now: The time.
        after_s: Seconds of work after which a break is due; 0: never.
    """
    if spell is None or not after_s or (now - spell.last_at).total_seconds() >= PAUSE_S:
        return None
    worked_s = (spell.last_at - spell.began_at).total_seconds()
    return worked_s if worked_s >= after_s else None
