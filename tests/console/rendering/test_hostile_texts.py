"""Texts that try to do harm come out as text."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from prefstream.console.rendering import difference, plain, rendered
from prefstream.console.rendering.sanitising import MATH_TAGS
from tests.console.rendering.hostile import ENDLESS, TEXTS

TAGS = MATH_TAGS | set(
    "p br hr div span strong em s code pre blockquote ul ol li a table thead tbody tr th td "  # noqa: SIM905
    "details summary".split()
)
ATTRIBUTES = re.compile(
    r"alttext|class|dir|href|target|rel|title|data-name|start|display|displaystyle|scriptlevel|mathvariant|stretchy|fence|separator"
    r"|form|lspace|rspace|minsize|maxsize|largeop|movablelimits|symmetric|accent|accentunder|linethickness|columnalign"
    r"|rowspacing|columnspacing|width|height|depth|notation"
)
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\u00ad\U000e0000-\U000e007f\x00-\x08\x0e-\x1f]")


class Reader(HTMLParser):
    """Notes what is not on our list."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if not ATTRIBUTES.fullmatch(name):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "href" and not re.match(r"(https?://|mailto:)[\x21-\x7e]+$", value or ""):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "class" and not all(
                one in {"text", "invisible"} or one.startswith("r-") for one in (value or "").split()
            ):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")


def harm_in(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.wrong


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_that_acts_survives(name: str) -> None:
    html = rendered(TEXTS[name])

    assert harm_in(html) == []
    assert UNSEEN.search(html) is None


@pytest.mark.parametrize("name", ENDLESS)
def test_no_text_takes_for_ever(name: str) -> None:
    started = time.process_time()
    html = rendered(ENDLESS[name])
    took_s = time.process_time() - started

    assert took_s < 5  # the worst was .7 s where it was measured
    assert len(html) < 60 * len(ENDLESS[name]) + 1000
    assert harm_in(html) == []


@settings(max_examples=300, deadline=None)
@given(
    some.lists(
        some.sampled_from(
            [
                *"<>[]()*_`$\\&;:#!|~\"'=/ \n\ta1",
                "<script>",
                "javascript:",
                "](",
                "![",
                "$$",
                r"\(",
                r"\)",
                r"\[",
                "```",
                "onerror=",
                "&#",
                "https://",
                "\u202e",
                "|-|",
                r"\text{",
                "}",
                "<!--",
            ]
        ),
        max_size=60,
    ).map("".join)
)
def test_whatever_is_put_together_comes_out_harmless(text: str) -> None:
    assert harm_in(rendered(text)) == []


@settings(max_examples=200, deadline=None)
@given(some.text(max_size=300), some.text(max_size=300))
def test_differences_of_any_two_texts_are_harmless(left: str, right: str) -> None:
    found = difference(left, right)

    assert set(re.findall(r"<(\w+)", found.left)) <= {"del", "span"}
    assert set(re.findall(r"<(\w+)", found.right)) <= {"ins", "span"}
    assert 0 <= found.common <= 1


@pytest.mark.parametrize("name", TEXTS)
def test_the_plain_words_hold_no_address_that_runs(name: str) -> None:
    left = difference(plain(TEXTS[name]), "").left

    assert harm_in(left.replace("<del>", "").replace("</del>", "")) == []
