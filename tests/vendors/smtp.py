"""A strict mail server: greets, insists on STARTTLS and a login where it is told to, and keeps what it takes.

It speaks RFC 5321 as far as a client that sends needs it. What comes out of order is refused, and a password before encryption too.
"""

import asyncio
import base64
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"
USER, PASSWORD = "alerts@harbor.example", "correct horse mail"


class MailServer:
    """What one server expects and has taken; `refuse` holds addresses it takes no mail for, `broken` makes it answer 451 to everything."""

    def __init__(self, certificate, login):
        self.certificate, self.login = certificate, login
        self.port = 0
        self.mails = []
        self.refuse = set()
        self.broken = False

    @property
    def settings(self):
        """What an admin enters to use this server."""
        given = {"host": HOST, "port": self.port, "security": "starttls" if self.certificate else "none", "sender": USER}
        return {**given, **({"username": USER, "password": PASSWORD} if self.login else {})}

    def subjects(self):
        return [one["Subject"].removeprefix("[Crosswalk] ") for one in self.mails]

    async def serve(self, reader, writer):
        """Speak with one client until it leaves."""
        talk = _Talk(self, reader, writer)
        try:
            await talk.run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Talk:
    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.is_sealed = self.is_known = self.has_greeted = False
        self.sender, self.recipients = None, []

    async def run(self):
        await self.say("220 mail.harbor.example ESMTP")
        while line := (await self.reader.readline()).decode():
            verb, _, rest = line.rstrip("\r\n").partition(" ")
            if verb.upper() == "QUIT":
                await self.say("221 bye")
                return
            if self.server.broken:
                await self.say("451 not now")
                continue
            await getattr(self, f"on_{verb.lower()}", self.on_other)(rest)

    async def say(self, *lines):
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def on_other(self, _):
        await self.say("500 unknown")

    async def on_ehlo(self, _):
        self.has_greeted = True
        offers = ["250-mail.harbor.example"]
        if self.server.certificate and not self.is_sealed:
            offers.append("250-STARTTLS")
        if self.server.login and self.is_sealed:
            offers.append("250-AUTH PLAIN")
        await self.say(*offers, "250 SIZE 1000000")

    async def on_starttls(self, _):
        if not self.server.certificate or self.is_sealed:
            await self.say("454 not available")
            return
        await self.say("220 go on")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        await self.writer.start_tls(context)
        self.is_sealed, self.has_greeted = True, False

    async def on_auth(self, rest):
        if not self.is_sealed:
            await self.say("538 encryption required")
            return
        method, _, proof = rest.partition(" ")
        _, user, password = base64.b64decode(proof).decode().split("\0")
        self.is_known = (method, user, password) == ("PLAIN", USER, PASSWORD)
        await self.say("235 welcome" if self.is_known else "535 refused")

    async def on_mail(self, rest):
        if not self.has_greeted or (self.server.certificate and not self.is_sealed) or (self.server.login and not self.is_known):
            await self.say("530 not allowed")
            return
        self.sender, self.recipients = rest, []
        await self.say("250 ok")

    async def on_rcpt(self, rest):
        address = rest.split("<")[1].split(">")[0]
        if self.sender is None or address in self.server.refuse:
            await self.say("550 no such mailbox")
            return
        self.recipients.append(address)
        await self.say("250 ok")

    async def on_rset(self, _):
        self.sender, self.recipients = None, []
        await self.say("250 ok")

    async def on_data(self, _):
        if not self.recipients:
            await self.say("503 nobody to send to")
            return
        await self.say("354 end with a dot")
        content = await self.reader.readuntil(b"\r\n.\r\n")
        mail = message_from_bytes(content[:-3].replace(b"\r\n..", b"\r\n."), policy=policy.default)
        mail.recipients = tuple(self.recipients)
        self.server.mails.append(mail)
        await self.say("250 taken")


@asynccontextmanager
async def mail_server(*, certificate=None, login=False):
    """Serve on a free port of this machine."""
    made = MailServer(certificate, login)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield made


def certificate(folder, host=HOST):
    """Write a certificate of a host with its key, and return the file; it is its own authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{host}.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file
