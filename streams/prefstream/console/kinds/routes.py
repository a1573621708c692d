"""The API about tasks other than pairs: what may be answered, and how far people agree."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from prefstream.adapters.postgres.console.kinds import answered_tasks, answers_of
from prefstream.console.kinds.answers import ANSWERS
from prefstream.console.parts import TheParts
from prefstream.console.principals import Anybody, Reads
from prefstream.domain.demonstrations import kind_document
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.values import Provenance

router = APIRouter(prefix="/api/v1/demonstrations", tags=["tasks other than pairs"])


@router.get("/agreement", summary="How far people agree on tasks of a kind")
async def agreement(
    parts: TheParts,
    _: Reads,
    kind: TaskKind,
    slice_name: Annotated[str | None, Query(alias="slice", max_length=256)] = None,
    provenance: Annotated[list[Provenance], Query()] = [Provenance.REAL],  # noqa: B006  (FastAPI copies it)
) -> dict[str, Any]:
    """Return the measures of a kind, over all and per slice; an undefined one is null with its reason."""
    read = (kind, TaskKind.RATING) if kind is TaskKind.DEMONSTRATION else (kind,)
    named = sorted({one.value for one in provenance})
    answers = await answers_of(parts.pool, read, slice_name=slice_name, provenances=named)
    tasks = await answered_tasks(parts.pool, read) if kind is TaskKind.DEMONSTRATION else {}
    return kind_document(kind, answers, tasks) | {"provenances": named}


@router.get("/answers", summary="What an answer of each kind looks like")
async def answers(_: Anybody) -> dict[str, Any]:
    """Return the JSON Schema of the `answer` of each kind."""
    return {kind: model.model_json_schema() for kind, model in ANSWERS.items()}
