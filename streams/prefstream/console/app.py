"""The application: routes, and what stands around all of them."""

from fastapi import APIRouter, FastAPI

from prefstream.console.parts import Parts

#: Every module of routes adds its router here.
ROUTERS: tuple[APIRouter, ...] = ()


def create_app(parts: Parts) -> FastAPI:
    """Return the application."""
    app = FastAPI(
        title="prefstream", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.parts = parts
    for router in ROUTERS:
        app.include_router(router)
    return app
