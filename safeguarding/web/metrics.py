"""Counts for whoever runs the service: requests, times, refusals. No name, no reference, no address, no account.

Beside the counts stands what is looked up when somebody asks: how long ago the worker was seen, say.
Served at `/metrics` to the networks of METRICS_FROM and to whoever knows METRICS_TOKEN; to everybody else there is no
such page. With PROMETHEUS_MULTIPROC_DIR set, the counts of all workers are added up.
"""

import hmac
import logging
import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config import Settings
from safeguarding.core.errors import NotFoundError
from safeguarding.extensions import csrf
from safeguarding.web import transaction
from safeguarding.web.guard import public
from safeguarding.web.logs import route

blueprint = Blueprint("metrics", __name__)
log = logging.getLogger("safeguarding.metrics")
REQUESTS = Counter("safeguarding_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "safeguarding_request_seconds",
    "Time to answer a request",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
# Not in the audit: nobody is signed in, and whoever sends them could fill it.
STRANGERS = Counter("safeguarding_anonymous_not_found", "Addresses without a page, asked for by nobody signed in")
FORGED = Counter("safeguarding_bad_form_tokens", "Forms sent with a missing or wrong token")
BLOCKED = Counter("safeguarding_policy_reports", "Reports of browsers that the content policy stopped something")
_METHODS = frozenset({"GET", "HEAD", "POST"})


def init_metrics(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(blueprint)
    csrf.exempt(policy_report)  # the browser itself sends it, and it changes nothing


def watch(app: Flask, name: str, said: str, value: Callable[[], float]) -> None:
    """Have a figure looked up whenever the counts are read; one that cannot be had is left out."""
    app.extensions.setdefault("watched", []).append((name, said, value))


class _Watched(Collector):
    """What this application watches, as it is now."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, said, value in current_app.extensions.get("watched", []):
            try:
                found = value()
            except Exception as error:  # the rest is wanted all the more
                log.warning("a figure cannot be had", exc_info=error)
                transaction.rollback()
            else:
                yield GaugeMetricFamily(name, said, value=found)


def count_request(response: Response) -> None:
    """Count a request that was answered."""
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(method, route(), str(response.status_code)).inc()
    SECONDS.labels(route()).observe(time.perf_counter() - g.get("began", time.perf_counter()))
    if response.status_code == 404 and g.get("actor") is None:
        STRANGERS.inc()
    if g.get("bad_token"):
        FORGED.inc()


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Return the counts in Prometheus' text format."""
    if not _is_let_in(current_app.extensions["settings"]):
        raise NotFoundError
    watched = CollectorRegistry()
    watched.register(_Watched())
    return Response(generate_latest(watched) + generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


@blueprint.post("/policy-reports")
@public
@transaction.reads_first
def policy_report() -> Response:
    """Count what a browser says that the content policy stopped. What it says is not kept: it holds addresses."""
    BLOCKED.inc()
    return Response(status=204)


def _is_let_in(settings: Settings) -> bool:
    given = request.headers.get("Authorization", "")
    if settings.metrics_token and hmac.compare_digest(given.encode(), f"Bearer {settings.metrics_token}".encode()):
        return True
    try:
        asker = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(asker in ip_network(each) for each in settings.metrics_from)


def _registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    every = CollectorRegistry()
    MultiProcessCollector(every)  # type: ignore[no-untyped-call]
    return every
