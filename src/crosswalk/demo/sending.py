"""Sends the scenario over the real HTTP API: webhooks signed, calls with a write key, some compressed, with progress on the terminal.

Livestorm posts several webhooks at a time; a client of the data plane empties one queue, one request after the other.
"""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from crosswalk import posting
from crosswalk.demo.scenario import Scenario
from crosswalk.posting import Post
from crosswalk.sources import registry
from crosswalk.store.configuration import SourceConfig

Now = Callable[[], datetime]

_AT_ONCE = 32


async def send(
    http: httpx2.AsyncClient, played: Scenario, webinars: SourceConfig, hook: str, sdk: SourceConfig, now: Now, console: Console
) -> int:
    """Post everything and return how many events were sent, repeats included."""
    hooks = [*webhooks(webinars, hook, played.webhooks, now), *webhooks(webinars, hook, played.redelivered, now)]
    calls = data_plane(sdk, played, now)
    with _progress(console) as progress:
        bars = [
            progress.add_task(title, total=sum(post.items for post in posts)) for title, posts in (("webhooks", hooks), ("calls", calls))
        ]

        async def post(number: int, posts: list[Post], at_once: int) -> None:
            await posting.post_all(http, posts, at_once, lambda post: progress.advance(bars[number], post.items))

        await asyncio.gather(post(0, hooks, _AT_ONCE), post(1, calls, 1))
    return sum(post.items for post in (*hooks, *calls))


def webhooks(source: SourceConfig, hook: str, payloads: Iterable[dict[str, Any]], now: Now) -> list[Post]:
    """Return signed requests, one a webhook."""
    return [_webhook(source, hook, json.dumps(payload, ensure_ascii=False).encode(), now()) for payload in payloads]


def data_plane(source: SourceConfig, played: Scenario, now: Now) -> list[Post]:
    """Return the requests of the data plane with their write key."""
    posts = []
    for posted in played.posted:
        content = json.dumps(posted.body).encode()
        headers = _signed(source, "write_key", content, now())
        if posted.zipped:
            content, headers = gzip.compress(content), {**headers, "content-encoding": "gzip"}
        posts.append(Post(posted.path, headers, content, posted.calls))
    return posts


def _webhook(source: SourceConfig, hook: str, content: bytes, now: datetime) -> Post:
    return Post(hook, _signed(source, "signing_secret", content, now), content)


def _signed(source: SourceConfig, secret: str, content: bytes, now: datetime) -> dict[str, str]:
    return dict(registry.source(source.kind).sign(content, source.secrets[secret], now, source.settings))


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)
