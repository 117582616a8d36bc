"""The values of engagement attributes: what the pages of the site told about the visitor, in the widget and in the history."""

from collections.abc import Iterable, Iterator

from crosswalk.model import Attribute, SourceType
from crosswalk.sources.liveperson.ways import SAME, Group

T = SourceType

_CUSTOMER, _PERSONAL = Group("Customer details", varies=False), Group("Personal details", varies=False)
_MARKETING, _SHOP = Group("Marketing and leads"), Group("Orders and service")


def _sde(group: Group, widget: str, history: str, rows: Iterable[tuple[str, str, SourceType, str, str]]) -> Iterator[Attribute]:
    """Give the attributes of one kind: key, label, type, member in the widget, member (or whole path) in the history."""
    for key, label, kind, inside, told in rows:
        path = told if told.startswith("derived.") else f"{history}.{told}"
        yield group.value(key, label, kind, (f"SDE.{widget}.{inside}", path, SAME, SAME))


def _event(kind: str, *members: str) -> str:
    return ".".join((f"sdes.events[sdeType={kind}]", *members))


_CUSTOMERS = _sde(
    _CUSTOMER,
    "customerDetails",
    _event("CUSTOMER_INFO", "customerInfo", "customerInfo"),
    (
        ("customer_id", "Customer ID", T.TEXT, "customerId", "customerId"),
        ("customer_type", "Customer Type", T.TEXT, "type", "customerType"),
        ("customer_status", "Customer Status", T.TEXT, "status", "customerStatus"),
        ("customer_balance", "Customer Balance", T.NUMBER, "balance", "balance"),
        ("customer_user_name", "Customer User Name", T.TEXT, "userName", "userName"),
        ("customer_account_name", "Customer Account Name", T.TEXT, "accountName", "accountName"),
        ("customer_role", "Customer Role", T.TEXT, "role", "role"),
        ("social_id", "Social ID", T.TEXT, "socialId", "socialId"),
        ("imei", "IMEI", T.TEXT, "imei", "imei"),
        ("company_size", "Company Size", T.NUMBER, "companySize", "companySize"),
        ("company_branch", "Company Branch", T.TEXT, "companyBranch", "companyBranch"),
        ("last_payment_date", "Last Payment Date", T.DATE, "lastPaymentDate", "derived.last_payment_date"),
        ("registration_date", "Registration Date", T.DATE, "registrationDate", "derived.registration_date"),
    ),
)

_PERSONALS = _sde(
    _PERSONAL,
    "personalInfo",
    _event("PERSONAL_INFO", "personalInfo", "personalInfo"),
    (
        ("personal_name", "Personal Name", T.TEXT, "name", "name"),
        ("personal_email", "Personal Email", T.EMAIL, "contactInfo.email", "contacts.personalContact.email"),
        ("personal_phone", "Personal Phone", T.PHONE, "contactInfo.phone", "contacts.personalContact.phone"),
        ("gender", "Gender", T.SELECT, "gender", "gender"),
        ("language", "Language", T.TEXT, "language", "language"),
        ("personal_company", "Personal Company", T.TEXT, "company", "company"),
        ("age", "Age", T.NUMBER, "age", "customerAge.customerAgeInYears"),
        ("birthday", "Birthday", T.DATE, "birthday", "derived.birthday"),
    ),
)

_PARTS_OF_NAME = tuple(
    _PERSONAL.value(
        key, label, T.TEXT, (f"SDE.personalInfo.{inside}", f"{_event('PERSONAL_INFO', 'personalInfo', 'personalInfo')}.{told}", SAME, own)
    )
    for key, label, inside, told, own in (
        ("personal_first_name", "First Name", "firstname", "name", "consumerParticipants.firstName"),
        ("personal_last_name", "Last Name", "lastname", "surname", "consumerParticipants.lastName"),
    )
)

_MARKETINGS = (
    _MARKETING.value("search_provider", "Search Provider", T.TEXT, ("visitorJourney.searchEngine.searchProvider", "", "", "")),
    _MARKETING.value(
        "search_keywords",
        "Search Keywords",
        T.TEXT,
        ("visitorJourney.searchEngine.searchKeywords", _event("SEARCH_CONTENT", "searchContent", "keywords[0]"), "", SAME),
    ),
    *_sde(
        _MARKETING,
        "marketingSource",
        _event("MARKETING_CAMPAIGN_INFO", "marketingCampaignInfo", "marketingCampaignInfo"),
        (
            ("marketing_channel", "Marketing Channel", T.SELECT, "originatingChannel", "derived.marketing_channel"),
            ("marketing_affiliate", "Marketing Affiliate", T.TEXT, "affiliate", "affiliate"),
            ("marketing_campaign_id", "Marketing Campaign ID", T.TEXT, "campaignId", "campaignId"),
        ),
    ),
    *_sde(
        _MARKETING,
        "leadGeneration",
        _event("LEAD", "lead", "lead"),
        (
            ("lead_topic", "Lead Topic", T.TEXT, "topic", "topic"),
            ("lead_value", "Lead Value", T.NUMBER, "value", "value"),
            ("lead_id", "Lead ID", T.TEXT, "leadId", "leadId"),
        ),
    ),
)

_SHOPPING = (
    *_sde(
        _SHOP,
        "transaction",
        _event("PURCHASE", "purchase"),
        (("order_id", "Order ID", T.TEXT, "orderId", "orderId"), ("order_total", "Order Total", T.NUMBER, "total", "total")),
    ),
    *_sde(
        _SHOP,
        "shoppingCart",
        _event("CART_STATUS", "cartStatus"),
        (("cart_total", "Cart Total", T.NUMBER, "cartTotal", "total"), ("cart_items", "Cart Items", T.INTEGER, "numItems", "numItems")),
    ),
    *_sde(
        _SHOP,
        "viewedProducts",
        _event("VIEWED_PRODUCT", "viewedProduct"),
        (("viewed_product", "Viewed Product Name", T.TEXT, "name", "products[0].product.name"),),
    ),
    *_sde(
        _SHOP,
        "serviceActivity",
        _event("SERVICE_ACTIVITY", "serviceActivity", "serviceActivity"),
        (
            ("service_topic", "Service Topic", T.TEXT, "topic", "topic"),
            ("service_status", "Service Status", T.TEXT, "status", "status"),
            ("service_category", "Service Category", T.TEXT, "category", "category"),
            ("service_id", "Service ID", T.TEXT, "id", "serviceId"),
        ),
    ),
    *_sde(
        _SHOP,
        "error",
        _event("VISITOR_ERROR", "visitorError", "visitorError"),
        (("error_message", "Error Message", T.TEXT, "message", "message"), ("error_code", "Error Code", T.TEXT, "code", "code")),
    ),
)

VALUES = (*_CUSTOMERS, *_PERSONALS, *_PARTS_OF_NAME, *_MARKETINGS, *_SHOPPING)
