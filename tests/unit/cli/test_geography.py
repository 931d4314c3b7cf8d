"""The fictional borough: every place lies in the ward it says, and nowhere near land."""

from safeguarding.cli.demo.geography import PLACES, WARDS, Place, ward_polygon
from safeguarding.contexts.models import ContextKind
from safeguarding.core.geo import area_from_geojson


def wards_of(place: Place) -> list[str]:
    areas = {ward.name: area_from_geojson(ward_polygon(ward)) for ward in WARDS}
    return [name for name, area in areas.items() if area.contains(place.latitude, place.longitude)]


def test_every_place_lies_in_its_ward_and_in_no_other() -> None:
    for place in PLACES:
        if place.kind != "online":
            assert wards_of(place) == [place.ward], place.name


def test_every_kind_is_a_kind_of_context() -> None:
    assert {place.kind for place in PLACES} <= {kind.value for kind in ContextKind}


def test_there_are_eight_wards_and_twenty_five_places() -> None:
    assert (len(WARDS), len(PLACES), len({place.key for place in PLACES})) == (8, 25, 25)
