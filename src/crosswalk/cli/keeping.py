"""`backup` and `rotate-keys`: looking after the two files that make an installation, while it runs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crosswalk import runtime
from crosswalk.cli import process
from crosswalk.engine import keys
from crosswalk.settings import Settings
from crosswalk.store import backup as copies
from crosswalk.store import key_file
from crosswalk.store.rotation import Resealed
from crosswalk.workspace.files import COMMAND_LINE


class Stage(StrEnum):
    """A part of a rotation, for an installation on several machines: the key file is copied to all of them after each."""

    ANNOUNCE = "announce"
    USE = "use"
    FINISH = "finish"


def backup(file: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.")]) -> None:
    """Copy the embedded database while Crosswalk runs; the key file is not part of it."""
    process.run(lambda settings: _backup(settings, file))


def rotate_keys(
    stage: Annotated[Stage | None, typer.Option(help="Do one stage only, where several machines have a key file each.")] = None,
) -> None:
    """Change the encryption key while Crosswalk runs; repeat it after an interruption."""
    process.run(lambda settings: _rotate(settings, stage))


async def _backup(settings: Settings, file: Path) -> int:
    async with runtime.opened(settings) as parts:
        await copies.copy(parts.database, file)
    process.console().print(f"Copied to {file}. Keep the key file apart from it; without that nobody can read the copy.", markup=False)
    return 0


async def _rotate(settings: Settings, stage: Stage | None) -> int:
    path, console = settings.key_file or key_file.default_path(), process.console()
    async with runtime.opened(settings) as parts:
        if stage in (Stage.ANNOUNCE, Stage.USE):
            key_file.announce_key(path) if stage is Stage.ANNOUNCE else key_file.use_announced_key(path)
            console.print(f"Copy {path} to every machine, then go on with the next stage.", markup=False)
            return 0
        done = await (keys.finish(parts.engine, COMMAND_LINE) if stage is Stage.FINISH else keys.rotate(parts.engine, COMMAND_LINE))
    console.print(f"{done.values:,} values are sealed with the new key; the old one is gone from {path}. Back that file up.", markup=False)
    return _tell_lost(done)


def _tell_lost(done: Resealed) -> int:
    if not done.lost:
        return 0
    process.console().print(
        f"{done.lost:,} values were sealed with a key that the file does not hold. If an old copy of the key file has it, add its key to"
        " the file; else what they held is lost: enter secrets anew, and replay held deliveries from their source.",
        markup=False,
    )
    return process.ERROR
