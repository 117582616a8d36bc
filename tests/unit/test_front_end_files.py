import json
import tomllib
from pathlib import Path

import hatch_build
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["packages"]


@pytest.fixture
def vendor(tmp_path):
    (tmp_path / ".packages.json").write_text(json.dumps(PACKAGES, indent=1, sort_keys=True))
    return tmp_path


def test_nothing_is_fetched_when_the_files_are_there(vendor):
    hatch_build.fetch(vendor, PACKAGES)
    assert [".packages.json"] == [path.name for path in vendor.iterdir()]


def test_every_package_is_pinned_with_its_hash():
    assert all(package["version"][0].isdigit() and package["integrity"].startswith("sha512-") for package in PACKAGES)


def test_every_file_that_pages_need_is_there_with_a_notice():
    folder = ROOT / hatch_build.VENDOR
    wanted = {target for package in PACKAGES for target in package["files"].values()} | {"NOTICE.txt"}
    assert wanted <= {path.name for path in folder.iterdir()}


def test_the_style_sheet_brings_no_fonts():
    assert "@font-face" not in (ROOT / hatch_build.VENDOR / "slds.css").read_text()
