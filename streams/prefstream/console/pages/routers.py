"""The pages, each with its routes."""

from fastapi import APIRouter

from prefstream.console.pages import (
    annotators,
    calibration,
    constitution,
    home,
    kinds,
    live,
    login,
    pairs,
    people_page,
    queue_page,
    refinements,
    releases,
    runbooks,
    scorecards,
    script_words,
    settings,
    static,
    work,
)

#: Every module of pages adds its router here.
PAGES: tuple[APIRouter, ...] = (
    home.router,
    kinds.router,
    live.router,
    login.router,
    settings.router,
    pairs.router,
    queue_page.router,
    constitution.router,
    refinements.router,
    releases.router,
    runbooks.router,
    scorecards.router,
    script_words.router,
    people_page.router,
    annotators.router,
    calibration.router,
    static.router,
    work.router,
)
