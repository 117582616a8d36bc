"""Custom objects and custom fields as metadata components: made, changed, read and deleted in the org's schema.

A field that metadata makes is invisible until a permission grants it, to its maker too; required fields are the exception.
"""

from dataclasses import dataclass, replace
from typing import Any

from localorg import components, custom_objects, metadata_fields, permissions, tables
from localorg.errors import SalesforceError
from localorg.metadata_values import Content, flag, listed, text, wrong
from localorg.org import Org
from localorg.schema import COMPOUNDS, NUMBERS, TEXTS, Field, FieldType, ObjectType, PicklistValue
from localorg.transaction import Transaction

_MOST_EXTERNAL_IDS = 25
_ACTIVITY = {"activity": ("Task", "Event")}
_OF_EVERY_OBJECT = (
    ("ContentDocumentLink", "LinkedEntityId"),
    ("ContentVersion", "FirstPublishLocationId"),
    ("Attachment", "ParentId"),
)
_OF_ACTIVITIES = (("Task", "WhatId"), ("Event", "WhatId"))


@dataclass(frozen=True, slots=True)
class Work:
    """One metadata call at work on an org."""

    org: Org
    transaction: Transaction


class CustomFields:
    """Fields, named `Object.Field__c`."""

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Add a field; DUPLICATE_DEVELOPER_NAME when there is one of this name."""
        objects, name = _split(work, full_name)
        for owner in objects:
            if owner.field(name) is not None:
                message = f"There is already a field named {name.removesuffix('__c')} on {owner.label}."
                raise SalesforceError(400, "DUPLICATE_DEVELOPER_NAME", message, ("fullName",))
            added = metadata_fields.field(name, content, _value_sets(work))
            _check_fits(work, owner, added)
            work.org.add_field(owner.name, added)
            if added.type is FieldType.REFERENCE and not added.nillable:
                self._become_detail(work, owner.name)
            path = f"{owner.name}.{name}"
            components.keep(work.transaction, "CustomField", path)
            if added.nillable or added.type is FieldType.BOOLEAN:
                _withhold(work, path)

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change a field; its kind of value stays."""
        objects, name = _split(work, full_name)
        for owner in objects:
            old = _custom(owner, name)
            new = metadata_fields.field(old.name, content, _value_sets(work))
            if not _convertible(old, new):
                raise wrong(f"Cannot change the type of {owner.name}.{old.name} from {old.type} to {new.type}", "type")
            _check_target(work, new)
            if new.unique and not old.unique:
                _check_values_differ(work, owner, new)
            tables.convert_field(work.transaction.connection, owner, old, new)
            work.org.add_field(owner.name, new)
            components.keep(work.transaction, "CustomField", f"{owner.name}.{old.name}")

    def delete(self, work: Work, full_name: str) -> None:
        """Remove a field with its values and grants."""
        objects, name = _split(work, full_name)
        for owner in objects:
            old = _custom(owner, name)
            work.org.remove_field(owner.name, old.name)
            components.drop(work.transaction, "CustomField", f"{owner.name}.{old.name}")
            permissions.forget(work.transaction.connection, f"{owner.name}.{old.name}")
            work.transaction.permissions_touched = True

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return the definition of a custom field."""
        object_name, _, name = full_name.partition(".")
        owner = work.org.schema.object(_ACTIVITY.get(object_name.lower(), (object_name,))[0])
        found = owner.field(name) if owner is not None else None
        return metadata_fields.metadata(found) if found is not None and found.custom else None

    def names(self, work: Work) -> list[str]:
        """Return every custom field."""
        return [f"{owner.name}.{each.name}" for owner in work.org.schema.objects() for each in owner.fields.values() if each.custom]

    def _become_detail(self, work: Work, object_name: str) -> None:
        owner = work.org.schema.object(object_name)
        if owner is not None:
            work.org.add_object(custom_objects.without_owner(owner))


class CustomObjects:
    """Objects; a standard one can only be given fields."""

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Add an object with the fields its definition holds."""
        if work.org.schema.object(full_name) is not None:
            raise SalesforceError(400, "DUPLICATE_DEVELOPER_NAME", f"There is already an object named {full_name}.", ("fullName",))
        added = custom_objects.custom_object(full_name, content, _objects_ever_made(work))
        work.org.add_object(added)
        _accept_as_parent(work, _OF_EVERY_OBJECT, full_name)
        if flag(content, "enableActivities"):
            _accept_as_parent(work, _OF_ACTIVITIES, full_name)
        kept = {name: value for name, value in content.items() if name != "fields"}
        components.keep(work.transaction, "CustomObject", full_name, kept)
        self._put_fields(work, full_name, content)

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change the labels of a custom object; add or change the fields given."""
        found = _object(work, full_name)
        if found.custom:
            work.org.add_object(custom_objects.changed(found, content))
            kept = {name: value for name, value in content.items() if name != "fields"}
            components.keep(work.transaction, "CustomObject", found.name, kept)
            if flag(content, "enableActivities"):
                _accept_as_parent(work, _OF_ACTIVITIES, found.name)
        self._put_fields(work, found.name, content)

    def delete(self, work: Work, full_name: str) -> None:
        """Remove a custom object with its records; DEPENDENCY_EXISTS while another object has a lookup to it."""
        found = _object(work, full_name)
        if not found.custom:
            raise SalesforceError(400, "INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot delete standard object: {found.name}", ())
        pointing = [each for each in work.org.schema.children(found.name) if _depends(work, each.child_object, each.field, found.name)]
        if pointing:
            named = ", ".join(f"{each.child_object}.{each.field}" for each in pointing)
            message = f"This custom object is referenced elsewhere in salesforce.com. Remove the usage and try again: {named}"
            raise SalesforceError(400, "DEPENDENCY_EXISTS", message, ())
        for each in found.fields.values():
            components.drop(work.transaction, "CustomField", f"{found.name}.{each.name}")
            permissions.forget(work.transaction.connection, f"{found.name}.{each.name}")
        components.drop(work.transaction, "CustomObject", found.name)
        work.org.remove_object(found.name)
        for object_name, field_name in (*_OF_EVERY_OBJECT, *_OF_ACTIVITIES):
            _set_parents(work, object_name, field_name, lambda names: tuple(each for each in names if each != found.name))

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return the definition of an object with its custom fields."""
        found = work.org.schema.object(full_name)
        if found is None:
            return None
        stored = components.find(work.transaction.connection, "CustomObject", found.name)
        shown = {**(stored.content if stored is not None else {}), **(custom_objects.metadata(found) if found.custom else {})}
        fields = [{"fullName": each.name, **metadata_fields.metadata(each)} for each in found.fields.values() if each.custom]
        return {**shown, "fields": fields}

    def names(self, work: Work) -> list[str]:
        """Return every object."""
        return [each.name for each in work.org.schema.objects()]

    def _put_fields(self, work: Work, object_name: str, content: Content) -> None:
        fields = CustomFields()
        for each in listed(content, "fields"):
            name = text(each, "fullName")
            if name is None:
                raise wrong("Every field of an object needs a fullName", "fields")
            if not name.endswith("__c"):
                continue
            owner = _object(work, object_name)
            put = fields.update if owner.field(name) is not None else fields.create
            put(work, f"{object_name}.{name}", each)


def _split(work: Work, full_name: str) -> tuple[list[ObjectType], str]:
    object_name, dot, name = full_name.partition(".")
    if not dot or not name:
        raise wrong(f"The full name of a field is Object.Field__c, not {full_name}", "fullName")
    return [_object(work, each) for each in _ACTIVITY.get(object_name.lower(), (object_name,))], name


def _object(work: Work, name: str) -> ObjectType:
    found = work.org.schema.object(name)
    if found is None:
        message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {name}"
        raise SalesforceError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ("EntityDefinitionId",))
    return found


def _custom(owner: ObjectType, name: str) -> Field:
    found = owner.field(name)
    if found is None or not found.custom:
        message = f"no CustomField named {owner.name}.{name} found"
        raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", message, ())
    return found


def _check_fits(work: Work, owner: ObjectType, added: Field) -> None:
    _check_target(work, added)
    if added.external_id and sum(each.external_id and each.custom for each in owner.fields.values()) >= _MOST_EXTERNAL_IDS:
        message = f"You have reached the maximum number of {_MOST_EXTERNAL_IDS} external ids on {owner.label}"
        raise SalesforceError(400, "NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED", message, ("externalId",))
    if added.type is FieldType.REFERENCE and not added.nillable:
        if not owner.custom:
            raise wrong(f"Cannot create a master-detail field on the standard object {owner.name}", "type")
        counted = work.transaction.first(f'SELECT 1 FROM "{owner.name}" LIMIT 1')  # noqa: S608  # from the schema
        if counted is not None:
            raise wrong("Cannot create a master-detail field on an object that has records; create a lookup instead", "type")


def _check_target(work: Work, added: Field) -> None:
    for name in added.reference_to:
        if work.org.schema.object(name) is None:
            raise wrong(f"referenceTo value of '{name}' does not resolve to a valid sObject type", "referenceTo")


def _check_values_differ(work: Work, owner: ObjectType, field: Field) -> None:
    live = 'AND "IsDeleted" = 0' if owner.field("IsDeleted") else ""
    sql = f'SELECT 1 FROM "{owner.name}" WHERE "{field.name}" IS NOT NULL {live} GROUP BY "{field.name}" HAVING count(*) > 1'  # noqa: S608  # from the schema
    if work.transaction.first(sql) is not None:
        message = f"{field.label}: the field has duplicate values and cannot become unique"
        raise SalesforceError(400, "DUPLICATE_VALUE", message, ("unique",))


def _convertible(old: Field, new: Field) -> bool:
    if old.type in COMPOUNDS or old.auto_number != new.auto_number:
        return False
    return old.type is new.type or any(old.type in family and new.type in family for family in (TEXTS, NUMBERS))


def _withhold(work: Work, path: str) -> None:
    if work.transaction.switches.metadata_fields_need_permission:
        permissions.require_permission(work.transaction.connection, path)
    work.transaction.permissions_touched = True


def _value_sets(work: Work) -> dict[str, tuple[PicklistValue, ...]]:
    found = components.every(work.transaction.connection, "GlobalValueSet")
    return {each.full_name.lower(): metadata_fields.choices(each.content) for each in found}


def _objects_ever_made(work: Work) -> int:
    sql = "SELECT count(DISTINCT object) AS number FROM _schema_change WHERE field = '' AND object LIKE '%\\_\\_c' ESCAPE '\\'"
    found = work.transaction.first(sql)
    return int(found["number"]) if found is not None else 0


def _depends(work: Work, child_object: str, field_name: str, parent: str) -> bool:
    child = work.org.schema.object(child_object)
    field = child.field(field_name) if child is not None else None
    return field is not None and field.custom and child_object != parent


def _accept_as_parent(work: Work, lookups: tuple[tuple[str, str], ...], parent: str) -> None:
    for object_name, field_name in lookups:
        _set_parents(work, object_name, field_name, lambda names: tuple(dict.fromkeys((*names, parent))))


def _set_parents(work: Work, object_name: str, field_name: str, change: Any) -> None:
    owner = work.org.schema.object(object_name)
    field = owner.field(field_name) if owner is not None else None
    if owner is not None and field is not None and change(field.reference_to) != field.reference_to:
        work.org.add_field(owner.name, replace(field, reference_to=change(field.reference_to)))
