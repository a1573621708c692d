"""Message batches as the stand-in keeps them: created, under way, ended, their results in any order."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson

from prefstream.adapters.stand_in.messages import error_of
from prefstream.adapters.stand_in.options import Options, share_of

MAX_REQUESTS = 100_000
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DAY_S = 86_400.0
#: What performs one request: its parameters in, the message or why there is none out.
Perform = Callable[[Mapping[str, Any]], tuple[dict[str, Any] | None, str]]


@dataclass(slots=True)
class Batch:
    """One batch; its requests are answered when it is created, as far as anybody can tell when it ends."""

    batch_id: str
    created_s: float
    ends_s: float
    lines: list[bytes] = field(default_factory=list)
    tally: dict[str, int] = field(default_factory=dict)
    cancelled_s: float | None = None
    downloads: int = 0

    def ended(self, now_s: float) -> bool:
        """Return whether its results are there."""
        return now_s >= self.ends_s or self.cancelled_s is not None

    def document(self, now_s: float, base_url: str) -> dict[str, Any]:
        """Return the batch as the API shows it."""
        ended = self.ended(now_s)
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts |= self.tally if ended else {"processing": len(self.lines)}
        results = f"{base_url}/v1/messages/batches/{self.batch_id}/results"
        return {
            "id": self.batch_id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": _written(self.created_s),
            "expires_at": _written(self.created_s + _DAY_S),
            "ended_at": _written(min(self.ends_s, self.cancelled_s or self.ends_s)) if ended else None,
            "cancel_initiated_at": _written(self.cancelled_s) if self.cancelled_s is not None else None,
            "archived_at": None,
            "results_url": results if ended else None,
        }

    def cancel(self, now_s: float) -> None:
        """Stop it: as it had not ended, none of its requests was answered."""
        if self.ended(now_s):
            return
        self.cancelled_s = now_s
        ids = [orjson.loads(line)["custom_id"] for line in self.lines]
        self.lines = [_line(custom_id, {"type": "canceled"}) for custom_id in ids]
        self.tally = {"canceled": len(ids)}


def refusal(body: Any) -> str:
    """Return why a body creates no batch; empty: it does."""
    asked = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(asked, list) or not asked:
        return "requests: at least one"
    if len(asked) > MAX_REQUESTS:
        return f"requests: at most {MAX_REQUESTS}"
    ids = [one.get("custom_id") if isinstance(one, dict) else None for one in asked]
    if not all(isinstance(one, str) and _CUSTOM_ID.fullmatch(one) for one in ids):
        return "requests: every custom_id has 1 to 64 letters, digits, _ or -"
    if len(set(ids)) < len(ids):
        return "requests: every custom_id occurs once"
    return ""


def answered(
    batch: Batch, requests: Sequence[Mapping[str, Any]], options: Options, perform: Perform
) -> Iterator[None]:
    """Answer the requests one by one, so that the server can do other things in between."""
    for one in requests:
        share = share_of(options.seed, one["custom_id"].encode(), b"batch", batch.batch_id.encode())
        result = _result(one.get("params") or {}, share, options, perform)
        batch.tally[result["type"]] = batch.tally.get(result["type"], 0) + 1
        batch.lines.append(_line(one["custom_id"], result))
        yield
    Random(options.seed).shuffle(batch.lines)  # noqa: S311  any order will do


def _result(params: Mapping[str, Any], share: float, options: Options, perform: Perform) -> dict[str, Any]:
    if share < options.batch_expiry_rate:
        return {"type": "expired"}
    if share < options.batch_expiry_rate + options.batch_error_rate:
        return {"type": "errored", "error": error_of(500, "the stand-in failed on purpose")}
    message, why = perform(params)
    if message is None:
        return {"type": "errored", "error": error_of(400, why)}
    return {"type": "succeeded", "message": message}


def _line(custom_id: str, result: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"custom_id": custom_id, "result": result}) + b"\n"


def _written(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat().replace("+00:00", "Z")
