"""Within how many metres an incident belongs to a place is a setting of the installation."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from config import ConfigError, read_settings
from safeguarding.contexts.matching import Match, nearest_within
from safeguarding.contexts.models import ContextKind
from safeguarding.contexts.placing import load_matcher
from safeguarding.web.transaction import unit_of_work
from tests.factories.places import make_context

HERE = (51.5, -0.1)
METRES_80 = 80 / 111_195  # in degrees of latitude


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("match_radius_station", ContextKind.STATION),
        ("match_radius_school", ContextKind.SCHOOL),
        ("match_radius_other", ContextKind.PARK),
    ],
)
def test_the_setting_of_its_kind_decides(in_app: Flask, setting: str, kind: ContextKind) -> None:
    with unit_of_work():
        place = make_context(kind=kind, latitude=HERE[0], longitude=HERE[1])
    point = (HERE[0] + METRES_80, HERE[1])
    for metres in (79, 81):
        in_app.extensions["settings"] = replace(in_app.extensions["settings"], **{setting: metres})
        found = load_matcher().match(*point)
        if metres < 80:
            assert not isinstance(found, Match)
        else:
            assert isinstance(found, Match)
            assert (found.key, found.rule) == (place.id, nearest_within(metres))


def test_they_are_read_from_the_environment_and_have_their_defaults(tmp_path: Path) -> None:
    given = {"SAFEGUARDING_MODE": "test", "SAFEGUARDING_DATA": str(tmp_path)}
    usual = read_settings(given)
    assert (usual.match_radius_station, usual.match_radius_school, usual.match_radius_other) == (150, 100, 50)
    changed = read_settings(given | {"MATCH_RADIUS_STATION": "200", "MATCH_RADIUS_OTHER": "60"})
    assert (changed.match_radius_station, changed.match_radius_school, changed.match_radius_other) == (200, 100, 60)
    with pytest.raises(ConfigError, match="MATCH_RADIUS_SCHOOL"):
        read_settings(given | {"MATCH_RADIUS_SCHOOL": "1001"})
