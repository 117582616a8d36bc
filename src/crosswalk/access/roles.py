"""What each role may do: the one table that pages, the REST API and the documentation read.

A person has one role in the workspace and may have another one on each connection; owners have theirs everywhere. What concerns a
connection, or a sync or delivery into it, is decided by the role there; everything else by the role in the workspace.
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """From the one who may do everything to the one who only chats."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    AGENT = "agent"

    @property
    def rank(self) -> int:
        """How much the role may do, compared with others."""
        return len(Role) - list(Role).index(self)

    @property
    def word(self) -> str:
        """How pages call it."""
        return self.value.capitalize()


class Permission(StrEnum):
    """Something a route needs."""

    OWN_ACCOUNT = "own_account"
    USE_WIDGET = "use_widget"
    LOOK = "look"
    SEE_PERSONS = "see_persons"
    OPERATE = "operate"
    CONFIGURE = "configure"
    MANAGE_ACCESS = "manage_access"
    MAKE_OWNERS = "make_owners"
    GUARD_DATA = "guard_data"

    @property
    def sentence(self) -> str:
        """What it allows, in words."""
        return _SENTENCES[self]


_UP_TO_AGENT = frozenset(Role)
_UP_TO_VIEWER = _UP_TO_AGENT - {Role.AGENT}
_UP_TO_OPERATOR = _UP_TO_VIEWER - {Role.VIEWER}
_UP_TO_ADMIN = _UP_TO_OPERATOR - {Role.OPERATOR}

TABLE: Mapping[Permission, frozenset[Role]] = {
    Permission.OWN_ACCOUNT: _UP_TO_AGENT,
    Permission.USE_WIDGET: _UP_TO_AGENT,
    Permission.LOOK: _UP_TO_VIEWER,
    Permission.SEE_PERSONS: _UP_TO_OPERATOR,
    Permission.OPERATE: _UP_TO_OPERATOR,
    Permission.CONFIGURE: _UP_TO_ADMIN,
    Permission.MANAGE_ACCESS: _UP_TO_ADMIN,
    Permission.MAKE_OWNERS: frozenset({Role.OWNER}),
    Permission.GUARD_DATA: frozenset({Role.OWNER}),
}

_SENTENCES: Mapping[Permission, str] = {
    Permission.OWN_ACCOUNT: "Change their own password and end their own sessions",
    Permission.USE_WIDGET: "Use the widget while chatting",
    Permission.LOOK: "Look at pages, deliveries, mappings and the audit trail",
    Permission.SEE_PERSONS: "Read values of people; others see them masked",
    Permission.OPERATE: "Preview, run, replay, undo and settle held deliveries",
    Permission.CONFIGURE: "Change mappings, syncs, jobs, sources, connections and settings",
    Permission.MANAGE_ACCESS: "Invite people, give and take access, make API tokens",
    Permission.MAKE_OWNERS: "Make somebody an owner, and take it back",
    Permission.GUARD_DATA: "Forget a person, and change the encryption key",
}

SUMMARIES: Mapping[Role, str] = {
    Role.OWNER: "Everything, on every connection",
    Role.ADMIN: "Change mappings, settings and access",
    Role.OPERATOR: "Run, replay, undo and settle held events",
    Role.VIEWER: "Look at everything, change nothing",
    Role.AGENT: "Use the widget while chatting",
}

GIVEN_ON_CONNECTIONS = (Role.ADMIN, Role.OPERATOR, Role.VIEWER, Role.AGENT)


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether a role has a permission."""
    return role in TABLE[permission]


def lesser(one: Role, other: Role) -> Role:
    """Return the role of the two that may do less."""
    return min(one, other, key=lambda role: role.rank)


def lowest(permission: Permission) -> Role:
    """Return the smallest role that has a permission, for sentences that say what to ask for."""
    return min(TABLE[permission], key=lambda role: role.rank)
