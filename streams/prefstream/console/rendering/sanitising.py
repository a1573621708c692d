"""What of HTML may reach a page: a short list; everything else is dropped."""

import nh3

#: Elements of presentation MathML that formulas are made of.
MATH_TAGS = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover "  # noqa: SIM905
    "mmultiscripts mprescripts mtable mtr mtd mstyle mpadded mphantom menclose".split()
)
#: Attributes of theirs; none takes an address or a style.
MATH_ATTRIBUTES = frozenset(
    "alttext display displaystyle scriptlevel mathvariant stretchy fence separator form lspace rspace "  # noqa: SIM905
    "minsize maxsize largeop movablelimits symmetric accent accentunder linethickness columnalign rowspacing "
    "columnspacing width height depth notation".split()
)
_TAGS = frozenset(
    "p br hr div span strong em s code pre blockquote ul ol li a table thead tbody tr th td bdi".split()  # noqa: SIM905
)
_DIRECTED = frozenset(["p", "div", "pre", "blockquote", "ul", "ol", "li", "table", "th", "td"])
_ATTRIBUTES = (
    {tag: {"dir"} for tag in _DIRECTED}
    | {tag: set(MATH_ATTRIBUTES) for tag in MATH_TAGS}
    | {"a": {"href", "target", "dir"}, "ol": {"start", "dir"}}
    | {tag: {"dir", "class"} for tag in ("span", "p", "div", "pre", "code", "th", "td")}
)


def clean(html: str) -> str:
    """Return what of the HTML is on the list.

    >>> clean('<p onclick="x()">a<script>b</script><a href="javascript:c">d</a></p>')
    '<p>a<a rel="noopener noreferrer nofollow">d</a></p>'
    """
    return _CLEANER.clean(html)


def _allowed(_tag: str, name: str, value: str) -> str | None:
    if name == "dir":
        return value if value in {"auto", "ltr"} else None
    if name == "target":
        return "_blank"
    if name == "class":
        return value if all(_ours(one) for one in value.split()) else None
    return value


def _ours(name: str) -> bool:
    """Say whether a class is one of the rendering's own; those of the page's controls are out of reach."""
    return name.startswith("r-") and name.replace("-", "").isalnum() and name.isascii()


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS | MATH_TAGS),
    attributes=_ATTRIBUTES,
    clean_content_tags={"script", "style", "svg"},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    attribute_filter=_allowed,
)
