"""Which events a preview is of, the latest, those of a range or those of a file, for the console and the REST API alike."""

from dataclasses import dataclass
from typing import Any

from fastapi.encoders import jsonable_encoder

from crosswalk.editing import preview_table, previews, samples, uploads
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import Previewed
from crosswalk.editing.samples import ALWAYS, Range
from crosswalk.editing.uploads import Read, Upload
from crosswalk.journal.settling import Replayed
from crosswalk.turn.context import Engine

USUAL = 25


@dataclass(frozen=True, slots=True)
class Chosen:
    """The latest events, of a range where one is given; or else those of a file."""

    latest: int = USUAL
    within: Range = ALWAYS
    upload: Upload | None = None


async def shown(engine: Engine, desk: Desk, chosen: Chosen, draft: Any = None) -> tuple[Previewed, Read | None]:
    """Return what would happen, and what the file holds, where one was chosen; raise `RequestRefused`, `MappingError`."""
    read = await uploads.read(engine, desk, chosen.upload) if chosen.upload else None
    events = read.events if read else await samples.events(engine, desk, chosen.latest, chosen.within)
    return await previews.preview(engine, desk, events, draft), read


async def run(engine: Engine, desk: Desk, chosen: Chosen, mark: str, actor: str) -> Replayed | Previewed:
    """Run exactly what was previewed, or return the new preview."""
    if chosen.upload:
        return await uploads.run(engine, desk, chosen.upload, mark, actor)
    return await previews.run(engine, desk, await samples.events(engine, desk, chosen.latest, chosen.within), mark, actor)


def as_json(found: Previewed) -> Any:
    """Return a preview for programs."""
    return jsonable_encoder(found)


def as_csv(found: Previewed) -> bytes:
    """Return a preview for spreadsheets, which take UTF-8 for what it is only behind a BOM."""
    return preview_table.as_csv(found).encode("utf-8-sig")
