"""Who counts towards quorum: present, seated, not conflicted."""

from datetime import UTC, datetime, timedelta

import pytest

from safeguarding.agencies.models import QuorumGroup
from safeguarding.panels.models.meetings import AttendanceStatus
from safeguarding.panels.quorum import Attendee, missing_sentence, required_groups, work_out

AT = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)
REQUIRED = (QuorumGroup.LOCAL_AUTHORITY, QuorumGroup.POLICE, QuorumGroup.HEALTH)
PRESENT, APOLOGIES = AttendanceStatus.PRESENT, AttendanceStatus.APOLOGIES


def somebody(
    key: int,
    group: QuorumGroup,
    *,
    agency: int | None = None,
    status: AttendanceStatus = PRESENT,
    arrived: datetime | None = None,
    left: datetime | None = None,
) -> Attendee:
    """Make a line of the attendance."""
    home = agency or key
    return Attendee(home, f"Agency {home}", group, status, key, f"Person {key}", arrived, left)


ROOM = [
    somebody(1, QuorumGroup.LOCAL_AUTHORITY),
    somebody(2, QuorumGroup.POLICE),
    somebody(3, QuorumGroup.HEALTH),
]


def test_every_required_group_in_the_room_makes_it_quorate() -> None:
    quorum = work_out(REQUIRED, ROOM, (), AT)
    assert quorum.is_quorate
    assert quorum.missing == ()
    assert missing_sentence(quorum) == ""


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_each_missing_group_makes_it_inquorate_and_is_named(gone: int) -> None:
    left = [each for index, each in enumerate(ROOM) if index != gone]
    quorum = work_out(REQUIRED, left, (), AT)
    assert not quorum.is_quorate
    assert [group.group for group in quorum.missing] == [REQUIRED[gone]]
    assert missing_sentence(quorum).startswith(quorum.missing[0].name)


def test_two_missing_groups_are_both_named() -> None:
    assert missing_sentence(work_out(REQUIRED, ROOM[:1], (), AT)) == (
        "Police and health must be here before this item can be decided."
    )


def test_apologies_and_absence_do_not_count() -> None:
    room = [*ROOM[:2], somebody(3, QuorumGroup.HEALTH, status=APOLOGIES)]
    assert not work_out(REQUIRED, room, (), AT).is_quorate
    room = [*ROOM[:2], somebody(3, QuorumGroup.HEALTH, status=AttendanceStatus.ABSENT)]
    assert not work_out(REQUIRED, room, (), AT).is_quorate


def test_somebody_counts_from_arriving_until_leaving() -> None:
    arrived, left = AT - timedelta(minutes=10), AT + timedelta(minutes=10)
    room = [*ROOM[:2], somebody(3, QuorumGroup.HEALTH, arrived=arrived, left=left)]
    assert work_out(REQUIRED, room, (), AT).is_quorate
    assert not work_out(REQUIRED, room, (), arrived - timedelta(seconds=1)).is_quorate
    assert not work_out(REQUIRED, room, (), left).is_quorate


def test_somebody_with_a_conflict_does_not_count() -> None:
    quorum = work_out(REQUIRED, ROOM, {3}, AT)
    assert not quorum.is_quorate
    assert quorum.out_with_conflict == ("Agency 3",)
    assert "Agency 3" not in quorum.agencies_here


def test_a_deputy_of_the_same_agency_counts_instead() -> None:
    room = [*ROOM, somebody(4, QuorumGroup.HEALTH, agency=3)]
    assert work_out(REQUIRED, room, {3}, AT).is_quorate
    assert not work_out(REQUIRED, room, {3, 4}, AT).is_quorate


def test_somebody_named_without_an_account_counts() -> None:
    guest = Attendee(3, "Agency 3", QuorumGroup.HEALTH, PRESENT, None, "A nurse")
    assert work_out(REQUIRED, [*ROOM[:2], guest], {1000}, AT).is_quorate


def test_any_agency_of_a_group_will_do_and_others_never_do() -> None:
    room = [*ROOM[:2], somebody(9, QuorumGroup.HEALTH)]
    assert work_out(REQUIRED, room, (), AT).is_quorate
    room = [*ROOM[:2], somebody(9, QuorumGroup.OTHER), somebody(8, QuorumGroup.EDUCATION)]
    assert not work_out(REQUIRED, room, (), AT).is_quorate


def test_a_panel_that_requires_nobody_is_always_quorate() -> None:
    assert work_out(required_groups(""), [], (), AT).is_quorate


def test_the_setting_is_read_in_its_order_and_a_misspelt_group_is_refused() -> None:
    assert required_groups("health, police") == (QuorumGroup.HEALTH, QuorumGroup.POLICE)
    with pytest.raises(ValueError, match="polic"):
        required_groups("local_authority,polic")


def test_what_a_decision_keeps_names_groups_agencies_and_who_was_out() -> None:
    record = work_out(REQUIRED, ROOM, {2}, AT).as_record()
    assert record["quorate"] is False
    assert record["groups"][1] == {"group": "police", "agencies": []}
    assert record["here"] == ["Agency 1", "Agency 3"]
    assert record["out_with_conflict"] == ["Agency 2"]
