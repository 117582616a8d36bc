"""The guide to a source of one's own says everything such a source must have, and its example is the one that is installed."""

import tomllib
from pathlib import Path

import pytest

from crosswalk.presets import loader
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling, Source

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "how-to" / "add-a-source.md").read_text("utf-8")
MEMBERS = sorted({name for part in (Source, Pulling) for name in (*vars(part), *part.__annotations__) if not name.startswith("_")})


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_of_a_source_is_in_the_guide(member):
    assert f"`{member}" in GUIDE


def test_the_entry_points_of_the_guide_are_those_of_the_example():
    shown = tomllib.loads(GUIDE.split("```toml\n")[1].split("```")[0])["project"]["entry-points"]
    example = tomllib.loads((ROOT / "examples" / "gatehouse" / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert ({registry.GROUP, loader.GROUP}, example) == (set(shown), shown)
