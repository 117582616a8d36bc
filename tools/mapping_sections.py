"""The generated parts about mappings: functions, types, attributes, settings of sources, presets."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from crosswalk.mapping.formula.functions import ARITIES
from crosswalk.mapping.types import FAMILIES, Fit, verdict
from crosswalk.model import SourceType
from crosswalk.presets import loader
from crosswalk.sources import registry
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.livechat.settings import LiveChatSettings
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.livestorm.settings import LivestormSettings
from crosswalk.sources.rudderstack.settings import RudderStackSettings
from tools.markdown import code, default, summary, table

_CASES = Path(__file__).resolve().parent.parent / "tests" / "formula"
_SETTINGS: dict[str, type[BaseModel]] = {
    "kaltura": KalturaSettings,
    "livechat": LiveChatSettings,
    "liveperson": LivePersonSettings,
    "livestorm": LivestormSettings,
    "rudderstack": RudderStackSettings,
}
_TRIVIAL = frozenset({"null", "false", "0", '""'})
_SAID = {
    "signature_window_seconds": "How far the time of a signature may be from ours, in seconds.",
    "people_attributes": "Own people attributes of the workspace, each with `slug`, `name` and `type`: text, email, avatar, url, consent, "
    "unique_select, multiple_select or file.",
    "traits": "Own traits to offer as attributes, each with `key`, `label` and `type` (an attribute type).",
}


def functions() -> str:
    """Return every function of the formula language with a tested example."""
    files = (path for path in sorted(_CASES.glob("*.txt")) if path.stem != "refused")
    cases = [line.split("\t") for path in files for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    rows = [(code(name), arity.sentence, _example(name, cases)) for name, arity in sorted(ARITIES.items())]
    return table(("function", "takes", "example"), rows)


def _example(name: str, cases: Iterable[Sequence[str]]) -> str:
    """Return the most telling of the tested cases: of the function itself, with a result that is not nothing, and short."""
    usable = [case for case in cases if f"{name}(" in case[0] and case[2][0] not in "@!"]
    formula, event, result = min(
        usable,
        key=lambda case: (
            not case[0].startswith(f"{name}("),
            case[2] in _TRIVIAL,
            "1/0" in case[0],
            case[1] == "{}" and "{" in case[0],
            len(case[0]),
        ),
    )
    where = f" where {code(event)}" if event != "{}" else ""
    return f"{code(formula)} gives {code(result)}{where}"


def types() -> str:
    """Return which attribute may go into which family of field types."""
    families = {family: kind for kind, family in reversed(FAMILIES.items())}
    rows = []
    for source in SourceType:
        verdicts = {family: verdict(source, kind) for family, kind in families.items()}
        fits = ", ".join(sorted(family for family, one in verdicts.items() if one.fit is Fit.FITS))
        converts = "<br>".join(sorted(f"{family}: {one.reason}" for family, one in verdicts.items() if one.fit is Fit.CONVERTS))
        rows.append((code(source), fits, converts))
    return table(("attribute", "fits as it is", "is converted"), rows)


def attributes(kind: str) -> str:
    """Return the catalogue of a kind of source."""
    rows = (
        (code(one.key), one.label, one.type, one.group, ", ".join(map(code, sorted(one.event_types))) or "all")
        for one in registry.source(kind).catalogue({})
    )
    return table(("attribute", "label", "type", "group", "from these events on"), rows)


def source_settings(kind: str) -> str:
    """Return the secrets and settings of a kind of source."""
    rows = (
        (code(name), default(field), field.description or _SAID.get(name) or summary(field.annotation))
        for name, field in _SETTINGS[kind].model_fields.items()
    )
    known = registry.source(kind)
    secrets = ", ".join(map(code, (*known.secret_names, *known.optional_secret_names)))
    return f"Secrets: {secrets}\n\n" + table(("setting", "default", "what it is"), rows)


def preset(name: str) -> str:
    """Return the steps and rows of a preset."""
    loaded = loader.load(name)
    parts = [_step(step) for step in loaded.document["steps"]]
    objects, fields = loaded.needs.objects, loaded.needs.fields
    if objects or fields:
        parts.append(
            "It needs in the org: "
            + "; ".join(
                [
                    *(f"the object {code(each.name)} with {len(each.fields)} fields ({_aside(each.why)})" for each in objects),
                    *(f"{code(each.path)}, {each.type}({each.length}) ({_aside(each.why)})" for each in fields),
                ]
            )
            + ". `crosswalk provision` makes all of it."
        )
    if loaded.options:
        parts.append("Options: " + "; ".join(f"`{key}`: {title}" for key, title in loaded.options.items()))
    return "\n\n".join(parts)


def _aside(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _step(step: dict[str, Any]) -> str:
    target = f" writes {code(step['object'])}" if "object" in step else " writes the object the event names"
    rows = [(code(row.get("field", "(pass-through)")), _entry(row), row.get("update", "fill-empty"), _also(row)) for row in step["rows"]]
    return f"Step {code(step['name'])}{target}:\n\n" + table(("field", "takes", "policy", "besides"), rows)


def _entry(row: dict[str, Any]) -> str:
    if "pass_through" in row:
        return "every other member of " + ", ".join(map(code, row["pass_through"]["roots"]))
    (kind, value), *_ = row["entry"].items()
    if kind == "attribute":
        return ", else ".join(map(code, [value] if isinstance(value, str) else value))
    if kind == "auto_match":
        return f"the {value['object']} whose {value['field']} is {code(value['attribute'])}"
    return f"{kind} {code(value)}"


def _also(row: dict[str, Any]) -> str:
    parts = [f"new record without a value: {code(row['placeholder'])}"] if "placeholder" in row else []
    parts += ["an empty value clears it"] if row.get("nulls") == "clear" else []
    parts += [f"{code(key)} is {code(value)}" for key, value in row.get("values", {}).items()]
    parts += ["climbs " + ", ".join(row["ladder"]["ranks"])] if "ladder" in row else []
    append = row.get("pass_through", {}).get("append")
    return "; ".join([*parts, *([f"the field's name is the member's with {code(append)}"] if append else [])])
