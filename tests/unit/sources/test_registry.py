import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.sources import registry


@pytest.mark.parametrize("kind", ["livestorm", "rudderstack"])
def test_an_installed_source_is_found_by_its_kind(kind):
    assert kind == registry.source(kind).kind


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ConfigurationError, match="livestorm, rudderstack"):
        registry.source("zoomy")


@pytest.mark.parametrize(
    ("kind", "settings", "place"),
    [
        ("livestorm", {"signature_order": "body"}, "settings.signature_order"),
        ("livestorm", {"signatur_order": "hmac"}, "settings.signatur_order"),
        ("livestorm", {"signature_window_seconds": 0}, "settings.signature_window_seconds"),
        ("livestorm", {"people_attributes": [{"slug": "x", "type": "blob"}]}, "settings.people_attributes.0.type"),
        ("rudderstack", {"traits": [{"label": "x"}]}, "settings.traits.0.key"),
    ],
)
def test_a_wrong_setting_is_named_by_its_place(kind, settings, place):
    assert [place] == [problem.place for problem in registry.source(kind).problems(settings)]


@pytest.mark.parametrize("kind", ["livestorm", "rudderstack"])
def test_no_settings_are_no_problem(kind):
    assert registry.source(kind).problems({}) == ()


def test_a_secret_in_the_wrong_line_is_not_repeated():
    (problem,) = registry.source("livestorm").problems({"signing_secret": "hush-hush"})
    assert "hush-hush" not in problem.sentence
