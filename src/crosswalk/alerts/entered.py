"""What an admin enters for a channel, by its kind: checked here, at the edge, for the console, the API and nobody else."""

import re
from typing import Annotated, Any, Literal

import httpx2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from crosswalk.alerts.causes import Kind
from crosswalk.errors import MappingError, Problem
from crosswalk.loopback import is_loopback, is_private

_MAIL_ADDRESS = re.compile(r"[^\s@,;:<>()\"\\\x00-\x20\x7f]+@[^\s@,;:<>()\"\\\x00-\x20\x7f]+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,253}", re.ASCII)
MOST_RECIPIENTS = 20


def _mail_address(text: str) -> str:
    if not text.isascii() or not _MAIL_ADDRESS.fullmatch(text):
        raise ValueError("enter a mail address such as ops@example.com")
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("enter the name of the mail server alone, such as smtp.example.com")
    return text


def _web_address(secret: SecretStr) -> SecretStr:
    try:
        url = httpx2.URL(secret.get_secret_value())
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if not is_private(url):
        raise ValueError("enter an address that begins with https://; alerts do not travel in the open")
    return secret


MailAddress = Annotated[str, Field(max_length=254), AfterValidator(_mail_address)]
WebAddress = Annotated[SecretStr, Field(max_length=2_000), AfterValidator(_web_address)]


class _ChannelIn(BaseModel):
    """What every channel has. A secret that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
    causes: Annotated[frozenset[Kind], Field(min_length=1, description="Which causes it is told of; all when left out.")] = frozenset(Kind)

    def details(self) -> dict[str, Any]:
        """Return what is kept sealed; secrets that were left out are not in it."""
        given = self.model_dump(exclude={"name", "causes", "kind"}, exclude_none=True)
        return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()}


class MailIn(_ChannelIn):
    """Mail through a server of one's own."""

    kind: Literal["mail"]
    host: Annotated[str, Field(description="The mail server."), AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="`starttls` is usual on port 587, `tls` on 465; `none` on this machine only."),
    ] = "starttls"
    username: Annotated[str, Field(max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    password: Annotated[SecretStr, Field(max_length=1_000)] | None = None
    sender: MailAddress
    recipients: Annotated[list[MailAddress], Field(min_length=1, max_length=MOST_RECIPIENTS)]

    @model_validator(mode="after")
    def _nothing_in_the_open(self) -> "MailIn":
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("choose STARTTLS or TLS: only a mail server on this machine is spoken to in the open")
        return self


class WebhookIn(_ChannelIn):
    """A signed request to a program of one's own. The secret that signs is made here and shown once."""

    kind: Literal["webhook"]
    url: WebAddress | None = None


class ChatIn(_ChannelIn):
    """A message to an incoming webhook of Slack, Teams and their like."""

    kind: Literal["chat"]
    url: WebAddress | None = None


Entered = MailIn | WebhookIn | ChatIn
ChannelIn = Annotated[Entered, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Entered] = TypeAdapter(ChannelIn)


def read(values: dict[str, Any]) -> Entered:
    """Return what a form says; raise `MappingError` with the field of each mistake."""
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as error:
        raise MappingError([_problem(one["loc"], one["type"], one["msg"]) for one in error.errors()]) from None


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> Problem:
    names = [str(one) for one in location[1:]]  # the first names the kind of channel
    said = "Fill this in" if kind == "missing" else message.removeprefix("Value error, ").rstrip(".")
    return Problem("malformed", names[0] if names else "security", f"{said[:1].upper()}{said[1:]}.")
