"""A preset by its name: a mapping document, and what it needs in the org.

The files are YAML, so that an admin can read, copy and change them; a preset is only a beginning, never a reference at run time.
Third parties add theirs through the entry point group `crosswalk.presets`: name → the package in which `<name>.yaml` stands.
Under `preset:` stand, besides title and kind (every word is explained in `needs.py`, an unknown one is refused):

    member_statuses: [Registered, Attended]     # the texts the preset writes to Campaign Members
    responded: [Attended]                       # those of them that count as a response
    needs:
      objects:                                  # custom objects, each with its fields
        - name: Thing__c
          label: Thing
          plural: Things
          why: One row per thing.               # shown in the plan, becomes the description
          also: [Thing_c__c]                    # other names under which an org may have it; never made
          name_field: {label: Thing Number, type: AutoNumber, format: 'T-{000000}'}    # or {label: Thing Name}
          sharing: ReadWrite                    # Read, Private, ControlledByParent (with a MasterDetail field)
          tab: 'Custom57: Building Block'       # the tab's motif; leave out for none
          activities: false
          rights: [read, create, edit]          # what the permission set grants
          lookups_on_request: false             # true: `provision --lookup OBJECT` may add a lookup to any object
          only_added_fields: false              # true: admins map the fields they added, never the declared ones
          fields:
            - {field: Size__c, label: Size, type: Number, precision: 16, scale: 2, why: How big it is.}
            - {field: Lead__c, label: Lead, type: Lookup, references: Lead, relationship: Things, why: Whose it is.}
      fields:                                   # fields of standard objects: the same words and `object`
        - object: CampaignMember
          field: external_id__c
          label: external_id
          type: Text
          length: 50                            # the shortest that will do, and what is created
          longest: 200                          # an existing field may be as long as this (default: any length)
          required: ask                         # true, false, or the admin is asked (recommended: not required)
          unique: true
          case_sensitive: false
          external_id: true
          why: Holds the ids of campaign and person.
        - {object: Case, field: Kind__c, label: Kind, type: Picklist, values: [A, B], restricted: true, why: Which kind.}
      values:                                   # values a picklist of Salesforce's own must offer
        - {object: Lead, field: LeadSource, value_set: LeadSource, values: [Chat], why: Where the lead comes from.}
      report_types:
        - {name: Things, label: Things with Leads, object: Thing__c, related: [Lead__c.Company], why: Reports on things.}

`Crosswalk_Key__c` on every object a step writes, the permission set and the page layout of a new object follow from these by
themselves and are not declared.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from types import MappingProxyType
from typing import Any

import yaml

from crosswalk.errors import ConfigurationError
from crosswalk.presets import needs
from crosswalk.presets.needs import Needs

GROUP = "crosswalk.presets"

_OURS = "crosswalk.presets"
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready sync for one kind of source; `options` names the variants that `load` can add, with their titles."""

    name: str
    title: str
    kind: str
    needs: Needs
    member_statuses: tuple[str, ...]
    responded: tuple[str, ...]
    options: Mapping[str, str]
    document: Mapping[str, Any]


def names() -> tuple[str, ...]:
    """Return the names of all presets."""
    return tuple(sorted(packages()))


@cache
def packages() -> Mapping[str, str]:
    """Return the package in which each preset's file stands; a name that two packages claim is an error."""
    files = (entry.name for entry in resources.files(_OURS).iterdir())
    found = {name.removesuffix(_SUFFIX): _OURS for name in files if name.endswith(_SUFFIX)}
    for entry in metadata.entry_points(group=GROUP):
        if found.setdefault(entry.name, entry.module) != entry.module:
            sentence = f"Both {found[entry.name]} and {entry.module} hold a preset {entry.name!r}; uninstall one of the packages."
            raise ConfigurationError(sentence)
    return MappingProxyType(found)


def load(name: str, options: Iterable[str] = ()) -> Preset:
    """Return the preset with the given options worked in; an unknown name or option is an error that lists the known ones."""
    if name not in names():
        raise ConfigurationError(f"There is no preset {name!r}; known are: {', '.join(names())}.")
    content = copy.deepcopy(_content(name))
    known = content.get("options", {})
    document = content["document"]
    for option in options:
        if option not in known:
            raise ConfigurationError(f"The preset {name!r} has no option {option!r}; known are: {', '.join(sorted(known)) or 'none'}.")
        instead = known[option].get("instead", {})
        document["steps"] = [{**step, **instead.get(step["name"], {})} for step in document["steps"]]
        document["steps"] = _with(document["steps"], known[option])
        document["person"] = {**document.get("person", {}), **known[option].get("person", {})}
    meta = content["preset"]
    return Preset(
        name=name,
        title=meta["title"],
        kind=meta["kind"],
        needs=needs.parse(name, meta.get("needs")),
        member_statuses=tuple(meta.get("member_statuses", ())),
        responded=tuple(meta.get("responded", ())),
        options={key: option["title"] for key, option in known.items()},
        document=document,
    )


def of_kind(kind: str) -> tuple[Preset, ...]:
    """Return every preset for sources of a kind, without options."""
    return tuple(preset for preset in map(load, names()) if preset.kind == kind)


@cache
def _content(name: str) -> dict[str, Any]:
    package = packages()[name]
    try:
        text = resources.files(package).joinpath(name + _SUFFIX).read_text("utf-8")
    except (ImportError, OSError) as error:
        raise ConfigurationError(f"The preset {name!r} cannot be read from {package}; update or uninstall its package.") from error
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _with(steps: list[dict[str, Any]], option: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Put an option's rows into the steps, take out fields it is `without`, and add its own steps: for persons in front, others behind."""
    added, dropped = option.get("rows", {}), option.get("without", {})
    for step in steps:
        gone = dropped.get(step["name"], ())
        step["rows"] = _widened([row for row in step["rows"] if row.get("field") not in gone], added.get(step["name"], []))
    known = {step["name"] for step in steps}
    new = [step for step in option.get("steps", ()) if step["name"] not in known]
    return [*(step for step in new if step.get("person")), *steps, *(step for step in new if not step.get("person"))]


def _widened(rows: list[dict[str, Any]], added: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the added rows before the pass-through rows, which from then on leave their traits alone."""
    replaced = {row["field"] for row in added}
    fields = [row for row in rows if "field" in row and row["field"] not in replaced]
    return [*fields, *added, *(_narrowed(row, added) for row in rows if "pass_through" in row)]


def _narrowed(row: dict[str, Any], added: list[dict[str, Any]]) -> dict[str, Any]:
    traits = {key.partition(".")[0] for new in added for key in _listed(new["entry"]["attribute"])}
    passed = row["pass_through"]
    return {**row, "pass_through": {**passed, "except": sorted({*passed.get("except", ()), *traits})}} if traits else row


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
