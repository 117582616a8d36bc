"""Every page of the console, in the order in which addresses are tried."""

from starlette.routing import BaseRoute

from crosswalk.web.console import account, audit, entering, help, mapping, search, syncs, users, versions  # noqa: A004 - the page of that name

PAGES = (entering, account, help, search, users, audit, syncs, versions, mapping)


def routes() -> list[BaseRoute]:
    """Return the routes of all pages."""
    return [route for module in PAGES for route in module.router.routes]
