"""Write the generated parts of the documentation, or check that they are up to date.

    python -m tools.reference_pages [--check]

A page is written by hand; what the code knows better stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->` and comes from the
section of that name (`tools.reference_sections`). A section that no page shows is an error, so that nothing is left undocumented.
"""

import re
import sys
from pathlib import Path

from crosswalk.cli import logs
from tools.reference_sections import REQUIRED, section

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_PART = re.compile(r"(?P<begin><!-- begin: (?P<name>[^>]+?) -->\n).*?(?P<end><!-- end: (?P=name) -->)", re.DOTALL)


def written(text: str) -> str:
    """Return a page with every generated part written anew."""
    return _PART.sub(lambda found: f"{found['begin']}\n{section(found['name'])}\n{found['end']}", text)


def stale() -> list[Path]:
    """Return the pages whose generated parts are out of date."""
    return [page for page in pages() if written(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]


def pages() -> list[Path]:
    """Return every page that has a generated part."""
    return [page for page in sorted(DOCS.rglob("*.md")) if "<!-- begin: " in page.read_text(encoding="utf-8")]


def unshown() -> list[str]:
    """Return the sections that no page shows."""
    shown = {found["name"] for page in pages() for found in _PART.finditer(page.read_text(encoding="utf-8"))}
    return sorted(set(REQUIRED) - shown)


def main() -> None:
    """Write the parts, or with `--check` fail when one is stale."""
    logs.for_command()
    if missing := unshown():
        raise SystemExit(f"no page shows {', '.join(missing)}; add the markers to a page in docs/reference")
    if "--check" not in sys.argv:
        for page in stale():
            page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
        return
    if old := stale():
        names = ", ".join(page.relative_to(ROOT).as_posix() for page in old)
        raise SystemExit(f"{names}: stale; run `make docs` and commit")


if __name__ == "__main__":
    main()
