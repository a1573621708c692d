"""Traces: spans for every record that a stage handles and every call to a model (OpenTelemetry).

Records carry a trace context whether anybody traces or not: its trace follows the pair, its span the
event. So the span that says an event is given the id that the event's header names already, and the
span of whoever handles the event finds its parent without a word between processes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from prefstream.schemas.calls import Answer, Call, Reply
from prefstream.schemas.cloudevents import traceparent_in
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import LogRecord, OutRecord

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

#: The random part of a trace id (W3C Trace Context, level 2). What stands before it in ours is the same
#: in every id that was derived from a name, so a sampler that looks there would take all or none.
_RANDOM_BITS: Final = 56
#: Names of the tokens in an answer, and those of the conventions for generative AI.
_USAGE: Final = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
}
#: The id that the next span is given instead of a random one.
_GIVEN: ContextVar[int] = ContextVar("given_span_id", default=0)


class Handling(Protocol):
    """The span of a record under way."""

    def ended(self, outcome: str, outputs: Sequence[OutRecord]) -> None:
        """Say how it ended and what was said."""
        ...


class Calling(Protocol):
    """The span of a call under way."""

    def answered(self, answer: Answer) -> None:
        """Say what came back."""
        ...


class Tracing:
    """Makes spans; whoever does not trace has none of it."""

    def __init__(self, provider: "TracerProvider", *, log: str) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("prefstream")
        self._log = log

    @contextmanager
    def handling(self, stage: str, record: LogRecord) -> Iterator[Handling]:
        """Make the span of a record that a stage handles."""
        from opentelemetry.trace import SpanKind

        attributes: dict[str, str | int] = {
            "messaging.system": self._log,
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": stage,
        }
        name = f"process {record.topic}"
        with self._tracer.start_as_current_span(
            name, context=_context(record), kind=SpanKind.CONSUMER, attributes=attributes
        ) as span:
            yield _HandlingSpan(self, span)

    @contextmanager
    def calling(self, call: Call) -> Iterator[Calling]:
        """Make the span of a call to a model, within that of the record it is made for."""
        from opentelemetry.trace import SpanKind

        model = str(call.request.get("model", ""))
        about = call.about
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": call.provider,
            "gen_ai.request.model": model,
            "prefstream.purpose": about.purpose,
            "prefstream.slice": about.slice,
            "prefstream.asked_by": about.asked_by,
        }
        said = {name: value for name, value in attributes.items() if value}
        name = f"chat {model}".rstrip()
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=said) as span:
            yield _CallingSpan(span)

    def say(self, record: OutRecord, context: "Context") -> None:
        """Make the span of an event that is said, under the id that its header names."""
        from opentelemetry.trace import SpanKind

        header = traceparent_in(record.headers)
        if header is None:
            return
        given = _GIVEN.set(int(header[36:52], 16))
        try:
            self._tracer.start_span(
                f"send {record.topic}",
                context=context,
                kind=SpanKind.PRODUCER,
                attributes={
                    "messaging.system": self._log,
                    "messaging.operation.type": "send",
                    "messaging.operation.name": "send",
                    "messaging.destination.name": record.topic,
                },
            ).end()
        finally:
            _GIVEN.reset(given)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def opened_tracing(endpoint: str, *, process: str, log: str, share: float = 1.0) -> Tracing | None:
    """Return what makes spans and sends them to an OTLP endpoint; `None` without one.

    Args:
        endpoint: Address of a collector, e.g. http://127.0.0.1:4318; empty: nobody traces.
        process: Name of this process.
        log: "kafka" or "postgres".
        share: Share of the traces that is kept: all spans of a pair or none.

    Raises:
        BadInput: It is asked for and not installed.
    """
    if not endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise BadInput("tracing is not installed; run pip install 'prefstream[otel]'") from error
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    return tracing_to(exporter, process=process, log=log, share=share)


def tracing_to(exporter: "SpanExporter", *, process: str, log: str, share: float = 1.0) -> Tracing:
    """Return what makes spans and hands them to an exporter, some at a time."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        sampler=_sampler(share),
        id_generator=_id_generator(),
        resource=Resource.create({"service.name": "prefstream", "service.instance.id": process}),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider, log=log)


class _HandlingSpan:
    def __init__(self, tracing: Tracing, span: "Span") -> None:
        self._tracing = tracing
        self._span = span

    def ended(self, outcome: str, outputs: Sequence[OutRecord]) -> None:
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        self._span.set_attribute("prefstream.outcome", outcome)
        if outcome == "dead":
            self._span.set_status(Status(StatusCode.ERROR))
        # What is put off or given up is the record itself again, and says no event.
        if outcome != "done" or not self._span.is_recording():
            return
        context = set_span_in_context(self._span)
        for record in outputs:
            self._tracing.say(record, context)


class _CallingSpan:
    def __init__(self, span: "Span") -> None:
        self._span = span

    def answered(self, answer: Answer) -> None:
        from opentelemetry.trace import Status, StatusCode

        if not isinstance(answer, Reply):
            self._span.set_attribute("error.type", answer.reason)
            self._span.set_status(Status(StatusCode.ERROR, answer.reason))
            return
        usage = answer.content.get("usage") or {}
        said: dict[str, Any] = {to: usage[name] for name, to in _USAGE.items() if name in usage}
        if answer.content.get("model"):
            said["gen_ai.response.model"] = answer.content["model"]
        if answer.content.get("stop"):
            said["gen_ai.response.finish_reasons"] = [answer.content["stop"]]
        self._span.set_attributes(said)


def _context(record: LogRecord) -> "Context":
    """Return the context of a record; without a header of its own it begins a trace."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    header = traceparent_in(record.headers)
    if header is None:
        return Context()
    parent = SpanContext(
        trace_id=int(header[3:35], 16),
        span_id=int(header[36:52], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(header[53:55], 16)),
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _sampler(share: float) -> Any:
    from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

    bound = round(share * (1 << _RANDOM_BITS))

    class ByTrace(Sampler):
        """Takes all spans of a trace or none, the same in every process."""

        def should_sample(
            self,
            parent_context: Any,  # noqa: ARG002
            trace_id: int,
            name: str,  # noqa: ARG002
            kind: Any = None,  # noqa: ARG002
            attributes: Any = None,
            links: Any = None,  # noqa: ARG002
            trace_state: Any = None,  # noqa: ARG002
        ) -> SamplingResult:
            kept = trace_id & ((1 << _RANDOM_BITS) - 1) < bound
            decision = Decision.RECORD_AND_SAMPLE if kept else Decision.DROP
            return SamplingResult(decision, attributes)

        def get_description(self) -> str:
            return f"ByTrace{{{share}}}"

    return ByTrace()


def _id_generator() -> Any:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Given(RandomIdGenerator):
        """Gives the next span the id that an event's header names already."""

        def generate_span_id(self) -> int:
            return _GIVEN.get() or super().generate_span_id()

    return Given()
