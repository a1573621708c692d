"""Quotes: whether the words a judge puts in quotation marks are the response's own."""

#: What a quote may be wrapped in without being another quote.
_WRAPPING = " \"'`*“”„‟‘’‚‛«»‹›「」『』…."  # noqa: RUF001  (quotation marks of many languages)


def spaced(text: str) -> str:
    r"""Return the text with every run of white space as one blank.

    >>> spaced(" two\n  words ")
    'two words'
    """
    return " ".join(text.split())


def found_in(quote: str, *texts: str) -> bool | None:
    """Return whether a quote occurs in one of the texts; `None` when it quotes nothing.

    White space counts as one blank; quotation marks, dots and emphasis around the quote do not count.
    Case and every letter do: a paraphrase is no quote.

    Args:
        quote: The words as quoted.
        texts: What may be quoted, each already `spaced`.

    >>> found_in("“the answer …”", "So the answer is 4."), found_in("the reply", "So the answer is 4.")
    (True, False)
    """
    words = spaced(quote).strip(_WRAPPING)
    return any(words in text for text in texts) if words else None
