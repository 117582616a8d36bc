"""Posts bodies to a running Crosswalk as the sources themselves do: several at a time, in order of their start, again when told to.

An answer of 429 or 503 means later; any other refusal is final and is told with its sentence.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import httpx2

from crosswalk.errors import ConfigurationError, RequestRefused

_ATTEMPTS = 20
_LATER = frozenset({429, 503})
_LONGEST_WAIT_SECONDS = 5.0
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Post:
    """One request; `items` is how many events it carries."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    items: int = 1
    line: int = 0


async def post_all(http: httpx2.AsyncClient, posts: Iterable[Post], at_once: int, posted: Callable[[Post], None]) -> None:
    """Post everything and call `posted` after each; raise on the first refusal, or when nobody listens at the address."""
    remaining = iter(posts)

    async def sender() -> None:
        for post in remaining:
            await _post(http, post)
            posted(post)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(sender())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # they all fail for the same cause: the first says it


async def _post(http: httpx2.AsyncClient, post: Post) -> None:
    for _ in range(_ATTEMPTS):
        try:
            response = await http.post(post.path, content=post.content, headers=dict(post.headers), timeout=_TIMEOUT_SECONDS)
        except httpx2.TransportError as error:
            raise ConfigurationError(
                f"Nobody answers at {http.base_url} ({type(error).__name__}); start `crosswalk serve`, or give its address with --url."
            ) from error
        if response.is_success:
            return
        if response.status_code not in _LATER:
            break
        await asyncio.sleep(_wait(response))
    raise RequestRefused(f"http_{response.status_code}", _sentence(post, response), response.status_code)


def _wait(response: httpx2.Response) -> float:
    told = response.headers.get("retry-after", "")
    return min(float(told), _LONGEST_WAIT_SECONDS) if told.isdigit() else 1.0


def _sentence(post: Post, response: httpx2.Response) -> str:
    where = f"Line {post.line}" if post.line else "A request"
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = response.json()
        return f"{where} was refused: {problem.get('detail') or problem.get('title')}"
    return f"{where} was refused: {response.text.strip()[:300]}"
