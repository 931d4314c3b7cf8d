"""Places as GeoJSON: points, outlines and outlines in parts.

Owns the reading of a FeatureCollection, a single Feature or a plain list of features. The file is read
whole (a map of places is small, and a broken one must be refused before any row), its features are refused
one by one. It must not simplify or repair a shape.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from safeguarding.contexts.formats import cells
from safeguarding.contexts.formats.identity import Places
from safeguarding.contexts.formats.kinds import kind_of, settled_kind
from safeguarding.contexts.formats.rows import (
    BadRow,
    ContextRow,
    Counters,
    NotThisFormat,
    Options,
    RowRefusal,
)
from safeguarding.contexts.formats.table import plain_name
from safeguarding.contexts.formats.text import open_text
from safeguarding.core.canonical import canonical_json, digest
from safeguarding.core.geo import Area, BadShapeError, area_from_geojson, position_from_geojson

NAME = "geojson"
LARGEST_FILE = 64 * 1024 * 1024

_NAMES = re.compile(r"(site|ward|school|place|park|area|venue|establishment|lsoa|msoa|lad|wd|geo)?(\d\d)?(name|nm|nam)")
_CODES = re.compile(r"(site|ward|area|geo|gss|lsoa|msoa|lad|wd|ons)?(\d\d)?(code|cd)")
_URNS = frozenset({"urn"})
_KIND_KEYS = ("kind", "placetype", "leisure", "amenity", "railway", "landuse", "shop")


class GeoJsonReader:
    """Reads one file of places; see `rows.Reader`. Row 1 is the first feature."""

    format_name = NAME

    def __init__(self, path: Path, options: Options) -> None:
        """Read and check the file. Raises NotThisFormat where it is no GeoJSON of features; OSError."""
        if options.kind and kind_of(options.kind) is None:
            raise NotThisFormat(f"“{options.kind}” is no kind of place.")
        self.counters = Counters()
        self.ignored_columns: tuple[str, ...] = ()
        self.absent_columns: tuple[str, ...] = ()
        self._options = options
        self._places = Places()
        self.size = path.stat().st_size
        if self.size > LARGEST_FILE:
            raise NotThisFormat(f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB; split it.")
        source = open_text(path)
        try:
            self.encoding = source.encoding
            self._features = _features(source.text.read())
        finally:
            source.close()
        self._done = 0

    @property
    def position(self) -> int:
        """Bytes, as far as the share of features that were given."""
        return self.size * self._done // max(1, len(self._features))

    def __enter__(self) -> "GeoJsonReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._features = []

    def __iter__(self) -> Iterator[ContextRow | RowRefusal]:
        for row, feature in enumerate(self._features, start=1):
            try:
                answer: ContextRow | RowRefusal = self._parse(row, feature)
                self.counters.accepted += 1
            except BadRow as bad:
                answer = RowRefusal(row, bad.reason)
                self.counters.refused += 1
            self._done = row
            yield answer

    def _parse(self, row: int, feature: object) -> ContextRow:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise BadRow("not a feature")
        properties = _properties(feature)
        name = _first(properties, _NAMES.fullmatch) or _first(properties, {"title", "label"}.__contains__)
        if not name:
            raise BadRow("no name")
        area, place = _shape(feature.get("geometry"))
        given = next((text for key in _KIND_KEYS if (text := properties.get(key, ""))), "")
        kind = settled_kind(given, self._options.kind)
        shape = area.to_geojson() if area else place
        content = canonical_json({"properties": properties, "geometry": shape})
        content_digest = digest({"properties": properties, "geometry": shape})
        code = _first(properties, _CODES.fullmatch)
        urn = _first(properties, _URNS.__contains__)
        identity, repeats = self._identify(row, urn, code, kind, name, content_digest)
        return ContextRow(
            row=row,
            source=NAME,
            identity=identity,
            content=content,
            content_digest=content_digest,
            kind=kind,
            kind_given=given,
            name=name,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            area=area,
            reference=urn or code,
            address=properties.get("address", ""),
            postcode=properties.get("postcode", "").upper(),
            ward=_ward(properties, name),
            repeats=repeats,
        )

    def _identify(
        self, row: int, urn: str, code: str, kind: str, name: str, content_digest: str
    ) -> tuple[str, int | None]:
        if urn:
            return self._places.keyed(row, "school", "urn", urn)
        if code:
            return self._places.keyed(row, "place", "code", kind, code)
        return self._places.named(row, content_digest, "place", "name", kind, name.casefold())


def _features(text: str) -> list[object]:
    """The features of a file's text. Raises NotThisFormat."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NotThisFormat("This is not a geojson file: it is not JSON.") from None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        found = found.get("features")
    elif isinstance(found, dict) and found.get("type") == "Feature":
        found = [found]
    if not isinstance(found, list):
        raise NotThisFormat("This is not a geojson file: it holds no list of features.")
    if found and not any(isinstance(item, dict) and item.get("type") == "Feature" for item in found):
        raise NotThisFormat("This is not a geojson file: nothing in its list is a feature.")
    return found


def _properties(feature: Mapping[str, Any]) -> dict[str, str]:
    """The feature's own texts and whole numbers by plain name; of two of one plain name the first counts."""
    given = feature.get("properties")
    texts: dict[str, str] = {}
    for key, value in (given if isinstance(given, dict) else {}).items():
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            texts.setdefault(plain_name(key), cells.text_of(str(value).replace("\0", "")))
    return texts


def _first(properties: Mapping[str, str], wanted: Any) -> str:
    return next((text for key, text in properties.items() if text and wanted(key)), "")


def _ward(properties: Mapping[str, str], name: str) -> str:
    ward = properties.get("ward") or properties.get("wardname") or ""
    return "" if ward == name else ward


def _shape(geometry: object) -> tuple[Area | None, tuple[float, float] | None]:
    """The area, if it is one, and a point: its own, or one inside the area. A feature may be without a place."""
    if geometry is None:
        return None, None
    if not isinstance(geometry, dict):
        raise BadRow("the geometry is no shape")
    try:
        if geometry.get("type") == "Point":
            lng, lat = position_from_geojson(geometry.get("coordinates"))
            return None, (lat, lng)
        area = area_from_geojson(geometry)
    except BadShapeError as bad:
        raise BadRow(str(bad)) from None
    return area, area.inner_point()
