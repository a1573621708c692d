"""Refining: a refinement that somebody proposed becomes an edit of the constitution, as a draft."""

from prefstream.schemas.constitutions import Constitution, Exemplar, Principle
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import Refinement


def refined(constitution: Constitution, refinement: Refinement, *, case: Exemplar | None) -> Constitution:
    """Return the constitution with a refinement worked in; unchanged where it says so already.

    The version is left as it is: a draft takes several of these, see `redrafted`.

    Args:
        constitution: What is in force.
        refinement: What was proposed.
        case: The case it was proposed at; needed for an example. Its reason is the refinement's text.

    Raises:
        BadInput: The clause does not exist, or there is no case to make an example of.
    """
    names = [principle.id for principle in constitution.principles]
    if refinement.clause not in names:
        raise BadInput(
            f"the constitution {constitution.id} has no clause {refinement.clause!r}, and one sentence "
            "does not make one: write the new clause with its examples by hand"
        )
    principles = tuple(
        _worked_in(principle, refinement, case) if principle.id == refinement.clause else principle
        for principle in constitution.principles
    )
    return constitution.model_copy(update={"principles": principles})


def redrafted(constitution: Constitution, draft: Constitution) -> Constitution:
    """Return the draft under the version after the constitution's; the constitution if it says the same."""
    if draft == constitution:
        return constitution
    return draft.model_copy(update={"version": next_version(constitution.version)})


def next_version(version: str) -> str:
    """Return the version after this one: its last number counted on, or a new one behind it.

    >>> next_version("3"), next_version("2026-11"), next_version("1.9"), next_version("draft")
    ('4', '2026-12', '1.10', 'draft.1')
    """
    head = version.rstrip("0123456789")
    number = version[len(head) :]
    if not number or not number.isascii():
        return f"{version}.1"
    return f"{head}{int(number) + 1:0{len(number)}d}"


def _worked_in(principle: Principle, refinement: Refinement, case: Exemplar | None) -> Principle:
    if refinement.kind == "rule":
        return principle.model_copy(update={"rule": refinement.text.strip()})
    if case is None:
        raise BadInput(
            f"the pair of the example for {principle.id!r} has no label yet; resolve the pair first, "
            "so that it is known which response is the better one"
        )
    example = case.model_copy(update={"why": refinement.text.strip()})
    if example in (*principle.exemplars, *principle.counter_examples):
        return principle
    if refinement.kind == "exemplar":
        return principle.model_copy(update={"exemplars": (*principle.exemplars, example)})
    return principle.model_copy(update={"counter_examples": (*principle.counter_examples, example)})
