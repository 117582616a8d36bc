"""The tutorial, block by block, as a reader would do it: files saved, servers started, commands run, their output compared.

Only the ports differ. `…` in an expected line stands for anything. A block marked `until` is asked again until it says what is expected,
because what it looks at happens in another process.
"""

import asyncio
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.processes import until

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-sync.md"
_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```\n", re.DOTALL)
_SECONDS = 60


@dataclass(frozen=True)
class Block:
    """One fenced block, and what an invisible remark before it says of it."""

    mark: str
    language: str
    text: str


def blocks(text):
    return [Block(found["mark"] or "", found["language"], found["text"]) for found in _BLOCK.finditer(text)]


class Reader:
    """Somebody who follows the tutorial in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        self.said = ""
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
        }

    async def follow(self, block, expected):
        kind, _, argument = block.mark.partition(": ")
        if kind == "file":
            (self.folder / argument).write_text(block.text, encoding="utf-8")
        elif kind == "replace last line":
            kept = (self.folder / argument).read_text(encoding="utf-8").splitlines()[:-1]
            (self.folder / argument).write_text("\n".join(kept) + "\n" + block.text, encoding="utf-8")
        elif kind == "terminal":
            await self.start(block.text)
        elif kind == "until":
            await until(lambda: self.says(block.text, expected), _SECONDS)
        elif not kind:
            assert await self.says(block.text, expected), f"{block.text}\nsaid\n{self.said}\ninstead of\n{expected}"

    async def start(self, script):
        """Start a server and wait until its port answers."""
        server = await asyncio.create_subprocess_exec("sh", "-c", self.script(script, server=True), cwd=self.folder, env=self.environment)
        self.servers.append(server)
        port = int(re.search(r"--port (\d+)", script)[1])

        async def answers():
            assert server.returncode is None, f"{script} ended with {server.returncode}"
            return is_open(port)

        await until(answers, _SECONDS)

    async def says(self, script, expected):
        """Run a block and tell whether it says what is expected."""
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            self.script(script),
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
        self.said = output.decode()
        return matches(expected, self.said)

    def script(self, script, *, server=False):
        """Return the block as its terminal would run it: with the settings read before, and a server in the shell's own process."""
        settings = ". ./settings.sh\n" if (self.folder / "settings.sh").exists() else ""
        if server:
            *before, command = script.strip().splitlines()
            script = "\n".join([*before, f"exec {command}"])
        return settings + script

    async def leave(self):
        for server in self.servers:
            server.terminate()
        await asyncio.gather(*(asyncio.wait_for(server.wait(), 30) for server in self.servers))


def is_open(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def matches(expected, said):
    """Tell whether every expected line stands in what was said, in order."""
    lines = iter(said.splitlines())
    patterns = [re.compile(".*".join(map(re.escape, line.rstrip().split("…")))) for line in expected.splitlines() if line.strip(" …")]
    return all(any(pattern.fullmatch(line.rstrip()) for line in lines) for pattern in patterns)


@pytest.fixture
async def reader(tmp_path):
    following = Reader(tmp_path)
    yield following
    await following.leave()


@pytest.mark.shows("RS-02")
async def test_the_tutorial_works_as_it_is_written(reader):
    text = PAGE.read_text(encoding="utf-8").replace("8070", str(free_port())).replace("8300", str(free_port()))
    found = blocks(text)
    for block, following in zip(found, [*found[1:], Block("", "", "")], strict=True):
        if block.language != "text":
            await reader.follow(block, following.text if following.language == "text" else "")


def test_an_ellipsis_stands_for_anything():
    assert matches("a … c\n", "x\na b c\n")


def test_a_line_that_is_not_said_is_noticed():
    assert not matches("a\nb\n", "b\na\n")
