"""Where an admin finds each thing a login needs: said at its field, and where it is missing, with the section of the guide that says more.

The names are those of a connection's settings and secrets.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

GUIDE: Final = "how-to/connect-salesforce.md"


@dataclass(frozen=True, slots=True)
class Help:
    """One sentence, and the heading in the guide below which more is said."""

    sentence: str
    section: str

    @property
    def page(self) -> str:
        """The page of the documentation, with its anchor."""
        return f"{GUIDE}#{self.section}"


_APP = "client-credentials"
_PASSWORD = "password"  # noqa: S105  # the name of a heading

HELP: Final = MappingProxyType(
    {
        "username": Help("The user name of the user that Crosswalk works as; it looks like an e-mail address.", _PASSWORD),
        "password": Help("The password of that user. Write it without the security token, which has a field of its own.", _PASSWORD),
        "security_token": Help(
            "Salesforce mails it: log in as that user, open My Personal Information in its settings, choose Reset My Security Token, and "
            "read the mail. Each new password changes it.",
            "the-security-token",
        ),
        "client_id": Help("The consumer key of the connected app or external client app.", _APP),
        "client_secret": Help("The consumer secret of the connected app or external client app.", _APP),
        "private_key": Help("The RSA key, as PEM text, of the certificate that was uploaded to the app.", "jwt"),
        "refresh_token": Help("The refresh token of a grant that was given to the app elsewhere.", "refresh-token"),
        "access_token": Help("A token of a session; it ends with the session and cannot be renewed.", "access-token"),
        "login_url": Help("The org's own address, which ends in .my.salesforce.com.", _APP),
    }
)


def where(name: str) -> str:
    """Return what is said where it is missing; nothing for what needs no explanation."""
    found = HELP.get(name)
    return f" {found.sentence}" if found else ""
