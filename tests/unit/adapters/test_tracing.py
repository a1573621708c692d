"""Spans of records and calls hang together across processes and cost nothing to who does not trace."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.unit.streams.scripted import Answers, Asking, a_submission, an_engine, curated

from prefstream.adapters.tracing import Tracing, opened_tracing, tracing_to
from prefstream.agents.stage import Answer, Call, Failure, Outcome, Refusal, Reply
from prefstream.schemas.calls import About
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import LogRecord, OutRecord

CALL = Call(
    provider="anthropic",
    request={"model": "claude-x"},
    about=About(purpose="judging", subject="pair-1", slice="law", asked_by="panel"),
)


class Traced:
    """A tracing whose spans a test reads."""

    def __init__(self, *, share: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracing: Tracing = tracing_to(self._exporter, process="worker", log="kafka", share=share)

    def spans(self) -> dict[str, ReadableSpan]:
        self.tracing.close()
        return {span.name: span for span in self._exporter.get_finished_spans()}


def ids(span: ReadableSpan) -> tuple[str, str, str | None]:
    assert span.context is not None
    parent = f"{span.parent.span_id:016x}" if span.parent else None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", parent


def delivered(out: OutRecord) -> LogRecord:
    return LogRecord(out.topic, 0, 7, 0, out.key, out.value, out.headers)


async def handled(
    traced: Traced, records: Sequence[LogRecord], says: Any, **stage: Any
) -> Sequence[OutRecord]:
    answers = Answers(reply=lambda _: Reply(content={}, at_ms=0))
    engine = an_engine(Asking(says=says, **stage), answers, tracing=traced.tracing)
    return (await engine.prepare(records)).outputs


async def test_the_span_of_an_event_has_the_id_that_its_header_names() -> None:
    traced, record = Traced(), a_submission(0)

    (out,) = await handled(traced, [record], lambda event, given: Outcome(events=[curated(event)]))

    spans = traced.spans()
    header = dict(out.headers)["traceparent"].decode()
    process, send = ids(spans[f"process {record.topic}"]), ids(spans[f"send {out.topic}"])
    assert (send[0], send[1]) == (header[3:35], header[36:52])
    assert send[2] == process[1]
    assert process[:1] == send[:1]


async def test_the_next_process_goes_on_in_the_same_trace() -> None:
    first, second = Traced(), Traced()
    says = lambda event, given: Outcome(events=[curated(event)])  # noqa: E731

    (out,) = await handled(first, [a_submission(0)], says)
    await handled(second, [delivered(out)], lambda event, given: Outcome())

    sent = ids(first.spans()[f"send {out.topic}"])
    processed = ids(second.spans()[f"process {out.topic}"])
    assert (processed[0], processed[2]) == (sent[0], sent[1])


async def test_a_record_that_is_given_up_is_an_error_and_says_nothing() -> None:
    traced = Traced()
    dead = Outcome(detour=Refusal(reason="never", detail=""))

    await handled(traced, [a_submission(0)], lambda event, given: dead)

    ((name, span),) = traced.spans().items()
    assert name.startswith("process ")
    assert span.attributes is not None
    assert (span.attributes["prefstream.outcome"], span.status.is_ok) == ("dead", False)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            Reply(
                content={
                    "usage": {"input_tokens": 9, "output_tokens": 4, "cache_read_tokens": 2},
                    "model": "claude-x-2026",
                    "stop": "tool",
                },
                at_ms=0,
            ),
            {
                "gen_ai.response.model": "claude-x-2026",
                "gen_ai.response.finish_reasons": ("tool",),
                "gen_ai.usage.input_tokens": 9,
                "gen_ai.usage.output_tokens": 4,
                "gen_ai.usage.cache_read.input_tokens": 2,
            },
        ),
        (Failure(reason="overloaded", detail="529", transient=True), {"error.type": "overloaded"}),
    ],
)
def test_a_call_says_what_was_asked_and_what_came_back(answer: Answer, said: dict[str, Any]) -> None:
    traced = Traced()

    with traced.tracing.calling(CALL) as span:
        span.answered(answer)

    attributes = traced.spans()["chat claude-x"].attributes
    assert attributes == said | {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-x",
        "prefstream.purpose": "judging",
        "prefstream.slice": "law",
        "prefstream.asked_by": "panel",
    }


def test_a_call_is_within_the_record_it_is_made_for() -> None:
    traced, record = Traced(), a_submission(0)

    with traced.tracing.handling("judging", record), traced.tracing.calling(CALL) as span:
        span.answered(Reply(content={}, at_ms=0))

    spans = traced.spans()
    assert ids(spans["chat claude-x"])[2] == ids(spans[f"process {record.topic}"])[1]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_the_share_is_that_of_traces_although_ids_are_derived_from_names(share: float) -> None:
    traced, kept = Traced(share=share), 0
    for number in range(2000):
        trace = derived_id("trace", f"pair-{number}").replace("-", "")
        header = f"00-{trace}-{'1' * 16}-01".encode()
        record = a_submission(0)._replace(headers=(("traceparent", header),))
        with traced.tracing.handling("judging", record) as span:
            kept += span._span.is_recording()  # type: ignore[attr-defined]
    traced.tracing.close()

    assert kept / 2000 == pytest.approx(share, abs=0.04)


def test_without_an_address_nobody_traces_and_nothing_is_loaded() -> None:
    assert opened_tracing("", process="worker", log="kafka") is None
    code = (
        "import sys, prefstream.streams.processes; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
