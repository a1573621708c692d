"""Bodies: counted while they are read, whatever their length says, and refused when they are too long."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prefstream.adapters.settings import ConsoleSettings
from prefstream.console.problems import Problem, problem_answer

#: Paths that take a stream; they read it bit by bit.
STREAMS = frozenset({"/api/v1/prompts", "/api/v1/pairs", "/api/v1/labels", "/api/v1/tasks"})


class Bodies:
    """Refuses bodies that are too long (413)."""

    def __init__(self, app: ASGIApp, *, settings: ConsoleSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._settings.ingestion_bytes if scope["path"] in STREAMS else self._settings.body_bytes
        request = HTTPConnection(scope)
        too_long = HTTPException(413, f"the request is longer than {most} bytes; send less at once")
        said = request.headers.get("content-length", "0")
        if not said.isascii() or not said.isdigit() or int(said[:20]) > most:
            await _refused(too_long, request)(scope, receive, send)
            return
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                # What the framework knows it lets through; of anything else it would say 400.
                raise too_long
            return message

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, sent)
        except HTTPException as error:
            if begun:
                raise
            await _refused(error, request)(scope, receive, send)


def _refused(error: HTTPException, request: HTTPConnection) -> Response:
    return problem_answer(Problem(error.status_code, error.detail, kind="too_long"), request)
