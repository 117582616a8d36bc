"""`/composite/graph`: several graphs of writes in one call, each of them all or nothing.

Only single records may be written and read in a graph. After fourteen failed graphs the rest is not tried.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from localorg import composite
from localorg.api_call import ApiCall
from localorg.composite import Dispatch, Part, malformed
from localorg.errors import SalesforceError
from localorg.requests import ApiRequest, Reply

_MOST_NODES, _MOST_GRAPHS, _MOST_DEPTH, _MOST_KINDS, _MOST_FAILURES = 500, 75, 15, 15, 14
_GRAPH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PLACE = re.compile(r"/services/data/v(\d+)\.0(/.*)")
_ALLOWED = frozenset({"sobject", "record", "upsert"})
_FAILED = 400
_HALTED = [{"errorCode": "PROCESSING_HALTED", "message": "Processing halted because too many graphs of this request have failed."}]

Kinds = Callable[[ApiRequest], str]


@dataclass(frozen=True, slots=True)
class _Graph:
    id: str
    parts: list[Part]


def run(call: ApiCall, dispatch: Dispatch, kind_of: Kinds) -> Reply:
    """Answer every graph: 200 whatever became of them, 400 when the outer request is not well formed."""
    body = call.json()
    given = body.get("graphs") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given:
        raise malformed("The graphs property is required and must be a list of graphs")
    graphs = [_read(each) for each in given]
    _check_size(graphs)
    failed, answers = 0, []
    for each in graphs:
        for part in each.parts:
            _check_kind(part, kind_of)
    for each in graphs:
        halted = failed >= _MOST_FAILURES
        done = _halted(each) if halted else composite.answer(call, each.parts, dispatch, atomic=True)
        successful = all(reply.status < _FAILED for reply in done.values())
        failed += not successful
        shown = composite.shown(each.parts, done)
        answers.append({"graphId": each.id, "graphResponse": {"compositeResponse": shown}, "isSuccessful": successful})
    return Reply(200, {"graphs": answers}, rows=sum(len(each.parts) for each in graphs))


def _read(given: Any) -> _Graph:
    graph_id = given.get("graphId") if isinstance(given, dict) else None
    if not isinstance(graph_id, str) or _GRAPH_ID.fullmatch(graph_id) is None:
        raise malformed("Every graph needs a graphId of at most 40 characters that begins with a letter or digit")
    return _Graph(graph_id, composite.read(given.get("compositeRequest")))


def _check_size(graphs: list[_Graph]) -> None:
    if len(graphs) > _MOST_GRAPHS:
        raise malformed(f"Limit of {_MOST_GRAPHS} graphs reached")
    if len({each.id for each in graphs}) < len(graphs):
        raise malformed("Duplicate graphId provided. Each graphId must be unique")
    parts = [part for each in graphs for part in each.parts]
    if len(parts) > _MOST_NODES:
        raise malformed(f"Limit of {_MOST_NODES} nodes in all graphs reached")
    kinds = {(part.method, urlsplit(part.url).path.split("/sobjects/")[-1].split("/")[0].lower()) for part in parts}
    if len(kinds) > _MOST_KINDS:
        raise malformed(f"Limit of {_MOST_KINDS} different nodes reached")
    if max(_depth(each) for each in graphs) > _MOST_DEPTH:
        raise malformed(f"A graph is at most {_MOST_DEPTH} nodes deep")


def _depth(graph: _Graph) -> int:
    depths: dict[str, int] = {}
    for part in graph.parts:
        needed = composite.references([part.url, part.body])
        depths[part.reference_id] = 1 + max((depths.get(name, 0) for name in needed), default=0)
    return max(depths.values())


def _check_kind(part: Part, kind_of: Kinds) -> None:
    place = _PLACE.fullmatch(urlsplit(part.url).path)
    try:
        kind = kind_of(ApiRequest(part.method, int(place[1]), place[2])) if place is not None else None
    except SalesforceError:
        kind = None
    if kind not in _ALLOWED:
        raise malformed(f"A graph cannot call {part.method} {part.url}; its nodes create, change, read and delete single records")


def _halted(graph: _Graph) -> dict[str, Reply]:
    return {part.reference_id: Reply(_FAILED, _HALTED) for part in graph.parts}
