"""Who may see a record: the live relations to it, in words. A declared conflict is nobody else's business."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, case, cast, func, select

from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.relations.built import Asker, built
from safeguarding.relations.closing import SHUT
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live

_MOST = 100
_BY_PANEL = frozenset({Relation.AGENDA, Relation.PANEL_OFFICE, Relation.PRESENTER})


@dataclass
class Audience:
    """Those who may see a record now."""

    leads: list[str] = field(default_factory=list)
    team: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    agencies: list[str] = field(default_factory=list)
    has_hub: bool = False
    has_panel: bool = False

    @property
    def sentences(self) -> list[str]:
        """Return who may see it, a sentence for each kind of reason."""
        lines = []
        named = len(self.leads) + len(self.team) + len(self.others)
        if named:
            lines.append(f"{named} named {'person' if named == 1 else 'people'}")
        if self.has_hub:
            lines.append("The safeguarding lead")
        if self.has_panel:
            lines.append("The panel it was referred to")
        if self.agencies:
            lines.append("Asked or acting: " + ", ".join(self.agencies))
        return lines


def audience_of(subject_kind: str, subject_id: int) -> Audience:
    """Return who may see a record now, in one statement. The record itself was found through its own door."""
    return _gather(_relations_of.rows(None, subject_kind, subject_id))


@built
def _relations_of(_asker: Asker, kind_of_subject: str, key: int) -> Select[*tuple[Any, ...]]:
    return (
        select(RelationRow.kind, RelationRow.valid_to, User.name.label("person"), Agency.short_name.label("agency"))
        .select_from(RelationRow)
        .outerjoin(User, User.id == _number("user:"))
        .outerjoin(Agency, Agency.id == _number("agency:"))
        .where(
            RelationRow.subject_kind == kind_of_subject,
            RelationRow.subject_id == key,
            live(),
            ~RelationRow.principal.startswith(SHUT, autoescape=True),
        )
        .order_by(RelationRow.valid_from, RelationRow.id)
        .limit(_MOST)
    )


def _number(prefix: str) -> Any:
    """Return the number in a principal of one kind, or null for any other kind."""
    principal = RelationRow.principal
    digits = func.substr(principal, len(prefix) + 1)
    whole = cast(digits, BigInteger().with_variant(Integer(), "sqlite"))
    return case((func.substr(principal, 1, len(prefix)) == prefix, whole))


def _gather(rows: Any) -> Audience:
    found = Audience()
    for row in rows:
        if row.kind is Relation.BARRED:
            continue
        if row.kind is Relation.HUB:
            found.has_hub = True
        elif row.kind in _BY_PANEL and row.person is None:
            found.has_panel = True
        elif row.agency is not None:
            _add(found.agencies, row.agency)
        elif row.person is not None:
            named = {Relation.LEAD_WORKER: found.leads, Relation.ALLOCATED: found.team}
            _add(named.get(row.kind, found.others), row.person)
    known = found.leads + found.team
    found.others = [name for name in found.others if name not in known]
    return found


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
