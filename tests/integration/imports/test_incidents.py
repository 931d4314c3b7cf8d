"""Taking files of incidents in, on both databases."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cli.importing import ACTOR
from safeguarding.contexts import import_lock, importing, risk
from safeguarding.contexts.formats.rows import NotThisFormat
from safeguarding.contexts.models import (
    ContextKind,
    ContextRisk,
    ImportRefusal,
    ImportRun,
    ImportState,
    Incident,
    IncidentSource,
)
from safeguarding.contexts.records import live_incidents
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody
from tests.factories.places import make_context
from tests.integration.imports.files import crime, partners, street


def take_in(path: Path, name: str = "police-street", **options: Any) -> importing.Account:
    account = importing.import_incidents(ACTOR, path, name, **options)
    assert account.read == account.created + account.updated + account.unchanged + account.refused
    return account


def counts(account: importing.Account) -> tuple[int, ...]:
    return account.read, account.created, account.updated, account.unchanged, account.refused, account.matched


def live() -> list[Incident]:
    return list(db.session.scalars(select(Incident).where(live_incidents()).order_by(Incident.id)))


def stored() -> int:
    return db.session.scalar(select(func.count()).select_from(Incident)) or 0


def test_rows_are_stored_matched_and_counted(in_app: Flask, tmp_path: Path) -> None:
    with unit_of_work():
        station = make_context(kind=ContextKind.STATION, latitude=51.5, longitude=-0.1)
    path = street(
        tmp_path / "a.csv",
        [crime("c1"), crime("c2", place=(51.501, -0.1)), crime("c3", place=None, location="No Location"), crime()],
    )
    account = take_in(path)
    assert counts(account) == (4, 4, 0, 0, 0, 3)
    first, second, nowhere, _ = live()
    assert (first.context_id, first.match_distance_m, first.match_rule) == (station.id, 0, "nearest within 150 m")
    assert (second.match_distance_m, second.place_certain) == (111, False)
    assert (nowhere.context_id, nowhere.latitude, nowhere.place_text) == (None, None, "No Location")
    assert not any(row.counts or row.happened_at for row in live())
    assert first.happened_on.day == 1


def test_the_same_file_again_creates_nothing(in_app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime("c1"), crime("c1"), crime(), crime()])
    take_in(path)
    again = take_in(path)
    assert counts(again) == (4, 0, 0, 4, 0, 0)
    assert stored() == 4


def test_a_later_download_updates_and_keeps_what_was(in_app: Flask, tmp_path: Path) -> None:
    take_in(street(tmp_path / "a.csv", [crime("c1"), crime("c2")]))
    later = take_in(street(tmp_path / "b.csv", [crime("c1", outcome="Offender charged"), crime("c2"), crime("c3")]))
    assert counts(later) == (3, 1, 1, 1, 0, 0)
    versions = list(db.session.scalars(select(Incident).order_by(Incident.identity, Incident.version_no)))
    old, new = next((a, b) for a in versions for b in versions if a.identity == b.identity and a.id < b.id)
    assert (old.version_no, new.version_no) == (1, 2)
    assert (old.outcome, new.outcome) == ("Under investigation", "Offender charged")
    assert json.loads(old.content or "{}")["Last outcome category"] == "Under investigation"
    assert [row.outcome for row in live()].count("Offender charged") == 1
    assert len(live()) == 3


def test_a_row_that_breaks_the_layout_is_refused_with_its_number(in_app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime("c1"), crime("c2", month="soon"), crime("c3")[:4], crime("c4")])
    account = take_in(path)
    assert counts(account) == (4, 2, 0, 0, 2, 0)
    assert [refusal.row for refusal in account.refusals] == [2, 3]
    kept = db.session.execute(select(ImportRefusal.row, ImportRefusal.reason).order_by(ImportRefusal.row)).all()
    assert [(r.row, r.reason) for r in kept] == [(r.row, r.reason) for r in account.refusals]


def test_another_format_is_refused_whole_and_leaves_nothing(in_app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,Age\nx,1\n")
    with pytest.raises(NotThisFormat):
        take_in(path)
    assert db.session.scalar(select(ImportRun.id)) is None


def test_a_trial_counts_alike_and_stores_nothing(in_app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime("c1"), crime("c2", month="soon")])
    account = take_in(path, dry_run=True)
    assert (account.run, counts(account)) == (None, (2, 1, 0, 0, 1, 0))
    assert [refusal.row for refusal in account.refusals] == [2]
    assert (stored(), db.session.scalar(select(ImportRun.id))) == (0, None)


def test_each_batch_leaves_one_event_with_its_rows(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    account = take_in(street(tmp_path / "a.csv", [crime(f"c{n}") for n in range(7)]))
    events = list(
        db.session.scalars(select(AuditEvent).where(AuditEvent.subject == account.run).order_by(AuditEvent.seq))
    )
    names = [event.event.removeprefix("contexts:import:") for event in events]
    assert names == ["started", "batch_stored", "batch_stored", "batch_stored", "completed"]
    spans = [(json.loads(e.detail)["first_row"], json.loads(e.detail)["last_row"]) for e in events[1:-1]]
    assert spans == [(1, 3), (4, 6), (7, 7)]


def test_rows_of_a_run_count_nowhere_until_it_is_complete(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(street(tmp_path / "a.csv", [crime("c1")]))
    monkeypatch.setattr(importing, "BATCH", 1)
    seen: list[list[str | None]] = []

    def watch(_done: int, _size: int) -> None:
        seen.append([row.outcome for row in live()])
        db.session.rollback()

    take_in(street(tmp_path / "b.csv", [crime("c1", outcome="Charged"), crime("c2", outcome="New")]), watch=watch)
    assert seen
    assert all(outcomes == ["Under investigation"] for outcomes in seen)
    assert sorted(str(row.outcome) for row in live()) == ["Charged", "New"]


class Stopped(Exception):
    """What stands for a power cut."""


def cut_off(path: Path, after: int, monkeypatch: pytest.MonkeyPatch, name: str = "police-street") -> None:
    """Take a file in, batches of two rows, and stop after so many batches as if the process had been killed."""
    left = iter(range(after))

    def watch(_done: int, _size: int) -> None:
        if next(left, None) is None:
            raise Stopped

    monkeypatch.setattr(importing, "BATCH", 2)
    monkeypatch.setattr(importing._Run, "_cut_off", lambda _run: None)
    with pytest.raises(Stopped):
        take_in(path, name, watch=watch)
    monkeypatch.undo()


def test_a_run_cut_off_is_resumed_where_it_stopped(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [crime("c1"), crime("c1"), crime(), crime(month="never"), crime(), crime(), crime("c9")]
    path = street(tmp_path / "a.csv", rows)
    cut_off(path, 1, monkeypatch)
    assert stored() > 0
    assert live() == []
    account = take_in(path)
    assert account.resumed_at == 4
    assert counts(account) == (7, 6, 0, 0, 1, 0)
    assert [refusal.row for refusal in account.refusals] == [4]
    assert (stored(), len(live())) == (6, 6)
    assert db.session.scalars(select(ImportRun.state)).all() == [ImportState.COMPLETE]


def test_a_run_cut_off_is_withdrawn_when_another_file_comes(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(street(tmp_path / "first.csv", [crime("c1")]))
    cut_off(
        street(tmp_path / "a.csv", [crime("c1", outcome="Charged"), *(crime(f"x{n}") for n in range(5))]),
        1,
        monkeypatch,
    )
    account = take_in(street(tmp_path / "b.csv", [crime("c2")]))
    assert len(account.withdrawn) == 1
    assert (stored(), len(live())) == (2, 2)
    assert [row.outcome for row in live()] == ["Under investigation", "Under investigation"]
    withdrawn = db.session.scalars(select(ImportRun).where(ImportRun.state == ImportState.WITHDRAWN)).one()
    assert (withdrawn.ref,) == account.withdrawn


def test_an_import_that_fails_says_so_in_its_run(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(_done: int, _size: int) -> None:
        raise Stopped

    monkeypatch.setattr(importing, "BATCH", 1)
    with pytest.raises(Stopped):
        take_in(street(tmp_path / "a.csv", [crime("c1"), crime("c2")]), watch=watch)
    assert db.session.scalars(select(ImportRun.state)).all() == [ImportState.CUT_OFF]


def test_only_one_import_runs_at_a_time(in_app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime("c1")])
    with import_lock.only_import(), pytest.raises(import_lock.ImportRunning):
        take_in(path)
    assert counts(take_in(path))[1] == 1


def test_partners_rows_move_the_risk_once_the_run_is_complete(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        park = make_context(latitude=51.5, longitude=-0.1)
    key, day = park.id, clock.today() - timedelta(days=10)
    rows = [
        [f"R{n}", "School", day.isoformat(), "Stabbing", "Park", 51.5, -0.1, band, "A"]
        for n, band in enumerate(["16", "17", "40", "", "15", "14"])
    ]
    monkeypatch.setattr(importing, "BATCH", 2)
    account = take_in(partners(tmp_path / "p.csv", rows), "csv")
    assert counts(account) == (6, 6, 0, 0, 0, 6)
    figure = db.session.scalars(select(ContextRisk).where(ContextRisk.context_id == key)).one()
    assert figure.counted == 5  # the one of forty is nobody young
    assert figure.score == 5 * 926
    assert risk.differing(clock.today()) == []


def test_yesterday_reads_alike_after_an_import_of_today(in_app: Flask, tmp_path: Path) -> None:
    with unit_of_work():
        park = make_context(latitude=51.5, longitude=-0.1)
    key, ref = park.id, park.ref
    day = clock.today() - timedelta(days=30)
    row = ["R1", "School", day.isoformat(), "Stabbing", "Park", 51.5, -0.1, "16", "A"]
    with clock.pretend(clock.now() - timedelta(days=5)):
        take_in(partners(tmp_path / "a.csv", [row]), "csv")
    yesterday = clock.today() - timedelta(days=1)
    before = risk.explain(key, ref, yesterday)
    take_in(partners(tmp_path / "b.csv", [[*row[:3], "Fight", *row[4:]], ["R2", *row[1:]]]), "csv")
    assert risk.explain(key, ref, yesterday) == before
    assert risk.explain(key, ref, clock.today()).counted == 2


def test_texts_that_are_too_long_or_odd_are_stored_all_the_same(in_app: Flask, tmp_path: Path) -> None:
    path = street(
        tmp_path / "a.csv",
        [crime("c" * 500, kind="K" * 500, force="F" * 500, location="Clôs Y Gât \u202e 🙂" * 50), crime(kind="")],
    )
    assert counts(take_in(path)) == (2, 2, 0, 0, 0, 0)


def test_only_whoever_may_record_takes_files_in(in_app: Flask, tmp_path: Path) -> None:

    with unit_of_work():
        auditor = make_somebody(Role.AUDITOR)
    with pytest.raises(ForbiddenError):
        importing.import_incidents(auditor.actor, street(tmp_path / "a.csv", [crime()]), "police-street")


@pytest.mark.parametrize(
    ("file", "name", "source"),
    [
        ("q10_stop_and_search_utc.csv", "police-stop-and-search", IncidentSource.POLICE_STOP_AND_SEARCH),
        ("q11_stop_and_search_gaps.csv", "police-stop-and-search", IncidentSource.POLICE_STOP_AND_SEARCH),
        ("q04_places.csv", "police-street", IncidentSource.POLICE_STREET),
        ("q08_crlf.csv", "police-street", IncidentSource.POLICE_STREET),
        ("istv.csv", "istv", IncidentSource.ISTV),
        ("incidents.csv", "csv", IncidentSource.CSV),
    ],
)
def test_each_layout_is_taken_in_twice(in_app: Flask, file: str, name: str, source: IncidentSource) -> None:
    path = Path(__file__).parents[2] / "data" / file
    first, again = take_in(path, name), take_in(path, name)
    assert first.created == first.read - first.refused > 0
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.created)
    assert {row.source for row in live()} == {source}
    assert risk.differing(clock.today()) == []
