"""The clocks of the National Referral Mechanism against dates worked out by hand."""

from datetime import date

import pytest

from safeguarding.core.errors import RuleError
from safeguarding.nrm.clocks import (
    ClockKey,
    Kind,
    Unit,
    age_on,
    birthday,
    clocks_for,
    is_panel_eligible,
    next_clock,
    route_for,
)
from safeguarding.nrm.models import GroundsOutcome, NrmRoute, NrmState


def due(key: ClockKey, **options: object) -> date:
    given = {"route": NrmRoute.SCA, **options}
    return next(clock.due for clock in clocks_for(**given) if clock.key is key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("referred", "target"),
    [
        (date(2026, 4, 2), date(2026, 4, 13)),  # Good Friday and Easter Monday are not counted
        (date(2026, 4, 3), date(2026, 4, 13)),  # referred on a bank holiday: it is day 0 all the same
        (date(2025, 12, 23), date(2026, 1, 2)),
        (date(2026, 5, 1), date(2026, 5, 11)),
        (date(2026, 6, 1), date(2026, 6, 8)),  # a plain week
        (date(2026, 6, 6), date(2026, 6, 12)),  # a Saturday
    ],
)
def test_the_reasonable_grounds_target_is_five_working_days(referred: date, target: date) -> None:
    (clock,) = clocks_for(referred_on=referred, route=NrmRoute.SCA)
    assert (clock.due, clock.rule.days, clock.rule.unit, clock.rule.kind) == (target, 5, Unit.WORKING, Kind.TARGET)


def test_a_panel_has_forty_five_days_and_the_conclusive_decision_ninety() -> None:
    clocks = {clock.key: clock for clock in clocks_for(referred_on=date(2026, 3, 2), route=NrmRoute.PANEL)}
    assert set(clocks) == {ClockKey.REASONABLE_GROUNDS, ClockKey.CONCLUSIVE}
    assert (clocks[ClockKey.REASONABLE_GROUNDS].due, clocks[ClockKey.REASONABLE_GROUNDS].rule.kind) == (
        date(2026, 4, 16),
        Kind.LIMIT,
    )
    assert clocks[ClockKey.CONCLUSIVE].due == date(2026, 5, 31)


def test_recovery_lasts_thirty_days_and_is_the_earliest_day_of_an_authority() -> None:
    given = {"referred_on": date(2026, 2, 20), "positive_rg_on": date(2026, 3, 2)}
    assert due(ClockKey.RECOVERY_ENDS, **given) == date(2026, 4, 1)
    assert due(ClockKey.CONCLUSIVE_EARLIEST, **given) == date(2026, 4, 1)
    panel = clocks_for(referred_on=date(2026, 2, 20), positive_rg_on=date(2026, 3, 2), route=NrmRoute.PANEL)
    assert ClockKey.CONCLUSIVE_EARLIEST not in {clock.key for clock in panel}  # the same meeting will do


@pytest.mark.parametrize(
    ("decided", "ends"), [(date(2022, 12, 12), date(2023, 1, 26)), (date(2022, 12, 13), date(2023, 1, 12))]
)
def test_recovery_was_forty_five_days_until_the_rule_changed(decided: date, ends: date) -> None:
    assert due(ClockKey.RECOVERY_ENDS, referred_on=date(2022, 12, 1), positive_rg_on=decided) == ends


def test_reconsideration_may_be_asked_for_within_thirty_days_of_a_negative_decision() -> None:
    given = {"referred_on": date(2026, 1, 5), "negative_on": date(2026, 1, 12)}
    assert due(ClockKey.RECONSIDERATION, **given) == date(2026, 2, 11)


def test_a_decision_before_the_referral_is_refused() -> None:
    for name in ("positive_rg_on", "negative_on"):
        with pytest.raises(RuleError, match="before 5 January 2026"):
            clocks_for(referred_on=date(2026, 1, 5), route=NrmRoute.SCA, **{name: date(2026, 1, 4)})


def test_the_arithmetic_is_said_in_words() -> None:
    (clock,) = clocks_for(referred_on=date(2026, 4, 2), route=NrmRoute.SCA)
    assert clock.arithmetic == (
        "Thursday 2 April 2026 + 5 working days, without the bank holidays on 3 April 2026 and 6 April 2026,"
        " = Monday 13 April 2026"
    )


def test_more_than_a_hundred_days_to_eighteen_are_needed_for_a_panel() -> None:
    born = date(2008, 8, 1)
    assert is_panel_eligible(born, date(2026, 4, 22))  # 101 days
    assert not is_panel_eligible(born, date(2026, 4, 23))  # 100 exactly is not enough
    assert not is_panel_eligible(None, date(2026, 4, 22))
    assert route_for(born, date(2026, 4, 22)) is NrmRoute.PANEL
    assert route_for(born, date(2026, 4, 23)) is NrmRoute.SCA
    assert route_for(born, date(2026, 4, 22), NrmRoute.SCA) is NrmRoute.SCA
    with pytest.raises(RuleError, match="100 days"):
        route_for(born, date(2026, 4, 23), NrmRoute.PANEL)
    with pytest.raises(RuleError, match="children only"):
        route_for(born, date(2026, 8, 1), NrmRoute.PANEL)
    with pytest.raises(RuleError, match="date of birth"):
        route_for(None, date(2026, 8, 1), NrmRoute.PANEL)


def test_a_birthday_on_29_february_falls_on_1_march_in_a_common_year() -> None:
    born = date(2008, 2, 29)
    assert birthday(born, 18) == date(2026, 3, 1)
    assert birthday(born, 20) == date(2028, 2, 29)
    assert (age_on(born, date(2026, 2, 28)), age_on(born, date(2026, 3, 1))) == (17, 18)
    assert age_on(None, date(2026, 3, 1)) is None


@pytest.mark.parametrize(
    ("state", "route", "outcome", "key"),
    [
        (NrmState.RG_PENDING, NrmRoute.SCA, None, ClockKey.REASONABLE_GROUNDS),
        (NrmState.CG_PENDING, NrmRoute.SCA, GroundsOutcome.POSITIVE, ClockKey.CONCLUSIVE_EARLIEST),
        (NrmState.CG_PENDING, NrmRoute.PANEL, GroundsOutcome.POSITIVE, ClockKey.CONCLUSIVE),
        (NrmState.RG_NEGATIVE, NrmRoute.SCA, GroundsOutcome.NEGATIVE, ClockKey.RECONSIDERATION),
        (NrmState.CG_POSITIVE, NrmRoute.SCA, GroundsOutcome.POSITIVE, None),
        (NrmState.SUSPENDED, NrmRoute.SCA, None, None),
    ],
)
def test_which_clock_a_referral_waits_for(
    state: NrmState, route: NrmRoute, outcome: GroundsOutcome | None, key: ClockKey | None
) -> None:
    clock = next_clock(
        state=state,
        route=route,
        referred_on=date(2026, 1, 5),
        rg_outcome=outcome,
        rg_decided_on=date(2026, 1, 12) if outcome else None,
        cg_decided_on=None,
    )
    assert (clock.key if clock else None) is key


def test_what_is_left_is_said_in_words_and_an_earliest_day_is_never_late() -> None:
    (target,) = clocks_for(referred_on=date(2026, 6, 1), route=NrmRoute.SCA)  # due on Monday 8 June
    assert target.left(date(2026, 6, 1)) == ("7 days left", "")
    assert target.left(date(2026, 6, 7)) == ("1 day left", "soon")
    assert target.left(date(2026, 6, 8)) == ("Today", "soon")
    assert target.left(date(2026, 6, 10)) == ("2 days late", "late")
    earliest = next(
        clock
        for clock in clocks_for(referred_on=date(2026, 6, 1), positive_rg_on=date(2026, 6, 8), route=NrmRoute.SCA)
        if clock.key is ClockKey.CONCLUSIVE_EARLIEST
    )
    assert earliest.left(date(2026, 7, 7)) == ("1 day to the earliest day", "")
    assert earliest.left(date(2026, 9, 1)) == ("No target applies", "")


def test_days_gone_are_counted_as_the_clock_counts_them() -> None:
    (target,) = clocks_for(referred_on=date(2026, 4, 2), route=NrmRoute.SCA)
    assert [target.days_gone(date(2026, 4, day)) for day in (1, 2, 6, 7, 13)] == [0, 0, 0, 1, 5]
    (limit, _conclusive) = clocks_for(referred_on=date(2026, 4, 2), route=NrmRoute.PANEL)
    assert limit.days_gone(date(2026, 4, 12)) == 10
