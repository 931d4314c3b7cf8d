"""Distances, areas and the British grid: plane geometry on a small piece of the earth.

Owns: great-circle metres, areas with holes (GeoJSON's Polygon and MultiPolygon), point in area, metres to an
area's edge, a grid index for fast look-ups, and the conversion of British grid references. Angles are degrees
on WGS84, latitude first in arguments; positions inside rings are (longitude, latitude), as GeoJSON has them.
It must not know of contexts or incidents, and it never guesses: what is no area raises `BadShapeError`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

EARTH_RADIUS_M = 6_371_008.8  # the mean radius
METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180

Position = tuple[float, float]
Edge = tuple[float, float, float, float]
T = TypeVar("T")


class BadShapeError(ValueError):
    """What was given is no polygon; the text says why and is fit to be shown."""


def haversine_m(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Return the metres between two points on a sphere (within 0.5 % of the true distance)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lng2 - lng1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def is_coordinate(lat: float, lng: float) -> bool:
    """Say whether both are finite and on the globe."""
    return -90.0 <= lat <= 90.0 and -180.0 <= lng <= 180.0


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in degrees; its edges belong to it."""

    south: float
    west: float
    north: float
    east: float

    def contains(self, lat: float, lng: float) -> bool:
        """Say whether the point lies inside or on the edge."""
        return self.south <= lat <= self.north and self.west <= lng <= self.east

    def widened(self, metres: float) -> "Box":
        """Return the box with this margin on each side (at least as wide as asked, never narrower)."""
        up = metres / METRES_PER_DEGREE * 1.01
        furthest = min(89.0, max(abs(self.south - up), abs(self.north + up)))
        across = up / math.cos(math.radians(furthest))
        return Box(self.south - up, self.west - across, self.north + up, self.east + across)


class _Part:
    """One polygon: an outline and its holes, with the edges sorted into bands of latitude.

    A borough's outline has thousands of edges; a point only needs those of its own band.
    """

    def __init__(self, rings: Sequence[Sequence[Position]]) -> None:
        self.rings = tuple(tuple(ring) for ring in rings)
        xs, ys = zip(*self.rings[0], strict=True)
        self.box = Box(min(ys), min(xs), max(ys), max(xs))
        self._edges = tuple(_edges_of(self.rings))
        count = max(1, min(512, len(self._edges) // 4))
        self._height = (self.box.north - self.box.south) / count or 1.0
        self._bands: list[list[Edge]] = [[] for _ in range(count)]
        for edge in self._edges:
            # A hole that reaches outside its outline is bad data: its edges are kept in the nearest band.
            for band in range(self._band(min(edge[1], edge[3])), self._band(max(edge[1], edge[3])) + 1):
                self._bands[band].append(edge)

    def _band(self, lat: float) -> int:
        return max(0, min(len(self._bands) - 1, int((lat - self.box.south) / self._height)))

    def contains(self, lat: float, lng: float) -> bool:
        if not self.box.contains(lat, lng):
            return False
        inside = False
        for x1, y1, x2, y2 in self._bands[self._band(lat)]:
            if (y1 > lat) != (y2 > lat) and lng < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                inside = not inside
        return inside

    def edge_distance_m(self, lat: float, lng: float) -> float:
        across = METRES_PER_DEGREE * math.cos(math.radians(lat))
        best = math.inf
        for x1, y1, x2, y2 in self._edges:
            best = min(
                best,
                _segment_distance_squared(
                    (x1 - lng) * across,
                    (y1 - lat) * METRES_PER_DEGREE,
                    (x2 - lng) * across,
                    (y2 - lat) * METRES_PER_DEGREE,
                ),
            )
        return math.sqrt(best)

    def area_m2(self) -> float:
        middle = math.radians((self.box.south + self.box.north) / 2)
        scale = METRES_PER_DEGREE**2 * math.cos(middle)
        outline, *holes = (abs(_signed_area(ring)) for ring in self.rings)
        return max(0.0, outline - sum(holes)) * scale

    def inner_position(self) -> Position:
        centre = _centroid(self.rings[0])
        if self.contains(centre[1], centre[0]):
            return centre
        # A crescent or a ring: take the middle of the widest stretch on a line across it.
        lines = (self.box.south + (self.box.north - self.box.south) * step / 16 for step in range(1, 16))
        stretches = [stretch for lat in lines for stretch in self._stretches(lat)]
        _, position = max(stretches, default=(0.0, self.rings[0][0]))
        return position

    def _stretches(self, lat: float) -> Iterator[tuple[float, Position]]:
        crossings = sorted(
            (x2 - x1) * (lat - y1) / (y2 - y1) + x1
            for x1, y1, x2, y2 in self._bands[self._band(lat)]
            if (y1 > lat) != (y2 > lat)
        )
        for west, east in zip(crossings[::2], crossings[1::2], strict=False):
            yield east - west, ((west + east) / 2, lat)


class Area:
    """One or more polygons, each with holes. Made by `area_from_geojson`; never changes.

    A point on an edge that two areas share lies inside exactly one of them, so that wards that meet neither
    share nor lose a point.
    """

    __slots__ = ("_parts", "box")

    def __init__(self, polygons: Sequence[Sequence[Sequence[Position]]]) -> None:
        if not polygons:
            raise BadShapeError("the area has no polygon")
        self._parts = tuple(_Part([_closed(ring) for ring in rings]) for rings in polygons)
        boxes = [part.box for part in self._parts]
        self.box = Box(
            min(box.south for box in boxes),
            min(box.west for box in boxes),
            max(box.north for box in boxes),
            max(box.east for box in boxes),
        )

    def contains(self, lat: float, lng: float) -> bool:
        """Say whether the point lies inside, and in no hole."""
        return any(part.contains(lat, lng) for part in self._parts)

    def distance_m(self, lat: float, lng: float) -> float:
        """Return the metres to the nearest edge, 0.0 inside. Meant for points within some kilometres."""
        if self.contains(lat, lng):
            return 0.0
        return min(part.edge_distance_m(lat, lng) for part in self._parts)

    def area_m2(self) -> float:
        """Return the size in square metres, holes taken away."""
        return sum(part.area_m2() for part in self._parts)

    def inner_point(self) -> tuple[float, float]:
        """Return (latitude, longitude) of a point inside the largest polygon, its centroid where it can."""
        largest = max(self._parts, key=_Part.area_m2)
        lng, lat = largest.inner_position()
        return lat, lng

    def to_geojson(self) -> dict[str, Any]:
        """Return the GeoJSON geometry, with closed rings and no heights."""
        polygons = [[[list(point) for point in ring] for ring in part.rings] for part in self._parts]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}


def area_from_geojson(geometry: Mapping[str, Any]) -> Area:
    """Return the area of a GeoJSON Polygon or MultiPolygon (RFC 7946; heights are dropped).

    Raises BadShapeError for any other type, a ring of fewer than three points, or what is no coordinate.
    """
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadShapeError(f"a {kind if isinstance(kind, str) else 'shape without a type'} is no area")
    if not isinstance(coordinates, list):
        raise BadShapeError("the area has no coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    return Area([_rings(polygon) for polygon in polygons])


def position_from_geojson(value: object) -> Position:
    """Return (longitude, latitude) of one GeoJSON position. Raises BadShapeError where it is none."""
    if not isinstance(value, list) or len(value) < 2:
        raise BadShapeError("a position needs a longitude and a latitude")
    lng, lat = value[0], value[1]
    if not (_is_number(lng) and _is_number(lat)):
        raise BadShapeError("a coordinate is not a number")
    if not is_coordinate(lat, lng):
        raise BadShapeError("a coordinate is out of range (longitude and latitude are expected, in degrees)")
    return float(lng), float(lat)


class GridIndex(Generic[T]):
    """Finds the boxes that hold a point, by squares some hundreds of metres wide.

    Answers may hold a few boxes too many (those that share the square), never one too few.
    """

    _WIDEST = 20_000  # squares one box may fill; wider ones are looked at on each query

    def __init__(self, cell_m: float = 250.0) -> None:
        if not cell_m > 0:
            raise ValueError("a square needs a width")
        self._per_degree = METRES_PER_DEGREE / cell_m
        self._cells: dict[tuple[int, int], tuple[T, ...]] = {}
        self._wide: tuple[T, ...] = ()

    def add(self, box: Box, item: T) -> None:
        """Put an item under every square that its box touches."""
        south, west = self._cell(box.south, box.west)
        north, east = self._cell(box.north, box.east)
        if (north - south + 1) * (east - west + 1) > self._WIDEST:
            self._wide += (item,)
            return
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                self._cells[row, column] = (*self._cells.get((row, column), ()), item)

    def near(self, lat: float, lng: float) -> tuple[T, ...]:
        """Return the items whose boxes may hold the point, in the order in which they were added."""
        return self._cells.get(self._cell(lat, lng), ()) + self._wide

    def _cell(self, lat: float, lng: float) -> tuple[int, int]:
        return math.floor(lat * self._per_degree), math.floor(lng * self._per_degree)


class AreaIndex(Generic[T]):
    """Answers which of many areas (wards, say) holds a point."""

    def __init__(self, areas: Iterable[tuple[T, Area]]) -> None:
        self._grid: GridIndex[tuple[T, Area]] = GridIndex(500.0)
        for key, area in areas:
            self._grid.add(area.box, (key, area))

    def find(self, lat: float, lng: float) -> T | None:
        """Return the key of the first area given that holds the point, or None."""
        for key, area in self._grid.near(lat, lng):
            if area.contains(lat, lng):
                return key
        return None


# The British national grid (Ordnance Survey, "A guide to coordinate systems in Great Britain", annexes A to
# C): Airy's ellipsoid, a transverse Mercator projection, and the seven-parameter shift to WGS84.
_AIRY_A, _AIRY_B = 6_377_563.396, 6_356_256.909
_WGS_A, _WGS_B = 6_378_137.0, 6_356_752.314245
_SCALE, _LAT0, _LNG0 = 0.9996012717, math.radians(49.0), math.radians(-2.0)
_NORTHING0, _EASTING0 = -100_000.0, 400_000.0
_SHIFT = (446.448, -125.157, 542.060)
_TURN = tuple(math.radians(seconds / 3600) for seconds in (0.1502, 0.2470, 0.8421))
_GROW = -20.4894e-6
GRID_EAST, GRID_NORTH = 700_000.0, 1_300_000.0


def is_grid_reference(easting: float, northing: float) -> bool:
    """Say whether both are finite and on the British national grid (metres)."""
    return 0.0 <= easting <= GRID_EAST and 0.0 <= northing <= GRID_NORTH


def osgb36_to_wgs84(easting: float, northing: float) -> tuple[float, float]:
    """Return (latitude, longitude) in degrees of a British grid reference in metres, within about 5 metres.

    Raises ValueError outside the grid.
    """
    if not is_grid_reference(easting, northing):
        raise ValueError("the grid reference lies outside the British national grid")
    return _shifted(*_unprojected(easting, northing))


def _unprojected(easting: float, northing: float) -> tuple[float, float]:
    """Latitude and longitude on Airy's ellipsoid, in radians (annex C.2)."""
    a, b = _AIRY_A * _SCALE, _AIRY_B * _SCALE
    e2 = 1 - (b * b) / (a * a)
    phi = _LAT0
    missing = northing - _NORTHING0
    while abs(missing) >= 0.00001:
        phi += missing / a
        missing = northing - _NORTHING0 - _meridian_arc(phi)
    sin, cos, tan = math.sin(phi), math.cos(phi), math.tan(phi)
    nu = a / math.sqrt(1 - e2 * sin * sin)
    rho = a * (1 - e2) / (1 - e2 * sin * sin) ** 1.5
    eta2 = nu / rho - 1
    t2, t4, t6 = tan**2, tan**4, tan**6
    d = easting - _EASTING0
    lat = phi - tan / (2 * rho * nu) * d**2
    lat += tan / (24 * rho * nu**3) * (5 + 3 * t2 + eta2 - 9 * t2 * eta2) * d**4
    lat -= tan / (720 * rho * nu**5) * (61 + 90 * t2 + 45 * t4) * d**6
    lng = _LNG0 + d / (cos * nu) - (nu / rho + 2 * t2) / (6 * cos * nu**3) * d**3
    lng += (5 + 28 * t2 + 24 * t4) / (120 * cos * nu**5) * d**5
    lng -= (61 + 662 * t2 + 1320 * t4 + 720 * t6) / (5040 * cos * nu**7) * d**7
    return lat, lng


def _meridian_arc(phi: float) -> float:
    n = (_AIRY_A - _AIRY_B) / (_AIRY_A + _AIRY_B)
    n2, n3 = n * n, n**3
    less, more = phi - _LAT0, phi + _LAT0
    arc = (1 + n + 1.25 * (n2 + n3)) * less
    arc -= (3 * n + 3 * n2 + 2.625 * n3) * math.sin(less) * math.cos(more)
    arc += 1.875 * (n2 + n3) * math.sin(2 * less) * math.cos(2 * more)
    arc -= 35 / 24 * n3 * math.sin(3 * less) * math.cos(3 * more)
    return _AIRY_B * _SCALE * arc


def _shifted(lat: float, lng: float) -> tuple[float, float]:
    """From Airy's ellipsoid to WGS84 through space; degrees."""
    e2 = 1 - (_AIRY_B**2) / (_AIRY_A**2)
    nu = _AIRY_A / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    x, y = nu * math.cos(lat) * math.cos(lng), nu * math.cos(lat) * math.sin(lng)
    z = (1 - e2) * nu * math.sin(lat)
    rx, ry, rz = _TURN
    grow = 1 + _GROW
    x2 = _SHIFT[0] + x * grow - y * rz + z * ry
    y2 = _SHIFT[1] + x * rz + y * grow - z * rx
    z2 = _SHIFT[2] - x * ry + y * rx + z * grow
    e2 = 1 - (_WGS_B**2) / (_WGS_A**2)
    across = math.hypot(x2, y2)
    phi = math.atan2(z2, across * (1 - e2))
    for _ in range(10):
        nu = _WGS_A / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z2 + e2 * nu * math.sin(phi), across)
    return math.degrees(phi), math.degrees(math.atan2(y2, x2))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rings(polygon: object) -> list[list[Position]]:
    if not isinstance(polygon, list) or not polygon:
        raise BadShapeError("a polygon needs an outline")
    return [_ring(ring) for ring in polygon]


def _ring(ring: object) -> list[Position]:
    if not isinstance(ring, list):
        raise BadShapeError("a ring is a list of positions")
    return [position_from_geojson(position) for position in ring]


def _closed(ring: Sequence[Position]) -> Sequence[Position]:
    points = list(ring)
    if points and points[0] == points[-1]:
        points.pop()
    if len(set(points)) < 3:
        raise BadShapeError("a ring needs at least three different points")
    return [*points, points[0]]


def _edges_of(rings: Sequence[Sequence[Position]]) -> Iterator[Edge]:
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            yield x1, y1, x2, y2


def _segment_distance_squared(x1: float, y1: float, x2: float, y2: float) -> float:
    """Squared distance of the origin from the segment."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / length))
    x, y = x1 + along * dx, y1 + along * dy
    return x * x + y * y


def _signed_area(ring: Sequence[Position]) -> float:
    # Taken from the first point, so that small rings far from the origin keep their digits.
    x0, y0 = ring[0]
    pairs = pairwise(ring)
    return sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairs) / 2


def _centroid(ring: Sequence[Position]) -> Position:
    x0, y0 = ring[0]
    total = cx = cy = 0.0
    for (x1, y1), (x2, y2) in pairwise(ring):
        cross = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        total += cross
        cx += (x1 + x2 - 2 * x0) * cross
        cy += (y1 + y2 - 2 * y0) * cross
    if total == 0:
        return x0, y0
    return x0 + cx / (3 * total), y0 + cy / (3 * total)
