"""Whoever asks: a person in a browser, or a program with an API token that acts for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crosswalk.access import roles
from crosswalk.access.roles import Permission, Role
from crosswalk.errors import RequestRefused


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, with the roles that count for this request; an owner, or a token of one, has a role on every connection."""

    user_id: str
    name: str
    email: str
    role: Role
    connections: Mapping[str, Role] = field(default_factory=dict)
    everywhere: Role | None = None
    session_id: str | None = None
    letter_keys: bool = True

    @property
    def actor(self) -> str:
        """How the audit trail names the caller; pages put the name in its place."""
        return actor(self.user_id)

    def role_on(self, connection_id: str) -> Role | None:
        """Return the role on a connection; None means that it is none of the caller's business."""
        return self.everywhere or self.connections.get(connection_id)

    def may(self, permission: Permission) -> bool:
        """Tell whether the role in the workspace has the permission."""
        return roles.allows(self.role, permission)

    def may_on(self, connection_id: str, permission: Permission) -> bool:
        """Tell whether the role on that connection has the permission."""
        role = self.role_on(connection_id)
        return role is not None and roles.allows(role, permission)

    def may_somewhere(self, permission: Permission) -> bool:
        """Tell whether the caller has the permission in the workspace or on any connection."""
        return self.may(permission) or any(roles.allows(role, permission) for role in self.connections.values())

    def expect(self, permission: Permission) -> None:
        """Raise `RequestRefused` unless the role in the workspace has the permission."""
        if not self.may(permission):
            raise refused(permission)

    def expect_on(self, connection_id: str, permission: Permission) -> None:
        """Raise `RequestRefused` unless the role on that connection has the permission."""
        if not self.may_on(connection_id, permission):
            raise refused(permission)


def actor(user_id: str) -> str:
    """Return how the audit trail names a user."""
    return f"user:{user_id}"


def refused(permission: Permission) -> RequestRefused:
    """Return the refusal that says which role to ask for."""
    role = roles.lowest(permission).value
    article = "an" if role[0] in "aeiou" else "a"
    sentence = f"Your role does not allow this; nothing was changed. Ask an owner for the role of {article} {role}."
    return RequestRefused("not_allowed", sentence, 403, permission=permission.value)
