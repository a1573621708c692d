"""Weeks: ISO weeks in UTC, as scorecards are made for."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from prefstream.schemas.errors import BadInput

_NAME = re.compile(r"(\d{4})-W(\d{2})")
#: Years that every time zone, log and calendar can say.
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """An ISO week, from Monday 00:00 UTC to the next Monday."""

    monday: date

    @classmethod
    def of(cls, at: datetime) -> Self:
        """Return the week of an instant.

        >>> Week.of(datetime(2027, 1, 1, tzinfo=UTC)).name
        '2026-W53'
        """
        day = at.astimezone(UTC).date()
        return cls(monday=day - timedelta(days=day.weekday()))

    @property
    def name(self) -> str:
        """The week as it is written, e.g. "2026-W47"."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def since(self) -> datetime:
        """When it begins."""
        return datetime(self.monday.year, self.monday.month, self.monday.day, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """When it is over."""
        return self.since + timedelta(days=7)

    @property
    def minutes(self) -> tuple[int, int]:
        """The first minute since 1970, and the first that no longer belongs to it."""
        return (self.since - _EPOCH) // _MINUTE, (self.until - _EPOCH) // _MINUTE

    @property
    def before(self) -> Self:
        """The week before it."""
        return type(self)(monday=self.monday - timedelta(days=7))

    @property
    def after(self) -> Self:
        """The week after it."""
        return type(self)(monday=self.monday + timedelta(days=7))


def week_named(name: str) -> Week:
    """Return a week by its name.

    >>> week_named("2026-W47").monday
    datetime.date(2026, 11, 16)

    Raises:
        BadInput: There is no such week.
    """
    parts = _NAME.fullmatch(name.strip()) if name.isascii() else None
    if parts is not None and _FIRST_YEAR <= int(parts[1]) <= _LAST_YEAR:
        with suppress(ValueError):
            return Week(monday=date.fromisocalendar(int(parts[1]), int(parts[2]), 1))
    raise BadInput(f"{name[:40]!r} is no ISO week; write it as 2026-W47")
