"""Points in time as the API takes them: with a zone, and of an age in which every zone can tell them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

_FIRST_YEAR, _LAST_YEAR = 2000, 2099


def of_this_age(moment: datetime) -> datetime:
    """Return the time; raise `ValueError` when it is none that an event can have."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("choose a day of this century")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(of_this_age)]
