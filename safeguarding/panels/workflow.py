"""The states of meetings, agendas, items, returns and minutes, and what may follow what."""

from safeguarding.panels.models.items import ItemState, ReturnState
from safeguarding.panels.models.meetings import AgendaState, MeetingState
from safeguarding.panels.models.minutes import MinutesState

MEETING: dict[MeetingState, frozenset[MeetingState]] = {
    MeetingState.PLANNED: frozenset({MeetingState.OPEN, MeetingState.CANCELLED}),
    MeetingState.OPEN: frozenset({MeetingState.ADJOURNED, MeetingState.CLOSED}),
    MeetingState.ADJOURNED: frozenset({MeetingState.OPEN, MeetingState.CLOSED}),
    MeetingState.CLOSED: frozenset(),
    MeetingState.CANCELLED: frozenset(),
}

# A published agenda is published again when it changes: its version tells how often.
AGENDA: dict[AgendaState, frozenset[AgendaState]] = {
    AgendaState.DRAFT: frozenset({AgendaState.PUBLISHED}),
    AgendaState.PUBLISHED: frozenset({AgendaState.PUBLISHED, AgendaState.LOCKED}),
    AgendaState.LOCKED: frozenset(),
}

# An item opened by mistake, or left for another one, waits again.
ITEM: dict[ItemState, frozenset[ItemState]] = {
    ItemState.WAITING: frozenset({ItemState.OPEN, ItemState.DEFERRED, ItemState.WITHDRAWN}),
    ItemState.OPEN: frozenset({ItemState.WAITING, ItemState.DECIDED, ItemState.DEFERRED, ItemState.WITHDRAWN}),
    ItemState.DECIDED: frozenset(),
    ItemState.DEFERRED: frozenset(),
    ItemState.WITHDRAWN: frozenset(),
}

_ANSWERS = frozenset({ReturnState.ANSWERED, ReturnState.NOTHING_KNOWN, ReturnState.WILL_NOT_SHARE})

# Until the cut-off an agency may answer again.
RETURN: dict[ReturnState, frozenset[ReturnState]] = dict.fromkeys(ReturnState, _ANSWERS)

# Minutes that were circulated and are corrected become a draft again before they are signed.
MINUTES: dict[MinutesState, frozenset[MinutesState]] = {
    MinutesState.DRAFT: frozenset({MinutesState.CIRCULATED}),
    MinutesState.CIRCULATED: frozenset({MinutesState.DRAFT, MinutesState.SIGNED}),
    MinutesState.SIGNED: frozenset(),
}
