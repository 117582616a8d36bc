"""A small org to ask: the standard objects and a few custom fields, in memory, filled from seed.yaml."""

import re
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from localorg import ids
from localorg.object_files import standard_schema
from localorg.schema import ChildRelationship, Field, FieldType, ObjectType, PicklistValue, Schema
from localorg.soql import answer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

_REFERENCE = re.compile(r"<([a-z]\w*)(:15)?>")
_TOPICS = (PicklistValue("api", "APIs"), PicklistValue("crm", "CRM"), PicklistValue("web", "Web"))


@dataclass
class Org:
    """A schema, its tables, and the ids of the named records."""

    schema: Schema
    connection: sqlite3.Connection
    ids: dict[str, str] = field(default_factory=dict)

    def insert(self, object_name: str, records: list[dict[str, Any]]) -> None:
        """Store records as the org's tables hold them: every checkbox 0 or 1."""
        columns = self.schema.object(object_name).columns
        flags = {each.name: 0 for each in columns if each.type is FieldType.BOOLEAN}
        names = ", ".join(f'"{each.name}"' for each in columns)
        holes = ", ".join("?" for _ in columns)
        rows = [[(flags | record).get(each.name) for each in columns] for record in records]
        self.connection.executemany(f'INSERT INTO "{object_name}" ({names}) VALUES ({holes})', rows)  # names of the schema

    def ask(self, text: str, *, include_deleted: bool = False, **options: Any) -> answer.Answer:
        """Return the answer to a statement in which `<key>` stands for an id."""
        statement = self.resolved(text)
        return answer.run(self.connection, self.schema, statement, include_deleted=include_deleted, now=NOW, **options)

    def replace_all(self, object_name: str, records: list[dict[str, Any]]) -> None:
        """Store these records instead of all there were."""
        self.connection.execute(f'DELETE FROM "{object_name}"')  # a name of the schema
        self.insert(object_name, records)

    def resolved(self, value: Any) -> Any:
        """Return a value with the ids of named records in place of their names."""
        if isinstance(value, str):
            return _REFERENCE.sub(self._id, value)
        if isinstance(value, list):
            return [self.resolved(each) for each in value]
        if isinstance(value, dict):
            return {key: self.resolved(each) for key, each in value.items()}
        return value

    def _id(self, match: re.Match[str]) -> str:
        name, short = match.groups()
        if name not in self.ids:
            return match.group()
        return self.ids[name][:15] if short else self.ids[name]


def make_schema() -> Schema:
    """Return the standard schema with custom fields of the types standard objects lack, and two custom objects."""
    schema = standard_schema()
    for added in (
        Field("Score__c", "Score", FieldType.DOUBLE, precision=18, scale=2, custom=True, groupable=False),
        Field("Code__c", "Code", FieldType.STRING, length=20, custom=True, unique=True, case_sensitive=True, external_id=True),
        Field("Topics__c", "Topics", FieldType.MULTIPICKLIST, custom=True, picklist=_TOPICS, sortable=False, groupable=False),
        Field("Starts__c", "Starts", FieldType.TIME, custom=True),
        Field("Place__c", "Place", FieldType.LOCATION, custom=True, sortable=False, groupable=False),
        Field("Place__Latitude__s", "Place (Latitude)", FieldType.DOUBLE, custom=True, compound_field="Place__c"),
        Field("Place__Longitude__s", "Place (Longitude)", FieldType.DOUBLE, custom=True, compound_field="Place__c"),
    ):
        schema.add_field("Lead", added)
    _add_object(schema, "Session__c", "a01", _lookup("Lead__c", "Lead__r", "Lead"), Field("Minutes__c", "Minutes", FieldType.INT))
    _add_object(schema, "Answer__c", "a02", _lookup("Session__c", "Session__r", "Session__c"), Field("Text__c", "Text", FieldType.STRING))
    _name_children(schema, "Lead", ChildRelationship("Session__c", "Lead__c", "Sessions__r"))
    _name_children(schema, "Session__c", ChildRelationship("Answer__c", "Session__c", "Answers__r"))
    return schema


def make_org(schema: Schema) -> Org:
    """Return an org with empty tables."""
    connection = sqlite3.connect(":memory:")
    for each in schema.objects():
        columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in each.columns)
        connection.execute(f'CREATE TABLE "{each.name}" ({columns})')
    return Org(schema, connection)


def fill(org: Org, seed: dict[str, list[dict[str, Any]]]) -> None:
    """Give every named record an id, then store all records."""
    for object_name, records in seed.items():
        prefix = org.schema.object(object_name).key_prefix
        org.ids |= {record["key"]: ids.record_id(prefix, number) for number, record in enumerate(records, start=1)}
    for object_name, records in seed.items():
        org.insert(object_name, [{"Id": org.ids[record["key"]], **org.resolved(record)} for record in records])


@pytest.fixture(scope="session")
def org():
    """Build the org of seed.yaml; nothing writes to it."""
    filled = make_org(make_schema())
    fill(filled, yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text(encoding="utf-8")))
    yield filled
    filled.connection.close()


@pytest.fixture(scope="module")
def scratch_org():
    """Build an org without records, for a module that fills it as it goes."""
    made = make_org(make_schema())
    yield made
    made.connection.close()


def _lookup(name: str, relationship: str, target: str) -> Field:
    return Field(name, name, FieldType.REFERENCE, custom=True, relationship_name=relationship, reference_to=(target,))


def _add_object(schema: Schema, name: str, prefix: str, *fields: Field) -> None:
    own = (Field("Id", "Id", FieldType.ID), Field("Name", "Name", FieldType.STRING, name_field=True))
    schema.add_object(ObjectType(name, name, name, prefix, {each.name.lower(): each for each in (*own, *fields)}, custom=True))


def _name_children(schema: Schema, parent: str, child: ChildRelationship) -> None:
    owner = schema.object(parent)
    schema.add_object(replace(owner, named_children=(*owner.named_children, child)))
