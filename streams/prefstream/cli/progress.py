"""How far something got, for people: a bar on a terminal, now and then a line elsewhere."""

import sys
from time import monotonic
from types import TracebackType
from typing import Any, Self

from prefstream.cli.console import note

#: Nobody needs a bar for what is over at once.
_BAR_AFTER_S = 2.0
_LINE_EVERY_S = 5.0


class ProgressLine:
    """Shows rows as they go in, on standard error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = monotonic()
        self._said = self._began
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, *, rows: int, refused: int, share: float | None) -> None:
        """Show how many rows are in, how many were refused, and the share of the file if known."""
        now = monotonic()
        if sys.stderr.isatty():
            if now - self._began >= _BAR_AFTER_S:
                self._draw(rows, refused, share)
        elif now - self._said >= _LINE_EVERY_S:
            self._said = now
            percent = f" ({share:.0%})" if share is not None else ""
            note(f"{self._name}: {rows} rows{percent}, {refused} refused")

    def _draw(self, rows: int, refused: int, share: float | None) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._task = self._bar.add_task(self._name, total=None, rows=0, refused=0)
            self._bar.start()
        total = 1.0 if share is not None else None
        self._bar.update(self._task, total=total, completed=share or 0.0, rows=rows, refused=refused)


def _new_bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rows]} rows, {task.fields[refused]} refused"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
