"""The example of a third party's source, built and laid down as an installer does, where Python looks for packages."""

import importlib
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

from crosswalk.presets import loader
from crosswalk.sources import registry

EXAMPLE = Path(__file__).parents[1] / "examples" / "gatehouse"
PACKAGE = "crosswalk_gatehouse"


@contextmanager
def installed(folder):
    """Let the example's entry points count as long as the context lasts; the folder takes the package."""
    built, target = folder / "built", folder / "packages"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    subprocess.run(build, cwd=EXAMPLE, check=True, capture_output=True, timeout=60)
    (wheel,) = built.iterdir()
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(target)
    sys.path.append(str(target))
    _look_again()
    try:
        yield
    finally:
        sys.path.remove(str(target))
        sys.modules.pop(PACKAGE, None)
        _look_again()


def _look_again():
    importlib.invalidate_caches()
    registry.sources.cache_clear()
    loader.packages.cache_clear()
