"""The console and the REST API in process: the application on a database, and browsers that are logged in as somebody.

    async with console.served(database, vault, clock, ids) as app:
        admin = await app.user("admin")            # a browser with a session; `.post` of a form carries its token by itself
        answer = await admin.get("/users")
        made = await admin.api("POST", "/api/tokens", json={"name": "nightly", "role": "viewer"})

`app.user(role, {connection_id: role})` gives access to connections. The first owner is `app.owner`.
"""

import re
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
from argon2 import PasswordHasher

from crosswalk.access import invitations, sessions
from crosswalk.access.passwords import Passwords
from crosswalk.access.roles import Role
from crosswalk.access.sessions import Client
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.vendors import Vendors
from crosswalk.inbox.receive import Receiver
from crosswalk.settings import Settings
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.turn.context import Engine
from crosswalk.web.app import create_app
from crosswalk.web.callers import SESSION_COOKIE
from crosswalk.web.services import Services

BASE = "http://crosswalk.example"
PASSWORD = "correct horse battery"
HERE = Client("192.0.2.7", "Firefox")


def cheap_passwords():
    """Return a hasher that costs a test nothing."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Browser:
    """An HTTP client that carries a session and the token its forms need."""

    def __init__(self, app, caller=None, session=None):
        self.caller = caller
        cookies = {SESSION_COOKIE: session} if session else {}
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url=BASE, cookies=cookies)
        services = app.state.services
        self.token = services.vault.hmac(f"csrf:{session}") if session else ""

    async def get(self, address, **options):
        return await self.http.get(address, **options)

    async def post(self, address, form=None, **options):
        """Send a form as a page would; without a session the token is read from the page at that address first."""
        token = self.token or await self._token_of(address)
        return await self.http.post(address, data={"csrf": token, **(form or {})}, **options)

    async def api(self, method, address, **options):
        """Call the REST API as a script of our own page would."""
        headers = {"x-csrf-token": self.token, **options.pop("headers", {})}
        return await self.http.request(method, address, headers=headers, **options)

    async def _token_of(self, address):
        page = (await self.http.get(address)).text
        return re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]


class Console:
    """One application, its first owner, and ways to log in."""

    def __init__(self, services, stack):
        self.services = services
        self.app = create_app(services)
        self._stack = stack
        self._made = 0
        self.owner = None

    async def stranger(self):
        """Return a browser that is not logged in."""
        return await self._opened(Browser(self.app))

    async def first_owner(self):
        """Make the first owner."""
        token = await invitations.first_owner(self.services.access, "Noor Haddad", "noor@harbor.example", PASSWORD, HERE)
        self.owner = await self._opened(Browser(self.app, await sessions.caller(self.services.access, token), token))

    async def user(self, role, connections=None):
        """Return a browser of a new person with that role, and with the roles on connections by their ids."""
        self._made += 1
        access = self.services.access
        email = f"{role}{self._made}@harbor.example"
        given = {key: Role(one) for key, one in (connections or {}).items()}
        _, link = await invitations.invite(access, self.owner.caller, f"{role.title()} {self._made}", email, Role(role), given)
        token = await invitations.accept(access, link, PASSWORD, HERE)
        return await self._opened(Browser(self.app, await sessions.caller(access, token), token))

    async def _opened(self, browser):
        await self._stack.enter_async_context(browser.http)
        return browser


@asynccontextmanager
async def served(database, vault, clock, ids, *, settings=None, http=None, owner=True, practice=None):
    """Serve the console in process on an empty database; `http` reaches orgs and vendors."""
    async with AsyncExitStack() as stack:
        settings = settings or Settings(commit_wait_ms=0, allow_plain_http_orgs=True)
        http = http or await stack.enter_async_context(httpx2.AsyncClient())
        configuration = ConfigurationCache(database, vault, clock)
        receiver = Receiver(database, vault, clock, ids, configuration, settings)
        stack.push_async_callback(receiver.close)
        engine = Engine(database, vault, clock, ids, settings, configuration)
        services = Services(engine, receiver, Orgs(engine, http), Vendors(http, clock), http, cheap_passwords(), practice)
        console = Console(services, stack)
        if owner:
            await console.first_owner()
        yield console


@asynccontextmanager
async def beside(world):
    """Serve the console beside a world of `tests.world`: the same database, org and clock."""
    async with AsyncExitStack() as stack:
        services = Services(world.engine, world.receiver, world.orgs, Vendors(world.http, world.clock), world.http, cheap_passwords())
        console = Console(services, stack)
        await console.first_owner()
        yield console
