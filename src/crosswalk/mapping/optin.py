"""Whether a call asks for Salesforce in its `integrations`.

Two rules: `explicit` wants the name itself, true or an object, and guards the org's API limit; `server` is the rule of present-day
RudderStack servers, where absence and `All` mean yes. Names are compared with their case.
"""

from typing import Any

from crosswalk.mapping.document import OptIn, OptInMode


def opted_in(rule: OptIn, payload: Any) -> bool:
    """Tell whether the event asks to be sent."""
    if not isinstance(payload, dict):
        return False
    asked = payload.get("integrations")
    if rule.mode is OptInMode.EXPLICIT:
        return isinstance(asked, dict) and _named(asked.get(rule.name)) is True
    if asked is None:
        return True
    if not isinstance(asked, dict):
        return False
    everything = asked.get("All", True)
    if not isinstance(everything, bool):
        return False
    named = _named(asked.get(rule.name))
    return everything if named is None else named


def _named(value: Any) -> bool | None:
    """Return what the named destination says: yes, no, or nothing of use."""
    if isinstance(value, bool):
        return value
    return True if isinstance(value, dict) else None
