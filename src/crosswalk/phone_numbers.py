"""Phone numbers, which Salesforce keeps as free text: the digits that tell them apart, and the spellings they can be searched under.

Salesforce compares phones as text, so a number is found only under a spelling that is asked for. The ways in which countries group digits
cannot be guessed; a record whose grouping differs from the event's own, and from all below, is not found. Asking by e-mail or an
external id first spares the question.
"""

_DIGITS = frozenset("0123456789")
_NATIONAL = 10  # digits of a North American number, which Salesforce's own pages group as (415) 555-0100


def digits(text: str) -> str:
    """Return the digits, without the + or 00 that starts an international number; equal for all spellings of one."""
    found = "".join(letter for letter in text if letter in _DIGITS)
    zeros = len(found) - len(found.lstrip("0"))
    return found[zeros - zeros % 2 :]  # pairs of them, so that the digits of digits are the same


def spellings(text: str) -> tuple[str, ...]:
    """Return the texts under which a number is searched: as given, bare, and with each start of an international number."""
    bare = digits(text)
    if not bare:
        return (text,)
    grouped = (f"({bare[:3]}) {bare[3:6]}-{bare[6:]}",) if len(bare) == _NATIONAL else ()
    international = () if bare.startswith("0") else (f"+{bare}", f"00{bare}")
    return tuple(dict.fromkeys((text.strip(), bare, *international, *grouped)))
