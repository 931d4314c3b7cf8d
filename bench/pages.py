"""Which pages are measured: who opens them, how often at once, and which requests they are.

A request goes to the service and to the floor alike; the floor ignores what only the service asks for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.people import COMMON_SURNAME
from bench.world import BY_KEY, EVERY, ITEMS, MEETINGS, OPEN_MEETING, Account, ref

Request = tuple[str, str, str | None]
Token = Callable[[], str]


@dataclass(frozen=True)
class Page:
    """One page; `requests` are sent in turn, over and over (each once where they write)."""

    name: str
    title: str
    account: str
    clients: int
    requests: tuple[Request, ...]
    writes: bool = False
    status: str = "200"

    @property
    def who(self) -> Account:
        """Who opens it."""
        return BY_KEY[self.account]

    @property
    def is_form(self) -> bool:
        """Whether it is sent as a form and so needs a token."""
        return any(method == "POST" for method, _path, _body in self.requests)


def _get(*paths: str) -> tuple[Request, ...]:
    return tuple(("GET", path, None) for path in paths)


def _search(name: str) -> tuple[Request, ...]:
    return (("POST", "/people", urlencode({"q": name})),)


def decision_form(item: int) -> str:
    """Return a decision on an item of the second panel, as its form sends it."""
    fields = {
        "once": f"bench-once-key-{item:08}",
        "version": "2",
        "kind": "maintain",
        "rationale": "The plan holds and the evenings are calmer. The panel keeps it and looks again.",
        "lawful_basis": "ca2004_s10_s11",
        "told_how": "By the lead worker this week.",
        "risk_before": "moderate",
        "risk_after": "moderate",
        "next_review": "1 June 2031",
        "rest_agree": "y",
    }
    return urlencode(fields)


def decision_path(item: int) -> str:
    """Return where that form is sent."""
    meeting = (item - 1) // ITEMS + 1
    return f"/panels/evening/meetings/{ref('MT', meeting)}/live/items/{ref('IT', item)}/decision"


def first_write_item() -> int:
    """Return the id of the first item of the second panel."""
    return MEETINGS * ITEMS + 1


SIXTIES = tuple(range(1, 20 * EVERY, EVERY))  # cases with sixty updates of the measured worker
_MEETING = f"/panels/mave/meetings/{ref('MT', OPEN_MEETING)}"

PAGES: tuple[Page, ...] = (
    Page("my-work", "My work", "worker-0", 4, _get("/my-work")),
    Page("case-list", "Case list", "worker-0", 4, _get("/cases")),
    Page("case-list-hub", "Case list, hub lead (every case)", "lead", 4, _get("/cases")),
    Page("case-list-rare", "Case list, worker with 5 cases", "worker-1", 4, _get("/cases")),
    Page("case-list-heavy", "Case list, worker with 5,000 cases", "worker-2", 4, _get("/cases")),
    Page("search", "Search by surname", "worker-0", 4, _search(COMMON_SURNAME)),
    Page("search-hub", "Search by surname, hub lead", "lead", 4, _search(COMMON_SURNAME)),
    Page("case", "Case with 60 updates", "worker-0", 4, _get(*(f"/cases/{ref('CA', n)}" for n in SIXTIES))),
    Page("agenda", "Agenda of 60 items", "coordinator", 4, _get(_MEETING)),
    Page("meeting", "Live meeting of 60 items", "coordinator", 4, _get(f"{_MEETING}/live")),
    Page("contexts", "Contexts by risk", "worker-0", 4, _get("/contexts")),
    Page("decision", "Record a decision, 32 clients", "write-chair", 32, (), writes=True, status="303"),
)
BY_NAME = {page.name: page for page in PAGES}
