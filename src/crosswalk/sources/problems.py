"""Mistakes in settings, each with its place. The value itself is not repeated: it may be a secret in the wrong line."""

from pydantic import ValidationError

from crosswalk.errors import Problem


def of(error: ValidationError, place: str) -> tuple[Problem, ...]:
    """Return one problem per mistake, each with its place below `place`."""
    return tuple(
        Problem("bad_setting", ".".join([place, *map(str, mistake["loc"])]), f"{mistake['msg']}; correct it.")
        for mistake in error.errors(include_url=False, include_context=False)
    )
