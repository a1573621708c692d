"""The live stream of a console, read by its server-sent events."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
import orjson

from prefstream.schemas.errors import BadInput, Unavailable

#: Seconds without a word after which the line counts as cut; the console says something every 15 s.
SILENCE_S = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event of the stream."""

    event_id: str
    #: "metrics", "alert", or "reset".
    kind: str
    data: bytes


async def told_by(
    base_url: str, token: str, wishes: Mapping[str, Sequence[str]], *, after: str | None = None
) -> AsyncIterator[Told]:
    """Go through what a console tells, until it ends the line or says nothing any more.

    Args:
        base_url: Address of the console.
        token: Of somebody who may read.
        wishes: Values of `slice`, `window` and `statistic`.
        after: The id to go on after.

    Raises:
        Unavailable: The console does not answer.
        BadInput: It refuses the token or the question.
    """
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
    timeout = httpx2.Timeout(10.0, read=SILENCE_S)
    try:
        async with (
            httpx2.AsyncClient(base_url=base_url, headers=headers, timeout=timeout) as client,
            client.stream("GET", "/api/v1/live", params=dict(wishes)) as answer,
        ):
            if answer.status_code != HTTPStatus.OK:
                raise _refusal(base_url, answer.status_code, await answer.aread())
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                for told in _taken(line, fields):
                    yield told
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unavailable(
            f"the console at {base_url} does not answer ({type(error).__name__}); is it running, "
            "and is the address right?"
        ) from error


def _taken(line: str, fields: dict[str, str]) -> Iterator[Told]:
    """Take in a line; an empty one ends an event."""
    if line:
        name, _, value = line.partition(": ")
        fields[name] = value
        return
    if "data" in fields:
        yield Told(
            event_id=fields.get("id", ""),
            kind=fields.get("event", "message"),
            data=fields["data"].encode(),
        )
    fields.clear()


def _refusal(base_url: str, status: int, body: bytes) -> BadInput | Unavailable:
    try:
        detail = str(orjson.loads(body)["detail"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        detail = HTTPStatus(status).phrase if status in set(HTTPStatus) else str(status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Unavailable(f"the console at {base_url} does not answer: {detail}")
    return BadInput(f"the console at {base_url} refuses: {detail}")
