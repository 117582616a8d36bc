"""`python -m bench`: measures everything in one run, prints it, and keeps it as JSON where asked to."""

import argparse
import asyncio
import json
import platform
from pathlib import Path

from bench import backfill, console_bench, editor_bench, figures, localorg_bench, mapping, rivals, stream, throughput
from bench.figures import Figure

_SECTIONS = {
    "mapping": mapping.measure,
    "backfill": backfill.measure,
    "throughput": throughput.measure,
    "stream": stream.measure,
    "console": console_bench.measure,
    "editor": editor_bench.measure,
    "rivals": rivals.measure,
    "localorg": localorg_bench.measure,
}


def main() -> None:
    """Measure what the arguments name, all by default."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description="Measure Crosswalk on this machine.")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="file to write the figures to")
    arguments.add_argument("--only", choices=sorted(_SECTIONS), action="append", help="measure this part only; may be repeated")
    given = arguments.parse_args()
    found = asyncio.run(_measured(given.only or list(_SECTIONS)))
    if given.json:
        given.json.write_text(json.dumps({"machine": _machine(), "figures": figures.as_json(found)}, indent=2) + "\n", encoding="utf-8")


async def _measured(sections: list[str]) -> list[Figure]:
    found: list[Figure] = []
    for name in sections:
        for figure in await _SECTIONS[name]():
            print(figure.line(), flush=True)
            found.append(figure)
    return found


def _machine() -> dict[str, str]:
    return {"python": platform.python_version(), "system": platform.system(), "processor": platform.machine()}


if __name__ == "__main__":
    main()
