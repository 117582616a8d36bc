"""The traits of an identify call that a mapping can pick.

Clients put traits at the root, in `context.traits`, or both: every attribute is read from the root first. Each spelling of a table row
(`address.city`, `city`) is an attribute of its own; the mapping names them in order.
"""

from crosswalk.model import Attribute, SourceType

T = SourceType

ROOTS = ("traits", "context.traits")


def _trait(key: str, label: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, tuple(f"{root}.{key}" for root in ROOTS), "Traits")


def _nested(parent: str, name: str, label: str, kind: SourceType = T.TEXT) -> tuple[Attribute, Attribute]:
    return _trait(f"{parent}.{name}", f"{label} ({parent})", kind), _trait(name, label, kind)


def _call(key: str, label: str, path: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (path,), "Call")


_PERSON = (
    Attribute("email", "Email", T.EMAIL, ("traits.email", "context.traits.email", "properties.email"), "Traits"),
    _trait("name", "Name"),
    _trait("firstName", "First name"),
    _trait("lastName", "Last name"),
    _trait("title", "Title"),
    _trait("salutation", "Salutation"),
    _trait("phone", "Phone", T.PHONE),
    _trait("website", "Website", T.URL),
    _trait("description", "Description"),
    _trait("photoUrl", "Photo URL", T.URL),
)

_COMPANY = (
    _trait("company.name", "Company name"),
    _trait("company", "Company"),
    _trait("company.industry", "Industry"),
    _trait("company.annualRevenue", "Annual revenue", T.NUMBER),
    _trait("company.employee_count", "Number of employees", T.INTEGER),
)

_ADDRESS = (
    *_nested("address", "street", "Street"),
    *_nested("address", "city", "City"),
    *_nested("address", "state", "State"),
    *_nested("address", "stateCode", "State code"),
    *_nested("address", "postalCode", "Postal code"),
    *_nested("address", "country", "Country"),
    *_nested("address", "countryCode", "Country code"),
    *_nested("address", "latitude", "Latitude", T.NUMBER),
    *_nested("address", "longitude", "Longitude", T.NUMBER),
    *_nested("address", "accuracy", "Accuracy"),
    _trait("geocodeAccuracy", "Geocode accuracy"),
)

_LEAD = (
    _trait("LeadSource", "Lead source"),
    _trait("rating", "Rating"),
    _trait("status", "Status"),
    _trait("ownerId", "Owner ID"),
    _trait("id", "ID"),
    _trait("individualId", "Individual ID"),
    _trait("masterRecordId", "Master record ID"),
    _trait("jigsaw", "Jigsaw"),
    _trait("jigsawContactId", "Jigsaw contact ID"),
    _trait("isUnreadByOwner", "Unread by owner", T.BOOLEAN),
    _trait("isConverted", "Converted", T.BOOLEAN),
    _trait("isDeleted", "Deleted", T.BOOLEAN),
    _trait("convertedAccountId", "Converted account ID"),
    _trait("convertedContactId", "Converted contact ID"),
    _trait("convertedOpportunityId", "Converted opportunity ID"),
    _trait("convertedDate", "Converted date", T.DATE),
    _trait("createdById", "Created by ID"),
    _trait("createdAt", "Created at", T.DATETIME),
    _trait("createddate", "Created date", T.DATETIME),
    _trait("lastModifiedById", "Last modified by ID"),
    _trait("lastModifiedDate", "Last modified date", T.DATETIME),
    _trait("lastActivityDate", "Last activity date", T.DATE),
    _trait("lastReferencedDate", "Last referenced date", T.DATETIME),
    _trait("lastViewedDate", "Last viewed date", T.DATETIME),
    _trait("systemModstamp", "System modstamp", T.DATETIME),
    _trait("emailBouncedDate", "Email bounced date", T.DATETIME),
    _trait("emailBouncedReason", "Email bounced reason"),
)

_NAMED_LIKE_FIELDS = (  # for apps that send traits under the names of fields
    _trait("Email", "Email field", T.EMAIL),
    _trait("LastName", "Last name field"),
    _trait("Company", "Company field"),
)

_NEWER = (  # in the vendor's present tables, not in those of the default preset
    _trait("middleName", "Middle name"),
    _trait("suffix", "Suffix"),
    _trait("mobilePhone", "Mobile phone", T.PHONE),
    _trait("homePhone", "Home phone", T.PHONE),
    _trait("fax", "Fax", T.PHONE),
    _trait("birthday", "Birthday", T.DATE),
    _trait("department", "Department"),
    _trait("division", "Division"),
    _trait("accountId", "Account ID"),
    _trait("reportsToId", "Reports to ID"),
    _trait("recordTypeId", "Record type ID"),
    _trait("currencyIsoCode", "Currency"),
    _trait("company.companyDunsNumber", "Company D-U-N-S number (company)"),
    _trait("companyDunsNumber", "Company D-U-N-S number"),
    _trait("assistantName", "Assistant name"),
    _trait("assistantPhone", "Assistant phone", T.PHONE),
    _trait("canAllowPortalSelfReg", "Portal self-registration allowed", T.BOOLEAN),
    _trait("cleanStatus", "Clean status"),
    _trait("doNotCall", "Do not call", T.BOOLEAN),
    _trait("hasOptedOutOfEmail", "Opted out of email", T.BOOLEAN),
    _trait("hasOptedOutOfFax", "Opted out of fax", T.BOOLEAN),
    _trait("isEmailBounced", "Email bounced", T.BOOLEAN),
    _trait("isPersonAccount", "Person account", T.BOOLEAN),
)

_CALLS = (
    Attribute("type", "Call type", T.TEXT, ("@type",), "Call"),
    _call("userId", "User ID", "userId"),
    _call("anonymousId", "Anonymous ID", "anonymousId"),
    _call("messageId", "Message ID", "messageId"),
    _call("groupId", "Group ID", "groupId"),
    _call("previousId", "Previous ID", "previousId"),
    _call("event", "Event name", "event"),
    _call("pageName", "Page or screen name", "name"),
    _call("channel", "Channel", "channel"),
    _call("timestamp", "Timestamp", "timestamp", T.DATETIME),
    _call("properties", "Properties", "properties", T.OBJECT),
    _call("context.ip", "IP address", "context.ip"),
    _call("context.locale", "Locale", "context.locale"),
    _call("context.userAgent", "User agent", "context.userAgent"),
    _call("context.page.url", "Page URL", "context.page.url", T.URL),
    _call("context.page.referrer", "Page referrer", "context.page.referrer", T.URL),
    *(
        _call(f"context.campaign.{part}", f"UTM {part}", f"context.campaign.{part}")
        for part in ("source", "medium", "term", "content", "name")
    ),
)

BUILTIN = _PERSON + _COMPANY + _ADDRESS + _LEAD + _NEWER + _NAMED_LIKE_FIELDS + _CALLS
