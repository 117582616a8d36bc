"""Every page of the console, in the order in which addresses are tried."""

from starlette.routing import BaseRoute

from crosswalk.web.console import (
    account,
    alert_channels,
    alerts,
    audit,
    callouts,
    connecting,
    connections,
    drift,
    entering,
    event_log,
    first_steps,
    help,  # noqa: A004 - the page of that name
    home,
    jobs,
    mapping,
    preview,
    runs,
    search,
    settings,
    settings_data,
    source_campaigns,
    source_objects,
    source_setup,
    sources,
    syncs,
    test_delivery,
    users,
    versions,
)

PAGES = (
    home,
    entering,
    first_steps,
    account,
    help,
    search,
    users,
    audit,
    sources,
    source_objects,
    source_campaigns,
    source_setup,
    connections,
    connecting,
    syncs,
    versions,
    preview,
    test_delivery,
    mapping,
    event_log,
    callouts,
    drift,
    runs,
    jobs,
    settings,
    settings_data,
    alert_channels,
    alerts,
)


def routes() -> list[BaseRoute]:
    """Return the routes of all pages."""
    return [route for module in PAGES for route in module.router.routes]
