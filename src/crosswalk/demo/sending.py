"""Sends the scenario over the real HTTP API: webhooks signed, calls with a write key, some compressed, with progress on the terminal.

Systems post several webhooks at a time; a client of the data plane empties one queue, one request after the other.
"""

import asyncio
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from crosswalk import posting
from crosswalk.demo import chats
from crosswalk.demo.stage import Stage
from crosswalk.posting import Post
from crosswalk.sources import registry
from crosswalk.store.configuration import SourceConfig

_AT_ONCE = 32
_SENT = "application/json"


async def webinar_and_calls(set_up: Stage, console: Console) -> int:
    """Post the webhooks of the webinar and the calls of the app; return how many items that were, repeats included."""
    played = set_up.played
    return await _post(
        set_up,
        console,
        {"webhooks": (webhooks(set_up, [*played.webhooks, *played.redelivered]), _AT_ONCE), "calls": (data_plane(set_up), 1)},
    )


async def chat_webhooks(set_up: Stage, console: Console) -> int:
    """Post what LiveChat tells of its chats; return how many items that were, repeats included."""
    source, path = set_up.sources["livechat"], set_up.hook("livechat")
    secret = {"secret_key": source.secrets["webhook_secret"]}
    posts = [Post(path, {"content-type": _SENT}, _encoded(body | secret)) for body in chats.webhooks(set_up.played.chats)]
    return await _post(set_up, console, {"chats": (posts, _AT_ONCE)})


def webhooks(set_up: Stage, payloads: Iterable[dict[str, Any]]) -> list[Post]:
    """Return signed requests of Livestorm, one a webhook."""
    source, path = set_up.sources["livestorm"], set_up.hook("livestorm")
    bodies = [_encoded(payload) for payload in payloads]
    return [Post(path, _signed(set_up, source, "signing_secret", body), body) for body in bodies]


def data_plane(set_up: Stage) -> list[Post]:
    """Return the requests of the data plane with their write key."""
    source, posts = set_up.sources["rudderstack"], []
    for posted in set_up.played.posted:
        content = json.dumps(posted.body).encode()
        headers = _signed(set_up, source, "write_key", content)
        if posted.zipped:
            content, headers = gzip.compress(content), {**headers, "content-encoding": "gzip"}
        posts.append(Post(posted.path, headers, content, posted.calls))
    return posts


async def _post(set_up: Stage, console: Console, queues: Mapping[str, tuple[list[Post], int]]) -> int:
    """Post several queues beside each other, each with so many requests at once."""
    with _progress(console) as progress:

        async def empty(title: str, posts: list[Post], at_once: int) -> None:
            bar = progress.add_task(title, total=sum(post.items for post in posts))
            await posting.post_all(set_up.api, posts, at_once, lambda post: progress.advance(bar, post.items))

        await asyncio.gather(*(empty(title, *queue) for title, queue in queues.items()))
    return sum(post.items for posts, _ in queues.values() for post in posts)


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _signed(set_up: Stage, source: SourceConfig, secret: str, content: bytes) -> dict[str, str]:
    now = set_up.parts.engine.clock.now()
    return dict(registry.source(source.kind).sign(content, source.secrets[secret], now, source.settings))


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)
