"""Rates: how often a person, an address and a name may ask before they are told to wait."""

import math
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from prefstream.adapters.settings import ConsoleSettings
from prefstream.console.problems import Problem
from prefstream.domain.people.turns import Turns

#: Tokens that were good lately; they are asked about also when their address has used up its turns.
_MOST_GOOD = 10_000


class Rates:
    """Counts turns; in memory, so each console process counts for itself."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._people = Turns(per_min=settings.requests_per_min)
        self._anonymous = Turns(per_min=settings.anonymous_per_min)
        self._names = Turns(per_min=settings.logins_per_min)
        self._logins = Turns(per_min=settings.logins_per_min * 10)
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def take(self, person_id: str | None, request: HTTPConnection, *, now_s: float) -> None:
        """Take a turn of the person, or of the address of nobody we know.

        Raises:
            Problem: There is none left (429).
        """
        if person_id is not None:
            _refuse(self._people.wait_s(person_id, now_s))
        else:
            _refuse(self._anonymous.wait_s(address_of(request), now_s))

    def may_try(self, token_hash: bytes, request: HTTPConnection, *, now_s: float) -> None:
        """Keep an address that guesses tokens from asking the database.

        Raises:
            Problem: The address has used up its turns, and the token was not good lately (429).
        """
        if token_hash not in self._good:
            _refuse(self._anonymous.spent(address_of(request), now_s))

    def tried(self, token_hash: bytes, *, good: bool) -> None:
        """Remember whether a token was good."""
        self._good.pop(token_hash, None)
        if good:
            self._good[token_hash] = None
            if len(self._good) > _MOST_GOOD:
                self._good.popitem(last=False)

    def login(self, name: str, request: HTTPConnection) -> None:
        """Take a turn to log in.

        Raises:
            Problem: There is none left for this name, or for this address (429).
        """
        address, now_s = address_of(request), time.monotonic()
        _refuse(self._logins.wait_s(address, now_s))
        _refuse(self._names.wait_s((address, name.casefold()[:200]), now_s))


def address_of(request: HTTPConnection) -> str:
    """Return the address that asks; of IPv6 the network, since a house has a whole one."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return host


def _refuse(wait_s: float) -> None:
    if wait_s > 0:
        raise Problem(
            429,
            f"too many requests; wait {math.ceil(wait_s)} s",
            kind="too_many_requests",
            retry_after_s=math.ceil(wait_s),
        )
