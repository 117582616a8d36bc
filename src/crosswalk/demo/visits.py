"""What a registration page learns besides the person: the form as filled in, the browser, where the visitor came from."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from crosswalk.demo.people import Person

_BROWSERS = (
    ("Chrome", "134.0", "Windows", "11", "1080", "1920"),
    ("Chrome", "134.0", "Mac OS X", "15.3", "900", "1440"),
    ("Safari", "18.2", "iOS", "18.3", "844", "390"),
    ("Firefox", "136.0", "Linux", "6.12", "1200", "1920"),
    ("Edge", "134.0", "Windows", "11", "1440", "2560"),
)
_Utm = tuple[str | None, str | None, str | None, str | None, str | None]

_CAMPAIGNS: tuple[_Utm, ...] = (
    ("newsletter", "email", None, "header-button", "spring"),
    ("linkedin", "social", None, None, "spring"),
    ("search", "cpc", "route planning", "ad-2", "always-on"),
    ("partner", "referral", None, None, "spring"),
)
_DIRECT: _Utm = (None, None, None, None, None)
_TOPICS = ("reporting", "api", "routing", "pricing", "security")
_REFERRER = "https://www.route-planner.example/blog/spring"

_ANSWERED = {"company": 0.9, "job_title": 0.7, "phone": 0.4, "city": 0.5, "country": 0.5, "website": 0.2}
_FROM_A_CAMPAIGN = 0.7


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to the registration page; names are Livestorm's, and every size is text there."""

    referrer: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_term: str | None
    utm_content: str | None
    utm_campaign: str | None
    browser_name: str
    browser_version: str
    os_name: str
    os_version: str
    screen_height: str
    screen_width: str
    ip_city: str
    ip_country_code: str
    ip_country_name: str

    def detail(self) -> dict[str, str | None]:
        """Return the visit as part of a registration."""
        return asdict(self)


def visit(random: Random, person: Person) -> Visit:
    """Return the visit on which a person registered."""
    led_here = random.random() < _FROM_A_CAMPAIGN
    utm = random.choice(_CAMPAIGNS) if led_here else (None, None, None, None, None)
    return Visit(_REFERRER if led_here else None, *utm, *random.choice(_BROWSERS), person.city, person.place.code, person.place.country)


def form_fields(random: Random, person: Person, email: str) -> tuple[dict[str, Any], ...]:
    """Return the form's fields; what was not answered is not there, and some answers are left empty."""
    fields = [_field("email", email, required=True), _field("first_name", person.first_name, required=True)]
    fields.append(_field("last_name", person.last_name, required=True))
    answers = {
        "company": person.company.name,
        "job_title": person.title,
        "phone": person.phone,
        "city": person.city,
        "country": person.place.country,
        "website": person.company.website,
    }
    fields += [_field(slug, answer, required=slug == "company") for slug, answer in answers.items() if random.random() < _ANSWERED[slug]]
    topics = random.sample(_TOPICS, random.randrange(len(_TOPICS)))
    return (*fields, {"id": "topics_of_interest", "type": "multiple_select", "value": topics, "required": False, "custom": True})


def _field(slug: str, value: str | None, *, required: bool) -> dict[str, Any]:
    return {"id": slug, "type": "text", "value": value, "required": required}
