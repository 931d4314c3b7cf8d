"""Which context a point belongs to, how far away it is, and by what rule; or why it belongs to none.

Owns the rule alone: inside the outline, else the nearest within the kind's radius; a name never matches by itself, it
only breaks a tie. It must not know rows, the database or Flask, and it never moves a point. Wards and neighbourhoods
are not candidates: everything lies inside one.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from safeguarding.core.geo import Area, Box, GridIndex, haversine_m

DEFAULT_RADIUS_M = 50.0
RADII_M: Mapping[str, float] = MappingProxyType({"station": 150.0, "school": 100.0})
CERTAIN_WITHIN_M = 50.0
TIE_WITHIN_M = 1.0  # open data writes points to about a tenth of a metre; less than a metre apart is no difference

NO_PLACE = "no place given"
OUTSIDE_BOROUGH = "outside the borough"
NOTHING_NEAR = "no context within its radius"
INSIDE = "inside polygon"
BY_NAME = "tie broken by name"

K = TypeVar("K")


def nearest_within(radius_m: float) -> str:
    """Return the name of the rule for a radius, such as "nearest within 150 m"."""
    return f"nearest within {radius_m:g} m"


@dataclass(frozen=True, slots=True)
class Place(Generic[K]):
    """A context that a point may belong to: by its outline, its point, or both.

    `names` are its name and other names by which sources know it; they only ever break a tie.
    """

    key: K
    kind: str
    lat: float | None = None
    lng: float | None = None
    area: Area | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match(Generic[K]):
    """The context a point belongs to. `is_certain`: inside its outline or within 50 metres."""

    key: K
    distance_m: float
    rule: str
    is_certain: bool
    is_outside_borough: bool = False


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why a point belongs to no context."""

    reason: str
    is_outside_borough: bool = False


@dataclass(frozen=True, slots=True)
class _Found(Generic[K]):
    """A candidate near enough: its distance (0 inside), its size if the point is inside, its place in the list."""

    place: Place[K]
    distance_m: float
    size_m2: float | None
    number: int


class Matcher(Generic[K]):
    """Matches points to the places it was made with. It holds them in memory and never changes."""

    def __init__(
        self,
        places: Iterable[Place[K]],
        radii_m: Mapping[str, float] = RADII_M,
        default_radius_m: float = DEFAULT_RADIUS_M,
        borough: Area | None = None,
    ) -> None:
        """Index the places; the first given wins between two that nothing tells apart.

        Raises ValueError for a radius that is no number of metres, and for a place with half a point.
        """
        self._radii = dict(radii_m)
        self._default = default_radius_m
        self._borough = borough
        if not all(0 <= radius < math.inf for radius in (default_radius_m, *self._radii.values())):
            raise ValueError("a radius is a number of metres")
        self._grid: GridIndex[tuple[int, Place[K], Box, float]] = GridIndex(250.0)
        self._sizes: dict[int, float] = {}
        for number, place in enumerate(places):
            self._add(number, place)

    def match(self, lat: float | None, lng: float | None, text: str = "") -> Match[K] | NoMatch:
        """Return the context of a point in degrees. `text` is what the source calls the place; it only breaks ties."""
        if lat is None or lng is None:
            return NoMatch(NO_PLACE)
        found = self._candidates(lat, lng)
        outside = self._borough is not None and not self._borough.contains(lat, lng)
        if not found:
            return NoMatch(OUTSIDE_BOROUGH if outside else NOTHING_NEAR, outside)
        inside = [candidate for candidate in found if candidate.size_m2 is not None]
        if inside:
            return self._settled(inside, INSIDE, text, outside)
        nearest = min(candidate.distance_m for candidate in found)
        tied = [candidate for candidate in found if candidate.distance_m - nearest <= TIE_WITHIN_M]
        return self._settled(tied, None, text, outside)

    def _radius(self, kind: str) -> float:
        return self._radii.get(kind, self._default)

    def _add(self, number: int, place: Place[K]) -> None:
        if (place.lat is None) != (place.lng is None):
            raise ValueError("a place with a latitude needs a longitude")
        radius = self._radius(place.kind)
        boxes = [place.area.box] if place.area else []
        if place.lat is not None and place.lng is not None:
            boxes.append(Box(place.lat, place.lng, place.lat, place.lng))
        for box in boxes:
            wide = box.widened(radius)
            self._grid.add(wide, (number, place, wide, radius))
        if place.area:
            self._sizes[number] = place.area.area_m2()

    def _candidates(self, lat: float, lng: float) -> list[_Found[K]]:
        found: dict[int, _Found[K]] = {}
        for number, place, box, radius in self._grid.near(lat, lng):
            if number in found or not box.contains(lat, lng):
                continue
            if place.area and place.area.contains(lat, lng):
                found[number] = _Found(place, 0.0, self._sizes[number], number)
                continue
            distance = _distance_m(place, lat, lng)
            if distance <= radius:
                found[number] = _Found(place, distance, None, number)
        return [found[number] for number in sorted(found)]

    def _settled(self, tied: list[_Found[K]], rule: str | None, text: str, outside: bool) -> Match[K]:
        """The one of several that the name speaks for; else the smallest outline, else the nearest, else the first."""
        by_name = _named(tied, text) if len(tied) > 1 else None
        best = by_name or min(tied, key=lambda c: (c.size_m2 or 0.0, c.distance_m, c.number))
        return Match(
            key=best.place.key,
            distance_m=best.distance_m,
            rule=BY_NAME if by_name else rule or nearest_within(self._radius(best.place.kind)),
            is_certain=best.size_m2 is not None or best.distance_m <= CERTAIN_WITHIN_M,
            is_outside_borough=outside,
        )


def _distance_m(place: Place[K], lat: float, lng: float) -> float:
    """Metres to the nearest of the place's point and outline."""
    to_point = math.inf
    if place.lat is not None and place.lng is not None:
        to_point = haversine_m(lat, lng, place.lat, place.lng)
    if place.area is None:
        return to_point
    return min(to_point, place.area.distance_m(lat, lng))


def _named(tied: Iterable[_Found[K]], text: str) -> _Found[K] | None:
    """The only candidate whose name the text holds in full, or the only one with the longest such name."""
    words = _words(text)
    scored = [(best, candidate) for candidate in tied if (best := _longest_name_within(candidate.place, words))]
    most = max((length for length, _ in scored), default=0)
    winners = [candidate for length, candidate in scored if length == most]
    return winners[0] if len(winners) == 1 else None


def _longest_name_within(place: Place[K], words: frozenset[str]) -> int:
    """How many words the longest of a place's names has whose words are all in the text; 0 where none is."""
    names = (_words(name) for name in place.names)
    return max((len(name) for name in names if name and name <= words), default=0)


# Words of the published street text that name nothing.
_EMPTY_WORDS = frozenset({"on", "or", "near", "the", "of", "at", "and", "a"})


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold().replace("'", "").replace("’", ""))) - _EMPTY_WORDS
