"""One field of a describe, with every key a real one has; what this org does not model has Salesforce's usual constant."""

from typing import Any

from localorg.schema import COMPOUNDS, IDS, NUMBERS, TEXTS, Field, FieldType, ObjectType

_SOAP = {
    **dict.fromkeys(TEXTS, "xsd:string"),
    **dict.fromkeys(NUMBERS, "xsd:double"),
    **dict.fromkeys(IDS, "tns:ID"),
    FieldType.INT: "xsd:int",
    FieldType.BOOLEAN: "xsd:boolean",
    FieldType.DATE: "xsd:date",
    FieldType.DATETIME: "xsd:dateTime",
    FieldType.TIME: "xsd:time",
    FieldType.ADDRESS: "urn:address",
    FieldType.LOCATION: "urn:location",
    FieldType.BASE64: "xsd:base64Binary",
    FieldType.ANYTYPE: "xsd:anyType",
}
_BYTES_PER_CHARACTER = 3
_CONSTANT: dict[str, Any] = {
    "aiPredictionField": False,
    "cascadeDelete": False,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "writeRequiresMasterRead": False,
}


def describe_field(object_type: ObjectType, field: Field) -> dict[str, Any]:
    """Return the describe of a field, keys in alphabetical order."""
    described = _CONSTANT | {
        "aggregatable": field.aggregatable,
        "autoNumber": field.auto_number,
        "byteLength": field.length if field.type in IDS else field.length * _BYTES_PER_CHARACTER,
        "calculated": field.calculated,
        "calculatedFormula": None,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound_field,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default_value,
        "defaultedOnCreate": field.defaulted_on_create,
        "digits": field.digits,
        "displayLocationInDecimal": field.type is FieldType.LOCATION,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type_info,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "htmlFormatted": field.html,
        "idLookup": field.id_lookup,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.polymorphic,
        "nillable": field.nillable,
        "permissionable": _permissionable(object_type, field),
        "picklistValues": [
            {"active": each.active, "defaultValue": each.default, "label": each.label, "validFor": None, "value": each.value}
            for each in field.picklist
        ],
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision,
        "queryByDistance": field.type in COMPOUNDS,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "restrictedPicklist": field.restricted_picklist,
        "scale": field.scale,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type.value,
        "unique": field.unique,
        "updateable": field.updateable,
    }
    return dict(sorted(described.items()))


def _permissionable(object_type: ObjectType, field: Field) -> bool:
    required = field.required or field.type is FieldType.ID or field.name_field
    return not required and (field.createable or field.updateable or field.custom) and object_type.createable
