"""A custom field in the words of the Metadata API → a field of the schema, and back.

Formula, roll-up and geolocation fields are refused: this org computes nothing, and says so instead of storing an empty column.
"""

import re
from collections.abc import Mapping
from typing import Any

from localorg.errors import SalesforceError
from localorg.metadata_values import Content, flag, listed, missing, number, text, texts, wrong
from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, PicklistValue

LONGEST_NAME = 40
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_SUFFIX = "__c"
_TYPES = {
    "Text": FieldType.STRING,
    "TextArea": FieldType.TEXTAREA,
    "LongTextArea": FieldType.TEXTAREA,
    "Html": FieldType.TEXTAREA,
    "Email": FieldType.EMAIL,
    "Phone": FieldType.PHONE,
    "Url": FieldType.URL,
    "Number": FieldType.DOUBLE,
    "Currency": FieldType.CURRENCY,
    "Percent": FieldType.PERCENT,
    "Checkbox": FieldType.BOOLEAN,
    "Date": FieldType.DATE,
    "DateTime": FieldType.DATETIME,
    "Time": FieldType.TIME,
    "Picklist": FieldType.PICKLIST,
    "MultiselectPicklist": FieldType.MULTIPICKLIST,
    "Lookup": FieldType.REFERENCE,
    "MasterDetail": FieldType.REFERENCE,
    "AutoNumber": FieldType.STRING,
    "EncryptedText": FieldType.ENCRYPTEDSTRING,
}
_COMPUTED = frozenset({"Summary", "Location", "MetadataRelationship", "ExternalLookup", "IndirectLookup", "Hierarchy"})
_NUMBERS = frozenset({"Number", "Currency", "Percent"})
_LONG = frozenset({"LongTextArea", "Html"})
_LENGTHS = {"Text": (1, 255), "EncryptedText": (1, 175), "LongTextArea": (256, 131072), "Html": (256, 131072)}
_FIXED = {"TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255, "MultiselectPicklist": 4099, "AutoNumber": 30}
_KEYS = frozenset({"Text", "Number", "Email", "AutoNumber"})
_MOST_DIGITS = 18
_UNFILTERED = {"filterable": False, "sortable": False, "groupable": False, "aggregatable": False}


def field(full_name: str, given: Mapping[str, Any], value_sets: Mapping[str, tuple[PicklistValue, ...]]) -> Field:
    """Return the field; SalesforceError says what its definition lacks. `value_sets` are the org's global ones."""
    check_name(full_name)
    kind = _kind(given)
    label = text(given, "label")
    if label is None:
        raise missing("label")
    if len(label) > LONGEST_NAME:
        raise SalesforceError(400, "STRING_TOO_LONG", f"Label: data value too large: {label} (max length={LONGEST_NAME})", ("label",))
    type_ = _TYPES[kind]
    facts = type_defaults(type_) | _size(kind, given) | _reference(kind, full_name, given) | _flags(kind, given)
    facts |= _choices(kind, given, value_sets)
    facts |= {"description": text(given, "description"), "help_text": text(given, "inlineHelpText")}
    return Field(name=full_name, label=label, type=type_, custom=True, **facts)


def check_name(full_name: str) -> None:
    """Refuse a name that Salesforce does not take for a custom field or object."""
    if not full_name.endswith(_SUFFIX):
        raise wrong(f"The custom name {full_name} must end in {_SUFFIX}", "fullName")
    plain = full_name.removesuffix(_SUFFIX)
    if len(plain) > LONGEST_NAME:
        message = f"Developer Name: data value too large: {plain} (max length={LONGEST_NAME})"
        raise SalesforceError(400, "STRING_TOO_LONG", message, ("fullName",))
    if _NAME.fullmatch(plain) is None:
        raise wrong(
            f"The name {plain} can only contain underscores and alphanumeric characters. It must begin with a letter, not include "
            "spaces, not end with an underscore, and not contain two consecutive underscores.",
            "fullName",
        )


def metadata(field: Field) -> Content:
    """Return the definition of a custom field, values as the Tooling API has them."""
    kind = _kind_of(field)
    shown: Content = {"label": field.label, "type": kind, "description": field.description, "inlineHelpText": field.help_text}
    if field.type is not FieldType.BOOLEAN:
        shown |= {"required": not field.nillable}
    if kind in _KEYS:
        shown |= {"externalId": field.external_id, "unique": field.unique, "caseSensitive": field.case_sensitive if field.unique else None}
    if kind in _LENGTHS:
        shown["length"] = field.length
    if kind in _NUMBERS:
        shown |= {"precision": field.precision, "scale": field.scale}
    if field.type is FieldType.BOOLEAN:
        shown["defaultValue"] = "true" if field.default_value else "false"
    if field.type is FieldType.REFERENCE:
        shown |= {"referenceTo": field.reference_to[0], "relationshipLabel": None}
        shown["relationshipName"] = (field.child_relationship or "").removesuffix("__r") or None
    if field.auto_number:
        shown["displayFormat"] = field.display_format
    if field.type in {FieldType.PICKLIST, FieldType.MULTIPICKLIST}:
        shown["valueSet"] = _value_set(field)
    return {name: value for name, value in shown.items() if value is not None}


def choices(given: Any) -> tuple[PicklistValue, ...]:
    """Return the values of a value-set definition, at most one of them the default."""
    found = []
    for each in listed(given, "value") or listed(given, "customValue") or listed(given, "standardValue"):
        name = text(each, "fullName") or text(each, "valueName")
        if name is None:
            raise missing("fullName")
        label = text(each, "label") or name
        found.append(PicklistValue(name, label, flag(each, "isActive", default=True), flag(each, "default")))
    names = [each.value.lower() for each in found]
    twice = next((each.value for each in found if names.count(each.value.lower()) > 1), None)
    if twice is not None:
        raise SalesforceError(400, "DUPLICATE_VALUE", f"Duplicate label or value in the picklist: {twice}", ("valueSet",))
    return tuple(found)


def _kind(given: Mapping[str, Any]) -> str:
    kind = text(given, "type")
    if kind is None:
        raise missing("type")
    if kind in _COMPUTED or given.get("formula"):
        raise wrong(f"This org has no computed fields: {kind} with a formula, summary or compound value cannot be created", "type")
    if kind not in _TYPES:
        raise wrong(f"'{kind}' is not a valid value for the enum 'FieldType'; it is one of {', '.join(_TYPES)}", "type")
    return kind


def _size(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if kind in _NUMBERS:
        precision, scale = number(given, "precision"), number(given, "scale")
        if precision is None or scale is None:
            raise wrong(f"Must specify 'precision' and 'scale' for a CustomField of type {kind}", "precision", "scale")
        if not 0 <= scale <= precision <= _MOST_DIGITS or precision == 0:
            raise wrong(f"The precision of a number is 1 to {_MOST_DIGITS} digits, its scale no more than that", "precision", "scale")
        return {"precision": precision, "scale": scale}
    length = number(given, "length")
    if kind not in _LENGTHS:
        if length is not None:
            raise wrong(f"Can not specify 'length' for a CustomField of type {kind}", "length")
        return {"length": _FIXED[kind]} if kind in _FIXED else {}
    least, most = _LENGTHS[kind]
    if length is None:
        raise wrong(f"Must specify 'length' for a CustomField of type {kind}", "length")
    if not least <= length <= most:
        raise wrong(f"The length of a {kind} field is {least} to {most}", "length")
    if kind not in _LONG:
        return {"length": length}
    if number(given, "visibleLines") is None:
        raise wrong(f"Must specify 'visibleLines' for a CustomField of type {kind}", "visibleLines")
    extra = "richtextarea" if kind == "Html" else "plaintextarea"
    return {"length": length, "html": kind == "Html", "extra_type_info": extra, **_UNFILTERED}


def _reference(kind: str, full_name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if kind not in {"Lookup", "MasterDetail"}:
        return {}
    targets = texts(given, "referenceTo")
    if len(targets) != 1:
        raise missing("referenceTo")
    children = text(given, "relationshipName")
    if children is None and kind == "MasterDetail":
        raise missing("relationshipName")
    facts: dict[str, Any] = {
        "reference_to": (targets[0],),
        "relationship_name": full_name.removesuffix(_SUFFIX) + "__r",
        "child_relationship": f"{children}__r" if children is not None else None,
    }
    if kind == "MasterDetail":
        return facts | {"cascade_delete": True, "updateable": flag(given, "reparentableMasterDetail")}
    constraint = text(given, "deleteConstraint") or "SetNull"
    return facts | {"cascade_delete": constraint == "Cascade", "restricted_delete": constraint == "Restrict"}


def _flags(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    required, unique, external = flag(given, "required"), flag(given, "unique"), flag(given, "externalId")
    if kind == "Checkbox":
        if required:
            raise wrong("Can not specify 'required' for a CustomField of type Checkbox", "required")
        if text(given, "defaultValue") is None:
            raise wrong("Must specify 'defaultValue' for a CustomField of type Checkbox", "defaultValue")
        return {"nillable": False, "default_value": flag(given, "defaultValue")}
    if (unique or external) and kind not in _KEYS:
        name = "unique" if unique else "externalId"
        raise wrong(f"Can not specify '{name}' for a CustomField of type {kind}", name)
    facts: dict[str, Any] = {
        "nillable": not (required or kind == "MasterDetail"),
        "unique": unique,
        "external_id": external,
        "id_lookup": unique or external,
        "case_sensitive": unique and flag(given, "caseSensitive"),
    }
    if kind == "AutoNumber":
        facts |= {"auto_number": True, "createable": False, "updateable": False, "nillable": False, "defaulted_on_create": True}
        facts["display_format"] = text(given, "displayFormat") or "{0}"
    literal = text(given, "defaultValue")
    if literal is not None:
        facts |= {"default_value": _literal(kind, literal), "defaulted_on_create": True}
    return facts


def _literal(kind: str, expression: str) -> str | float:
    """Return a default that is a constant: defaults are formulas, and only those without any arithmetic are understood here."""
    quoted = len(expression) > 1 and expression[0] == expression[-1] and expression[0] in "'\""
    if quoted:
        return expression[1:-1]
    if kind in _NUMBERS:
        try:
            return float(expression)
        except ValueError:
            pass
    raise wrong(f"This org takes a quoted text or a number as default value, no formula: {expression}", "defaultValue")


def _choices(kind: str, given: Mapping[str, Any], value_sets: Mapping[str, tuple[PicklistValue, ...]]) -> dict[str, Any]:
    if kind not in {"Picklist", "MultiselectPicklist"}:
        return {}
    value_set = given.get("valueSet")
    if not isinstance(value_set, Mapping):
        raise missing("valueSet")
    named = text(value_set, "valueSetName")
    if named is not None:
        if named.lower() not in value_sets:
            raise wrong(f"There is no global value set named {named}", "valueSetName")
        return {"picklist": value_sets[named.lower()], "restricted_picklist": True}
    found = choices(value_set.get("valueSetDefinition"))
    facts: dict[str, Any] = {"picklist": found, "restricted_picklist": flag(value_set, "restricted")}
    if kind == "MultiselectPicklist" and number(given, "visibleLines") is None:
        raise wrong(f"Must specify 'visibleLines' for a CustomField of type {kind}", "visibleLines")
    default = next((each.value for each in found if each.default), None)
    if default is not None:
        facts |= {"default_value": default, "defaulted_on_create": True}
    return facts | ({"sortable": False, "groupable": False} if kind == "MultiselectPicklist" else {})


def _kind_of(field: Field) -> str:
    if field.auto_number:
        return "AutoNumber"
    if field.type is FieldType.TEXTAREA:
        return "Html" if field.html else "LongTextArea" if field.length > _LENGTHS["Text"][1] else "TextArea"
    if field.type is FieldType.REFERENCE:
        return "MasterDetail" if field.cascade_delete and not field.nillable else "Lookup"
    if field.type is FieldType.INT:
        return "Number"
    return next((kind for kind, type_ in _TYPES.items() if type_ is field.type), "Text")


def _value_set(field: Field) -> Content:
    values = [{"fullName": each.value, "default": each.default, "label": each.label, "isActive": each.active} for each in field.picklist]
    return {"restricted": field.restricted_picklist, "valueSetDefinition": {"sorted": False, "value": values}}
