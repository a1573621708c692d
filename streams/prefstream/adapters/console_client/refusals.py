"""Refusals: what the console says when it does not do what was asked."""

from typing import Any

from prefstream.schemas.errors import PrefstreamError


class Refused(PrefstreamError):
    """The console refuses a request."""

    exit_code = 2

    def __init__(self, status: int, document: Any) -> None:
        said = document if isinstance(document, dict) else {}
        detail = said.get("detail") or f"the console answered {status}"
        super().__init__(str(detail))
        self.status = status
        #: What it is called for programs, e.g. "lease_expired"; empty where it has no name.
        self.kind = (
            str(said.get("type", "")).removeprefix("urn:prefstream:problem:").removeprefix("about:blank")
        )
        self.document = said
