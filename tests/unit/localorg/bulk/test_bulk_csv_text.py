"""Reading CSV with the place of every row, whatever the windows it comes in."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localorg.bulk import csv_text
from localorg.bulk.csv_text import Dialect, LineEnding
from localorg.bulk.jobs import JobError
from localorg.bulk.results import shuffled

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)
FILES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8)


def pieces(content, size):
    return [content[start : start + size] for start in range(0, len(content), size)]


def written(rows, spelling):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=spelling.delimiter, lineterminator=spelling.newline).writerows(rows)
    return file.getvalue().encode()


@given(FILES, st.integers(1, 20), st.sampled_from([Dialect(), Dialect("\t"), Dialect(";", LineEnding.CRLF)]))
def test_rows_come_back_as_they_were_written(rows, size, spelling):
    content = written(rows, spelling)
    assert [each.cells for each in csv_text.rows(pieces(content, size), 0, spelling)] == rows


@given(FILES, st.integers(1, 20), st.sampled_from([Dialect(), Dialect(";", LineEnding.CRLF)]))
def test_the_place_of_a_row_holds_the_row(rows, size, spelling):
    content = written(rows, spelling)
    found = list(csv_text.rows(pieces(content, size), 0, spelling))
    slices = [content[each.start : each.start + each.length] for each in found]
    assert [next(csv_text.rows([each], 0, spelling)).cells for each in slices] == rows


@given(FILES, st.integers(1, 20))
def test_files_are_read_from_any_row_on(rows, size):
    content = written(rows, Dialect())
    found = list(csv_text.rows(pieces(content, size), 0, Dialect()))
    start = found[-1].start
    (last,) = csv_text.rows(pieces(content[start:], size), start, Dialect())
    assert (last.cells, last.start, last.length) == (rows[-1], start, found[-1].length)


@given(FILES)
def test_quoted_lines_read_back(rows):
    text = csv_text.quoted(rows, Dialect())
    assert [each.cells for each in csv_text.rows([text.encode()], 0, Dialect())] == rows


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("content", "ending", "good"),
    [
        (b"a\nb\n", LineEnding.LF, True),
        (b"a\r\nb\r\n", LineEnding.LF, False),
        (b"a\rb\n", LineEnding.LF, False),
        (b"a\r\nb\r\n", LineEnding.CRLF, True),
        (b"a\nb\r\n", LineEnding.CRLF, False),
        (b'"a\nb"\r\n', LineEnding.CRLF, False),
        (b'"a\rb"\r\n', LineEnding.CRLF, True),
    ],
)
def test_line_endings_are_checked_across_windows(content, ending, good, size):
    try:
        csv_text.check_endings(pieces(content, size), ending)
    except JobError:
        accepted = False
    else:
        accepted = True
    assert accepted == good


def test_blank_lines_are_no_rows():
    assert [each.cells for each in csv_text.rows([b"a\n\nb\n\n"], 0, Dialect())] == [["a"], ["b"]]


def test_text_that_is_not_utf_8_is_refused():
    with pytest.raises(JobError, match="it is not UTF-8"):
        list(csv_text.rows([b"a,\xff\n"], 0, Dialect()))


@given(st.lists(st.integers(1, 5000), unique=True, max_size=600).map(sorted), st.text(max_size=5))
def test_shuffled_rows_are_the_same_rows_in_another_order(numbers, key):
    mixed = shuffled(numbers, key)
    assert (sorted(mixed), mixed != numbers or len(numbers) < 2) == (numbers, True)
