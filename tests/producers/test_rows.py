"""Lines of files: each becomes fields, or says what is wrong with it and where."""

import io

import pytest

from producers.rows import BadRow, Row, csv_rows, ndjson_rows


def text(raw):
    return io.TextIOWrapper(
        io.BytesIO(raw), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"sku,name\nA,Apple\n", [Row(2, {"sku": "A", "name": "Apple"})]),
        (b"\xef\xbb\xbfsku,name\r\nA,Apple\r\n", [Row(2, {"sku": "A", "name": "Apple"})]),
        (b"sku , name\n A ,\n", [Row(2, {"sku": "A"})]),
        (b"sku,name\n\n,\nB,Beet\n", [Row(4, {"sku": "B", "name": "Beet"})]),
        (
            b'sku,name\nA,"two\nlines"\nB,Beet\n',
            [Row(2, {"sku": "A", "name": "two\nlines"}), Row(4, {"sku": "B", "name": "Beet"})],
        ),
        (b'sku,name\nA,"x,""y"""\n', [Row(2, {"sku": "A", "name": 'x,"y"'})]),
    ],
    ids=["plain", "byte order mark", "blanks", "empty rows", "a cell of two lines", "quotes"],
)
def test_csv_rows_are_fields_by_name(raw, expected):
    assert list(csv_rows(text(raw))) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"A,Apple,red", "3 cells, the header names 2"),
        (b"A", "1 cells, the header names 2"),
        (b"A,\xff\xfe", "not UTF-8"),
        (b'A,"x"y', "not CSV"),
        (b"A," + b"x" * 200_000, "field larger"),
    ],
    ids=["too many", "too few", "bytes", "a broken quote", "too long"],
)
def test_a_bad_csv_row_spoils_no_other(line, reason):
    good, bad, after = csv_rows(text(b"sku,name\nA,Apple\n" + line + b"\nB,Beet\n"))
    assert (good.line, after) == (2, Row(4, {"sku": "B", "name": "Beet"}))
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert reason in bad.reason


def test_a_quote_that_is_never_closed_is_told_with_the_lines_it_swallowed():
    (bad,) = csv_rows(text(b'sku,name\nA,"open\nB,Beet\nC,Corn\n'))
    assert bad.line == 2
    assert "read up to line 4" in bad.reason


@pytest.mark.parametrize("header", [b"", b"sku,sku\n"], ids=["none", "twice the same"])
def test_a_csv_file_without_a_usable_header_is_refused(header):
    with pytest.raises(ValueError, match="line 1"):
        list(csv_rows(text(header)))


def test_ndjson_lines_are_objects_or_bad_rows():
    rows = list(ndjson_rows(text(b'{"sku":"A"}\n\n[1]\nnope\n{"x":"\xff"}\n')))
    assert rows[0] == Row(1, {"sku": "A"})
    assert [(row.line, row.reason.partition(":")[0]) for row in rows[1:]] == [
        (3, "not a JSON object"),
        (4, "not JSON"),
        (5, "not JSON"),
    ]
