"""Every stable code that stands in the source as the first argument of a call, with its sentence: `Problem("missing", place, "…")`.

Read from the text of the modules without running them. What a sentence fills in at run time is shown as `…`.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "crosswalk"
_SENTENCE_AT = {"RequestRefused": 1, "Rejected": 1, "Problem": 2, "Note": 2, "Converted": 2, "_rejected": 1}
_CODE_AT = {"Converted": 1}
_STATUS_AT = 2


@dataclass(frozen=True, slots=True)
class Said:
    """One code, its sentence, and the HTTP status where it has one."""

    code: str
    sentence: str
    status: int | None = None


def said(*calls: str) -> list[Said]:
    """Return what the named calls say, each code once for each of its sentences."""
    found = {one for path in sorted(SOURCE.rglob("*.py")) for one in _in_module(path, frozenset(calls))}
    return sorted(found, key=lambda one: (one.code, one.sentence))


@cache
def _in_module(path: Path, calls: frozenset[str]) -> tuple[Said, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    scopes += [node for node in tree.body if isinstance(node, ast.Assign)]
    made = [_said(call, _assigned(tree, call) | _assigned(scope, call)) for scope in scopes for call in _calls(scope, calls)]
    return tuple(one for one in made if one)


def _assigned(scope: ast.AST, call: ast.Call) -> dict[str, ast.expr]:
    """Return what plain names were last set to before a call: in a function anywhere, in a module at its top."""
    nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    before = [node for node in nodes if isinstance(node, ast.Assign) and (isinstance(scope, ast.Module) or node.lineno <= call.lineno)]
    before.sort(key=lambda node: node.lineno)
    return {target.id: node.value for node in before for target in node.targets if isinstance(target, ast.Name)}


def _calls(scope: ast.AST, names: frozenset[str]) -> list[ast.Call]:
    return [node for node in ast.walk(scope) if isinstance(node, ast.Call) and _name(node) in names]


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _said(call: ast.Call, named: dict[str, ast.expr]) -> Said | None:
    at, sentence_at = _CODE_AT.get(_name(call), 0), _SENTENCE_AT[_name(call)]
    if len(call.args) <= sentence_at:
        return None
    code = _text(call.args[at], named)
    if "…" in code:
        return None
    status = call.args[_STATUS_AT] if _name(call) == "RequestRefused" and len(call.args) > _STATUS_AT else None
    return Said(code, _text(call.args[sentence_at], named), status.value if isinstance(status, ast.Constant) else None)


def _text(node: ast.expr, named: dict[str, ast.expr]) -> str:
    """Return the text an expression gives, as far as it can be told without running it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, named) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, named) + _text(node.right, named)
    if isinstance(node, ast.IfExp):
        return _text(node.body, named)
    if isinstance(node, ast.Name) and node.id in named:
        return _text(named[node.id], {name: value for name, value in named.items() if name != node.id})
    return "…"
