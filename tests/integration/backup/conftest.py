"""What tests of backups share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts.link_models import AccountLink, Purpose
from safeguarding.accounts.models import UserSession
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.notices.models import Notice, NoticeState
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_update
from tests.factories.people import Somebody, make_somebody
from tests.support.databases import ROLES, dispose, in_roles
from tests.support.postgres import Cluster


class Places:
    """Where a backup can be restored to: an empty folder, and on PostgreSQL an empty database beside it."""

    def __init__(self, settings: Settings, cluster: Cluster | None) -> None:
        self._settings, self._cluster = settings, cluster

    @contextmanager
    def empty(self, folder: Path) -> Iterator[Settings]:
        """Give the settings of an empty place; the folder is the one to name with --into."""
        if self._cluster is None:
            yield replace(self._settings, data=folder, database_url=f"sqlite:///{folder / 'safeguarding.db'}")
            return
        url = self._cluster.create_database(owner=ROLES.owner)
        try:
            yield replace(in_roles(self._settings, url), data=folder)
        finally:
            self._cluster.drop_database(url)


@pytest.fixture
def places(request: pytest.FixtureRequest, settings: Settings) -> Places:
    """Return a maker of empty places on the database of this test."""
    return Places(settings, None if settings.is_sqlite else request.getfixturevalue("cluster"))


@pytest.fixture
def worker(settings: Settings) -> Somebody:
    """Put two cases into the installation; their worker is signed in, has an unused link and a notice on its way."""
    app = create_app(settings)
    now = clock.now()
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
        for _ in range(2):
            make_update(somebody, make_case(somebody))
        later = now + timedelta(hours=1)
        db.session.add_all(
            [
                UserSession(
                    token_digest="0" * 64, user_id=somebody.id, created_at=now, last_seen_at=now, expires_at=later
                ),
                AccountLink(
                    user_id=somebody.id,
                    purpose=Purpose.RESET,
                    token_digest="1" * 64,
                    bound_to="2" * 64,
                    made_at=now,
                    expires_at=later,
                ),
                Notice(
                    ref="NO-TEST",
                    kind="accounts:factor:changed",
                    recipient_id=somebody.id,
                    state=NoticeState.WAITING,
                    attempts=0,
                    queued_at=now,
                    due_at=now,
                ),
            ]
        )
    dispose(app)
    return somebody
