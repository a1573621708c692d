"""Problems: what an answer says that could not be what was asked for (RFC 9457)."""

from http import HTTPStatus
from typing import Any


class Problem(Exception):
    """A request cannot be answered as asked; what was sent is not lost by it."""

    def __init__(self, status: int, detail: str, *, kind: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        #: A name for programs, e.g. "lease_expired"; empty: the status says it all.
        self.kind = kind
        self.more = more

    @property
    def document(self) -> dict[str, Any]:
        """Return the problem as `application/problem+json` takes it."""
        named = {"type": f"urn:prefstream:problem:{self.kind}"} if self.kind else {"type": "about:blank"}
        title = HTTPStatus(self.status).phrase
        return named | {"title": title, "status": self.status, "detail": self.detail} | self.more
