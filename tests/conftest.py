"""Set-up of the whole suite. Fixtures about people and tickets live in tests/cases.py and beside their tests."""

import os
import shutil
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings

from servicedesk.project.embedded import Cluster
from servicedesk.project.management.commands.compile_translations import compile_all
from tests import cluster

# Playwright's plain interface keeps an event loop running in the test's thread; Django would refuse the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# A busy machine is no fault of what is tried: how long an example takes is measured in tests/benchmarks/.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

_CLUSTER = pytest.StashKey[Cluster]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that was called starts the database; xdist's workers find it in their environment."""
    if hasattr(config, "workerinput") or os.environ.get("DATABASE_URL") or config.option.collectonly:
        return
    compile_all()
    server = cluster.start()
    config.stash[_CLUSTER] = server
    os.environ["SAMDRIFT_TEST_SOCKET"] = settings.DATABASES["default"]["HOST"] = str(server.place.run)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what pytest_configure started, and remove the suite's state folder."""
    if server := config.stash.get(_CLUSTER, None):
        server.stop()
        shutil.rmtree(os.environ["SAMDRIFT_TEST_STATE"], ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases are copies of one migrated template (0.1 s instead of all migrations per worker)."""
    database = settings.DATABASES["default"]
    database.setdefault("TEST", {})["TEMPLATE"] = cluster.template(database)


@pytest.fixture(autouse=True)
def _own_cache() -> Iterator[None]:
    """Nothing that a process keeps (cache, signs of life already written) leads from one test to the next."""
    from django.core.cache import cache

    from cmdb import heartbeats

    yield
    cache.clear()
    heartbeats.forget()
