"""The application: routes, and what stands around all of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from prefstream.console import (
    alerts,
    audit,
    health,
    ingestion,
    label_studio,
    label_studio_exchange,
    live,
    live_feed,
    live_figures,
    oidc,
    pairs,
    people,
    quality_routes,
    queue,
    relay,
    sessions,
    webhook_sender,
    webhooks,
)
from prefstream.console.authentication import Authentication
from prefstream.console.background import Work, beside
from prefstream.console.bodies import Bodies
from prefstream.console.documents import DESCRIPTION, describe
from prefstream.console.headers import Headers
from prefstream.console.incidents import Incidents
from prefstream.console.kinds import routes as kind_routes
from prefstream.console.pages.routers import PAGES
from prefstream.console.parts import Parts
from prefstream.console.problems import Problem, problem_answer
from prefstream.console.rates import Rates

#: Every module of routes adds its router here.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    sessions.router,
    oidc.router,
    people.router,
    audit.router,
    ingestion.router,
    pairs.router,
    queue.router,
    quality_routes.router,
    alerts.router,
    kind_routes.router,
    webhooks.router,
    label_studio.router,
    live.router,
    *PAGES,
)
#: What runs beside the routes in every console process.
WORKS: tuple[Work, ...] = (
    relay.work,
    webhook_sender.send_webhooks,
    label_studio_exchange.exchange_with_label_studio,
    live_feed.follow,
)
#: Findings about a request that are said back at most, and their length.
_MOST_FINDINGS = 20
_MOST_CHARACTERS = 300


def create_app(parts: Parts) -> FastAPI:
    """Return the application."""
    app = FastAPI(
        title="prefstream",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan,
    )
    app.state.parts = parts
    app.state.rates = Rates(parts.settings.console)
    app.state.registry = CollectorRegistry()
    for figure in (relay.WAITING, relay.AGE_S, relay.SAID):
        app.state.registry.register(figure)
    figures = live_figures.LiveFigures(parts.feed, most_slices=parts.settings.console.figures_slices)
    app.state.registry.register(figures)
    _surround(app, parts)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with beside(WORKS, app.state.parts):
        yield


def _surround(app: FastAPI, parts: Parts) -> None:
    """Put what stands around every route, the innermost first."""
    console = parts.settings.console
    app.add_middleware(Authentication, parts=parts, rates=app.state.rates)
    app.add_middleware(Bodies, settings=console)
    app.add_middleware(Incidents, parts=parts)
    app.add_middleware(Headers, https=console.public_url.startswith("https://"))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_answer(error, request)


async def _http(request: Request, error: Exception) -> Response:
    """Say what the framework found in the words of all problems, e.g. that there is no such path."""
    assert isinstance(error, HTTPException)
    answer = problem_answer(Problem(error.status_code, str(error.detail)), request)
    answer.headers.update(error.headers or {})
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    """Say what does not fit without saying it back: it may be long, secret or not sayable."""
    assert isinstance(error, RequestValidationError)
    findings = error.errors()
    return problem_answer(
        Problem(
            422,
            "the request does not fit; `errors` says where",
            kind="invalid",
            errors=[_finding(one) for one in findings[:_MOST_FINDINGS]],
        ),
        request,
    )


def _finding(found: Mapping[str, Any]) -> dict[str, str]:
    where = ".".join(str(part) for part in found["loc"])
    return {"where": where[:_MOST_CHARACTERS], "what": str(found["msg"])[:_MOST_CHARACTERS]}
