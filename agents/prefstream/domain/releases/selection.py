"""Selection: which of the pairs that are fit for a release the plan takes."""

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import ReleasePlan
from prefstream.schemas.values import Preference

_SUM_OF_SHARES = 1.0
_ROUNDING = 1e-9


def chosen(example: Example, plan: ReleasePlan) -> Exclusion | None:
    """Return why the plan does not take an example; `None`: it does."""
    if plan.slices and example.slice not in plan.slices:
        return Exclusion(reason="slice")
    if example.provenance not in plan.provenance:
        return Exclusion(reason="provenance", detail=example.provenance.value)
    if plan.constitutions and example.constitution_id not in plan.constitutions:
        return Exclusion(reason="constitution")
    if example.method == "judge" and (example.confidence or 0.0) < plan.confidence:
        return Exclusion(reason="confidence")
    if plan.ties == "drop" and example.label is Preference.TIE:
        return Exclusion(reason="tie")
    return None


def check_plan(plan: ReleasePlan) -> None:
    """Refuse a plan that contradicts itself.

    Raises:
        BadInput: Its splits do not add up to one, or a target is of a slice that it does not take.
    """
    splits = plan.splits
    total = splits.train + splits.validation + splits.test
    if abs(total - _SUM_OF_SHARES) > _ROUNDING:
        raise BadInput(f"the plan's splits add up to {total:g}, not to 1; correct train, validation, test")
    if plan.slices and (idle := sorted(set(plan.targets) - set(plan.slices))):
        raise BadInput(f"the plan has a target for {', '.join(idle)} but does not take it; add it to slices")
    if len(set(plan.formats)) < len(plan.formats):
        raise BadInput("the plan names a format twice; name each once")


def check_slices(plan: ReleasePlan, seen: set[str]) -> None:
    """Refuse a plan that names a slice of which there is no pair.

    Args:
        plan: The plan.
        seen: Slices of all pairs below the position, whether or not they are fit for a release.

    Raises:
        BadInput: A slice is unknown: misspelt, or there is nothing of it any more.
    """
    if vanished := sorted({*plan.slices, *plan.targets} - seen):
        known = ", ".join(sorted(seen)) or "none"
        raise BadInput(
            f"there is no pair of slice {', '.join(vanished)} at this position; slices with pairs: {known};"
            " correct the plan, or take a later position"
        )
