"""Prompts in a file, read for what they say and not to be brought in."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from prefstream.adapters.files import START, Row, open_rows
from prefstream.agents.ingestion import Defaults, Findings, check_names, missing_fields, prompt_event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptSubmitted
from prefstream.schemas.values import Message

#: Files that hold one prompt a line and nothing else.
_TEXT_SUFFIX = ".txt"
#: Event time says nothing here.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def prompts_in(
    file: str, *, format_name: str | None = None, columns: Mapping[str, str] | None = None
) -> Iterator[PromptSubmitted]:
    """Yield the prompts of a file: JSONL, JSON, CSV, Parquet, or text with one prompt a line.

    Args:
        file: The path.
        format_name: The format, where the file's name does not say it.
        columns: Column by field, where a column has a name of its own.

    Raises:
        BadInput: The file cannot be read, or a row of it holds no prompt; the message names its line.
    """
    if Path(file).suffix == _TEXT_SUFFIX and format_name is None:
        yield from _lines(Path(file))
        return
    defaults = Defaults(source="file", occurred_at=_ANY_TIME, columns=columns or {})
    check_names("prompts", defaults)
    reader = open_rows(file, format_name=format_name)
    try:
        if reader.header is not None and (lacks := missing_fields("prompts", reader.header, defaults)):
            raise BadInput(f"{file}: {'; '.join(lacks)}; its columns are {', '.join(reader.header)}")
        for row in reader.rows(START):
            event = prompt_event(row.cells, defaults) if isinstance(row, Row) else None
            if not isinstance(row, Row) or isinstance(event, Findings):
                reason = event if isinstance(row, Row) else row.reason
                raise BadInput(f"{file}:{row.line}: {reason}; correct the row, or take it out")
            assert event is not None
            yield event
    finally:
        reader.close()


def _lines(path: Path) -> Iterator[PromptSubmitted]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is no text: byte {error.start} is not UTF-8; save it as UTF-8") from error
    if "\0" in text:
        raise BadInput(f"{path} is a binary file; name a file of prompts (JSONL, CSV, Parquet or text)")
    for line in text.splitlines():
        if line.strip():
            prompt_id = derived_id("line", line)
            yield PromptSubmitted(
                event_id=prompt_id,
                occurred_at=_ANY_TIME,
                source="file",
                subject=prompt_id,
                correlation_id=prompt_id,
                prompt_id=prompt_id,
                messages=(Message(role="user", content=line.strip()),),
            )
