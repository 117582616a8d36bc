"""Numbers as sources write them, exactly: 0.1 stays a tenth, and what is no number is None, never an error."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

_LONGEST = 40  # digits; longer text is no number anybody means
_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_UP)


def decimal(value: Any) -> Decimal | None:
    """Return a JSON number, boolean or numeric text as an exact decimal, or None."""
    if isinstance(value, int):
        return Decimal(int(value))
    if not isinstance(value, float | str | Decimal) or (isinstance(value, str) and len(value) > _LONGEST):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < _LONGEST else None


def rounded_to(number: Decimal, scale: int) -> Decimal | None:
    """Return the number with `scale` decimals, halves away from zero, or None when it is too long for that."""
    try:
        return number.quantize(Decimal(1).scaleb(-scale), context=_ROUNDING)
    except InvalidOperation:
        return None
