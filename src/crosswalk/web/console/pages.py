"""Putting a page together: its context, the shell around it, and the toast left by what was done before it.

A page's context is a frozen dataclass with the name of its template; the template reads it as `page`, the shell as `shell`. Unknown names
are errors, not blanks.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from http import HTTPStatus
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from crosswalk.access.caller import Caller
from crosswalk.connecting import kinds
from crosswalk.web import callers
from crosswalk.web.console import icons, navigation, wording
from crosswalk.web.console.navigation import Shown
from crosswalk.web.files import Files
from crosswalk.web.services import Services

TEMPLATES = Path(__file__).parents[1] / "templates"
TOAST_COOKIE = "crosswalk_toast"
_TOAST_SECONDS = 60

Crumb = tuple[str, str]  # title, address


class PageContext(Protocol):
    """What a template is filled from."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page."""

    title: str
    csrf: str
    version: str
    zone: tzinfo
    now: datetime
    caller: Caller | None = None
    groups: Sequence[tuple[str, Sequence[Shown]]] = ()
    crumbs: Sequence[Crumb] = ()
    toast: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone_name(self) -> str:
        """The zone all times of the page are in."""
        return wording.zone_name(self.zone)


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that cannot be shown: why, and what to do."""

    template: ClassVar[str] = "failed.html"
    status: int
    code: str
    sentence: str
    request_id: str
    is_within: bool


class Pages:
    """Renders pages of one application."""

    def __init__(self, services: Services, files: Files) -> None:
        self._services = services
        self._version = metadata.version("crosswalk")
        self._environment = _environment(files)

    async def show(
        self,
        request: Request,
        caller: Caller,
        context: PageContext,
        *,
        title: str,
        current: str = "",
        crumbs: Sequence[Crumb] = (),
        status: int = HTTPStatus.OK,
    ) -> Response:
        """Return a page inside the shell; `current` is the address of its entry in the side bar."""
        groups = await navigation.shown(self._services, caller, current)
        return self._rendered(request, context, self._shell(request, title, caller, groups, crumbs), status)

    def bare(self, request: Request, context: PageContext, *, title: str, status: int = HTTPStatus.OK) -> Response:
        """Return a page for somebody who is not logged in."""
        response = self._rendered(request, context, self._shell(request, title), status)
        callers.remember_form(request, response)
        return response

    def part(self, request: Request, caller: Caller, context: PageContext, status: int = HTTPStatus.OK) -> Response:
        """Return a part of a page, for htmx to put in place."""
        return self._rendered(request, context, self._shell(request, "", caller), status)

    async def failed(self, request: Request, status: int, code: str, sentence: str) -> Response:
        """Return the page of an error, inside the shell when the caller is known."""
        caller: Caller | None = getattr(request.state, "caller", None)
        request_id = str(getattr(request.state, "request_id", ""))
        context = FailedPage(int(status), code, sentence, request_id, caller is not None)
        title = HTTPStatus(status).phrase
        if caller is None:
            return self.bare(request, context, title=title, status=status)
        return await self.show(request, caller, context, title=title, status=status)

    def go(self, request: Request, target: str, toast: str = "", kind: str = "ok") -> Response:
        """Send the browser to another page, which then tells what was done."""
        response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        if toast:
            content = base64.urlsafe_b64encode(json.dumps({"text": toast, "kind": kind}).encode()).decode()
            value = f"{content}.{self._services.vault.hmac(f'toast:{content}')}"
            response.set_cookie(
                TOAST_COOKIE,
                value,
                max_age=_TOAST_SECONDS,
                httponly=True,
                samesite="lax",
                secure=callers.base_url(request).startswith("https"),
            )
        return response

    def _shell(
        self,
        request: Request,
        title: str,
        caller: Caller | None = None,
        groups: Sequence[tuple[str, Sequence[Shown]]] = (),
        crumbs: Sequence[Crumb] = (),
    ) -> Shell:
        zone, now = wording.zone(request), self._services.clock.now()
        return Shell(title, callers.csrf(request), self._version, zone, now, caller, groups, crumbs, self._toast(request))

    def _toast(self, request: Request) -> Mapping[str, str]:
        content, _, proof = request.cookies.get(TOAST_COOKIE, "").partition(".")
        if not content or proof != self._services.vault.hmac(f"toast:{content}"):
            return {}
        try:
            return cast("Mapping[str, str]", json.loads(base64.urlsafe_b64decode(content)))
        except (ValueError, binascii.Error):
            return {}

    def _rendered(self, request: Request, context: PageContext, shell: Shell, status: int) -> Response:
        text = self._environment.get_template(context.template).render(page=context, shell=shell)
        response = HTMLResponse(text, status)
        if TOAST_COOKIE in request.cookies:
            response.delete_cookie(TOAST_COOKIE, httponly=True, samesite="lax")
        return response


def of(request: Request) -> Pages:
    """Return what renders the pages of the application."""
    return cast("Pages", request.app.state.pages)


@cache
def _environment(files: Files) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    @cache
    def icon(name: str, size: str = "") -> Markup:
        if name not in icons.USED:
            raise KeyError(f"icon {name} is not listed in icons.py")
        classes = f"i {size}".strip()
        address = files.address("icons.svg")
        return Markup('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(classes, address, name)

    environment.globals.update(
        {"asset": files.address, "icon": icon, "outcomes": icons.OUTCOMES, "entries": icons.ENTRIES, "plural": wording.plural}
    )
    environment.filters.update(
        {
            "number": wording.number,
            "initials": wording.initials,
            "browser": wording.browser,
            "day": wording.day,
            "system": kinds.title,
            "when": _when,
            "full_time": _full_time,
        }
    )
    return environment


@pass_context
def _when(context: Context, at: datetime | None) -> Markup:
    shell: Any = context["shell"]
    return wording.moment(at, shell.now, shell.zone)


@pass_context
def _full_time(context: Context, at: datetime) -> str:
    shell: Any = context["shell"]
    return wording.full(at, shell.zone)
