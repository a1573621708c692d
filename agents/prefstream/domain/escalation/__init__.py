"""Which pairs people must see whatever the judge's confidence, and in which order they see them.

- `rules`      reasons that escalate, each with its clause
- `priority`   uncertainty x diversity x stakes, as integers
- `capacity`   how far the minutes people have go; the rest waits
- `changes`    what would have to be otherwise for the other route
"""

from prefstream.domain.escalation.capacity import Capacity, Task, served
from prefstream.domain.escalation.changes import needed_changes
from prefstream.domain.escalation.priority import Doubtful, priority_of
from prefstream.domain.escalation.rules import Judged, rule_reasons, violated_clauses

__all__ = [
    "Capacity",
    "Doubtful",
    "Judged",
    "Task",
    "needed_changes",
    "priority_of",
    "rule_reasons",
    "served",
    "violated_clauses",
]
