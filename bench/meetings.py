"""Rows of panels: meetings of sixty items, returns, discussion, decisions, actions, minutes, and who sees them.

The first panel has its history and one meeting going on, half of it decided. The second exists so that deciding can be
measured: its meetings are open and nothing in them is decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.bulk import Row, Writer
from bench.people import RELATION, RISKS, SENTENCES
from bench.world import (
    CHAIR,
    COORDINATOR,
    ITEMS,
    MEETINGS,
    OPEN_MEETING,
    PANEL,
    SEATED,
    SPOCS,
    USUAL_WORKERS,
    VICE,
    WORKER,
    WRITE_CHAIR,
    WRITE_PANEL,
    World,
    ref,
)
from safeguarding.core.canonical import canonical_json

REFERRED = 24  # of the items of a meeting; the others are reviews
DECIDED_OF_OPEN = 30
OPEN_ACTIONS_FROM = MEETINGS - 12  # of older meetings every action is done

MEETING = (
    "id ref panel_id starts_at ends_at place state agenda_state agenda_version published_at returns_due_at cut_off_at"
    " locked_at opened_at opened_by_id confidentiality_read_at chaired_by_id closed_at current_item_id version"
)
ITEM = (
    "id ref meeting_id position minutes kind referral_id case_id person_id title question presenter_id is_review state"
    " opened_at version"
)
REFERRAL = (
    "id ref subject_kind person_id panel_slug case_id state urgent reasons panel_question own_view lawful_basis_code"
    " sharing_reason told_young_person told_parents risk referrer_id agency_id submitted_at created_at screened_at"
    " screened_by_id screening_outcome version"
)
RETURN = "id ref item_id agency_id state text handling requested_at due_at answered_at answered_by_id version"
DECISION = (
    "id ref item_id kind rationale options_considered next_review_on lawful_basis_code told_how quorum papers_digest"
    " recorded_at recorded_by_id chaired_by_id"
)
ACTION = (
    "id ref subject_kind subject_id title detail owner_agency_id owner_user_id first_due_on due_on priority state evidence"
    " completed_on completed_by_id origin_kind origin_id created_at created_by_id version"
)
MINUTES = "id ref meeting_id state content content_digest generated_at circulated_at signed_at signed_by_id version"


@dataclass(frozen=True)
class Item:
    """One item of one meeting, with what follows from its place."""

    id: int
    meeting: int
    position: int
    person: int

    @property
    def is_referral(self) -> bool:
        """Whether it comes from a referral."""
        return self.meeting <= MEETINGS and self.position <= REFERRED

    @property
    def referral(self) -> int | None:
        """Id of its referral."""
        return (self.meeting - 1) * REFERRED + self.position if self.is_referral else None

    @property
    def is_decided(self) -> bool:
        """Whether a decision stands."""
        return self.meeting < OPEN_MEETING or (self.meeting == OPEN_MEETING and self.position <= DECIDED_OF_OPEN)

    @property
    def is_open_now(self) -> bool:
        """Whether it may be decided: one of the meeting going on, every one of the second panel."""
        return self.meeting > MEETINGS or (self.meeting == OPEN_MEETING and self.position == DECIDED_OF_OPEN + 1)

    @property
    def presenter(self) -> int:
        """Who presents it, and referred it where it was referred."""
        return USUAL_WORKERS[self.id % len(USUAL_WORKERS)]

    @property
    def agency_of_presenter(self) -> int:
        """The agency of that worker."""
        return 1 if (self.presenter - WORKER.id) % 2 == 0 else 7

    @property
    def state(self) -> str:
        """Its state."""
        return "decided" if self.is_decided else "open" if self.is_open_now else "waiting"


def items(world: World) -> Iterator[Item]:
    """Every item, those of the second panel last."""
    for number in range(1, (MEETINGS + world.write_meetings) * ITEMS + 1):
        yield Item(number, (number - 1) // ITEMS + 1, (number - 1) % ITEMS + 1, world.item_person(number))


def meeting_days(meeting: int) -> float:
    """How many days ago a meeting began: weekly, the last one an hour ago, those of the second panel with it."""
    return max(0, MEETINGS - meeting) * 7 + 1 / 24


def write_panels(world: World, writer: Writer) -> None:
    """Everything of both panels."""
    _panels(world, writer)
    writer.write("meeting", MEETING, _meetings(world))
    writer.write("referral", REFERRAL, _referrals(world))
    writer.write(
        "referral_harm",
        "id referral_id code",
        ((n, n, ("cce", "cse", "missing", "serious_youth_violence")[n % 4]) for n in range(1, MEETINGS * REFERRED + 1)),
    )
    writer.write("agenda_item", ITEM, _items(world))
    writer.write("return_request", RETURN, _returns(world))
    columns = "id item_id position speaker_name speaker_agency_id text handling author_id recorded_at version"
    writer.write("discussion_note", columns, _notes(world))
    writer.write(
        "attendance", "id meeting_id agency_id status user_id name information_sent version", _attendance(world)
    )
    writer.write("decision", DECISION, _decisions(world))
    writer.write("agency_view", "id decision_id agency_id view reason", _views(world))
    writer.write("action", ACTION, _actions(world))
    writer.write("minutes", MINUTES, _minutes(world))
    writer.write("relation", RELATION, _relations(world))


def _panels(world: World, writer: Writer) -> None:
    columns = (
        "id slug name kind cadence_days quorum_groups cut_off_days minutes_days access_days_after_signing usual_place"
        " meeting_minutes version"
    )
    groups, place = "local_authority,police,health", "Civic Centre, room 2"
    panels = [
        (PANEL, "mave", "MAVE panel", "mave", 7, groups, 1, 10, 10, place, 120, 1),
        (WRITE_PANEL, "evening", "Evening panel", "other", 7, groups, 1, 10, 10, place, 120, 1),
    ]
    writer.write("panel", columns, panels)
    start = world.at(-1_500)
    seats = [
        ((panel - 1) * SEATED + agency, panel, agency, int(agency <= 3), start)
        for panel in (PANEL, WRITE_PANEL)
        for agency in range(1, SEATED + 1)
    ]
    writer.write("panel_seat", "id panel_id agency_id is_required valid_from", seats)
    officers = [
        (1, PANEL, CHAIR, "chair", start),
        (2, PANEL, VICE, "vice_chair", start),
        (3, PANEL, COORDINATOR, "coordinator", start),
        (4, WRITE_PANEL, WRITE_CHAIR, "chair", start),
    ]
    writer.write("panel_officer", "id panel_id user_id office valid_from", officers)
    rows: list[Row] = [
        (f"agency:{agency}", "panel", panel, "seat", start, None, "panel_seat", seat, start)
        for seat, panel, agency, _required, _from in seats
    ]
    rows += [
        (f"user:{user}", "panel", panel, office, start, None, "panel_officer", number, start)
        for number, panel, user, office, _from in officers
    ]
    writer.write("relation", RELATION, rows)


def _meetings(world: World) -> Iterator[Row]:
    for m in range(1, MEETINGS + world.write_meetings + 1):
        ago = meeting_days(m)
        closed = m < OPEN_MEETING
        chair = CHAIR if m <= MEETINGS else WRITE_CHAIR
        current = (m - 1) * ITEMS + DECIDED_OF_OPEN + 1 if m == OPEN_MEETING else None
        begun = world.at(-ago)
        yield (
            m, ref("MT", m), PANEL if m <= MEETINGS else WRITE_PANEL, begun, world.at(-ago + 3 / 24), "Civic Centre",
            "closed" if closed else "open", "locked", 1, world.at(-ago - 6), world.at(-ago - 2), world.at(-ago - 1),
            world.at(-ago - 1), begun, chair, begun, chair, world.at(-ago + 3 / 24) if closed else None, current, 3,
        )  # fmt: skip


def _referrals(world: World) -> Iterator[Row]:
    for item in items(world):
        if item.referral is None:
            continue
        ago = meeting_days(item.meeting) + 15 + item.position % 5
        n = item.referral
        yield (
            n, ref("RF", n), "individual", item.person, "mave", item.person, "accepted", int(n % 9 == 0),
            " ".join(SENTENCES[(n + k) % 12] for k in range(4)), SENTENCES[n % 12], "I want it to stop.",
            "ca2004_s10_s11", "To keep a young person safe.", "yes", "yes", RISKS[n % 3 + 1], item.presenter,
            item.agency_of_presenter, world.at(-ago), world.at(-ago - 1), world.at(-ago + 2), COORDINATOR, "accept", 3,
        )  # fmt: skip


def _items(world: World) -> Iterator[Row]:
    for item in items(world):
        opened = None if item.state == "waiting" else world.at(-meeting_days(item.meeting) + item.position / 720)
        yield (
            item.id, ref("IT", item.id), item.meeting, item.position, 3, "young_person", item.referral, item.person,
            item.person, f"Young person {item.person}", SENTENCES[item.id % 12], item.presenter,
            int(not item.is_referral), item.state, opened, 2,
        )  # fmt: skip


def _returns(world: World) -> Iterator[Row]:
    number = 0
    for item in items(world):
        if item.meeting > MEETINGS:
            return
        ago = meeting_days(item.meeting)
        for agency in range(1, SEATED + 1):
            number += 1
            known = (number + item.id) % 3 != 0
            yield (
                number, ref("RR", number), item.id, agency, "answered" if known else "nothing_known",
                SENTENCES[number % 12] if known else None, "all_members", world.at(-ago - 6), world.at(-ago - 2),
                world.at(-ago - 3), SPOCS[agency - 1], 2,
            )  # fmt: skip


def _notes(world: World) -> Iterator[Row]:
    number = 0
    for item in items(world):
        if not (item.is_decided or item.is_open_now):
            continue
        for place in (1, 2):
            number += 1
            agency = number % SEATED + 1
            at = world.at(-meeting_days(item.meeting) + item.position / 720)
            yield (
                number, item.id, place, f"Spoc {agency} 1", agency, SENTENCES[number % 12], "all_members", COORDINATOR,
                at, 1,
            )  # fmt: skip


def _attendance(world: World) -> Iterator[Row]:
    number = 0
    for m in range(1, MEETINGS + world.write_meetings + 1):
        for agency in range(1, SEATED + 1):
            number += 1
            status = "apologies" if agency == SEATED and m % 3 == 0 else "present"
            yield (number, m, agency, status, SPOCS[agency - 1], f"Spoc {agency} 1", 1, 1)


def _decisions(world: World) -> Iterator[Row]:
    here = [f"Agency {n}" for n in range(1, SEATED + 1)]
    for item in items(world):
        if not item.is_decided:
            continue
        at = world.at(-meeting_days(item.meeting) + item.position / 720 + 0.001)
        quorum = canonical_json({"at": at, "quorate": True, "groups": [], "here": here, "out_with_conflict": []})
        yield (
            item.id, ref("DE", item.id), item.id, "maintain", " ".join(SENTENCES[(item.id + k) % 12] for k in range(2)),
            SENTENCES[item.id % 12], world.ahead(30 + item.position % 20), "ca2004_s10_s11", "By the lead worker",
            quorum, f"{item.id:064x}", at, CHAIR, CHAIR,
        )  # fmt: skip


def _views(world: World) -> Iterator[Row]:
    number = 0
    for item in items(world):
        if not item.is_decided:
            continue
        for agency in range(1, SEATED + 1):
            if agency != 1 and (item.id + agency) % 4:
                continue
            number += 1
            against = agency == 3 and item.id % 10 == 5
            view = "disagrees" if against else "agrees"
            yield (number, item.id, agency, view, SENTENCES[number % 12] if against else None)


def _actions_of(world: World) -> Iterator[tuple[int, Item, int, bool]]:
    """Id, item, owner and whether it is still to do: two for each decided item, eight of them the measured worker's."""
    number = mine = 0
    for item in items(world):
        if not item.is_decided:
            continue
        to_do = item.meeting >= OPEN_ACTIONS_FROM
        for nth in (0, 1):
            number += 1
            owner = USUAL_WORKERS[(number * 31 + nth) % len(USUAL_WORKERS)]
            if item.meeting == OPEN_MEETING and nth and mine < 8:
                mine += 1
                owner = WORKER.id
            yield number, item, owner, to_do


def _actions(world: World) -> Iterator[Row]:
    for number, item, owner, to_do in _actions_of(world):
        made = world.at(-meeting_days(item.meeting) + item.position / 720 + 0.001)
        due = world.ahead(-int(meeting_days(item.meeting)) + 14 + number % 60)
        agency = 1 if (owner - WORKER.id) % 2 == 0 else 7
        yield (
            number, ref("AC", number), "person", item.person, SENTENCES[number % 12][:120], None, agency, owner, due, due,
            "high" if number % 6 == 0 else "normal", "open" if to_do else "done", None if to_do else SENTENCES[number % 12],
            None if to_do else due, None if to_do else owner, "decision", item.id, made, CHAIR, 1,
        )  # fmt: skip


def _minutes(world: World) -> Iterator[Row]:
    for m in range(1, OPEN_MEETING):
        ago = meeting_days(m)
        signed = m < OPEN_MEETING - 1
        content = canonical_json({"meeting": ref("MT", m), "items": ITEMS})
        yield (
            m, ref("MN", m), m, "signed" if signed else "draft", content, f"{m:064x}", world.at(-ago + 0.2),
            world.at(-ago + 0.5) if signed else None, world.at(-ago + 1) if signed else None, CHAIR if signed else None, 3,
        )  # fmt: skip


def _relations(world: World) -> Iterator[Row]:
    for item in items(world):
        yield from _of_item(world, item)
    for number, item, owner, to_do in _actions_of(world):
        made = world.at(-meeting_days(item.meeting))
        ended = None if to_do else world.at(-meeting_days(item.meeting) + 14)
        agency = 1 if (owner - WORKER.id) % 2 == 0 else 7
        yield (f"agency:{agency}", "action", number, "action_owner", made, None, "action", number, made)
        yield (f"user:{owner}", "action", number, "action_owner", made, None, "action", number, made)
        yield ("hub", "action", number, "hub", made, None, "action", number, made)
        for kind in ("person", "case"):
            active = world.active[item.person]
            yield (f"user:{owner}", kind, item.person, "action_owner", made, ended, "action_work", number, active)


def _of_item(world: World, item: Item) -> Iterator[Row]:
    ago = meeting_days(item.meeting)
    panel = PANEL if item.meeting <= MEETINGS else WRITE_PANEL
    at = world.at(-ago - 6)
    # Ten working days after the minutes were signed the agenda's relations end.
    ends = world.at(-ago + 15) if item.meeting < OPEN_MEETING - 1 else None
    active = world.active[item.person]
    own = ("item", item.id)
    yield (f"office:{panel}", "item", item.id, "panel_office", at, None, *own, at)
    subjects = [("item", item.id, at), ("person", item.person, active), ("case", item.person, active)]
    if item.referral is not None:
        subjects.append(("referral", item.referral, at))
    for kind, subject, moved in subjects:
        yield (f"seat:{panel}", kind, subject, "agenda", at, ends, *own, moved)
    yield (f"user:{item.presenter}", "item", item.id, "presenter", at, ends, *own, at)
    yield (f"user:{item.presenter}", "meeting", item.meeting, "presenter", at, ends, *own, at)
    if item.meeting <= MEETINGS:
        for agency in range(1, SEATED + 1):
            yield (f"agency:{agency}", "item", item.id, "return_request", at, ends, *own, at)
            person = (f"agency:{agency}", "person", item.person, "return_request")
            yield (*person, at, world.at(-ago - 1), "return", item.id, active)
    if item.referral is not None:
        yield from _of_referral(world, item, item.referral)


def _of_referral(world: World, item: Item, referral: int) -> Iterator[Row]:
    at = world.at(-meeting_days(item.meeting) - 15)
    active = world.active[item.person]
    for kind, subject, moved in (
        ("referral", referral, at),
        ("person", item.person, active),
        ("case", item.person, active),
    ):
        source = ("referral", referral)
        yield (f"user:{item.presenter}", kind, subject, "referrer", at, None, *source, moved)
        yield (f"office:{PANEL}", kind, subject, "panel_office", at, None, *source, moved)
    yield ("hub", "referral", referral, "hub", at, None, "referral", referral, at)
