"""Tasks other than pairs in the console: what is shown, what may be answered, which event says it."""

from prefstream.console.kinds.answers import ANSWERS, LeaseFacts, answer_event, is_kind
from prefstream.console.kinds.content import leased_content, shown_order

__all__ = ["ANSWERS", "LeaseFacts", "answer_event", "is_kind", "leased_content", "shown_order"]
