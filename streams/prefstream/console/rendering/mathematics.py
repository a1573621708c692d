"""Formulas: LaTeX as MathML that a browser shows by itself, without a script."""

import html
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from prefstream.console.rendering.invisible import named
from prefstream.console.rendering.sanitising import MATH_ATTRIBUTES, MATH_TAGS

#: Longer or deeper formulas are shown as they were written.
MAX_LENGTH = 2000
MAX_DEPTH = 40


def formula(latex: str, *, display: bool) -> str:
    """Return a formula as MathML; as its source where it cannot be read as one.

    >>> formula("x^2", display=False)
    '<math display="inline" alttext="x^2"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    >>> formula("{" * 9999, display=False)[:20]
    '<code class="r-math"'
    """
    element = _element(latex, display)
    if element is None:
        return f'<code class="r-math" dir="ltr">{html.escape(latex)}</code>'
    # The source is read out where MathML is not, and stands for the formula in plain words.
    element.set("alttext", named(latex))
    return "".join(_written(element))


def _element(latex: str, display: bool) -> Element | None:
    if len(latex) > MAX_LENGTH or _depth(latex) > MAX_DEPTH:
        return None
    try:
        return convert_to_element(latex, display="block" if display else "inline")
    except Exception:  # noqa: BLE001  (any of its errors means: no formula)
        return None


def _depth(latex: str) -> int:
    depth = deepest = 0
    for letter in latex:
        depth += (letter == "{") - (letter == "}")
        deepest = max(deepest, depth)
    return deepest


def _written(element: Element) -> Iterator[str]:
    """Write an element and what is in it; a tag that is not on the list leaves only its content."""
    known = element.tag in MATH_TAGS
    if known:
        yield f"<{element.tag}{''.join(_attributes(element))}>"
    yield _text(element.text)
    for child in element:
        yield from _written(child)
        yield _text(child.tail)
    if known:
        yield f"</{element.tag}>"


def _attributes(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if name in MATH_ATTRIBUTES:
            yield f' {name}="{html.escape(value)}"'


def _text(text: str | None) -> str:
    # The converter writes characters as numeric references, and what \text{} holds just as it came.
    return html.escape(named(html.unescape(text)), quote=False) if text else ""
