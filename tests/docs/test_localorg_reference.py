"""The contract of the local org lists everything the local org answers."""

import itertools
import re
from dataclasses import fields
from pathlib import Path

import pytest

from localorg import metadata, metadata_soap, resources, soap_partner, tooling_tables
from localorg.cli import app as command
from localorg.faults import Effect
from localorg.settings import Switches
from localorg.testing import LocalOrg

ROOT = Path(__file__).parents[2]
CONTRACT = (ROOT / "docs" / "reference" / "localorg.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "docs" / "how-to" / "test-with-localorg.md").read_text(encoding="utf-8")
_PLACEHOLDER = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
_CHOICE = re.compile(r"\(\?:([^()]*)\)(\??)|\[(\w)(\w)\]")


def spellings(pattern):
    """Return every path that a pattern of a resource stands for, placeholders by name."""
    pieces, end, text = [], 0, _PLACEHOLDER.sub(r"{\1}", pattern)
    for found in _CHOICE.finditer(text):
        choices = [found[4]] if found[3] else found[1].split("|") + ([""] if found[2] else [])
        pieces += [[text[end : found.start()]], choices]
        end = found.end()
    return ["".join(chosen) for chosen in itertools.product(*pieces, [text[end:]])]


def rest_paths():
    return sorted({path for each in resources.RESOURCES for path in spellings(each.pattern.pattern)})


def listed_methods(path):
    row = next((line for line in CONTRACT.splitlines() if line.startswith(f"| `{path}` |")), None)
    return row.split("|")[2].strip() if row is not None else None


@pytest.mark.parametrize("path", rest_paths())
def test_every_resource_is_in_the_contract(path):
    assert f"| `{path}` |" in CONTRACT


@pytest.mark.parametrize("resource", resources.RESOURCES, ids=lambda each: each.pattern.pattern)
def test_every_method_of_a_resource_is_in_the_contract(resource):
    listed = listed_methods(spellings(resource.pattern.pattern)[0])
    assert set(resource.methods) <= set(listed.split())


@pytest.mark.parametrize("path", sorted({each.path for each in LocalOrg().app.routes}))
def test_every_other_route_is_in_the_contract(path):
    assert f"| `{path}` |" in CONTRACT


@pytest.mark.parametrize("operation", sorted({*metadata_soap.OPERATIONS, *soap_partner.OPERATIONS, "login", "logout"}))
def test_every_soap_operation_is_in_the_contract(operation):
    assert f"| `{operation}` |" in CONTRACT


@pytest.mark.parametrize("type_", sorted(metadata.TYPES))
def test_every_metadata_type_is_in_the_contract(type_):
    assert f"| `{type_}` |" in CONTRACT


@pytest.mark.parametrize("object_type", tooling_tables.schema().objects(), ids=lambda each: each.name)
def test_every_object_of_the_tooling_api_is_in_the_contract(object_type):
    assert f"`{object_type.name}`" in CONTRACT


@pytest.mark.parametrize("switch", fields(Switches), ids=lambda each: each.name)
def test_every_switch_is_in_the_contract_with_its_default(switch):
    assert f"| `{switch.name}` | {str(switch.default).lower()} |" in CONTRACT


@pytest.mark.parametrize("name", [each.name or each.callback.__name__.replace("_", "-") for each in command.registered_commands])
def test_every_command_is_in_the_contract(name):
    assert f"| `localorg {name}` |" in CONTRACT


@pytest.mark.parametrize("effect", Effect)
def test_every_fault_is_in_the_how_to(effect):
    assert f"`{effect}`" in HOW_TO or f'"{effect}"' in HOW_TO
