"""Sends a message as mail, through a server of one's own. The standard library's client waits, so it does so in a thread."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import structlog

from crosswalk.alerts import messages
from crosswalk.alerts.messages import Message
from crosswalk.errors import AlertNotSentError

log = structlog.get_logger()

_SECONDS = 15
Later = Callable[[str], AlertNotSentError]


async def send(details: Mapping[str, Any], message: Message, later: Later) -> None:
    """Send a message to all recipients; raise `AlertNotSentError` when the server takes it for none of them.

    Taken for some, it is sent: trying again would send it to these once more.
    """
    try:
        refused = await asyncio.to_thread(_send, details, _mail(details, message))
    except smtplib.SMTPAuthenticationError as error:
        raise later(f"The mail server refuses user and password ({error.smtp_code}); enter them anew.") from error
    except smtplib.SMTPNotSupportedError as error:
        raise later("The mail server does not offer what the channel asks for; choose TLS or STARTTLS as it does, or no user.") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise later("The mail server refuses all recipients; correct their addresses, or the sender's.") from error
    except smtplib.SMTPResponseException as error:
        raise later(f"The mail server refuses the mail ({error.smtp_code}); see its log, and the sender's address.") from error
    except ssl.SSLError as error:
        raise later("The mail server's certificate does not prove that it is that server; correct its name, or its certificate.") from error
    except (OSError, smtplib.SMTPException) as error:
        why = error.strerror or type(error).__name__
        raise later(f"The mail server cannot be reached ({why}); correct host, port and security.") from error
    if refused:
        log.warning("alert_recipients_refused", number=len(refused), of=len(details["recipients"]))


def _send(details: Mapping[str, Any], mail: EmailMessage) -> Mapping[str, Any]:
    trusted = ssl.create_default_context()
    host, port, own_name = details["host"], details["port"], details["sender"].rpartition("@")[2]
    is_sealed = details["security"] == "tls"
    server = (
        smtplib.SMTP_SSL(host, port, own_name, timeout=_SECONDS, context=trusted)
        if is_sealed
        else smtplib.SMTP(host, port, own_name, timeout=_SECONDS)
    )
    with server:
        if details["security"] == "starttls":
            server.starttls(context=trusted)
        if details["username"]:
            server.login(details["username"], details["password"])
        return server.send_message(mail, details["sender"], details["recipients"])


def _mail(details: Mapping[str, Any], message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = f"[Crosswalk] {messages.subject(message)}"
    mail["From"] = details["sender"]
    mail["To"] = ", ".join(details["recipients"])
    mail["Date"] = message.cleared_at or message.raised_at
    mail["Message-ID"] = f"<{message.id}@{details['sender'].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if message.about == "cleared":
        mail["References"] = f"<{message.alert_id}.alert@{details['sender'].rpartition('@')[2]}>"
    mail.set_content("\n\n".join(messages.lines(message)[1:]))
    return mail
