"""The partnership that is measured: how many of what, who they are, and the few whom the runner signs in.

Everything follows from the number of people, an instant. Nobody in it exists.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bench.bulk import instant
from safeguarding.access.roles import Role
from safeguarding.core.references import ALPHABET, format_reference

CONTEXTS = 500
MEETINGS = 200
ITEMS = 60
WORKERS = 200
UPDATES, MANY_UPDATES, EVERY = 20, 60, 50
SEATED = 6  # of the agencies, the first ones
RARE_CASES, HEAVY_CASES, USUAL_CASES = 5, 5_000, 50
PANEL, WRITE_PANEL = 1, 2
OPEN_MEETING = MEETINGS
SECRET = "a key for measuring alone, never for anything else 0123456789"
HISTORY_DAYS = 730

# Name, short name, kind, quorum group; the first six have seats.
AGENCIES = (
    ("Marlbridge Children's Social Care", "Social care", "childrens_social_care", "local_authority"),
    ("Marlbridge Police", "Police", "police", "police"),
    ("Marlbridge Health", "Health", "health", "health"),
    ("Marlbridge Education", "Education", "education", "education"),
    ("Marlbridge Youth Justice", "Youth justice", "youth_justice", "other"),
    ("Marlbridge Housing", "Housing", "housing", "other"),
    ("Marlbridge Hub", "Hub", "hub", "local_authority"),
    ("Marlbridge Council", "Council", "council", "other"),
    ("Marlbridge Probation", "Probation", "probation", "other"),
    ("Open Door Youth Project", "Open Door", "voluntary", "other"),
)
HUB, COUNCIL = 7, 8  # ids: place in the list above


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    id: int
    email: str
    name: str
    role: Role
    agency_id: int

    @property
    def token(self) -> str:
        """The token of a session made beforehand, as long and as plain as a real one."""
        return hashlib.sha256(f"bench:{self.email}".encode()).hexdigest()[:43]


def _staff() -> tuple[Account, ...]:
    plan: list[tuple[str, Role, int]] = [
        ("admin", Role.ADMIN, COUNCIL),
        ("auditor", Role.AUDITOR, COUNCIL),
        ("information-governance", Role.INFORMATION_GOVERNANCE, COUNCIL),
        ("analyst", Role.ANALYST, HUB),
        ("lead", Role.LEAD, HUB),
        ("chair", Role.CHAIR, 1),
        ("vice-chair", Role.VICE_CHAIR, 2),
        ("coordinator", Role.COORDINATOR, HUB),
        ("write-chair", Role.CHAIR, 1),
    ]
    plan += [(f"spoc-{agency}-{n}", Role.SPOC, agency) for agency in range(1, SEATED + 1) for n in (1, 2)]
    plan += [
        (f"worker-{n}", Role.SOCIAL_WORKER if n % 2 == 0 else Role.PRACTITIONER, 1 if n % 2 == 0 else HUB)
        for n in range(WORKERS)
    ]
    return tuple(
        Account(number, f"{key}@bench.example", key.replace("-", " ").capitalize(), role, agency)
        for number, (key, role, agency) in enumerate(plan, start=1)
    )


STAFF = _staff()
BY_KEY = {account.email.partition("@")[0]: account for account in STAFF}
FIRST_WORKER = BY_KEY["worker-0"].id
WORKER, RARE, HEAVY = BY_KEY["worker-0"], BY_KEY["worker-1"], BY_KEY["worker-2"]
USUAL_WORKERS = tuple(range(FIRST_WORKER + 3, FIRST_WORKER + WORKERS))
CHAIR, VICE, COORDINATOR, LEAD, WRITE_CHAIR = (
    BY_KEY[key].id for key in ("chair", "vice-chair", "coordinator", "lead", "write-chair")
)
SPOCS = tuple(BY_KEY[f"spoc-{agency}-1"].id for agency in range(1, SEATED + 1))


@dataclass(frozen=True)
class World:
    """One size of it."""

    people: int
    now: datetime
    open_items: int = 3_000  # undecided items of the panel on which decisions are measured

    @property
    def incidents(self) -> int:
        """Between 20,000 and 200,000."""
        return max(20_000, min(200_000, self.people * 2))

    @property
    def write_meetings(self) -> int:
        """Meetings that hold the undecided items."""
        return -(-self.open_items // ITEMS)

    @cached_property
    def instants(self) -> list[str]:
        """Instants of the last two years, the newest first; one of these is when anything happened."""
        step = timedelta(days=HISTORY_DAYS) / 20_000
        return [instant(self.now - timedelta(minutes=5) - step * n) for n in range(20_000)]

    @cached_property
    def days(self) -> list[str]:
        """Days of the last two years, the newest first."""
        return [(self.now - timedelta(days=n)).date().isoformat() for n in range(HISTORY_DAYS)]

    def ahead(self, days: int) -> str:
        """A day ahead (or, below nought, past)."""
        return (self.now + timedelta(days=days)).date().isoformat()

    def at(self, days: float) -> str:
        """An instant so many days from now."""
        return instant(self.now + timedelta(days=days))

    @cached_property
    def active(self) -> list[str]:
        """When something last happened in each case (index: id of the person, who has one case)."""
        return [self.instants[(number * 7_919) % 19_000] for number in range(self.people + 1)]

    def is_restricted(self, person_id: int) -> bool:
        """One case in 200 is."""
        return person_id % 200 == 77

    def update_count(self, person_id: int) -> int:
        """How many updates a person's case has."""
        return MANY_UPDATES if person_id % EVERY == 1 else UPDATES

    @cached_property
    def leads(self) -> list[int]:
        """Who leads each case (index: id of the person), live ones by a plus, ended ones by a minus.

        The measured worker has the first 20 cases with 60 updates and 30 others; the rare one five; the rest fifty
        each, as far as there are cases. What is left over is closed, with the allocation ended.
        """
        leads = [0] * (self.people + 1)
        sixties = list(range(1, self.people + 1, EVERY))[:20]
        others = [number for number in range(2, self.people + 1) if number % EVERY not in (0, 1)]
        mine = sixties + others[: USUAL_CASES - len(sixties)]
        for person in mine:
            leads[person] = WORKER.id
        free = iter([number for number in range(1, self.people + 1) if not leads[number]])
        for worker, count in [(RARE.id, RARE_CASES), *((worker, USUAL_CASES) for worker in USUAL_WORKERS)]:
            for _ in range(count):
                person = next(free, 0)
                if not person:
                    break
                leads[person] = worker
        for place, person in enumerate(free):
            leads[person] = -((*USUAL_WORKERS, WORKER.id)[place % (len(USUAL_WORKERS) + 1)])
        leads[0] = 0
        return leads

    @property
    def heavy_people(self) -> range:
        """Those to whose cases the busiest worker is allocated too."""
        return range(1, min(HEAVY_CASES, self.people // 2) + 1)

    def item_person(self, item_id: int) -> int:
        """Whom an item is about: spread over everybody who is not restricted."""
        person = (item_id * 7_919) % self.people + 1
        return person % self.people + 1 if self.is_restricted(person) else person


_MASK = (1 << 35) - 1


def ref(prefix: str, number: int) -> str:
    """Return the reference of the n-th thing of a kind: spread like a random one, and always the same."""
    scattered = (number * 22_695_477_345 + 12_345_678_901) & _MASK
    body = "".join(ALPHABET[(scattered >> shift) & 31] for shift in (30, 25, 20, 15, 10, 5, 0))
    return format_reference(prefix, body)
