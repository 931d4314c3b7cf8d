"""A network to PostgreSQL that is slow, swallows everything, or resets: a bounded wait, a plain word, and back by itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config import Settings
from tests.faults.caseload import check_stored, make_caseloads
from tests.faults.network import Manner, Network
from tests.faults.test_no_database import ANSWERED_IN, THREADS, shows_again, takes_again, tells_plainly
from tests.faults.visitors import Visitor, all_at_once, check_log, impatient
from tests.support.databases import Databases
from tests.support.postgres import Cluster
from tests.support.server import serving

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]


@pytest.fixture
def network(cluster: Cluster) -> Iterator[Network]:
    """A network to the cluster of this run."""
    made = Network(cluster.folder / ".s.PGSQL.5432")
    yield made
    made.close()


@pytest.fixture
def over(network: Network, postgresql_databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """A fresh installation whose service reaches its database over that network, and by no other way."""
    with postgresql_databases.copy(tmp_path) as fresh:
        yield replace(
            fresh, database_url=network.url(fresh.database_url), database_owner_url=None, database_backup_url=None
        )


def test_a_bad_network_is_waited_for_a_moment_and_the_service_comes_back_by_itself(
    network: Network, over: Settings
) -> None:
    [load] = make_caseloads(over, 1)
    with serving(over, options=impatient(over)) as address:
        browser, nobody = Visitor(address, ANSWERED_IN), Visitor(address, ANSWERED_IN)
        browser.sign_in(load.worker.email)
        assert network.carried > 10_000, "it goes another way"
        with network.being(Manner.DAWDLES):
            assert browser.get(load.case).status == 200
            assert nobody.get("/health").status == 200
        for manner in (Manner.SWALLOWS, Manner.RESETS):
            form = load.form(browser, f"Written while it {manner}.")
            with network.being(manner):
                answers = all_at_once([lambda: browser.get(load.case)] * THREADS)  # every thread of every worker waits
                answers += [browser.get("/my-work"), browser.post(load.add, form)]
                for answer in answers:
                    tells_plainly(answer)
                for somebody in (nobody, browser):  # whoever was there before has a cookie, and nobody can look it up
                    assert somebody.get("/sign-in").status == 200
                assert nobody.get("/health").status == 503
            shows_again(browser, load.case)
            shows_again(nobody, "/health")
            for _twice in range(2):
                takes_again(browser, load.add, form)
            assert f"Written while it {manner}." in shows_again(browser, load.case).words
    check_log(over, "Written while", "college", "Young")
    check_stored(over, 2)
