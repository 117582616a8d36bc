"""The "did you mean …?" half of a sentence.

Only ever asked about mistakes, so it may be slow; it never guesses when nothing is close. What was asked is remembered, because the
editor asks again for every edit, and an org may lack a hundred mapped fields.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

_CLOSE = 0.6
_REMEMBERED = 512


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, ignoring case and the blanks, dashes and underscores between words, or None."""
    return _nearest(word, tuple(choices))


@lru_cache(maxsize=_REMEMBERED)
def _nearest(word: str, choices: tuple[str, ...]) -> str | None:
    spelled = {_letters(choice): choice for choice in choices}
    found = get_close_matches(_letters(word), spelled, n=1, cutoff=_CLOSE)
    return spelled[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a blank and the question, or nothing: for the end of a sentence."""
    found = nearest(word, choices)
    return f' Did you mean "{found}"?' if found else ""


def _letters(word: str) -> str:
    """Return the word without what people vary most."""
    return "".join(letter for letter in word[:100].casefold() if letter not in " -_")
