"""Refinements: accepted ones become a draft of the constitution, which somebody publishes."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.adapters.postgres.console import audit, refinements
from prefstream.adapters.postgres.console.refinements import Proposal
from prefstream.agents.tasks import record_of
from prefstream.console.constitution_versions import Version, in_force
from prefstream.console.parts import Parts
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.domain.constitution.differences import Change, differences
from prefstream.domain.constitution.findings import Finding
from prefstream.domain.constitution.lint import lint
from prefstream.domain.constitution.refining import redrafted, refined
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The constitution in force with refinements worked in."""

    base: Version
    constitution: Constitution
    changes: tuple[Change, ...]
    #: What keeps it from being published.
    errors: tuple[Finding, ...]
    #: Refinements that could not be worked in, each with the reason.
    left_out: tuple[tuple[Proposal, str], ...] = ()


async def draft_of_accepted(parts: Parts) -> Draft:
    """Return the draft of all refinements accepted since the version in force was published."""
    base = await in_force(parts)
    return await _drafted(parts, base, await refinements.accepted_since(parts.pool, base.published_at))


async def draft_of(parts: Parts, proposal: Proposal) -> Draft:
    """Return the draft of one refinement by itself."""
    return await _drafted(parts, await in_force(parts), [proposal])


async def decide(parts: Parts, principal: Principal, proposal: Proposal, *, accept: bool, why: str) -> None:
    """Accept or reject a refinement.

    Raises:
        Problem: It is decided already (409), or cannot be worked in (422).
    """
    if accept:
        draft = await draft_of(parts, proposal)
        if draft.left_out:
            raise Problem(422, draft.left_out[0][1], kind="cannot_be_worked_in")
    state: refinements.State = "accepted" if accept else "rejected"
    async with parts.pool.acquire() as connection, connection.transaction():
        decided = await refinements.decide(
            connection,
            proposal.refinement_id,
            state=state,
            by=principal.person_id,
            at=parts.now(),
            why=why,
        )
        if not decided:
            raise Problem(409, "somebody decided about this proposal before", kind="decided_already")
        detail = {"clause": proposal.clause, "kind": proposal.kind, "why": why}
        await audit.note(
            connection, principal.person_id, f"refinement.{state}", proposal.refinement_id, detail
        )


async def publish(parts: Parts, principal: Principal, *, constitution_id: str) -> None:
    """Put the draft of all accepted refinements in force.

    Args:
        parts: The parts.
        principal: Who does it.
        constitution_id: The draft as whoever publishes it has seen it.

    Raises:
        Problem: The draft is another by now (409), or has errors (422).
    """
    draft = await draft_of_accepted(parts)
    if draft.constitution.id != constitution_id or not draft.changes:
        raise Problem(409, "the draft has changed since it was shown; look at it again", kind="draft_changed")
    if draft.errors:
        raise Problem(422, f"the draft has errors: {draft.errors[0].message}", kind="draft_with_errors")
    # The note comes first: an act that is noted and did not happen is found out, the other way it is not.
    detail = {"from": draft.base.constitution.id}
    await audit.note(parts.pool, principal.person_id, "constitution.published", constitution_id, detail)
    await parts.writer.append([record_of(_published(parts, draft.constitution))])


def _published(parts: Parts, constitution: Constitution) -> ConstitutionPublished:
    now = parts.now()
    return ConstitutionPublished(
        event_id=derived_id("publish", "constitution", constitution.id, now.isoformat()),
        occurred_at=now,
        source="prefstream/publish",
        subject=constitution.id,
        correlation_id=constitution.id,
        constitution_id=constitution.id,
        constitution=constitution,
    )


async def _drafted(parts: Parts, base: Version, proposals: Sequence[Proposal]) -> Draft:
    constitution, left_out = base.constitution, []
    for proposal in proposals:
        case = (
            None if proposal.kind == "rule" else await refinements.case_of(parts.pool, proposal.refinement_id)
        )
        try:
            constitution = refined(constitution, proposal.refinement, case=case)
        except BadInput as error:
            left_out.append((proposal, str(error)))
    drafted = redrafted(base.constitution, constitution)
    return Draft(
        base=base,
        constitution=drafted,
        changes=differences(base.constitution, drafted),
        errors=tuple(finding for finding in lint(drafted) if finding.level == "error"),
        left_out=tuple(left_out),
    )
