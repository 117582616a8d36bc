"""All pages: links lead somewhere, examples can be read by the program, decisions have their form, nothing foreign stands in them."""

import re
from pathlib import Path

import pytest
import yaml

from crosswalk.mapping import check, document
from crosswalk.mapping.formula import parser
from crosswalk.presets import loader
from crosswalk.sources import registry
from crosswalk.workspace import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "explanation" / "decisions").glob("0*.md"))
FRAGMENTS = [path for path in (ROOT / "changes").iterdir() if not path.name.startswith(".")]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_FOREIGN = re.compile(
    rf"{re.escape(str(Path.cwd()))}|{re.escape(str(Path.home()))}/|https?://[^ )/]*(?:registry|python|npm)", re.IGNORECASE
)


def name(path):
    return path.relative_to(ROOT).as_posix()


def read(path):
    return path.read_text(encoding="utf-8")


def fenced(language):
    return [(name(page), text) for page in PAGES for kind, text in _FENCED.findall(read(page)) if kind == language]


def overridden():
    """Return the syncs of examples that change a preset."""
    loaded = (yaml.safe_load(text) for _, text in fenced("yaml"))
    syncs = (sync for data in loaded if isinstance(data, dict) for sync in data.get("syncs", ()))
    return [sync for sync in syncs if "override" in sync]


def anchors(path):
    """Return the anchors of a page as a forge makes them of its headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_dead(page, link):
    if link.startswith(("http://", "https://", "mailto:")):
        return False
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    return not target.exists() or (anchor != "" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    assert [] == [link for link in _LINK.findall(_FENCED.sub("", read(page))) if is_dead(page, link)]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "requirements.md"], ids=name)
def test_nothing_foreign_stands_in_a_page(page):
    assert [] == _FOREIGN.findall(read(page))


def test_every_page_can_be_reached_from_the_start_pages():
    reached, pending = set(), [ROOT / "README.md"]
    while pending:
        page = pending.pop()
        if page in reached:
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(_FENCED.sub("", read(page))))
        pending += [(page.parent / link).resolve() for link in links if link.endswith(".md") and "://" not in link]
    assert [] == [name(page) for page in PAGES if page not in reached]


@pytest.mark.parametrize(("page", "text"), fenced("yaml"))
def test_yaml_examples_are_what_the_program_takes(page, text):
    data = yaml.safe_load(text)
    if isinstance(data, dict) and "steps" in data:
        parsed = document.parse(data)
        assert [] == check.refusing(check.check(parsed, registry.source(parsed.source).catalogue({}), None))
    elif isinstance(data, dict) and {"connections", "sources", "syncs"} & set(data):
        environment = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "value")
        assert parse(text, environment)
    elif isinstance(data, dict):
        assert document.PassThroughRow.model_validate(data)
    else:
        assert data, page


@pytest.mark.parametrize("spec", overridden())
def test_rows_that_examples_add_to_a_preset_go_into_its_steps(spec):
    steps = {step["name"] for step in loader.load(spec["preset"]).document["steps"]}
    assert set() == set(spec["override"].get("rows", {})) - steps


@pytest.mark.parametrize("formula", [line for _, text in fenced("formula") for line in text.splitlines()])
def test_formulas_can_be_parsed(formula):
    assert parser.parse(formula)


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_has_context_choice_and_price_in_ten_to_thirty_lines(page):
    text = read(page)
    assert ["Context", "Choice", "Price"] == re.findall(r"^## (\w+)$", text, re.MULTILINE)
    assert 10 <= len(text.splitlines()) <= 30


def test_every_decision_is_listed():
    listed = read(ROOT / "docs" / "explanation" / "decisions" / "README.md")
    assert [] == [page.name for page in DECISIONS if page.name not in listed]


def test_every_promise_has_its_page_section():
    text = read(ROOT / "docs" / "explanation" / "promises.md")
    assert [f"P{number}" for number in range(1, 13)] == re.findall(r"^## (P\d+):", text, re.MULTILINE)


def test_every_crash_point_of_a_turn_is_explained():
    marked = {point for path in (ROOT / "src" / "crosswalk").rglob("*.py") for point in re.findall(r'at\("(K\d)"\)', read(path))}
    text = read(ROOT / "docs" / "explanation" / "how-a-turn-works.md")
    assert marked == set(re.findall(r"^\| (K\d) \|", text, re.MULTILINE))


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=name)
def test_a_fragment_of_the_changelog_has_a_known_type(fragment):
    assert fragment.name.split(".")[1] in {"feature", "bugfix", "doc", "removal", "misc"}
