"""Forged requests: one that a browser sends with its cookie must come from our own pages."""

import hmac
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection
from starlette.types import Message, Receive

from prefstream.console.principals import Principal
from prefstream.console.problems import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"
#: Name of the field in which a form sends the token back.
FIELD = "csrf_token"
_FORM = "application/x-www-form-urlencoded"
#: Forms are small; the texts of a task are sent as JSON with the header.
_MOST_FORM_BYTES = 1_000_000


async def refusal_of(
    request: HTTPConnection, principal: Principal | None, receive: Receive, public_url: str
) -> Receive:
    """Refuse a forged request; return from where to read the body of an honest one.

    Raises:
        Problem: It comes from elsewhere, or does not send the session's token back (403).
    """
    if request.scope["type"] == "websocket":
        # Any page may open one with the cookie and read what it says: where it comes from must be ours.
        if principal is not None and principal.via == "session" and _from_elsewhere(request, public_url):
            raise Problem(403, "this connection comes from another site", kind="csrf")
        return receive
    if request.scope["method"] in SAFE or (principal is not None and principal.via == "token"):
        return receive
    if _from_elsewhere(request, public_url):
        raise Problem(403, "this request comes from another site; use the console's own pages", kind="csrf")
    if principal is None:
        return receive
    sent = request.headers.get(HEADER)
    if sent is None and request.headers.get("content-type", "").startswith(_FORM):
        body = await _whole(receive)
        sent = _field(body)
        receive = _again(body, receive)
    if sent is None or not hmac.compare_digest(
        sent.encode("utf-8", "replace"), principal.csrf_token.encode()
    ):
        raise Problem(
            403, "the request does not carry this session's CSRF token; reload the page", kind="csrf"
        )
    return receive


def _from_elsewhere(request: HTTPConnection, public_url: str) -> bool:
    """Return whether a browser says that another site made it send this."""
    site = request.headers.get("sec-fetch-site")
    if site not in {None, "same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    # A form of a page that names no referrer says "null"; then the browser's own word for it counts.
    if origin is None or (origin == "null" and site == "same-origin"):
        return False
    ours = {urlsplit(public_url).netloc} if public_url else set()
    return urlsplit(origin).netloc not in ours | {request.headers.get("host", "")}


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem(400, "the request broke off")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > _MOST_FORM_BYTES:
            raise Problem(413, f"a form has at most {_MOST_FORM_BYTES} bytes")
        if not message.get("more_body", False):
            return b"".join(parts)


def _field(body: bytes) -> str | None:
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=1000)
    except ValueError:
        return None
    return fields.get(FIELD, [None])[0]


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read once more, then what comes after it."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
