"""Texts from implementations, made fit for any report."""

from __future__ import annotations

#: Longer texts lose their middle.
MOST_CHARACTERS = 4000


def capped(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text that is not too long: of one that is, the beginning and the end.

    >>> capped("0123456789", 6)
    '012 … 4 characters left out … 789'
    """
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


def readable(text: str) -> str:
    """A text without what can't be printed: control characters and lone surrogates, each as its escape.

    >>> readable("a\\x00b\\ud800c")
    'a\\\\x00b\\\\ud800c'
    """
    return "".join(sign if sign.isprintable() or sign in "\t\n" else ascii(sign)[1:-1] for sign in text)
