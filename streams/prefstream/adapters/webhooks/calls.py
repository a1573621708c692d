"""Calls to receivers: one POST, to one address, within a time, with little read of the answer."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from prefstream.adapters.webhooks.addresses import RefusedAddress, resolved
from prefstream.domain.exchange.webhook_retries import Answer

#: Seconds a receiver has for its answer, from the first step to the last.
TIMEOUT_S = 15.0
#: Bytes of an answer that are read, for the list of deliveries.
_MOST_READ = 500


class Caller:
    """Calls receivers; connections are not kept, for each call resolves its name anew."""

    def __init__(
        self, *, allow_private: bool, timeout_s: float = TIMEOUT_S, trust: ssl.SSLContext | None = None
    ) -> None:
        """Begin.

        Args:
            allow_private: Whether addresses outside the public internet may be called.
            timeout_s: Seconds one call may take.
            trust: Whose certificates count; `None`: those of the system.
        """
        self._allow_private = allow_private
        self._timeout_s = timeout_s
        # Made once: reading the certificates takes longer than a call.
        self._trust = trust or ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body and return what came of it, whatever that is."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, body, headers)
        except TimeoutError:
            return Answer(status=None, error=f"no whole answer within {self._timeout_s:g} s")
        except RefusedAddress as error:
            return Answer(status=None, error=str(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            return Answer(status=None, error=f"{type(error).__name__}: {error}"[:500])

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        target = await resolved(url, allow_private=self._allow_private)
        sent = {**headers, "host": target.authority, "content-type": "application/json"}
        client = httpx2.AsyncClient(
            verify=self._trust, trust_env=False, follow_redirects=False, timeout=self._timeout_s
        )
        extensions = {"sni_hostname": target.host}
        async with (
            client,
            client.stream("POST", target.url, content=body, headers=sent, extensions=extensions) as answer,
        ):
            wait_s = _retry_after_s(answer.headers.get("retry-after"), now=datetime.now(UTC))
            said = "" if answer.is_success else await _beginning(answer)
            return Answer(status=answer.status_code, error=said, retry_after_s=wait_s)


async def _beginning(answer: httpx2.Response) -> str:
    """Return how the answer begins; a receiver that refuses often says why."""
    read = b""
    async for chunk in answer.aiter_raw():
        read += chunk[: _MOST_READ - len(read)]
        if len(read) >= _MOST_READ:
            break
    return read.decode(errors="replace").replace("\x00", "")


def _retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, which may also be a date.

    >>> _retry_after_s("120", now=datetime(2026, 3, 1, tzinfo=UTC))
    120.0
    >>> _retry_after_s("Sun, 01 Mar 2026 00:01:00 GMT", now=datetime(2026, 3, 1, tzinfo=UTC))
    60.0
    >>> _retry_after_s("soon", now=datetime(2026, 3, 1, tzinfo=UTC)) is None
    True
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
