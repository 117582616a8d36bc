"""The generated parts of the reference, each a function from nothing to Markdown.

A section's name may carry one argument: `preset livestorm`. Everything is read from the code that is in force, never copied.
"""

import asyncio
import pkgutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import typer
from fastapi import FastAPI
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from starlette.routing import Route

import crosswalk
from crosswalk import runtime
from crosswalk.cli.main import app
from crosswalk.errors import CrosswalkError
from crosswalk.journal import metrics
from crosswalk.model import Recovery
from crosswalk.presets import loader
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import fault_table
from crosswalk.settings import Retention, Settings, Timings
from crosswalk.sources import registry
from tools import mapping_sections
from tools.markdown import code, default, summary, table
from tools.source_codes import said

_DOES = {
    Recovery.RETRY_NOW: "sends the row again",
    Recovery.RETRY_LATER: "tries again later",
    Recovery.REPLAN: "looks again and plans anew",
    Recovery.SUSPEND_FIELD: "leaves the mapping row out, sends the rest",
    Recovery.HOLD: "holds the delivery",
    Recovery.PAUSE: "pauses the connection",
    Recovery.HALVE: "goes on in smaller calls",
}


def section(name: str) -> str:
    """Return the text of a section; raise `SystemExit` when there is none of that name."""
    title, _, argument = name.partition(" ")
    made = _SECTIONS.get(title)
    if made is None:
        raise SystemExit(f"there is no section {title!r}; known are {', '.join(sorted(_SECTIONS))}")
    return made(argument) if argument else made()


def _settings() -> str:
    fields = {name: field for name, field in Settings.model_fields.items() if name not in ("timings", "retention")}
    rows = ((code(f"CROSSWALK_{name.upper()}"), _type(field), default(field), field.description) for name, field in fields.items())
    return table(("variable", "type", "default", "what it is"), rows)


def _timings() -> str:
    fields = Timings.model_fields.items()
    rows = ((code(f"CROSSWALK_TIMINGS__{name.upper()}"), default(field), field.description) for name, field in fields)
    return table(("variable", "default, seconds", "what it is"), rows)


def _retention() -> str:
    fields = Retention.model_fields.items()
    rows = ((code(f"CROSSWALK_RETENTION__{name.upper()}"), default(field), field.description) for name, field in fields)
    return table(("variable", "default", "what it is"), rows)


def _type(field: FieldInfo) -> str:
    names = {
        str: "text",
        Path: "path",
        Path | None: "path",
        SecretStr | None: "secret",
        int: "whole number",
        float: "number",
        bool: "true or false",
    }
    return names.get(field.annotation, str(field.annotation))


def _reasons(state: str) -> str:
    rows = ((code(reason), reason.sentence) for reason in Reason if reason.state is State(state))
    return table(("code", "what it says"), rows)


def _errors() -> str:
    rows = ((code(one.code), _recovery(one), summary(one)) for one in _error_classes())
    return table(("code", "what happens", "meaning"), rows)


def _error_classes() -> list[type[CrosswalkError]]:
    for module in pkgutil.walk_packages(crosswalk.__path__, "crosswalk."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)
    found: dict[str, type[CrosswalkError]] = {}
    pending: list[type[CrosswalkError]] = [CrosswalkError]
    while pending:
        one = pending.pop()
        found.setdefault(one.code, one)
        pending.extend(one.__subclasses__())
    return sorted(found.values(), key=lambda one: (_recovery(one), one.code))


def _recovery(error: type[CrosswalkError]) -> str:
    line = [one.__name__ for one in error.__mro__ if issubclass(one, CrosswalkError)]
    return line[-2] if len(line) > 1 else line[-1]


def _refusals() -> str:
    rows = [(one.code, one.status or "", one.sentence) for one in said("RequestRefused")]
    rows += [(one.code, "kept as invalid", one.sentence) for one in said("Rejected", "_rejected")]
    return table(("code", "HTTP status", "what it says"), ((code(name), status, _prose(text)) for name, status, text in rows))


def _problems() -> str:
    return _sentences("Problem")


def _notes() -> str:
    return _sentences("Note", "Converted")


def _sentences(*calls: str) -> str:
    """Return a line for each code with everything it may say."""
    found: dict[str, list[str]] = {}
    for one in said(*calls):
        found.setdefault(one.code, []).extend([_prose(one.sentence)] if one.sentence.strip("…. ;") else [])
    return table(("code", "what it says"), ((code(name), "<br>".join(texts) or "says where and what") for name, texts in found.items()))


def _prose(text: str) -> str:
    """Return a sentence without what Markdown would take for markup."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _salesforce() -> str:
    rows = (
        (code(name), "<br>".join(_DOES[rule.recovery] for rule in rules), "<br>".join(rule.sentence for rule in rules))
        for name, rules in sorted(fault_table.RULES.items())
    )
    return table(("Salesforce says", "Crosswalk", "what a person reads"), rows)


def _shared_metrics() -> str:
    rows = (
        (
            code(one.value + "_total" * one.is_counter),
            _kind(counts=one.is_counter),
            ", ".join(map(code, one.labels)),
            one.help,
        )
        for one in metrics.Name
    )
    return table(("name", "kind", "labels", "what it is"), rows)


def _process_metrics() -> str:
    shared = set(metrics.Name)
    counted = (family for family in asyncio.run(_served_metrics()) if family.name not in shared)
    rows = [
        (code(family.name + "_total" * (family.type == "counter")), family.type, _labels(family), family.documentation)
        for family in counted
    ]
    return table(("name", "kind", "labels", "what it is"), sorted(rows))


def _labels(family: Metric) -> str:
    names = {label for sample in family.samples for label in sample.labels} - {"le"}
    return ", ".join(map(code, sorted(names)))


async def _served_metrics() -> list[Metric]:
    """Return what /metrics answers after one request."""
    async with _application() as served, httpx2.AsyncClient(transport=httpx2.ASGITransport(served), base_url="http://here") as client:
        await client.get("/healthz")
        page = (await client.get("/metrics")).text
    families = (family for family in text_string_to_metric_families(page) if not family.name.endswith("_created"))
    return list(families)


def _kind(*, counts: bool) -> str:
    return "counter" if counts else "gauge"


def _commands() -> str:
    group = typer.main.get_command(app)
    return "\n\n".join(_command(name, one) for name, one in group.commands.items())  # type: ignore[attr-defined]  # it is a group


def _command(name: str, command: Any) -> str:
    arguments = " ".join(_usage(one) for one in command.params if one.param_type_name == "argument")
    head = f"### `{' '.join(filter(None, ('crosswalk', name, arguments)))}`\n\n{command.help}"
    rows = [(_spelled(one), _given(one), one.help or "") for one in command.params]
    return head + ("\n\n" + table(("argument or option", "default", "what it is"), rows) if rows else "")


def _usage(argument: Any) -> str:
    name = argument.name.upper() + "…" * (argument.nargs != 1)
    return name if argument.required else f"[{name}]"


def _spelled(one: Any) -> str:
    if one.param_type_name == "argument":
        return code(one.name.upper())
    return ", ".join(map(code, sorted(one.opts, key=len, reverse=True)))


def _given(one: Any) -> str:
    if one.required:
        return "required"
    return "" if one.default in (None, False, (), []) or callable(one.default) else code(one.default)


def _routes() -> str:
    rows = [(method, route.path, _about(route)) for route in asyncio.run(_all_routes()) for method in sorted(route.methods or ())]
    shown = [(method, path, text) for method, path, text in rows if method not in {"HEAD", "OPTIONS"}]
    return table(("method", "path", "what it does"), ((method, code(path), text) for method, path, text in shown))


def _about(route: Route) -> str:
    return summary(route.endpoint)


async def _all_routes() -> list[Route]:
    async with _application() as served:
        return [route for route in served.routes if isinstance(route, Route) and route.include_in_schema]


@asynccontextmanager
async def _application() -> AsyncIterator[FastAPI]:
    """Give the web application of an installation that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder, "data"), database_url="", key_file=Path(folder, "keys.json"))
        async with runtime.opened(settings) as parts:
            yield parts.app()


_SECTIONS: dict[str, Callable[..., str]] = {
    "settings": _settings,
    "timings": _timings,
    "retention": _retention,
    "reasons": _reasons,
    "errors": _errors,
    "refusals": _refusals,
    "problems": _problems,
    "notes": _notes,
    "salesforce": _salesforce,
    "shared-metrics": _shared_metrics,
    "process-metrics": _process_metrics,
    "commands": _commands,
    "routes": _routes,
    "functions": mapping_sections.functions,
    "types": mapping_sections.types,
    "attributes": mapping_sections.attributes,
    "source-settings": mapping_sections.source_settings,
    "preset": mapping_sections.preset,
}
_BY_KIND = ("attributes", "source-settings")
REQUIRED = (
    *(name for name in _SECTIONS if name not in {"reasons", "preset", *_BY_KIND}),
    *(f"reasons {state}" for state in (State.WAITING, State.SKIPPED, State.HELD)),
    *(f"{name} {kind}" for name in _BY_KIND for kind in sorted(registry.sources())),
    *(f"preset {name}" for name in loader.names()),
)
