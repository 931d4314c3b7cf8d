"""What office programs do to tables: encodings, delimiters, quotation marks, lines without end."""

import codecs
import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeguarding.contexts.formats import table
from safeguarding.contexts.formats.catalogue import INCIDENT_FORMATS, open_rows
from safeguarding.contexts.formats.rows import IncidentRow, NotThisFormat, Reader, RowRefusal
from tests.unit.contexts.reading import STREET, as_text, incidents, reasons, street_row, written

WELSH = as_text(street_row(Location="On or near Clôs Y Gât"), street_row(Location="On or near Quarry Lane"))


def locations(path: Path) -> list[str]:
    return [row.location for row in incidents(path)]


def opened(path: Path) -> Reader[IncidentRow]:
    return open_rows(path, INCIDENT_FORMATS["police-street"])


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WELSH.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF8 + WELSH.encode("utf-8"), "utf-8"),
        (WELSH.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + WELSH.encode("utf-16-be"), "utf-16"),
        (WELSH.encode("utf-16-le"), "utf-16-le"),
        (WELSH.encode("utf-16-be"), "utf-16-be"),
        (WELSH.encode("utf-32"), "utf-32"),
        (WELSH.encode("cp1252"), "windows-1252"),
    ],
)
def test_the_same_rows_in_any_encoding(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = written(tmp_path, content)
    assert locations(path) == ["On or near Clôs Y Gât", "On or near Quarry Lane"]
    with opened(path) as reader:
        assert reader.encoding == encoding


def test_a_late_odd_byte_neither_stops_the_run_nor_spoils_what_came_before(tmp_path: Path) -> None:
    """One byte 0xE0 after some megabytes of UTF-8, as a name typed into an old spreadsheet leaves it."""
    line = ",".join(street_row(Location="On or near Clôs Y Gât")) + "\n"
    many = 30_000
    head = (",".join(STREET) + "\n" + line * many).encode("utf-8")
    tail = ",".join(street_row(Location="On or near St Osyth ? Beckett")).encode().replace(b"?", b"\xe0")
    path = written(tmp_path, head + tail)
    with opened(path) as reader:
        rows = [row for row in reader if isinstance(row, IncidentRow)]
    assert len(rows) == many + 1
    assert {row.location for row in rows[:-1]} == {"On or near Clôs Y Gât"}
    assert rows[-1].location == "On or near St Osyth à Beckett"


def test_bytes_that_windows_1252_does_not_have_are_marked(tmp_path: Path) -> None:
    content = as_text(street_row(Location="?")).encode().replace(b"?", b"\x81\x91x\x92")
    assert locations(written(tmp_path, content)) == ["\ufffd‘x’"]


def test_half_a_character_at_the_end_does_not_stop_the_run(tmp_path: Path) -> None:
    half = "too few cells: 1 where the header has 12"
    assert reasons(written(tmp_path, WELSH.encode("utf-16") + b"\x41")) == [(3, half)]
    [*_, last] = incidents(written(tmp_path, WELSH.rstrip("\n").encode() + "é".encode()[:1]))
    assert last.lat == 51.2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_none_at_the_last_line(tmp_path: Path, end: str) -> None:
    text = WELSH.rstrip("\n").replace("\n", end)
    assert locations(written(tmp_path, text)) == ["On or near Clôs Y Gât", "On or near Quarry Lane"]


def test_other_line_separators_do_not_end_a_line(tmp_path: Path) -> None:
    odd = "On or\x0b near\x85 Quarry\u2028 Lane\x1c"
    [location] = locations(written(tmp_path, as_text(street_row(Location=odd))))
    assert location == odd.strip()


def test_a_wholly_blank_line_is_no_row_and_a_row_of_empty_cells_is_one(tmp_path: Path) -> None:
    good = ",".join(street_row())
    text = "\n".join(["", "  ", ",".join(STREET), "", "   ", good, "\t", good.replace("2026-03", ""), "", good, ""])
    assert reasons(written(tmp_path, text)) == [(2, "no month")]
    empty = "\n".join([",".join(STREET), "," * 11, good])
    assert reasons(written(tmp_path, empty)) == [(1, "no month")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "¬"])
def test_another_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(
        [STREET, street_row(Location="On or near A; B, C")]
    )
    assert locations(written(tmp_path, out.getvalue())) == ["On or near A; B, C"]


def test_nuls_are_taken_out_and_counted(tmp_path: Path) -> None:
    text = as_text(street_row(Location="On or\0 near Quarry\0 Lane"), street_row())
    path = written(tmp_path, text + "\0\0\n")
    assert locations(path) == ["On or near Quarry Lane"] * 2
    with opened(path) as reader:
        list(reader)
        assert reader.counters.removed_nuls == 4


def test_a_block_of_nuls_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    """What a disk leaves of a file that was cut off and written on."""
    head, row = as_text(street_row()), ",".join(street_row()) + "\n"
    path = written(tmp_path, head + "\0" * (2 * table.LONGEST_LINE) + "\n" + row)
    assert len(locations(path)) == 2


# Quotation marks


def test_a_quoted_cell_may_run_over_lines(tmp_path: Path) -> None:
    text = as_text(street_row(Location='Flat 1,\n2 Quarry "Old" Lane\r\n\nMarlbridge'), street_row())
    assert locations(written(tmp_path, text)) == [
        'Flat 1,\n2 Quarry "Old" Lane\r\n\nMarlbridge',
        "On or near Quarry Lane",
    ]


def test_a_stray_quotation_mark_costs_its_own_row_alone(tmp_path: Path) -> None:
    good = ",".join(street_row())
    stray = good.replace("On or near", '"On or near')
    quoted = good.replace("On or near Quarry Lane", '"On or near Quarry, Lane"')
    text = "\n".join([",".join(STREET), good, stray, good, quoted, good, stray, quoted, stray])
    path = written(tmp_path, text)
    unclosed = "a quotation mark is not closed"
    assert reasons(path) == [(2, unclosed), (6, unclosed), (8, unclosed)]
    with opened(path) as reader:
        assert sum(isinstance(row, IncidentRow) for row in reader) == 5


def test_a_quotation_mark_within_a_cell_is_text(tmp_path: Path) -> None:
    text = as_text(street_row(Location="On or near X"), street_row()).replace("near X", 'near 5" Lane')
    assert locations(written(tmp_path, text)) == ['On or near 5" Lane', "On or near Quarry Lane"]


def test_a_mark_that_never_closes_among_bad_rows_costs_no_good_one(tmp_path: Path) -> None:
    good = ",".join(street_row())
    bad = good.replace("2026-03", "")
    stray = '"' + good
    lines = [",".join(STREET), stray, *[bad] * (table.MOST_LINES + 20), good]
    answers = reasons(written(tmp_path, "\n".join(lines)))
    assert answers[0] == (1, "a quotation mark is not closed")
    assert answers[1:] == [(row, "no month") for row in range(2, table.MOST_LINES + 22)]


@pytest.mark.parametrize(("lines", "fits"), [(table.MOST_LINES, True), (table.MOST_LINES + 1, False)])
def test_a_quoted_cell_runs_over_so_many_lines_and_no_more(tmp_path: Path, lines: int, fits: bool) -> None:
    path = written(tmp_path, as_text(street_row(Location="\n".join(["x"] * lines)), street_row()))
    answers = reasons(path)
    assert (answers == []) is fits
    assert fits or answers[0] == (1, "a quotation mark is not closed")


def test_every_line_may_be_broken(tmp_path: Path) -> None:
    stray = '"' + ",".join(street_row()) + "\n"
    text = ",".join(STREET) + "\n" + stray * 301
    assert reasons(written(tmp_path, text)) == [(row, "a quotation mark is not closed") for row in range(1, 302)]


@pytest.mark.parametrize("where", ["Context", "Location", "Crime type", "Month", "Reported by"])
def test_neighbouring_rows_with_a_stray_mark_are_never_read_as_one(tmp_path: Path, where: str) -> None:
    """The marks of two rows close each other; joined, they would make one good row and lose the other."""
    stray = list(street_row())
    stray[STREET.index(where)] = "\a" + stray[STREET.index(where)]
    line = ",".join(stray).replace("\a", '"')
    text = "\n".join([",".join(STREET), line, line, ",".join(street_row()), ""])
    path = written(tmp_path, text)
    assert reasons(path) == [(1, "a quotation mark is not closed"), (2, "a quotation mark is not closed")]


def test_an_address_over_two_lines_whose_first_looks_like_a_row_is_one_row(tmp_path: Path) -> None:
    """Without its marks the first line has as many cells as the header."""
    text = 'Date,Category,Location,Outcome\n2026-03-07,Robbery,"Flat 1, Quarry House\nMarlbridge",\n'
    [row] = incidents(written(tmp_path, text), "csv")
    assert row.location == "Flat 1, Quarry House\nMarlbridge"


def test_a_name_over_two_lines_may_stand_in_the_first_column(tmp_path: Path) -> None:
    """Without its mark the second line has as many cells as the header."""
    text = 'Location,Date,Category\n"Flat 1\nQuarry House",2026-03-07,Robbery\n'
    [row] = incidents(written(tmp_path, text), "csv")
    assert row.location == "Flat 1\nQuarry House"


def test_a_text_of_several_lines_may_stand_in_the_last_column(tmp_path: Path) -> None:
    text = as_text(street_row(Context='First line\nsecond, "quoted"\n\nlast'), street_row())
    rows = incidents(written(tmp_path, text))
    assert [json.loads(row.content)["Context"] for row in rows] == ['First line\nsecond, "quoted"\n\nlast', ""]


# Lines without end


def test_a_line_too_long_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    huge = street_row(Location="x" * (3 * table.LONGEST_LINE))
    path = written(tmp_path, as_text(street_row(), huge, street_row()))
    assert reasons(path) == [(2, "the row is longer than 100,000 characters")]
    with opened(path) as reader:
        assert sum(isinstance(row, IncidentRow) for row in reader) == 2


def test_a_long_line_at_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    text = as_text(street_row()) + "y" * (2 * table.LONGEST_LINE)
    assert reasons(written(tmp_path, text)) == [(2, "the row is longer than 100,000 characters")]


def test_a_long_cell_within_the_limit_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, as_text(street_row(Location="x" * 90_000)))
    assert [len(location) for location in locations(path)] == [90_000]


def test_a_quoted_cell_that_runs_on_too_long_is_refused(tmp_path: Path) -> None:
    long = street_row(Location="\n".join(["x" * 9_000] * 20))
    answers = reasons(written(tmp_path, as_text(street_row(), long, street_row())))
    assert answers[0] == (2, "a quotation mark is not closed")
    assert len(answers) == 20  # each further line is a row with too few cells
    with opened(written(tmp_path, as_text(street_row(), long, street_row()))) as reader:
        assert sum(isinstance(row, IncidentRow) for row in reader) == 2


def test_an_overlong_line_inside_an_open_quotation_is_refused(tmp_path: Path) -> None:
    text = as_text(street_row()) + '"a\n' + "z" * (2 * table.LONGEST_LINE) + "\n" + ",".join(street_row()) + "\n"
    assert reasons(written(tmp_path, text)) == [
        (2, "a quotation mark is not closed"),
        (3, "the row is longer than 100,000 characters"),
    ]


def test_an_overlong_line_is_never_part_of_a_quoted_cell(tmp_path: Path) -> None:
    long = street_row(Location="near\n" + "z" * (2 * table.LONGEST_LINE) + "\nfar")
    why = [reason for _, reason in reasons(written(tmp_path, as_text(long)))]
    assert why == [
        "a quotation mark is not closed",
        "the row is longer than 100,000 characters",
        "too few cells: 6 where the header has 12",
    ]


# Whole files


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty"),
        (b"\n \n\t\n", "The file holds no text"),
        (b"PK\x03\x04rest of a workbook", "an Excel workbook or a zip archive; save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"{}", "not a police-street file"),
        (bytes(range(256)), "not a police-street file"),
        (b"\xff\xfe", "The file holds no text"),
        (b"x" * 300_000, "not a police-street file"),
        (b'"', "not a police-street file"),
        (b"\0\0\0\0", "The file holds no text"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(NotThisFormat, match=why) as refused:
        opened(written(tmp_path, content))
    assert refused.value.message.endswith(".")


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    with opened(written(tmp_path, ",".join(STREET))) as reader:
        assert list(reader) == []
        assert reader.counters.read == 0


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "absent.csv")


def test_of_two_columns_of_one_name_the_first_counts(tmp_path: Path) -> None:
    text = as_text([*street_row(), "2025-01"], header=[*STREET, "month"])
    path = written(tmp_path, text)
    assert [str(row.occurred_on) for row in incidents(path)] == ["2026-03-01"]
    with opened(path) as reader:
        assert reader.ignored_columns == ("month",)


def test_blank_headers_at_the_end_are_no_columns(tmp_path: Path) -> None:
    path = written(tmp_path, as_text([*street_row(), "x", ""], street_row(), header=[*STREET, "", " "]))
    with opened(path) as reader:
        assert all(isinstance(row, IncidentRow) for row in reader)
        assert reader.counters.ignored_cells == 2


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, as_text(*[street_row()] * 2000))
    with opened(path) as reader:
        places = [reader.position for _ in reader]
        assert reader.size == path.stat().st_size == places[-1]
    assert places == sorted(places)
    assert places[0] < places[-1]


cells_of_any_kind = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60)
@given(rows=st.lists(st.lists(cells_of_any_kind, min_size=12, max_size=12), max_size=6))
def test_any_table_is_read_or_refused_row_by_row_and_never_stops(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """Whatever the cells hold: no error, row numbers without a gap, and what was written is what is kept."""
    whole = [[*row[:1], "2026-03", *row[2:4], "", "", *row[6:]] for row in rows]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([STREET, *whole])
    path = written(tmp_path_factory.mktemp("any"), out.getvalue())
    with opened(path) as reader:
        answers = list(reader)
    assert [answer.row for answer in answers] == list(range(1, len(rows) + 1))
    assert [a.location for a in answers if isinstance(a, IncidentRow)] == [row[6].strip() for row in whole]


@settings(max_examples=100)
@given(content=st.binary(max_size=400))
def test_any_bytes_after_a_header_never_stop_the_run(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("bytes"), (",".join(STREET) + "\n").encode() + content)
    try:
        with opened(path) as reader:
            answers = list(reader)
    except NotThisFormat:
        # So many NULs that the whole looks like UTF-16.
        assert content.count(0) > 50
        return
    assert all(isinstance(answer, RowRefusal | IncidentRow) for answer in answers)
    assert [answer.row for answer in answers] == list(range(1, len(answers) + 1))
