"""`${NAME}` in a workspace file: the value of an environment variable.

A secret is nothing but a reference; other settings may hold references within their text.
"""

import re
from collections.abc import Mapping
from typing import Any

from crosswalk.errors import Problem

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class References:
    """Looks references up in an environment and gathers what cannot be found; for secrets another one may be given."""

    def __init__(self, environment: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._secrets = environment if secrets is None else secrets
        self.problems: list[Problem] = []

    def secret(self, value: Any, place: str) -> str:
        """Return the value a secret refers to; anything but a reference is a problem."""
        found = _REFERENCE.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            sentence = "A secret does not stand in this file; write ${NAME} and put it into the environment variable NAME."
            self.problems.append(Problem("secret_in_file", place, sentence))
            return ""
        return self._looked_up(found.group(1), place, self._secrets)

    def settings(self, value: Any, place: str) -> Any:
        """Return a value with every reference in its texts replaced."""
        if isinstance(value, str):
            return _REFERENCE.sub(lambda found: self._looked_up(found.group(1), place, self._environment), value)
        if isinstance(value, list):
            return [self.settings(item, f"{place}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {name: self.settings(item, f"{place}.{name}") for name, item in value.items()}
        return value

    def _looked_up(self, name: str, place: str, environment: Mapping[str, str]) -> str:
        value = environment.get(name, "")
        if not value:
            self.problems.append(Problem("variable_missing", place, f"The environment variable {name} is not set; set it and apply again."))
        return value
