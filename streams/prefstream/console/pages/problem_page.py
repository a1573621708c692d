"""Problems as people read them: a page that says what happened and where to go on."""

from http import HTTPStatus

from fastapi.responses import HTMLResponse
from starlette.requests import HTTPConnection

from prefstream.console.languages import to_say
from prefstream.console.pages.page import page
from prefstream.console.problems import Problem

#: What a person is told in their language; the detail, in English, stands below.
_TITLES = {
    HTTPStatus.UNAUTHORIZED: to_say("Log in again"),
    HTTPStatus.FORBIDDEN: to_say("You may not do this"),
    HTTPStatus.NOT_FOUND: to_say("This is not here"),
    HTTPStatus.CONFLICT: to_say("This cannot be done now"),
    HTTPStatus.UNPROCESSABLE_ENTITY: to_say("This was not understood"),
    HTTPStatus.TOO_MANY_REQUESTS: to_say("This was too often; wait a minute"),
    HTTPStatus.SERVICE_UNAVAILABLE: to_say("A part of the system does not answer; try again in a minute"),
}
_OTHER = to_say("Something went wrong")


def problem_page(problem: Problem, request: HTTPConnection) -> HTMLResponse:
    """Return a problem as a page."""
    principal = getattr(request.state, "principal", None)
    return page(
        request,
        "problem.html",
        principal,
        status=problem.status,
        title=_TITLES.get(HTTPStatus(problem.status), _OTHER),
        problem=problem,
    )
