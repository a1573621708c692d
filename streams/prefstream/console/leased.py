"""A leased task as the person sees it; nothing in it tells a gold question from work."""

from collections.abc import Sequence
from typing import Any

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import texts
from prefstream.adapters.postgres.console.leases import Drafted
from prefstream.adapters.postgres.console.texts import Said
from prefstream.console import kinds
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.console.quality_port import Asides
from prefstream.domain.people import Permission, may
from prefstream.domain.tasks import INFORMED, Lease, Times, shown_judgement, shown_label
from prefstream.schemas.constitutions import Constitution


async def leased_task(
    connection: Connection, principal: Principal, held: Drafted, *, times: Times, asides: Asides
) -> dict[str, Any]:
    """Return the document of a leased task.

    Raises:
        Problem: Its texts are not there (503): the task is given back later.
    """
    lease = held.lease
    content, constitution = await (_pair if lease.kind == "pair" else _other)(connection, lease)
    return {
        "lease_id": lease.lease_id,
        "fence": lease.fence,
        "expires_at": lease.expires_at,
        "heartbeat_s": times.heartbeat_s,
        "kind": lease.kind,
        "round": lease.round,
        "slice": lease.slice,
        "task_id": lease.pair_id,
        **content,
        "draft": held.draft,
        "shown": await _shown(connection, principal, lease),
        "rubric_id": constitution.id if constitution else None,
        "notice": asides.notice,
        "rest": asides.rest,
    }


async def _pair(connection: Connection, lease: Lease) -> tuple[dict[str, Any], Constitution | None]:
    proposed, constitution = await texts.pair_and_constitution(connection, lease.pair_id)
    if proposed is None:
        raise _without_texts(lease)
    sides = (proposed.response_a, proposed.response_b)
    left, right = sides if lease.sides == "ab" else reversed(sides)
    content = {
        "messages": [{"role": one.role, "content": one.content} for one in proposed.messages],
        "left": {"text": left.text},
        "right": {"text": right.text},
    }
    return content, constitution


async def _other(connection: Connection, lease: Lease) -> tuple[dict[str, Any], Constitution | None]:
    task = await texts.proposed_task(connection, lease.pair_id, lease.round)
    constitution = await texts.constitution_in_force(connection)
    if task is None:
        raise _without_texts(lease)
    content = kinds.leased_content(task, person_id=lease.person_id, constitution=constitution)
    return content, constitution


async def _shown(connection: Connection, principal: Principal, lease: Lease) -> dict[str, Any] | None:
    """Return what was said of the pair before, for whoever is to see it."""
    if lease.round not in INFORMED:
        return None
    labels = await texts.standing_labels(connection, lease.pair_id)
    judged = await texts.judgement_of(connection, lease.pair_id)
    names = _names(labels, principal)
    return {
        "labels": [
            shown_label(said.label, by=names[said.label.annotator], sides=lease.sides) for said in labels
        ],
        "judge": None if judged is None else shown_judgement(judged, lease.sides),
    }


def _names(labels: Sequence[Said], principal: Principal) -> dict[str, str]:
    """Return what each annotator is called: reviewers judge the label, not who gave it."""
    if may(principal.role, Permission.LEAD_QUALITY):
        return {said.label.annotator: said.name or said.label.annotator for said in labels}
    different = dict.fromkeys(said.label.annotator for said in labels)
    return {annotator: f"person {place}" for place, annotator in enumerate(different, start=1)}


def _without_texts(lease: Lease) -> Problem:
    return Problem(
        503,
        f"the texts of this {lease.kind} are not in the archive yet; ask again in a moment",
        kind="texts_missing",
        retry_after_s=2,
    )
