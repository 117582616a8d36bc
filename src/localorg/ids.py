"""Record ids: 15 case-sensitive characters, and the three-character checksum that makes them safe in case-blind stores.

`canonical` accepts both lengths and repairs an 18-character id that lost its case from the checksum, as the real thing does; a checksum
that cannot be true gives None.
"""

import string

_CHECKSUM = string.ascii_uppercase + "012345"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_UPPER_BITS = {ord(letter): "1" if letter in string.ascii_uppercase else "0" for letter in _DIGITS}
_SHORT = 15
_LONG = 18
_GROUP = 5
_POD = "Hr"
_COUNTER_WIDTH = _SHORT - 3 - len(_POD)


def checksum(short: str) -> str:
    """Return the three characters that turn a 15-character id into the 18-character one."""
    bits = short[::-1].translate(_UPPER_BITS)
    return _CHECKSUM[int(bits[10:], 2)] + _CHECKSUM[int(bits[5:10], 2)] + _CHECKSUM[int(bits[:5], 2)]


def canonical(text: str) -> str | None:
    """Return the 18-character form of an id, or None when the text is not an id."""
    if not text.isascii() or not text.isalnum():
        return None
    if len(text) == _SHORT:
        return text + checksum(text)
    if len(text) == _LONG:
        return _repaired(text)
    return None


def record_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record of the object with this prefix."""
    digits = []
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    short = prefix + _POD + "".join(reversed(digits)).rjust(_COUNTER_WIDTH, "0")
    return short + checksum(short)


def _repaired(text: str) -> str | None:
    short, tail = text[:_SHORT], text[_SHORT:].upper()
    if checksum(short) == tail:
        return short + tail
    if text not in {text.lower(), text.upper()} or any(letter not in _CHECKSUM for letter in tail):
        return None
    letters = []
    for place, letter in enumerate(short):
        upper = _CHECKSUM.index(tail[place // _GROUP]) >> (place % _GROUP) & 1
        if upper and not letter.isalpha():
            return None
        letters.append(letter.upper() if upper else letter.lower())
    return "".join(letters) + tail
