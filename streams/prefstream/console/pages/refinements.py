"""Refinements: what people propose to word better, decided by the QA lead."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prefstream.adapters.constitutions.writing import yaml_of
from prefstream.adapters.postgres.console import refinements
from prefstream.adapters.postgres.console.refinements import Proposal
from prefstream.console import refining
from prefstream.console.pages.constitution import yaml_answer
from prefstream.console.pages.page import page
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Administers, LeadsQuality
from prefstream.console.problems import Problem
from prefstream.domain.people import Permission, may

router = APIRouter(include_in_schema=False)
Reason = Annotated[str, Form(max_length=2000, pattern=r"^[^\x00]*$")]


@router.get("/refinements")
async def everything(request: Request, parts: TheParts, principal: LeadsQuality) -> HTMLResponse:
    """Show what waits for a decision, what was decided, and the draft that comes of it."""
    proposed, accepted, rejected, draft = await asyncio.gather(
        refinements.proposals(parts.pool, "proposed"),
        refinements.proposals(parts.pool, "accepted"),
        refinements.proposals(parts.pool, "rejected"),
        refining.draft_of_accepted(parts),
    )
    return page(
        request,
        "refinements.html",
        principal,
        proposed=proposed,
        decided=sorted((*accepted, *rejected), key=_decided_at, reverse=True),
        draft=draft,
        may_publish=may(principal.role, Permission.ADMINISTER),
    )


@router.get("/refinements/draft.yaml")
async def draft(parts: TheParts, _principal: LeadsQuality) -> Response:
    """Give the draft of all accepted refinements as a file."""
    made = (await refining.draft_of_accepted(parts)).constitution
    return yaml_answer(yaml_of(made), f"constitution-{made.content_hash[:16]}.yaml")


@router.post("/refinements/publish")
async def publish(
    parts: TheParts,
    principal: Administers,
    constitution_id: Annotated[str, Form(max_length=600)],
) -> Response:
    """Put the draft in force."""
    await refining.publish(parts, principal, constitution_id=constitution_id)
    return RedirectResponse("/constitution?fresh=1", HTTPStatus.SEE_OTHER)


@router.get("/refinements/{refinement_id}")
async def one(
    request: Request, parts: TheParts, principal: LeadsQuality, refinement_id: UUID
) -> HTMLResponse:
    """Show one proposal and what it would change by itself."""
    proposal = await _known(parts, refinement_id)
    draft = await refining.draft_of(parts, proposal)
    return page(
        request,
        "refinement.html",
        principal,
        proposal=proposal,
        draft=draft,
        changes=draft.changes,
        case=await refinements.case_of(parts.pool, proposal.refinement_id),
        clause=next((one for one in draft.base.constitution.principles if one.id == proposal.clause), None),
    )


@router.get("/refinements/{refinement_id}/draft.yaml")
async def one_draft(parts: TheParts, _principal: LeadsQuality, refinement_id: UUID) -> Response:
    """Give the draft of one proposal by itself as a file."""
    made = (await refining.draft_of(parts, await _known(parts, refinement_id))).constitution
    return yaml_answer(yaml_of(made), f"constitution-{made.content_hash[:16]}.yaml")


@router.post("/refinements/{refinement_id}")
async def decide(
    parts: TheParts,
    principal: LeadsQuality,
    refinement_id: UUID,
    decision: Annotated[Literal["accept", "reject"], Form()],
    why: Reason = "",
) -> Response:
    """Accept or reject a proposal."""
    proposal = await _known(parts, refinement_id)
    await refining.decide(parts, principal, proposal, accept=decision == "accept", why=why.strip())
    return RedirectResponse("/refinements", HTTPStatus.SEE_OTHER)


async def _known(parts: Parts, refinement_id: UUID) -> Proposal:
    found = await refinements.proposal(parts.pool, str(refinement_id))
    if found is None:
        raise Problem(404, "there is no such proposal")
    return found


def _decided_at(proposal: Proposal) -> str:
    return proposal.decided_at.isoformat() if proposal.decided_at else ""
