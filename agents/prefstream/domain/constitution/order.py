"""The order of clauses: by their numbers, and among equal numbers by what they say they outrank."""

from collections.abc import Iterator, Mapping

from prefstream.domain.constitution.findings import Finding, error
from prefstream.schemas.constitutions import Constitution, Principle


def ranked(constitution: Constitution) -> tuple[Principle, ...]:
    """Return the clauses, the weightiest first.

    A smaller priority number goes first; among equal numbers a clause goes before those that it
    outranks, else the order of writing holds. A cycle, which lint refuses, falls back to that order.
    """
    left = sorted(constitution.principles, key=lambda principle: principle.priority)
    done: list[Principle] = []
    while left:
        beaten = {name for principle in left for name in principle.outranks if name != principle.id}
        first = left[0].priority
        free = (one for one in left if one.priority == first and one.id not in beaten)
        chosen = next(free, left[0])
        left.remove(chosen)
        done.append(chosen)
    return tuple(done)


def order_findings(constitution: Constitution) -> Iterator[Finding]:
    """Yield what makes the order impossible: unknown names, cycles, `outranks` against the numbers."""
    clauses = {principle.id: principle for principle in constitution.principles}
    cycle = cycle_of({name: clause.outranks for name, clause in clauses.items()})
    for i, principle in enumerate(constitution.principles):
        for j, name in enumerate(principle.outranks):
            path = ("principles", i, "outranks", j)
            if name not in clauses:
                known = ", ".join(clauses)
                yield error("unknown-clause", path, f"{name!r} is no principle", f"name one of: {known}")
            elif not cycle and clauses[name].priority < principle.priority:
                yield error(
                    "priority-contradiction",
                    path,
                    f"{principle.id} (priority {principle.priority}) cannot outrank "
                    f"{name} (priority {clauses[name].priority}): a smaller number is higher",
                    "change one of the numbers, or take the name out of outranks",
                )
    if cycle:
        at = next(i for i, principle in enumerate(constitution.principles) if principle.id == cycle[0])
        told = " > ".join((*cycle, cycle[0]))
        yield error(
            "priority-cycle",
            ("principles", at, "outranks"),
            f"the order goes round in a circle: {told}",
            "take one of these names out of outranks",
        )


def cycle_of(beats: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names on one cycle, empty when there is none.

    >>> cycle_of({"a": ("b",), "b": ("c",), "c": ("b",)})
    ('b', 'c')
    >>> cycle_of({"a": ("b",), "b": ()})
    ()
    """
    # Whoever beats nobody that is left cannot be on a cycle; what cannot be taken away holds one.
    left = dict(beats)
    while ends := [name for name, losers in left.items() if not any(loser in left for loser in losers)]:
        for name in ends:
            del left[name]
    if not left:
        return ()
    path = [next(iter(left))]
    while (onward := next(name for name in left[path[-1]] if name in left)) not in path:
        path.append(onward)
    return tuple(path[path.index(onward) :])
