"""Rows of prompts."""

from collections.abc import Mapping

from pydantic import ValidationError

from prefstream.agents.ingestion.cells import Cells
from prefstream.agents.ingestion.conversations import prompt_of
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.identities import prompt_id_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptSubmitted


def prompt_event(row: Mapping[str, object], defaults: Defaults) -> PromptSubmitted | Findings:
    """Return the submission of the prompt that a row holds, or why it is refused."""
    cells = Cells("prompts", row, defaults)
    try:
        messages = prompt_of(cells)
        if messages is None:
            if not cells.reasons:
                cells.note("prompt", "is missing")
            return cells.findings
        prompt_id = prompt_id_of(cells, messages)
        event = PromptSubmitted(
            event_id=derived_id("ingest", "prompts", prompt_id),
            occurred_at=cells.instant(),
            source=defaults.source,
            subject=prompt_id,
            correlation_id=prompt_id,
            prompt_id=prompt_id,
            messages=messages,
            slice=cells.identifier("slice"),
            tags=cells.identifiers("tags"),
            provenance=defaults.provenance,
        )
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else event
