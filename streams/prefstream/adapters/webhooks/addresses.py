"""Addresses of receivers: which may be called, so that nobody calls our own network through us."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from prefstream.schemas.errors import BadInput

MOST_URL = 2000
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: IPv4 addresses hide in these: 6to4, Teredo's relatives and NAT64.
_TRANSLATED = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class RefusedAddress(BadInput):
    """This address may not be called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where exactly a call goes: one address, whatever the name says later."""

    #: The URL with the address in the place of the name.
    url: str
    #: The name as it was written, for the Host header and the certificate.
    host: str
    #: With the port, where one was written.
    authority: str


def check_url(url: str, *, allow_private: bool) -> SplitResult:
    """Return the parts of a receiver's URL.

    Raises:
        RefusedAddress: It is no URL that may be called.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise RefusedAddress("the URL cannot be read; write it as https://host/path") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or len(url) > MOST_URL or _odd(url):
        raise RefusedAddress("the URL cannot be used; write it as https://host/path")
    if not parts.netloc.isascii():
        raise RefusedAddress("the host must be written in ASCII, e.g. xn--bcher-kva.example")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedAddress("the URL must not hold a user, a password or a fragment; use the signature")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise RefusedAddress("the URL must begin with https: only this machine is called without encryption")
    address = _written(parts.hostname)
    if address is not None and not (allow_private or is_public(address)):
        raise RefusedAddress(_private(parts.hostname))
    return parts


async def resolved(url: str, *, allow_private: bool) -> Target:
    """Return where to call: the name is resolved once, and every address it has must be allowed.

    Raises:
        RefusedAddress: The name leads to an address that may not be called.
        OSError: The name leads nowhere.
    """
    parts = check_url(url, allow_private=allow_private)
    host, port = str(parts.hostname), parts.port
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port or (443 if parts.scheme == "https" else 80), type=socket.SOCK_STREAM
    )
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not allow_private and not all(map(is_public, addresses)):
        raise RefusedAddress(_private(host))
    if parts.scheme == "http" and not all(address.is_loopback for address in addresses):
        raise RefusedAddress("only this machine is called without encryption; use https")
    return Target(
        url=_with_address(parts, addresses), host=host, authority=parts.netloc.rpartition("@")[2].lower()
    )


def is_public(address: _Address) -> bool:
    """Return whether an address belongs to the public internet.

    >>> is_public(ipaddress.ip_address("8.8.8.8")), is_public(ipaddress.ip_address("::ffff:10.0.0.1"))
    (True, False)
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _with_address(parts: SplitResult, addresses: Sequence[_Address]) -> str:
    address = addresses[0]
    shown = f"[{address}]" if address.version == 6 else str(address)
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{shown}{port}").geturl()


def _written(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _loopback(host: str) -> bool:
    address = _written(host)
    return host == "localhost" if address is None else address.is_loopback


def _odd(url: str) -> bool:
    return any(ord(character) <= 32 or ord(character) == 127 for character in url)


def _private(host: str) -> str:
    return (
        f"{host} is not on the public internet, so it is not called;"
        " set PREFSTREAM_WEBHOOKS__ALLOW_PRIVATE=true if your receivers are inside"
    )
