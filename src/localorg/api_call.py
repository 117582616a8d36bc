"""What a handler of the REST API is given."""

from dataclasses import dataclass, field
from typing import Any

from localorg.org import Org
from localorg.requests import ApiRequest
from localorg.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request on an org, inside its transaction; `parts` are the variable pieces of the path."""

    org: Org
    transaction: Transaction
    request: ApiRequest
    parts: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Return the request's body."""
        return self.request.json()
