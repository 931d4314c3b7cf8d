"""What raises a question, and what does not: a snoop is found, a normal day is not."""

from datetime import UTC, datetime, timedelta
from itertools import count

from safeguarding.oversight import detectors
from safeguarding.oversight.detectors import Pattern, Seen

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # London is on Greenwich time
_seq = count(1)


def look(
    n: int = 0,
    *,
    at: datetime = MONDAY,
    actor: str = "user:US-1",
    event: str = "cases:case:shown",
    kind: str = "CA",
) -> Seen:
    return Seen(next(_seq), at, event, actor, f"{kind}-{n:04}")


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def test_thirty_records_in_ten_minutes_raise_one_question_and_twenty_nine_none() -> None:
    snoop = [look(n, at=MONDAY + minutes(n / 4)) for n in range(40)]
    [question] = detectors.fast_looking(snoop)
    assert (question.pattern, question.actor, question.count) == (Pattern.FAST, "user:US-1", 40)
    assert list(detectors.fast_looking(snoop[:29])) == []
    assert list(detectors.fast_looking([look(n, at=MONDAY + minutes(n)) for n in range(60)])) == []
    assert list(detectors.fast_looking([look(1, at=MONDAY + minutes(n / 10)) for n in range(60)])) == []


def test_five_refusals_in_an_hour_raise_a_question() -> None:
    refused = [look(1, at=MONDAY + minutes(12 * n), event="access:request:refused") for n in range(5)]
    [question] = detectors.many_refusals(refused)
    assert question.pattern is Pattern.MANY_REFUSALS
    slow = [look(1, at=MONDAY + minutes(20 * n), event="access:request:refused") for n in range(5)]
    assert list(detectors.many_refusals(slow)) == []


def test_trying_references_by_emergency_access_is_refused_too() -> None:
    tried = [look(1, at=MONDAY + minutes(n), event="oversight:emergency:refused") for n in range(3)]
    tried += [look(1, at=MONDAY + minutes(9 + n), event="access:request:refused") for n in range(2)]
    assert len(list(detectors.many_refusals(tried))) == 1


def test_browsing_by_referrals_and_actions_is_browsing_and_following_an_agenda_is_not() -> None:
    for kind in ("YP", "RF", "NR", "AC"):
        snoop = [look(n, at=MONDAY + minutes(n / 4), event="x:y:shown", kind=kind) for n in range(40)]
        assert len(list(detectors.fast_looking(snoop))) == 1
    meeting = [look(n, at=MONDAY + minutes(n / 4), event="panels:item:shown", kind="IT") for n in range(40)]
    assert list(detectors.fast_looking(meeting)) == []


def test_records_opened_at_night_or_at_a_weekend_raise_a_question_and_by_day_none() -> None:
    night, saturday = MONDAY.replace(hour=23), MONDAY + timedelta(days=5)
    for at in (night, saturday, MONDAY.replace(hour=6, minute=59)):
        [question] = detectors.out_of_hours([look(n, at=at) for n in range(5)])
        assert question.pattern is Pattern.OUT_OF_HOURS
        assert list(detectors.out_of_hours([look(n, at=at) for n in range(4)])) == []
    assert list(detectors.out_of_hours([look(n) for n in range(50)])) == []
    assert list(detectors.out_of_hours([look(n, at=MONDAY.replace(hour=7)) for n in range(5)])) == []


def test_the_hour_is_londons() -> None:
    summer = datetime(2026, 7, 6, 19, 30, tzinfo=UTC)  # half past eight in London
    assert len(list(detectors.out_of_hours([look(n, at=summer) for n in range(5)]))) == 1


def test_a_look_without_a_relation_raises_one_question_a_day_and_record() -> None:
    looks = [look(1), look(1, at=MONDAY + minutes(5)), look(2), look(3, event="cases:update:logged")]
    questions = list(detectors.without_relation(looks, lambda each: each.subject == "CA-0002"))
    assert [(each.records, each.count) for each in questions] == [(("CA-0001",), 2)]
    assert len({each.key for each in questions}) == 1


def test_the_same_surname_raises_a_question() -> None:
    looks = [look(1), look(2)]
    questions = detectors.same_name(looks, lambda each: {"marsh", "marsh" if each.subject == "CA-0001" else "nwosu"})
    assert [each.records for each in questions] == [("CA-0001",)]
