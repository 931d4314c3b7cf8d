"""PostgreSQL's second wall: what a connection sees that says nothing, and what one sees that says who asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import alembic.command
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from config import Settings
from safeguarding.access.actor import HUB_PRINCIPAL, user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.cases.models import Case, SubjectKind
from safeguarding.contexts.models import IncidentSource
from safeguarding.core import clock
from safeguarding.core.second_wall import Beyond, Sight, beyond, guard_postgresql, looking
from safeguarding.extensions import db, migrate
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.meetings import close_meeting
from safeguarding.panels.service.minutes import generate_minutes
from safeguarding.people.models import Person
from safeguarding.people.sealed import service as sealed
from safeguarding.people.sealed.fields import Sealing
from safeguarding.people.sealed.models import SealedOn
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case, make_update, restrict
from tests.factories.meetings import make_day
from tests.factories.people import Somebody, make_somebody
from tests.factories.places import make_context, make_incident, make_lead
from tests.support import catalog
from tests.support.databases import ROLES, as_role, by_owner

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("standing", ["postgresql"], indirect=True)]


@contextmanager
def connected(settings: Settings, role: str = ROLES.application) -> Iterator[Connection]:
    """Connect as a role, past everything of the application; what is done is rolled back."""
    engine = create_engine(as_role(settings.database_url, role))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def say(connection: Connection, **said: Any) -> None:
    """Say who asks, as the application's hook does."""
    given = {"now": clock.now().isoformat()} | said
    for name, value in given.items():
        connection.execute(
            text("SELECT set_config(:name, :value, true)"), {"name": f"safeguarding.{name}", "value": value}
        )


def count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608


class World:
    """Two workers who each work a case, with an update and an action."""

    def __init__(self) -> None:
        self.one, self.other = (make_somebody(Role.SOCIAL_WORKER) for _ in range(2))
        self.cases = {}
        for worker in (self.one, self.other):
            case = make_case(worker)
            make_update(worker, case)
            make_action(worker, case, worker)
            self.cases[worker.id] = (case.id, case.person_id)

    def of(self, worker: Somebody) -> tuple[int, int]:
        """Return a worker's case and whom it is about."""
        case_id, person_id = self.cases[worker.id]
        assert person_id is not None
        return case_id, person_id


@pytest.fixture
def world(app: Flask) -> World:
    with app.app_context(), unit_of_work():
        return World()


# --- the catalog ------------------------------------------------------------------------------------------------------


def test_every_table_about_a_young_person_is_behind_the_wall_also_for_its_owner(app: Flask, settings: Settings) -> None:
    with connected(settings) as connection:
        assert catalog.without_wall(connection) == []
        assert len(catalog.walled(connection)) >= 25


def test_a_new_table_without_a_wall_is_noticed(app: Flask) -> None:
    with by_owner(app) as engine, engine.connect() as connection:
        connection.execute(text("CREATE TABLE diary (id bigint PRIMARY KEY, whose bigint REFERENCES person (id))"))
        connection.execute(text("CREATE TABLE page (id bigint PRIMARY KEY, diary_id bigint REFERENCES diary (id))"))
        connection.execute(text("CREATE TABLE rumour (id bigint PRIMARY KEY, subject_id bigint)"))
        assert catalog.without_wall(connection) == ["diary", "page", "rumour"]
        connection.execute(text("ALTER TABLE person NO FORCE ROW LEVEL SECURITY"))
        assert "person" in catalog.without_wall(connection)


def test_only_reviewed_functions_run_with_the_owners_rights_and_no_view_does(app: Flask, settings: Settings) -> None:
    with connected(settings) as connection:
        assert catalog.definers(connection) == {
            name: ["search_path=pg_catalog, public"] for name in ("audit_event_next", "audit_lock_head")
        }
        assert catalog.views_of_their_owner(connection) == []


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{}, {"principals": "", "user": "", "system": "", "beyond": "", "writes": ""}])
def test_whoever_says_nothing_sees_nothing(world: World, settings: Settings, said: dict[str, str]) -> None:
    with connected(settings) as connection:
        if said:
            say(connection, **said)
        assert {table: count(connection, table) for table in catalog.walled(connection)} == dict.fromkeys(
            catalog.walled(connection), 0
        )
    with connected(settings, "postgres") as connection:
        assert count(connection, "person") == 2  # there was something to see


def test_a_worker_sees_their_own_young_person_and_nobody_elses(world: World, settings: Settings) -> None:
    case_id, person_id = world.of(world.one)
    with connected(settings) as connection:
        say(connection, principals=user_principal(world.one.id), user=str(world.one.id))
        seen = {table: count(connection, table) for table in ("person", "safeguarding_case", "case_update", "action")}
        assert seen == dict.fromkeys(seen, 1)
        assert connection.scalar(text("SELECT id FROM person")) == person_id
        assert connection.scalar(text("SELECT id FROM safeguarding_case")) == case_id


def test_a_declared_conflict_hides_whatever_else_holds(app: Flask, world: World, settings: Settings) -> None:
    case_id, person_id = world.of(world.one)
    with app.app_context(), unit_of_work():
        subjects = [("person", person_id), ("case", case_id)]
        relations.grant(user_principal(world.one.id), subjects, Relation.BARRED, ("conflict", 1))
    with connected(settings) as connection:
        both = ",".join(sorted({user_principal(world.one.id), HUB_PRINCIPAL}))
        say(connection, principals=both, user=str(world.one.id))
        assert connection.scalars(text("SELECT id FROM person")).all() == [world.of(world.other)[1]]
        assert connection.scalars(text("SELECT case_id FROM case_update")).all() == [world.of(world.other)[0]]


def test_what_has_ended_is_not_seen_any_more(app: Flask, world: World, settings: Settings) -> None:
    with connected(settings) as connection:
        later = (clock.now() + timedelta(days=31)).isoformat()
        say(connection, principals=user_principal(world.one.id), now=later)
        assert count(connection, "person") == 1  # the allocation goes on
        connection.execute(text("UPDATE relation SET valid_to = now() + interval '1 hour'"))
        assert count(connection, "person") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET family_name = 'Changed' WHERE id = :theirs",
        "DELETE FROM person_term WHERE person_id = :theirs",
        "UPDATE safeguarding_case SET going_on = 'Changed' WHERE person_id = :theirs",
    ],
)
def test_what_is_not_seen_is_not_changed(world: World, settings: Settings, statement: str) -> None:
    with connected(settings) as connection:
        say(connection, principals=user_principal(world.one.id), user=str(world.one.id), writes="on")
        assert connection.execute(text(statement), {"theirs": world.of(world.other)[1]}).rowcount == 0
        assert connection.execute(text(statement), {"theirs": world.of(world.one)[1]}).rowcount > 0


def test_nothing_is_added_to_what_is_not_seen(world: World, settings: Settings) -> None:
    add = text("INSERT INTO person_term (person_id, term, kind) VALUES (:whose, 'x', 'name')")
    with connected(settings) as connection:
        say(connection, principals=user_principal(world.one.id), user=str(world.one.id), writes="on")
        connection.execute(add, {"whose": world.of(world.one)[1]})
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(add, {"whose": world.of(world.other)[1]})


def test_a_read_beyond_relations_writes_nothing(world: World, settings: Settings) -> None:
    with connected(settings) as connection:
        say(connection, beyond="counts", user=str(world.one.id), writes="on")
        assert count(connection, "person") == 2
        assert connection.execute(text("UPDATE person SET family_name = 'Changed'")).rowcount == 0


# --- places, minutes, lists, requests ---------------------------------------------------------------------------------


def test_a_restricted_place_and_what_hangs_on_it_is_seen_by_the_hub_and_by_who_sees_what_names_it(
    app: Flask, settings: Settings
) -> None:
    with app.app_context(), unit_of_work():
        lead, worker, stranger = make_lead(), make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.SPOC)
        park, flat = make_context(), make_context(is_restricted=True)
        for place in (park, flat):
            make_incident(lead.actor, place)
        make_case(lead, subject=(SubjectKind.CONTEXT, flat.id), lead=worker)
    hub = ",".join(sorted({user_principal(lead.id), HUB_PRINCIPAL}))
    for principals, places in (
        (hub, {park.id, flat.id}),
        (user_principal(worker.id), {park.id, flat.id}),  # who works the case about it
        (user_principal(stranger.id), {park.id}),
        ("", set()),
    ):
        with connected(settings) as connection:
            say(connection, principals=principals)
            assert set(connection.scalars(text("SELECT id FROM context"))) == places, principals
            assert set(connection.scalars(text("SELECT context_id FROM incident"))) == places, principals


def test_what_the_police_publish_is_seen_by_whoever_asks_and_by_nobody_else(app: Flask, settings: Settings) -> None:
    with app.app_context(), unit_of_work():
        lead, stranger = make_lead(), make_somebody(Role.SPOC)
        incident = make_incident(lead.actor, make_context(is_restricted=True))
        db.session.flush()
        incident.counts, incident.source = False, IncidentSource.POLICE_STREET
    for principals, seen in ((user_principal(stranger.id), 1), ("", 0)):
        with connected(settings) as connection:
            say(connection, principals=principals)
            assert count(connection, "incident") == seen


def test_lists_and_minutes_are_seen_by_those_they_are_for(app: Flask, world: World, settings: Settings) -> None:
    case_id, _person_id = world.of(world.one)
    with app.app_context(), unit_of_work():
        lead = restrict(db.session.get_one(Case, case_id))
        day = make_day(items=1, heard=False)
        close_meeting(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id))
        generate_minutes(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id))
        seats = {each: ",".join(sorted(each.actor.principals)) for each in (day.people["chair"], day.people["police"])}
    for who, expected in (
        (world.one, (1, 1, 0)),
        (lead, (1, 1, 0)),
        (world.other, (0, 0, 0)),
        *((each, (0, 0, 1)) for each in seats),
    ):
        with connected(settings) as connection:
            say(connection, principals=seats.get(who, user_principal(who.id)), user=str(who.id))
            found = tuple(count(connection, table) for table in ("case_restriction", "case_listing", "minutes"))
            assert found == expected, who.name


def test_who_decides_changes_a_decision_and_nothing_else(app: Flask, world: World, settings: Settings) -> None:
    case_id, person_id = world.of(world.one)
    with app.app_context(), unit_of_work():
        restrict(db.session.get_one(Case, case_id))
        person = db.session.get_one(Person, person_id)
        sealed.ask(
            world.one.actor,
            Sealing(SealedOn.PERSON, person.id, person.ref, person.ref),
            fields=["phone"],
            reason="A visit is planned for Thursday.",
            held={Relation.LEAD_WORKER},
        )
    for reason, table in (("second_person", "case_restriction"), ("sealed", "sealed_grant")):
        with connected(settings) as connection:
            say(connection, principals=user_principal(world.other.id), user=str(world.other.id), writes="on")
            assert connection.execute(text(f"UPDATE {table} SET reason = reason")).rowcount == 0  # noqa: S608
            say(connection, beyond=reason)
            assert connection.execute(text(f"UPDATE {table} SET reason = reason")).rowcount == 1  # noqa: S608
            assert connection.execute(text(f"DELETE FROM {table}")).rowcount == 0  # noqa: S608


# --- who says it ------------------------------------------------------------------------------------------------------


def test_the_hook_says_who_asks_and_says_it_again_when_that_changes(app: Flask, world: World) -> None:
    asks = text("SELECT count(*) FROM person")
    sight = Sight(frozenset({user_principal(world.one.id)}), world.one.id)
    with app.app_context():
        for who, seen in ((None, 0), (sight, 1), (Sight(system="test"), 2), (sight, 1), (None, 0)):
            with looking(who):
                assert db.session.scalar(asks) == seen
        with looking(sight), beyond(Beyond.COUNTS):
            assert db.session.scalar(asks) == 2
        with looking(None), beyond(Beyond.COUNTS):
            assert db.session.scalar(asks) == 0  # nobody reads beyond what nobody sees
        with looking(sight):
            try:
                with db.session.begin_nested(), looking(Sight(system="test")):
                    assert db.session.scalar(asks) == 2
                    raise ZeroDivisionError
            except ZeroDivisionError:
                assert db.session.scalar(asks) == 1
        db.session.rollback()


def test_one_connection_never_carries_one_persons_sight_to_the_next(world: World, settings: Settings) -> None:
    engine = create_engine(settings.database_url, pool_size=1, max_overflow=0)
    guard_postgresql(engine)
    sights = {
        worker.id: Sight(frozenset({user_principal(worker.id)}), worker.id) for worker in (world.one, world.other)
    }
    try:
        for number in range(300):
            worker = world.one if number % 2 else world.other
            with looking(sights[worker.id]), engine.connect() as connection:
                assert connection.scalars(text("SELECT id FROM person")).all() == [world.of(worker)[1]]
                if number % 3 == 0:
                    connection.commit()
                elif number % 3 == 1:
                    with pytest.raises(DBAPIError):
                        connection.execute(text("SELECT 1 / 0"))
            with looking(None), engine.connect() as connection:
                assert connection.scalar(text("SELECT count(*) FROM person")) == 0
    finally:
        engine.dispose()


# --- migrations -------------------------------------------------------------------------------------------------------

_STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "zz_data", "{head}", None, None
def upgrade():
    changed = op.get_bind().execute(sa.text("UPDATE person SET known_as = 'Seen'")).rowcount
    op.execute(f"CREATE TABLE what_a_migration_saw AS SELECT {{changed}} AS people")
def downgrade():
    op.execute("DROP TABLE what_a_migration_saw")
"""


def test_a_data_migration_sees_every_row(app: Flask, world: World, settings: Settings, tmp_path: Path) -> None:
    with app.app_context():
        config: Any = migrate.get_config()
        versions = tmp_path / "versions"
        versions.mkdir()
        head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.remove()
        (versions / "zz_data.py").write_text(_STEP.format(head=head))
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", f"{app.root_path}/migrations/versions:{versions}")
        with looking(None):
            alembic.command.upgrade(config, "zz_data")
    with connected(settings, "postgres") as connection:
        assert connection.scalar(text("SELECT people FROM what_a_migration_saw")) == 2
        assert connection.scalars(text("SELECT DISTINCT known_as FROM person")).all() == ["Seen"]
    with connected(settings, ROLES.owner) as connection:  # who owns the tables sees no more than others by that alone
        assert connection.execute(text("UPDATE person SET known_as = 'Not seen'")).rowcount == 0
