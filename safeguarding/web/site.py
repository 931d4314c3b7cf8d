"""What every page has round it: the service's name and colour, assets, the demonstration banner; and the few pages
that belong to the service itself (health, accessibility, cookies, privacy)."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, g, get_flashed_messages, make_response, render_template
from sqlalchemy import text

from safeguarding.access.permissions import Permission
from safeguarding.extensions import db, migrate
from safeguarding.web.addresses import init_addresses
from safeguarding.web.guard import public
from safeguarding.web.headers import request_id
from safeguarding.web.navigation import navigation_for

blueprint = Blueprint("web", __name__)


@dataclass(frozen=True)
class Service:
    """How the service presents itself."""

    name: str
    partnership: str
    brand_colour: str
    demonstration: bool


def init_site(app: Flask, service: Service) -> None:
    """Give templates their globals and register the service's own pages."""
    app.extensions["service"] = service
    app.jinja_env.globals.update(service=service, asset=asset)
    init_addresses(app)
    app.context_processor(_context)
    app.register_blueprint(blueprint)
    register_readiness(app, is_migrated)


def asset(path: str) -> str:
    """Return the address of a static file, with a mark of its contents so that a cache may keep it."""
    return _address(path, current_app.static_folder or "")


@lru_cache(maxsize=256)
def _address(path: str, root: str) -> str:
    found = path
    if path.startswith("vendor/"):
        manifest = json.loads((Path(root) / "vendor" / "manifest.json").read_text())
        found = f"vendor/{manifest[path.removeprefix('vendor/')]}"
    mark = hashlib.sha256((Path(root) / found).read_bytes()).hexdigest()[:12]
    return f"/static/{found}?v={mark}"


def _context() -> dict[str, Any]:
    # Only an actor already known is shown: an error page must not look anything up.
    actor = g.get("actor")
    return {
        "current_actor": actor,
        "navigation": navigation_for(actor),
        "can_search": actor is not None and actor.holds(Permission.PERSON_SEARCH),
        "request_id": request_id(),
        "flashes": lambda: get_flashed_messages(with_categories=True),
    }


@blueprint.get("/brand.css")
@public
def brand_css() -> Response:
    """Return the council's colour as the two properties that the style sheet uses."""
    service: Service = current_app.extensions["service"]
    response = make_response(f":root {{ --brand: {service.brand_colour}; --brand-accent: #f0b849; }}\n")
    response.mimetype = "text/css"
    return response


@blueprint.get("/health")
@public
def health() -> Response:
    """Answer 200 when the process serves and its database answers, 503 otherwise; no detail."""
    try:
        db.session.execute(text("SELECT 1"))
    except Exception:  # whatever it is, the answer is the same
        return Response(json.dumps({"ok": False}), 503, mimetype="application/json")
    return Response(json.dumps({"ok": True}), mimetype="application/json")


@blueprint.get("/ready")
@public
def ready() -> Response:
    """Answer 200 when this process may be sent requests: its migrations are run, and the audit can be written to."""
    checks: list[Callable[[], bool]] = current_app.extensions.get("readiness", [])
    try:
        is_ready = all(check() for check in checks)
    except Exception:  # whatever it is, the answer is the same
        is_ready = False
    return Response(json.dumps({"ok": is_ready}), 200 if is_ready else 503, mimetype="application/json")


def register_readiness(app: Flask, check: Callable[[], bool]) -> None:
    """Say what else has to be true before this process may be sent requests."""
    app.extensions.setdefault("readiness", []).append(check)


def is_migrated() -> bool:
    """Return whether the database has run every migration that this version of the service has, and no other."""
    config: Any = migrate.get_config()
    heads = set(ScriptDirectory.from_config(config).get_heads())
    return set(db.session.scalars(text("SELECT version_num FROM alembic_version"))) == heads


@blueprint.get("/accessibility")
@public
def accessibility() -> str:
    """The accessibility statement."""
    return render_template("pages/accessibility.html")


@blueprint.get("/cookies")
@public
def cookies() -> str:
    """Which cookies there are and why."""
    return render_template("pages/cookies.html")


@blueprint.get("/privacy")
@public
def privacy() -> str:
    """What is recorded about the people who use the service."""
    return render_template("pages/privacy.html")
