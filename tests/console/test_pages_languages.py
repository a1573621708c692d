"""Languages: every message has its German, and nothing on a page escapes translation."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from prefstream.console.languages import LANGUAGES, MIRRORED, words_of
from prefstream.console.languages.catalogs import catalog_of
from tests import factories as make
from tests.console.running import RunningConsole, Somebody
from tests.console.telling import ARABIC, HEBREW, a_long_history, tell

CONSOLE = Path(__file__).parents[2] / "streams/prefstream/console"
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?([a-z%])")
OTHERS = [language for language in LANGUAGES if language != "en"]
People = Callable[..., Awaitable[Somebody]]
PAGES = (
    "/",
    "/settings",
    "/queue",
    "/live",
    "/scorecard/2026-W09",
    "/pairs",
    "/pairs/pair-1",
    "/constitution",
    "/constitution/differences",
    "/disagreements",
    "/refinements",
    "/releases",
    "/releases/helpful-1-0123456789abcdef",
    "/annotators",
    "/calibration",
    "/people",
    "/people/eve",
    "/no/such/page",
)


def messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield every message of the console with where it is said."""
    with (CONSOLE / "languages/babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = DEFAULT_KEYWORDS | {"to_say": None}
    found = extract_from_dir(str(CONSOLE), methods, options, keywords=keywords)
    for path, line, message, _comments, _context in found:
        yield f"{path}:{line}", message


def forms(said: str | Sequence[str] | None) -> list[str]:
    """Return what a message says, one text for each plural."""
    return [said] if isinstance(said, str) else list(said or ())


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated(language: str) -> None:
    catalog = catalog_of(language)
    missing = []
    for place, message in messages():
        known: Message | None = catalog.get(message if isinstance(message, str) else message[0])
        if known is None or known.fuzzy or not all(forms(known.string) or [""]):
            missing.append((place, message))

    assert not missing


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    catalog = catalog_of(language)

    for message in catalog:
        counts = not isinstance(message.id, str)
        said = forms(message.string)
        for text in said if message.id else ():
            wanted, got = PLACEHOLDER.findall(forms(message.id)[-1]), PLACEHOLDER.findall(text)
            # "One label" says its number in a word.
            assert set(got) <= set(wanted) if counts else sorted(got) == sorted(wanted), (message.id, text)
        assert not counts or len(said) == catalog.num_plurals, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalog_says_nothing_that_no_page_says(language: str) -> None:
    said = {message if isinstance(message, str) else message[0] for _place, message in messages()}
    kept = {message.id if isinstance(message.id, str) else message.id[0] for message in catalog_of(language)}

    assert kept - said <= {""}


def test_numbers_times_and_money_are_written_as_each_language_does() -> None:
    english, german = words_of("en"), words_of("de")

    assert (english.number(1234.5), german.number(1234.5)) == ("1,234.5", "1.234,5")
    assert (english.share(0.125, 1), german.share(0.125, 1)) == ("12.5%", "12,5\xa0%")
    assert (english.money(2_500_000), german.money(2_500_000)) == ("$0.0025", "0,0025\xa0$")
    assert german.moment(make.NOON) == "01.03.2026, 12:00:00 UTC"
    assert (english.duration(90), german.duration(7200)) == ("2 minutes", "2 Stunden")
    assert german.ngettext("one label", "%(num)s labels", 1200) == "1.200 Labels"


@pytest.mark.postgres
async def test_a_page_is_in_the_language_of_whoever_reads_it(console: RunningConsole, people: People) -> None:
    reader = await console.logged_in(await people("viewer", language="de"))
    stranger = console.client(headers={"Accept": "text/html", "Accept-Language": "de-AT, en;q=0.7"})

    queue = (await reader.get("/queue", headers={"Accept": "text/html"})).text
    login = (await stranger.get("/login")).text

    assert '<html lang="de" dir="ltr"' in queue
    assert "Was auf Menschen wartet" in queue
    assert "Name oder E-Mail-Adresse" in login


@pytest.mark.postgres
async def test_texts_that_run_right_to_left_keep_their_direction(
    console: RunningConsole, people: People
) -> None:
    await tell(console.pool, *a_long_history())
    client = await console.logged_in(await people("viewer"))

    text = (await client.get("/pairs/pair-1", headers={"Accept": "text/html"})).text

    for said in (ARABIC, HEBREW):
        place = text.index(said[:20])
        opened = text.rindex("<div", 0, place)
        assert 'dir="auto"' in text[opened:place], said


@pytest.mark.postgres
async def test_every_word_of_ours_on_a_page_can_be_translated(
    console: RunningConsole, people: People
) -> None:
    await people("admin", person_id="eve")
    await tell(console.pool, make.a_constitution_published(constitution=make.a_constitution()))
    await tell(console.pool, *a_long_history())
    await tell(console.pool, make.a_pair_proposed(pair_id="p2"), make.a_pair_routed(pair_id="p2"))
    await tell(console.pool, make.a_release_cut())
    client = await console.logged_in(await people("admin", language=MIRRORED))

    for path in PAGES:
        text = (await client.get(path, headers={"Accept": "text/html"})).text
        assert 'dir="rtl"' in text
        reader = Reader()
        reader.feed(text)
        assert not reader.escaped, path


class Reader(HTMLParser):
    """Collects texts of a page that are neither marked as translated nor set apart as not ours."""

    #: Elements whose text comes from outside, or is the same in every language.
    APART = frozenset(("bdi", "code", "pre", "time", "script", "style", "option", "blockquote", "q", "kbd"))
    VOID = frozenset(("meta", "link", "input", "br", "img", "hr"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.escaped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("aria-label", "title", "placeholder"):
            if name != "placeholder" and not self._apart:
                self._look(given.get(name) or "")
        if tag not in self.VOID:
            # A text of its own direction or language is not ours.
            apart = tag in self.APART or given.get("dir") == "auto" or given.get("lang") == "en"
            self.open.append((tag, apart))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._apart:
            self._look(data)

    @property
    def _apart(self) -> bool:
        return any(apart for _tag, apart in self.open)

    def _look(self, text: str) -> None:
        ours = re.sub(r"⟦[^⟦⟧]*(⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧", "", text)
        # Numbers, money, times and the name of the system are said by Babel or never.
        ours = re.sub(r"prefstream|UTC|[A-Z][a-z]{2} \d+, \d{4}|\d+ (ms|\w+)|\bp = |\b[AB]\b", "", ours)
        if re.search(r"[A-Za-z]{2}", ours):
            self.escaped.append(text.strip())
