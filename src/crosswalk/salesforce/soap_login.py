"""Logging in with user name, password and security token alone, without a connected app.

Salesforce offers this only through its SOAP API, and only up to version 64; new orgs may have it switched off. The session it gives is
good for REST.
"""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import httpx2

from crosswalk.salesforce.logins import LoginHost, Token

_VERSION = "59.0"
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com">'
    "<soapenv:Body><urn:login><urn:username>{username}</urn:username><urn:password>{password}</urn:password></urn:login></soapenv:Body>"
    "</soapenv:Envelope>"
)
_NAMES = ("sessionId", "serverUrl", "organizationId", "userId")


@dataclass(frozen=True, slots=True)
class SoapLogin:
    """User name, password and security token."""

    host: LoginHost
    username: str
    password: str = field(repr=False)
    security_token: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Log in anew; nothing of the previous token is needed."""
        del previous
        envelope = _ENVELOPE.format(username=escape(self.username), password=escape(self.password + self.security_token))
        request = self.host.request(
            "POST",
            f"/services/Soap/u/{_VERSION}",
            content=envelope.encode(),
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"},
        )
        response = await self.host.send(request)
        session, server, org, user = (_element(name, response.text) for name in _NAMES)
        try:
            address = httpx2.URL(server)
            return self.host.token(session, f"{address.scheme}://{address.netloc.decode()}", org, user)
        except ValueError as error:
            raise self.host.busy("The login host gave no usable answer; it goes on by itself.", host=self.host.url) from error


def _element(name: str, text: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>([^<]+)<", text)
    return found[1] if found else ""
