"""Components that this org keeps as they are, after a look at what they refer to: tabs, layouts, report types, value sets, record types.

Their use is elsewhere: `/tabs` lists tabs, `describe/layouts` shows a layout's related lists, a picklist takes a value set's values.
"""

from dataclasses import replace

from localorg import components, ids, metadata_fields
from localorg.errors import SalesforceError
from localorg.metadata_schema import Work
from localorg.metadata_values import Content, flag, listed, missing, text, wrong
from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row

_STANDARD_VALUE_SETS = {
    "AccountType": ("Account", "Type"),
    "CampaignMemberStatus": ("CampaignMember", "Status"),
    "CampaignStatus": ("Campaign", "Status"),
    "CampaignType": ("Campaign", "Type"),
    "CaseOrigin": ("Case", "Origin"),
    "CasePriority": ("Case", "Priority"),
    "CaseStatus": ("Case", "Status"),
    "Industry": ("Lead", "Industry"),
    "LeadSource": ("Lead", "LeadSource"),
    "LeadStatus": ("Lead", "Status"),
    "OpportunityStage": ("Opportunity", "StageName"),
    "OpportunityType": ("Opportunity", "Type"),
    "TaskPriority": ("Task", "Priority"),
    "TaskStatus": ("Task", "Status"),
}
_SHARED = {"Industry": ("Lead", "Account"), "LeadSource": ("Lead", "Contact", "Opportunity")}


class Stored:
    """A type of component whose content is kept; subclasses look at it first."""

    type = ""

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Store a new component; DUPLICATE_DEVELOPER_NAME when there is one of this name."""
        if components.find(work.transaction.connection, self.type, full_name) is not None:
            raise SalesforceError(400, "DUPLICATE_DEVELOPER_NAME", f"There is already a {self.type} named {full_name}.", ("fullName",))
        self.check(work, full_name, content)
        components.keep(work.transaction, self.type, full_name, content)

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Replace the content of a component."""
        self.find(work, full_name)
        self.check(work, full_name, content)
        components.keep(work.transaction, self.type, full_name, content)

    def delete(self, work: Work, full_name: str) -> None:
        """Forget a component."""
        self.find(work, full_name)
        components.drop(work.transaction, self.type, full_name)

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return the content of a component."""
        found = components.find(work.transaction.connection, self.type, full_name)
        return found.content if found is not None else None

    def names(self, work: Work) -> list[str]:
        """Return every component of this type."""
        return [each.full_name for each in components.every(work.transaction.connection, self.type)]

    def check(self, work: Work, full_name: str, content: Content, /) -> None:
        """Refuse content that refers to what does not exist."""

    def find(self, work: Work, full_name: str) -> Content:
        """Return the content of a component; the refusal of an unknown name otherwise."""
        found = self.read(work, full_name)
        if found is None:
            raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", f"no {self.type} named {full_name} found", ())
        return found


class CustomTabs(Stored):
    """Tabs; the tab of a custom object has its name."""

    type = "CustomTab"

    def check(self, work: Work, full_name: str, content: Content) -> None:
        """Refuse the tab of an object that does not exist."""
        if flag(content, "customObject"):
            _owner(work, full_name)
        if text(content, "motif") is None:
            raise missing("motif")


class ReportTypes(Stored):
    """Custom report types."""

    type = "ReportType"

    def check(self, work: Work, full_name: str, content: Content) -> None:
        """Refuse a report type on an object that does not exist."""
        lacking = [name for name in ("baseObject", "label", "category", "deployed") if content.get(name) is None]
        if lacking:
            raise missing(*lacking)
        _owner(work, text(content, "baseObject") or full_name)


class GlobalValueSets(Stored):
    """Value sets that picklists may share."""

    type = "GlobalValueSet"

    def check(self, _work: Work, _full_name: str, content: Content) -> None:
        """Refuse values that are given twice."""
        if text(content, "masterLabel") is None:
            raise missing("masterLabel")
        metadata_fields.choices(content)


class ValidationRules(Stored):
    """Validation rules: kept and listed; the rules that bite are set at `/localorg/validation`, for formulas are not computed here."""

    type = "ValidationRule"

    def check(self, work: Work, full_name: str, content: Content) -> None:
        """Refuse a rule on an object that does not exist."""
        _owner(work, full_name.partition(".")[0])
        lacking = [name for name in ("errorConditionFormula", "errorMessage", "active") if content.get(name) is None]
        if lacking:
            raise missing(*lacking)


class Layouts(Stored):
    """Page layouts, `Object-Layout Name`; every object that has pages is born with one."""

    type = "Layout"

    def check(self, work: Work, full_name: str, content: Content) -> None:
        """Refuse a layout of an unknown object, and related lists of children it does not have."""
        owner = _owner(work, full_name.partition("-")[0])
        children = {f"{each.child_object}.{each.field}".lower() for each in work.org.schema.children(owner.name)} | {
            str(each.relationship_name).lower() for each in work.org.schema.children(owner.name)
        }
        for each in listed(content, "relatedLists"):
            name = text(each, "relatedList") or ""
            if name.lower() not in children and not name.startswith("Related"):
                raise wrong(f"Cannot find related list: {name}", "relatedList")

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return a layout; an untouched one shows no related lists."""
        found = super().read(work, full_name)
        if found is None and full_name.lower() in {each.lower() for each in _first_layouts(work)}:
            return {"layoutSections": [], "relatedLists": []}
        return found

    def names(self, work: Work) -> list[str]:
        """Return every layout, those untouched included."""
        return sorted({*_first_layouts(work), *super().names(work)})


class RecordTypes(Stored):
    """Record types, `Object.Name`: a row of RecordType, and the picklist values it allows."""

    type = "RecordType"

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Add a record type; the first one gives its object the field RecordTypeId."""
        object_name, _, name = full_name.partition(".")
        owner = _owner(work, object_name)
        super().create(work, f"{owner.name}.{name}", content)
        if owner.field("RecordTypeId") is None:
            work.org.add_field(owner.name, _record_type_id())
        transaction = work.transaction
        row: Row = {
            "Id": ids.record_id("012", transaction.next_number("012")),
            "Name": text(content, "label") or name,
            "DeveloperName": name,
        }
        row |= {
            "SobjectType": owner.name,
            "IsActive": int(flag(content, "active", default=True)),
            "Description": text(content, "description"),
        }
        row |= {"CreatedDate": transaction.stamp, "CreatedById": transaction.user.id, **transaction.audit()}
        transaction.insert(_owner(work, "RecordType"), row)

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change a record type."""
        super().update(work, full_name, content)
        object_name, _, name = full_name.partition(".")
        row = work.transaction.first('SELECT * FROM "RecordType" WHERE "SobjectType" = ? AND "DeveloperName" = ?', object_name, name)
        if row is not None:
            changes = {"Name": text(content, "label") or name, "IsActive": int(flag(content, "active", default=True))}
            work.transaction.update(_owner(work, "RecordType"), row, {**changes, **work.transaction.audit()})

    def delete(self, work: Work, full_name: str) -> None:
        """Refuse: Salesforce does not delete record types through the Metadata API; they are made inactive."""
        self.find(work, full_name)
        raise SalesforceError(400, "INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot delete record type through API: {full_name}", ())

    def check(self, work: Work, full_name: str, content: Content) -> None:
        """Refuse picklists and values that the object does not have."""
        owner = _owner(work, full_name.partition(".")[0])
        for each in listed(content, "picklistValues"):
            field = owner.field(text(each, "picklist") or "")
            if field is None:
                raise wrong(f"Picklist value {text(each, 'picklist')} in record type not found", "picklistValues")
            known = {choice.value for choice in field.picklist}
            for value in listed(each, "values"):
                if (text(value, "fullName") or "") not in known:
                    raise wrong(f"Picklist value: {text(value, 'fullName')} in picklist: {field.name} not found", "picklistValues")


class StandardValueSets(Stored):
    """The values of standard picklists, by the name metadata has for them."""

    type = "StandardValueSet"

    def create(self, _work: Work, full_name: str, _content: Content) -> None:
        """Refuse."""
        raise SalesforceError(400, "INVALID_OPERATION", f"StandardValueSet {full_name} cannot be created, only updated", ())

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Give a standard picklist these values; those it has and are not given become inactive."""
        object_name, field_name = self._place(full_name)
        values = metadata_fields.choices(content)
        if not values:
            raise missing("standardValue")
        for name in _SHARED.get(full_name, (object_name,)):
            owner = _owner(work, name)
            field = owner.field(field_name)
            if field is not None:
                given = {each.value for each in values}
                retired = tuple(replace(each, active=False) for each in field.picklist if each.value not in given)
                work.org.add_field(owner.name, replace(field, picklist=(*values, *retired)))

    def delete(self, _work: Work, full_name: str) -> None:
        """Refuse."""
        raise SalesforceError(400, "DELETE_FAILED", f"StandardValueSet {full_name} cannot be deleted", ())

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return the active values of a standard picklist."""
        if full_name not in _STANDARD_VALUE_SETS:
            return None
        object_name, field_name = _STANDARD_VALUE_SETS[full_name]
        field = _owner(work, object_name).field(field_name)
        shown = [
            {"fullName": each.value, "default": each.default, "label": each.label}
            for each in (field.picklist if field is not None else ())
            if each.active
        ]
        return {"sorted": False, "standardValue": shown}

    def names(self, _work: Work) -> list[str]:
        """Return the value sets this org knows."""
        return sorted(_STANDARD_VALUE_SETS)

    def _place(self, full_name: str) -> tuple[str, str]:
        if full_name not in _STANDARD_VALUE_SETS:
            message = f"no StandardValueSet named {full_name} found; this org has {', '.join(sorted(_STANDARD_VALUE_SETS))}"
            raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", message, ())
        return _STANDARD_VALUE_SETS[full_name]


def _owner(work: Work, name: str) -> ObjectType:
    found = work.org.schema.object(name)
    if found is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", f"Cannot find CustomObject named {name}", ())
    return found


def _first_layouts(work: Work) -> list[str]:
    return [f"{each.name}-{each.label} Layout" for each in work.org.schema.objects() if each.layoutable]


def _record_type_id() -> Field:
    facts = type_defaults(FieldType.REFERENCE) | {"relationship_name": "RecordType", "reference_to": ("RecordType",)}
    return Field(name="RecordTypeId", label="Record Type ID", type=FieldType.REFERENCE, **facts)
