"""Which stored context a point belongs to: the matcher, loaded from the tables.

Owns which contexts are candidates and by which names. The rule itself is `safeguarding.contexts.matching`; a private
address is a candidate like any other, since a match is shown only to those who may see the context.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy import or_, select

from config import Settings
from safeguarding.contexts.matching import Match, Matcher, NoMatch, Place
from safeguarding.contexts.models import Context, ContextAlias, ContextKind, Ward
from safeguarding.core.geo import Area, AreaIndex, area_from_geojson
from safeguarding.extensions import db

# An unnamed kind of this size is a neighbourhood: everything lies inside one, so that being inside says nothing.
LARGEST_OTHER_M2 = 1_000_000.0


def load_matcher() -> Matcher[int]:
    """Return a matcher over every context that has a place and has not ended, and the borough's outline."""
    aliases: dict[int, list[str]] = defaultdict(list)
    for context_id, name in db.session.execute(select(ContextAlias.context_id, ContextAlias.name)):
        aliases[context_id].append(name)
    rows = db.session.execute(
        select(Context.id, Context.name, Context.kind, Context.latitude, Context.longitude, Context.polygon)
        .where(
            Context.ended_on.is_(None),
            or_(Context.latitude.is_not(None), Context.polygon.is_not(None)),
        )
        .order_by(Context.id)
    )
    places = (place_of(row, (row.name, *aliases[row.id])) for row in rows)
    return Matcher([place for place in places if place is not None], *matching_radii(), borough=load_borough())


def matching_radii() -> tuple[dict[str, float], float]:
    """Return within how many metres a point belongs to a place of a kind, and of every other kind, as installed."""
    settings: Settings = current_app.extensions["settings"]
    return {
        ContextKind.STATION.value: settings.match_radius_station,
        ContextKind.SCHOOL.value: settings.match_radius_school,
    }, settings.match_radius_other


def place_of(row: Any, names: tuple[str, ...]) -> Place[int] | None:
    """Return a context's row as a candidate, or None where it is too large to say anything."""
    area = area_from_geojson(json.loads(row.polygon)) if row.polygon else None
    if area is not None and row.kind is ContextKind.OTHER and area.area_m2() > LARGEST_OTHER_M2:
        return None
    return Place(row.id, row.kind.value, row.latitude, row.longitude, area, names)


def load_borough() -> Area | None:
    """Return the outline of all wards together, or None where none is known."""
    polygons: list[Any] = []
    for text in db.session.scalars(select(Ward.polygon).order_by(Ward.id)):
        geometry = json.loads(text)
        whole = geometry["type"] == "MultiPolygon"
        polygons += geometry["coordinates"] if whole else [geometry["coordinates"]]
    return area_from_geojson({"type": "MultiPolygon", "coordinates": polygons}) if polygons else None


def load_wards() -> AreaIndex[str]:
    """Return an index that answers which ward holds a point."""
    rows = db.session.execute(select(Ward.name, Ward.polygon).order_by(Ward.id))
    return AreaIndex((name, area_from_geojson(json.loads(polygon))) for name, polygon in rows)


NO_CONTEXT: Mapping[str, Any] = {
    "context_id": None,
    "match_distance_m": None,
    "match_rule": None,
    "place_certain": False,
}


def match_columns(found: Match[int] | NoMatch) -> dict[str, Any]:
    """Return the columns of an incident that a match, or the lack of one, fills."""
    if not isinstance(found, Match):
        return dict(NO_CONTEXT)
    return {
        "context_id": found.key,
        "match_distance_m": round(found.distance_m),
        "match_rule": found.rule,
        "place_certain": found.is_certain,
    }
