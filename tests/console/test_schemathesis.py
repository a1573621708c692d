"""The OpenAPI document is true, and nothing that fits it, or does not, makes the console fail."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from tests.console.running import RunningConsole, Somebody

People = Callable[..., Awaitable[Somebody]]
pytestmark = pytest.mark.timeout(600)
EXAMPLES = 20
#: Kinds of bodies that the tool does not know by itself: they are sent as they are.
TEXTS = ("application/x-ndjson",)


for _kind in TEXTS:

    @schemathesis.serializer(_kind)
    def _as_it_is(_context: object, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("mode", GenerationMode)
async def test_no_request_makes_the_console_fail(
    console: RunningConsole, people: People, mode: GenerationMode
) -> None:
    console.parts.feed.longest_s = 0.05  # a live line ends by itself, but late
    admin = await people("admin")
    await people("admin")  # else the first could be refused for being the last
    document = (await console.client().get("/api/openapi.json")).json()

    asked = await asyncio.to_thread(ask_everything, console.base_url, document, admin, mode)

    assert set(asked) == {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method in {"get", "put", "post", "patch", "delete"}
    }
    print({name: dict(statuses) for name, statuses in asked.items()})


def ask_everything(
    base_url: str, document: dict[str, Any], admin: Somebody, mode: GenerationMode
) -> dict[str, dict[int, int]]:
    """Send many requests to every operation; return the statuses of the answers."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=base_url)
    asked: dict[str, dict[int, int]] = {}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        statuses = asked.setdefault(f"{operation.method.upper()} {operation.path}", {})
        hypothesis.given(case=operation.as_strategy(generation_mode=mode))(asking(admin, statuses))()
    return asked


def asking(admin: Somebody, statuses: dict[int, int]) -> Callable[[schemathesis.Case[Any]], None]:
    """Return what sends a request and counts the status of its answer."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers=admin.headers)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=[not_a_server_error])

    return ask


async def test_every_operation_says_how_to_prove_who_asks_and_what_problems_look_like(
    console: RunningConsole,
) -> None:
    document = (await console.client().get("/api/openapi.json")).json()

    operations = {
        (method, path): operation
        for path, found in document["paths"].items()
        for method, operation in found.items()
    }
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"token", "session", "csrf"}
    assert [route for route, one in operations.items() if not one.get("summary") or not one.get("tags")] == []
    assert [route for route, one in operations.items() if "security" not in one] == []
    for one in operations.values():
        assert {"401", "403", "422", "429", "503"} <= set(one["responses"])
        assert set(one["responses"]["422"]["content"]) == {"application/problem+json"}
    assert all(path.startswith("/api/") for path in document["paths"])
