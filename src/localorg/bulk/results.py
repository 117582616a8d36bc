"""The result files of a load: rows that were stored, rows that failed, rows nobody came to.

Rows come in blocks of 200 in any order, shuffled within, as chunks that ran beside each other would leave them; the seed of the org and
the job decide the order. It is never the order of the upload.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from sqlite3 import Connection

from localorg.bulk import batches, csv_text, uploads
from localorg.bulk.batches import Batch, RowResult
from localorg.bulk.csv_text import Dialect
from localorg.bulk.jobs import Job, JobError

_BLOCK = 200
_STORED = "SELECT number FROM _bulk_row WHERE batch = ? AND error IS NULL ORDER BY number"
_REFUSED = "SELECT number FROM _bulk_row WHERE batch = ? AND error IS NOT NULL ORDER BY number"


def successful(connection: Connection, job: Job, batch: Batch | None, seed: int) -> Iterator[bytes]:
    """Return the file of rows that were stored."""
    return _file(connection, job, batch, seed, _STORED, ("sf__Id", "sf__Created"), _success)


def failed(connection: Connection, job: Job, batch: Batch | None, seed: int) -> Iterator[bytes]:
    """Return the file of rows that were refused."""
    return _file(connection, job, batch, seed, _REFUSED, ("sf__Id", "sf__Error"), _failure)


def unprocessed(connection: Connection, job: Job, batch: Batch | None) -> Iterator[bytes]:
    """Return the file of rows that were never tried, as far as the upload can be read."""
    if batch is None:
        return
    spelling = csv_text.dialect(job.settings)
    try:
        header = uploads.header_of(connection, batch, spelling)
        yield csv_text.quoted([header.cells], spelling).encode()
        start = batch.position or header.start + header.length
        pieces = csv_text.windows(partial(batches.content, connection, batch), start)
        for row in csv_text.rows(pieces, start, spelling):
            yield csv_text.quoted([row.cells], spelling).encode()
    except JobError:
        return


def count_left(connection: Connection, job: Job, batch: Batch | None) -> int:
    """Return how many rows were never tried."""
    return max(0, sum(1 for _ in unprocessed(connection, job, batch)) - 1)


def shuffled(numbers: Sequence[int], key: str) -> list[int]:
    """Return row numbers block by block in an order that the key decides, and that is not their own."""
    chance = random.Random(key)  # noqa: S311  # an order, no secret
    blocks = [list(block) for _, block in groupby(numbers, key=_block)]
    for block in blocks:
        chance.shuffle(block)
    chance.shuffle(blocks)
    mixed = [number for block in blocks for number in block]
    return mixed[::-1] if mixed == list(numbers) else mixed


def _file(
    connection: Connection,
    job: Job,
    batch: Batch | None,
    seed: int,
    query: str,
    first_names: tuple[str, str],
    first_cells: Callable[[RowResult], tuple[str, str]],
) -> Iterator[bytes]:
    spelling = csv_text.dialect(job.settings)
    if batch is None:
        yield csv_text.quoted([first_names], spelling).encode()
        return
    try:
        names = uploads.header_of(connection, batch, spelling).cells
    except JobError:
        names = []
    yield csv_text.quoted([(*first_names, *names)], spelling).encode()
    numbers = [each[0] for each in connection.execute(query, (batch.number,))]
    for _, block in groupby(shuffled(numbers, f"{seed}:{job.id}"), key=_block):
        yield _block_lines(connection, batch, spelling, list(block), len(names), first_cells).encode()


def _block_lines(
    connection: Connection,
    batch: Batch,
    spelling: Dialect,
    numbers: Sequence[int],
    width: int,
    first_cells: Callable[[RowResult], tuple[str, str]],
) -> str:
    """Return the lines of some rows of one block, whose upload is read in one piece."""
    found = {each.number: each for each in batches.results(connection, batch, min(numbers), max(numbers))}
    start = min(each.start for each in found.values())
    end = max(each.start + each.length for each in found.values())
    uploaded = {row.start: row.cells for row in csv_text.rows([batches.content(connection, batch, start, end - start)], start, spelling)}
    lines = []
    for result in (found[number] for number in numbers):
        cells = uploaded[result.start]
        lines.append((*first_cells(result), *cells, *[""] * (width - len(cells))))
    return csv_text.quoted(lines, spelling)


def _block(number: int) -> int:
    return (number - 1) // _BLOCK


def _success(result: RowResult) -> tuple[str, str]:
    return result.record_id or "", "true" if result.created else "false"


def _failure(result: RowResult) -> tuple[str, str]:
    return result.record_id or "", "".join(map(str, result.errors))
