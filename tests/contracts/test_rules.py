"""What Faust does unsafely is used nowhere in the streams ring.

Each of these loses or doubles events under a crash, an exception or a rebalance in the pinned version.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

STREAMS = Path(__file__).parents[2] / "streams" / "prefstream"
#: Keyword arguments that let acknowledgements overtake each other, or outputs go unawaited.
KEYWORDS = {"concurrency", "sink", "sinks", "within"}
#: Attributes of Faust's apps, streams and topics that lose or double events.
ATTRIBUTES = {
    "Table",
    "GlobalTable",
    "SetTable",
    "tumbling",
    "hopping",
    "group_by",
    "send_soon",
    "noack_take",
    "producer_threaded",
    "exactly_once",
}
#: Settings and guarantees that must not be named at all.
WORDS = ("exactly_once", "producer_threaded")
#: `take` of a Faust stream; that of our own objects takes neither a number nor a time.
STREAM_NAMES = {"stream", "self_stream", "agent", "channel"}


def violations(source: str) -> list[str]:
    """Return what in this source breaks the rules, each with its line."""
    tree = ast.parse(source)
    found = [problem for node in ast.walk(tree) for problem in _of_node(node)]
    return found + [f"names {word}" for word in WORDS if word in source]


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS and not _is_one(keyword):
                yield f"{node.lineno}: {keyword.arg}="
        if _method(node) == "take" and _receiver(node) in STREAM_NAMES:
            yield f"{node.lineno}: take() of a stream"
    if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
        yield f"{node.lineno}: {node.attr}"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await):
        call = node.value.value
        if isinstance(call, ast.Call) and _method(call) == "send":
            yield f"{node.lineno}: a send whose delivery nobody awaits"


def _is_one(keyword: ast.keyword) -> bool:
    return (
        keyword.arg == "concurrency" and isinstance(keyword.value, ast.Constant) and keyword.value.value == 1
    )


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _receiver(call: ast.Call) -> str:
    target = call.func.value if isinstance(call.func, ast.Attribute) else None
    return target.id if isinstance(target, ast.Name) else ""


def test_the_streams_ring_uses_nothing_that_loses_events() -> None:
    found = {
        str(path.relative_to(STREAMS)): problems
        for path in sorted(STREAMS.rglob("*.py"))
        if (problems := violations(path.read_text("utf-8")))
    }

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "app.agent(topic, concurrency=16)",
        "app.agent(topic, sink=[other])",
        "async def f(stream):\n    async for b in stream.take(100, within=5): pass",
        "app.Table('counts')",
        "table.tumbling(60)",
        "table.hopping(60, 10)",
        "stream.group_by(key)",
        "faust.App('a', processing_guarantee='exactly_once')",
        "faust.App('a', producer_threaded=True)",
        "async def f():\n    await topic.send(value=b'')",
    ],
)
def test_the_guard_sees_each_unsafe_use(source: str) -> None:
    assert violations(source) != []


def test_the_guard_lets_an_awaited_delivery_pass() -> None:
    assert violations("async def f():\n    await (await topic.send(value=b''))") == []
