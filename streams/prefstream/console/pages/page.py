"""Pages as HTML: templates, their language, and what every one of them is given."""

from functools import lru_cache, partial
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection

from prefstream.console.languages import spoken, to_say, translations_of, words_of
from prefstream.console.pages.names import named
from prefstream.console.pages.preferences import preferences_of
from prefstream.console.principals import Principal
from prefstream.console.rendering import rendered
from prefstream.console.rendering.invisible import marked
from prefstream.domain.people import Permission, may

#: Pages in the head of every page, for those who may see them.
NAVIGATION: tuple[tuple[str, str, Permission], ...] = (
    ("/work", to_say("Label"), Permission.LABEL),
    ("/live", to_say("Agreement"), Permission.READ),
    ("/queue", to_say("Queue"), Permission.READ),
    ("/calibration", to_say("Calibration"), Permission.LEAD_QUALITY),
    ("/annotators", to_say("Annotators"), Permission.LEAD_QUALITY),
    ("/refinements", to_say("Refinements"), Permission.LEAD_QUALITY),
    ("/releases", to_say("Releases"), Permission.READ),
    ("/constitution", to_say("Constitution"), Permission.LABEL),
    ("/people", to_say("People"), Permission.ADMINISTER),
)


@lru_cache(maxsize=16)
def environment(language: str) -> Environment:
    """Return the templates in one language; whatever they are given is escaped."""
    made = Environment(
        loader=PackageLoader("prefstream.console"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations_of(language), newstyle=True)  # type: ignore[attr-defined]
    words = words_of(language)
    made.globals |= {"language": words.language, "dir": words.direction, "words": words}
    made.globals["named"] = partial(named, words)
    made.filters["markdown"] = rendered
    made.filters["seen"] = _seen
    return made


def _seen(text: str) -> Markup:
    """Return a text as it is, with what would be invisible, or change its direction, made visible."""
    return Markup(marked(str(escape(text))))  # noqa: S704  escaped, and marked by us


def page(
    request: HTTPConnection, template: str, principal: Principal | None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page.

    Args:
        request: What is answered.
        template: A file under `templates/`.
        principal: Who asks; `None` on the page where one logs in.
        status: The status of the answer.
        **values: What the template says besides.
    """
    language = language_of(request, principal)
    told = {
        "principal": principal,
        "csrf_token": principal.csrf_token if principal else "",
        "navigation": _navigation(principal),
        "path": request.url.path,
        "preferences": preferences_of(getattr(request.state, "preferences", None)),
    }
    text = environment(language).get_template(template).render(told | values)
    # Half a surrogate pair that a client sent cannot be said back.
    return HTMLResponse(text.encode("utf-8", "replace"), status_code=status)


def language_of(request: HTTPConnection, principal: Principal | None) -> str:
    """Return the language of a page: the person's, else what the browser asks for first."""
    if principal is not None:
        return principal.language
    return spoken(request.headers.get("accept-language", "en"))


def _navigation(principal: Principal | None) -> list[tuple[str, str]]:
    if principal is None:
        return []
    return [(path, name) for path, name, needed in NAVIGATION if may(principal.role, needed)]
