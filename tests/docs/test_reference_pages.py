"""Everything a user can meet by name is documented, and what is generated is up to date."""

from pathlib import Path

import pytest
import structlog
import typer
from tools import reference_pages
from tools.source_codes import said

from crosswalk.cli.main import app
from crosswalk.journal import metrics
from crosswalk.mapping.document import Document, FieldRow, LadderSpec, ObjectFrom, OptIn, PassThrough, PersonRouting, Step
from crosswalk.mapping.formula.functions import ARITIES
from crosswalk.model import LossyPolicy, NullPolicy, OncePer, OnDeleted, OnDuplicates, OnMissing, SourceType, UpdatePolicy
from crosswalk.presets import loader
from crosswalk.reasons import Reason
from crosswalk.salesforce import fault_table
from crosswalk.settings import Retention, Settings, Timings
from crosswalk.sources import registry
from crosswalk.workspace.document import ConnectionSettings, ConnectionSpec, Login, Override, SourceSpec, SyncSpec, Workspace

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name):
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def undocumented(names, text):
    return sorted(name for name in names if f"`{name}`" not in text)


def keys(*parts):
    return {field.alias or name for part in parts for name, field in part.model_fields.items()}


@pytest.fixture(autouse=True)
def _quiet():
    yield
    structlog.reset_defaults()


def test_generated_parts_are_up_to_date():
    assert [] == [one.name for one in reference_pages.stale()]


def test_every_generated_part_is_on_a_page():
    assert [] == reference_pages.unshown()


def test_every_setting_is_documented():
    named = {f"CROSSWALK_{name.upper()}" for name in Settings.model_fields if name not in ("timings", "retention")}
    assert [] == undocumented(named, page("settings"))


def test_every_timing_is_documented():
    assert [] == undocumented({f"CROSSWALK_TIMINGS__{name.upper()}" for name in Timings.model_fields}, page("settings"))


def test_every_retention_setting_is_documented():
    assert [] == undocumented({f"CROSSWALK_RETENTION__{name.upper()}" for name in Retention.model_fields}, page("settings"))


def test_every_reason_is_documented():
    assert [] == undocumented({reason.value for reason in Reason}, page("reasons"))


def test_every_error_code_is_documented():
    assert [] == undocumented(
        {one.code for one in said("RequestRefused", "Rejected", "_rejected", "Problem", "Note", "Converted")}, page("errors")
    )


def test_every_error_of_salesforce_is_documented():
    assert [] == undocumented(fault_table.RULES, page("errors"))


def test_every_metric_is_documented():
    assert [] == undocumented({name.value + "_total" * name.is_counter for name in metrics.Name}, page("metrics"))


def test_every_command_is_documented():
    commands = typer.main.get_command(app).commands
    assert [] == sorted(name for name in commands if f"### `crosswalk {name}" not in page("cli"))


def test_every_option_of_a_command_is_documented():
    options = {option for command in typer.main.get_command(app).commands.values() for one in command.params for option in one.opts}
    assert [] == undocumented({option for option in options if option.startswith("--")}, page("cli"))


def test_every_key_of_a_mapping_is_documented():
    named = keys(Document, OptIn, PersonRouting, Step, ObjectFrom, FieldRow, LadderSpec) - keys(PassThrough)
    assert [] == undocumented(named - {"mode", "name"}, page("mapping"))


def test_every_key_of_a_pass_through_row_is_documented():
    assert [] == sorted(key for key in keys(PassThrough) if f"{key}:" not in page("mapping"))


def test_every_policy_is_documented():
    policies = (UpdatePolicy, NullPolicy, LossyPolicy, OncePer, OnMissing, OnDuplicates, OnDeleted)
    assert [] == undocumented({one.value for policy in policies for one in policy}, page("mapping"))


def test_every_function_of_a_formula_is_documented():
    assert [] == undocumented(ARITIES, page("mapping"))


def test_every_type_of_an_attribute_is_documented():
    assert [] == undocumented({kind.value for kind in SourceType}, page("mapping"))


def test_every_attribute_is_documented():
    known = {one.key for kind in registry.sources().values() for one in kind.catalogue({})}
    assert [] == undocumented(known, page("attributes"))


def test_every_key_of_a_workspace_is_documented():
    text = page("workspace")
    named = keys(ConnectionSettings, ConnectionSpec, SourceSpec, SyncSpec, Override, Workspace)
    assert [] == undocumented(named, text.replace("`connection`, `source`", "`connection` `source`"))


def test_every_login_is_documented():
    how = (REFERENCE.parent / "how-to" / "connect-salesforce.md").read_text(encoding="utf-8")
    assert [] == undocumented({login.value for login in Login}, how)


def test_every_kind_of_source_and_preset_is_named_in_the_workspace_page():
    assert [] == undocumented({*registry.sources(), *loader.names()}, page("workspace"))
