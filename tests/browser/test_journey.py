"""The main job from end to end, in Chromium, as each of those who do it."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from safeguarding.core import clock
from tests.browser.conftest import Person, SignedIn

GIVEN, FAMILY = "Zephyr", "Quillon"
NAME = f"{GIVEN} {FAMILY}"


POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
# Beside the short walk, and on a demonstration that it has not changed.
IN_FULL = pytest.param("postgresql in full", marks=[pytest.mark.postgresql, pytest.mark.slow])


@pytest.mark.timeout(600)  # a whole cycle in two browsers, on a demonstration made for it
@pytest.mark.parametrize("address", ["sqlite", IN_FULL], indirect=True)
def test_from_a_search_to_signed_minutes_and_back_to_the_case(person: SignedIn) -> None:
    practitioner = person("practitioner")
    agency, case_path = meet(practitioner, person)
    log_update(practitioner, case_path)
    finish_action(practitioner)
    record_nrm(practitioner, case_path)
    review_place(agency.give_place_to("lead"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("address", [POSTGRESQL], indirect=True)
def test_from_a_search_to_signed_minutes(person: SignedIn) -> None:
    meet(person("practitioner"), person)


@pytest.mark.parametrize("address", ["sqlite", IN_FULL], indirect=True)
def test_the_back_button_shows_nothing_behind_a_locked_screen_and_after_signing_out(person: SignedIn) -> None:
    practitioner = person("practitioner", 320)
    page = practitioner.page
    expect(page.get_by_role("region", name="Demonstration")).to_contain_text("without a second factor")
    practitioner.go("/actions")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Lock screen").click()
    page.wait_for_url("**/locked?next=/actions")
    expect(page.locator("h1")).to_have_text("Screen locked")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Screen locked")
    practitioner.go("/locked")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    page.go_back()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Sign in")


def meet(practitioner: Person, person: SignedIn) -> tuple[Person, str]:
    """Walk from a search to the decision in the case; return who sits at the agencies' browser, and the case's address."""
    person_path = add_young_person(practitioner)
    reference = refer(practitioner, person_path)
    coordinator = person("coordinator")
    screen(coordinator, reference)
    meeting = publish(coordinator)
    agency = person("police")
    answer(agency, f"Found twice with the same two adults. No action against {GIVEN}.")
    answer(agency.give_place_to("health"), None)
    answer(agency.give_place_to("education"), "Attendance fell from 92% to 54% since September.")
    lock(coordinator, meeting)
    chair = person("chair")
    hold(chair, coordinator, meeting)
    sign_minutes(chair, coordinator, meeting)
    return agency, read_decision(practitioner)


def add_young_person(practitioner: Person) -> str:
    """Search first, find nobody, add; return the address of the new record."""
    practitioner.go("/people/add")
    practitioner.write("First name", GIVEN)
    practitioner.write("Last name", FAMILY)
    practitioner.date("Date of birth", 3, 4, 2011)
    practitioner.press("Search")
    practitioner.choose("Sex", "Male")
    practitioner.press(f"Add {NAME}")
    practitioner.sees(NAME)
    return practitioner.page.url.removeprefix(practitioner.address)


def refer(practitioner: Person, person_path: str) -> str:
    """Refer to the panel, page by page; return the referral's address."""
    yesterday = clock.today() - timedelta(days=1)
    practitioner.go(f"{person_path}/refer")
    practitioner.write(
        "What has happened", f"{GIVEN} was found 40 miles away with two phones. Adults wait near the park."
    )
    practitioner.choose("Kinds of harm", "Child criminal exploitation")
    practitioner.choose("How high do you think the risk is?", "Moderate")
    practitioner.write("Find a place by name", "Tanner")
    practitioner.press("Find places")
    practitioner.choose("Places involved", "Tanner's Fields, Riverside")
    practitioner.write("What helps", "His nan, who rings when she is worried.")
    practitioner.press("Save and continue")
    practitioner.choose("Have you asked?", "Yes, and this is what was said")
    practitioner.write("Their own words", "I can't just stop. They know where my nan lives.")
    practitioner.press("Save and continue")
    practitioner.write("Front door reference", "IRH-26-4471")
    practitioner.date("When the front door was told", yesterday.day, yesterday.month, yesterday.year)
    practitioner.choose(
        "Lawful basis for sharing", "Children Act 2004, sections 10 and 11: co-operation and duty to safeguard"
    )
    practitioner.write("Why is sharing necessary", "Each agency holds a part of the picture.")
    practitioner.choose("Does the young person know", "Yes")
    practitioner.write("How were they told", "Talked about it at his nan's.")
    practitioner.choose("Do the parents or carers know?", "Yes")
    practitioner.write("How were the parents or carers told", "Nan was there.")
    practitioner.press("Save and continue")
    practitioner.write("What do you ask", f"Should the panel adopt {GIVEN}'s case?")
    practitioner.press("Save and continue")
    practitioner.press("Send referral")
    practitioner.sees(NAME)
    return practitioner.page.url.removeprefix(practitioner.address)


def screen(coordinator: Person, reference: str) -> None:
    """Accept the referral from the inbox."""
    coordinator.go("/referrals")
    coordinator.follow(NAME)
    assert coordinator.page.url.endswith(reference)
    coordinator.choose("What should happen?", "Accept for the panel")
    coordinator.write("Why", "Meets the panel's threshold.", exact=True)
    coordinator.press("Save and tell the referrer")


def publish(coordinator: Person) -> str:
    """Put every accepted referral on the next agenda, move the new one up, publish; return the meeting's address."""
    coordinator.go("/my-work")
    coordinator.follow("MAVE panel")
    meeting = coordinator.page.url.removeprefix(coordinator.address)
    coordinator.follow("Add an item")
    coordinator.press("Add all accepted referrals")
    coordinator.sees(NAME)
    before = order(coordinator)
    coordinator.press(f"Move {NAME} up")
    place = before.index(f"Move {NAME} up") - 1
    assert order(coordinator) == [*before[:place], before[place + 1], before[place], *before[place + 2 :]]
    coordinator.press("Publish version 1")
    coordinator.sees("Published")
    return meeting


def order(coordinator: Person) -> list[str]:
    """Return the buttons that move the agenda's items up, in the agenda's order."""
    return coordinator.page.locator("button[value^='up:'] .govuk-visually-hidden").all_inner_texts()


def answer(agency: Person, text: str | None) -> None:
    """Answer for an agency, with what it holds or with nothing known."""
    agency.go("/panels/returns")
    agency.follow(NAME)
    agency.sees("3 April 2011")
    agency.choose("What does your agency hold?", "We hold something" if text else "Nothing known")
    if text:
        agency.write("What you hold", text)
    agency.choose("Who of the panel may read it?", "All members of the panel")
    agency.press("Save answer")


def lock(coordinator: Person, meeting: str) -> None:
    """Lock the agenda."""
    coordinator.go(meeting)
    coordinator.press("Lock", exact=False)
    coordinator.sees("Locked")


def hold(chair: Person, coordinator: Person, meeting: str) -> None:
    """Hold the meeting from two browsers: open, attend, decide, close."""
    chair.go(f"{meeting}/live")
    chair.page.get_by_label("I have read the confidentiality statement").check()
    chair.press("Open the meeting")
    coordinator.go(f"{meeting}/live/attendance")
    come(coordinator, "Police", "Imran Sheikh")
    come(coordinator, "Education", "Tom Bright")
    coordinator.press("Save attendance")
    chair.go(f"{meeting}/live")
    chair.follow(f"{GIVEN} {FAMILY[0]}")  # so the agenda at the side names them
    chair.press("Open item", exact=False)
    chair.sees(NAME)
    chair.sees("Not quorate")
    assert chair.page.get_by_role("button", name="Record decision").count() == 0
    note(chair, "Tom Bright", f"{GIVEN} talks to one adult at school.")
    note_for(chair, "Health", "A ward sister named the driver of the car.")
    coordinator.go(f"{meeting}/live/attendance")
    come(coordinator, "Health", "Helen Osei")
    coordinator.press("Save attendance")
    coordinator.go(f"{meeting}/live")
    coordinator.sees(f"{GIVEN} talks to one adult at school.")
    chair.go(f"{meeting}/live")
    decide(chair)
    chair.press("Move on")
    chair.press("Come back later")
    chair.press("Close the meeting")


def note(chair: Person, speaker: str, words: str) -> None:
    """Note what somebody said."""
    chair.write("Who speaks", speaker)
    chair.write("What was said", words)
    chair.press("Save the note")
    chair.sees(words)


def note_for(chair: Person, agency: str, words: str) -> None:
    """Note what is for one agency, by keyboard; the note after it is for everybody again."""
    page = chair.page
    readers = page.get_by_label("Who may read the note")
    named = page.get_by_role("group", name="Agencies that may read")
    expect(named).to_be_hidden()
    chair.write("Who speaks", "Helen Osei")
    readers.select_option(label="Named agencies and the officers")
    named.get_by_label(agency, exact=True).check()
    chair.write("What was said", words)
    page.get_by_label("What was said").press("Control+Enter")
    expect(page.get_by_label("What was said")).to_have_value("")  # it is saved
    chair.sees(f"Only for {agency} and the officers")
    expect(readers).to_have_value("all_members")
    expect(named).to_be_hidden()
    expect(page.locator("[name=note_readers]:checked")).to_have_count(0)


def decide(chair: Person) -> None:
    """Record the decision with a dissent and two actions."""
    review = clock.today() + timedelta(days=28)
    due = clock.today() + timedelta(days=7)
    chair.choose("The panel decides to", "Adopt")
    chair.write("Why", "Adults exploit him through threats to his nan; the place must change too.", exact=True)
    chair.pick("Risk before", "Moderate")
    chair.pick("Risk after", "Significant")
    chair.page.get_by_label("Education: disagrees").check()
    chair.write("Why Education disagrees", "A part-time timetable puts him on the street.")
    chair.write("Chair’s answer to Education", "Full days as soon as the journey is safe.")
    chair.page.get_by_label("All others who are here agree").check()
    chair.write("Next review", f"{review:%d/%m/%Y}")
    chair.pick("Lawful basis", "Children Act 2004, sections 10 and 11: co-operation and duty to safeguard")
    chair.write("Who tells", "Amara Nwosu, at the boxing club")
    for number, (title, owner) in enumerate(
        ((f"Tell {GIVEN} what was decided", "Amara Nwosu"), ("Alarm for the flat", "Imran Sheikh"))
    ):
        row = chair.page.get_by_role("group", name=f"Action {number + 1}")
        row.get_by_label("What will be done").fill(title)
        row.get_by_label("Agency and person").select_option(label=owner)
        row.get_by_label("Due").fill(f"{due:%d/%m/%Y}")
    chair.press("Record decision")
    chair.sees("Education")
    chair.sees("A part-time timetable puts him on the street.")


def come(coordinator: Person, agency: str, who: str) -> None:
    """Record somebody as present for an agency."""
    lines = coordinator.page.get_by_role("group", name=agency, exact=True)
    lines.get_by_label("Here", exact=False).check()
    lines.get_by_label(f"Who for {agency}").select_option(label=who)


def sign_minutes(chair: Person, coordinator: Person, meeting: str) -> None:
    """Make the minutes from what was recorded, send them round, sign them; nobody changes them afterwards."""
    coordinator.go(f"{meeting}/minutes")
    if coordinator.page.get_by_role("button", name="Make the minutes").count():
        coordinator.press("Make the minutes")
    coordinator.press("Send round")
    chair.go(f"{meeting}/minutes")
    chair.sees(NAME)
    chair.press("Sign the minutes")
    chair.sees("Approved")
    assert chair.page.get_by_role("button", name="Make again").count() == 0


def read_decision(practitioner: Person) -> str:
    """Find decision and actions in the case; return the case's address."""
    practitioner.go("/cases")
    practitioner.follow(NAME)
    practitioner.sees("Adopt")
    practitioner.sees(f"Tell {GIVEN} what was decided")
    return practitioner.page.url.removeprefix(practitioner.address)


def log_update(practitioner: Person, case_path: str) -> None:
    """Log an update between two visits."""
    practitioner.go(f"{case_path}/updates/add")
    practitioner.choose("What kind of update is it?", "Seen in person")
    practitioner.write("Time it happened", "00:01")
    practitioner.choose(f"Was {GIVEN} seen alone?", "Yes, alone")
    practitioner.write("What happened?", "Met him at the boxing club and told him what was decided.")
    practitioner.write(f"{GIVEN}’s own words", "I want to go college Monday.")
    practitioner.choose("Risk now", "No change: significant")
    practitioner.choose("Who may read this?", "Those who work the case")
    practitioner.press("Finish update")
    practitioner.sees("I want to go college Monday.")


def finish_action(practitioner: Person) -> None:
    """Complete an action with its evidence."""
    practitioner.go("/actions")
    practitioner.follow(f"Tell {GIVEN} what was decided")
    practitioner.press("Record as done")
    practitioner.write("What shows that it is done?", "Told on his own at the club; he has the card.")
    practitioner.press("Record as done")
    practitioner.sees("Told on his own at the club")


def record_nrm(practitioner: Person, case_path: str) -> None:
    """Record on the case that he was referred to the NRM, and see the next clock."""
    today = clock.today()
    practitioner.go(case_path)
    practitioner.follow("Record a referral")
    practitioner.date("Day of referral", today.day, today.month, today.year)
    practitioner.pick("First responder", "Local authority")
    practitioner.choose("Kinds of exploitation", "Criminal")
    practitioner.press("Record the referral")
    practitioner.go(case_path)
    practitioner.sees("easonable grounds")


def review_place(lead: Person) -> None:
    """Open a place, see why its risk is what it is, review it, set a goal with an action."""
    lead.go("/contexts")
    lead.follow("Tanner's Fields")
    lead.sees("High")
    lead.sees("adds up exactly")
    place = lead.page.url.removeprefix(lead.address)
    ahead = clock.today() + timedelta(days=60)
    lead.go(f"{place}/review")
    lead.choose("Which level of response", "Complex or high risk")
    lead.write("Why?", "Two schools tell of threats at the courts; the path is still dark.")
    lead.write("Why does it differ", "Young people say more than any record holds.")
    lead.choose("Where does the work", "Stays at: plan active")
    lead.date("Next review", ahead.day, ahead.month, ahead.year)
    lead.press("Record the review")
    lead.sees("the path is still dark")
    lead.go(f"{place}/goals/set")
    lead.write("What shall be different", "Young people can wait for the bus without fear")
    lead.write("What do you hope", "Somebody whom they know is there at home time")
    lead.write("How will we know?", "15 in 22 say so in June")
    lead.write("What is to be done first?", "Youth worker at the stop, Tuesdays and Fridays")
    lead.pick("Who does it?", "Alan Petrie")
    lead.date("Done by", ahead.day, ahead.month, ahead.year)
    lead.press("Set the goal")
    lead.sees("Young people can wait for the bus without fear")
    lead.sees("Youth worker at the stop, Tuesdays and Fridays")
