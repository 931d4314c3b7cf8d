"""The parts of the service that the auditor's search offers are those that leave events."""

import re
from pathlib import Path

import safeguarding
from safeguarding.oversight.events import AREAS, Act, act_of

_EVENT = re.compile(r"record(?:_read|_refusal)?\(\s*f?\"([a-z_]+):")


def test_every_part_that_leaves_events_can_be_searched_for() -> None:
    folder = Path(safeguarding.__file__).parent
    found = {area for path in folder.rglob("*.py") for area in _EVENT.findall(path.read_text())}
    assert found == AREAS.keys()


def test_an_emergency_is_told_from_a_look() -> None:
    assert act_of("oversight:emergency:opened") is Act.EMERGENCY
    assert act_of("oversight:emergency:shown") is Act.LOOKED
    assert act_of("cases:case:exported") is Act.EXPORTED
    assert act_of("access:request:refused") is Act.REFUSED
    assert act_of("cases:update:logged") is Act.CHANGED
