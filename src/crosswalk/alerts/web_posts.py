"""Sends a message by HTTP: signed JSON to a program, or a text to a chat.

The signature is that of Standard Webhooks (standardwebhooks.com), so that a receiver can use a ready library. Redirects are not followed
and no answer is read but its status, so that a channel's address cannot be used to look around behind the firewall.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2

from crosswalk.alerts import messages
from crosswalk.alerts.channels import SECRET_PREFIX
from crosswalk.alerts.mail import Later
from crosswalk.alerts.messages import Message

_SECONDS = 15


async def send_signed(http: httpx2.AsyncClient, details: Mapping[str, Any], message: Message, now: datetime, later: Later) -> None:
    """Post a message as JSON, signed; raise `AlertNotSentError` unless the receiver takes it."""
    content = json.dumps(messages.body(message), separators=(",", ":")).encode()
    await _post(http, details["url"], content, signed(details["signing_secret"], message.id, content, now), later)


async def send_text(http: httpx2.AsyncClient, details: Mapping[str, Any], message: Message, later: Later) -> None:
    """Post a message as the text of an incoming webhook; raise `AlertNotSentError` unless the chat takes it."""
    text = "\n".join(messages.lines(message))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):  # or a name could call the whole channel
        text = text.replace(sign, entity)
    await _post(http, details["url"], json.dumps({"text": text}).encode(), {"webhook-id": message.id}, later)


def signed(secret: str, message_id: str, content: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove to a receiver who sent what, and when."""
    at = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    proof = hmac.digest(key, f"{message_id}.{at}.".encode() + content, hashlib.sha256)
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(proof).decode()}"}


async def _post(http: httpx2.AsyncClient, url: str, content: bytes, headers: Mapping[str, str], later: Later) -> None:
    sent = {"content-type": "application/json", "user-agent": "Crosswalk", **headers}
    try:
        async with http.stream("POST", url, content=content, headers=sent, timeout=_SECONDS, follow_redirects=False) as response:
            status, is_taken = response.status_code, response.is_success
    except httpx2.RequestError as error:
        raise later(f"The receiver cannot be reached or does not answer ({type(error).__name__}); correct its address.") from error
    if not is_taken:
        raise later(f"The receiver answers with {status} instead of taking it; correct the address, or see what it lacks.")
