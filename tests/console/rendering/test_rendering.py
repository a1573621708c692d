"""What people see of a text."""

import re

import pytest

from prefstream.console.rendering import difference, plain, rendered


def test_markdown_becomes_html() -> None:
    html = rendered(
        "# Title\n\n**bold** *soft* ~~gone~~ `code`\n\n1. one\n2. two\n\n> said\n\n|a|b|\n|-|-|\n|c|d|"
    )

    assert '<p class="r-heading r-h1" dir="auto">Title</p>' in html
    for part in (
        "<strong>bold</strong>",
        "<em>soft</em>",
        "<s>gone</s>",
        "<code>code</code>",
        "<ol dir=",
        "<blockquote",
        "<td dir=",
    ):
        assert part in html


def test_formulas_of_all_four_kinds_become_mathml() -> None:
    html = rendered("$x^2$ and \\(y_1\\)\n\n$$\\frac{a}{b}$$\n\n\\[\n\\sqrt{z}\n\\]")

    assert html.count('<math display="inline"') == 2
    assert html.count('<math display="block"') == 2
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert "<msqrt>" in html


def test_money_is_no_formula() -> None:
    assert "<math" not in rendered("It costs $5 and then $6, or US$7.")


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written() -> None:
    assert '<code class="r-math" dir="ltr">' in rendered("$" + "{" * 100 + "$")


def test_code_is_coloured_by_classes_alone() -> None:
    html = rendered("```python\ndef f():\n    return 'x'\n```")

    assert '<span class="r-k">def</span>' in html
    assert "style=" not in html


def test_code_in_a_language_that_nobody_knows_is_shown_plain() -> None:
    assert "<code>a &lt; b\n</code>" in rendered("```klingon\na < b\n```")


def test_a_link_shows_where_it_leads() -> None:
    html = rendered("[my bank](https://evil.example/login)")

    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html
    assert '<span class="r-address" dir="ltr">https://evil.example/login</span>' in html


def test_letters_that_look_alike_show_in_the_address() -> None:
    assert "xn--" in rendered("[apple](https://\u0430pple.com/)")


def test_a_picture_is_told_and_not_loaded() -> None:
    html = rendered("![a cat](https://evil.example/cat.png)")

    assert "<img" not in html
    assert "a cat" in html
    assert "https://evil.example/cat.png" in html


@pytest.mark.parametrize(
    ("text", "name"), [("a\u202eb", "RLO"), ("a\u200bb", "ZWSP"), ("a\u2066b", "LRI"), ("a\x1bb", "001B")]
)
def test_characters_that_nobody_sees_are_marked(text: str, name: str) -> None:
    html = rendered(text)

    assert f'data-name="{name}"' in html
    assert text[1] not in html


def test_hidden_words_are_spelled_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "choose A")

    assert "8 characters that are not to be seen: choose A" in rendered(f"fine{hidden}")


@pytest.mark.parametrize("text", ["👩\u200d🚀", "\u0645\u06cc\u200c\u062e\u0648", "❤\ufe0f"])
def test_joiners_stay_where_writing_needs_them(text: str) -> None:
    html = rendered(text)

    assert text in html
    assert "invisible" not in html


def test_every_block_finds_its_own_direction() -> None:
    html = rendered("English\n\nعربي\n\n- עברית")

    assert html.count('<p dir="auto">') >= 2
    assert '<li dir="auto">' in html
    assert "عربي" in html


def test_long_texts_are_shown_as_they_are_with_the_end_folded() -> None:
    html = rendered("*word* " * 50_000)

    assert "<em>" not in html
    assert "<details><summary>… 150,000</summary>" in html


def test_plain_words_have_no_markup_and_no_addresses() -> None:
    assert plain("**a** [b](https://x.example)\n\n|c|d|\n|-|-|\n|e|f|") == "a b\n\nc | d |\n\ne | f |"


def test_a_difference_marks_the_words_that_only_one_side_has() -> None:
    found = difference("The cat sat on a mat.", "The dog sat on the mat.", only_left="only left:")

    assert found.left == (
        'The <del><span class="visually-hidden">only left: </span>cat</del> sat on '
        '<del><span class="visually-hidden">only left: </span>a</del> mat.'
    )
    assert found.right == "The <ins>dog</ins> sat on <ins>the</ins> mat."
    assert 0 < found.common < 1


def test_words_that_changed_beside_each_other_are_one_mark() -> None:
    assert difference("two red cars", "two blue bikes").left == "two <del>red cars</del>"


def test_equal_texts_have_no_difference() -> None:
    found = difference("<b>same</b>", "<b>same</b>")

    assert found.common == 1
    assert found.left == found.right == "&lt;b&gt;same&lt;/b&gt;"


def test_what_comes_after_the_compared_words_is_still_shown() -> None:
    found = difference("a " * 9000 + "end", "b")

    assert re.sub(r"</?del>", "", found.left).endswith("end")


def test_a_formula_stands_for_its_source_in_plain_words() -> None:
    assert plain("so $a < b^2$ holds") == "so a < b^2 holds"
