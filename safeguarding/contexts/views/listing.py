"""The list of places by risk, and counts of places for those who see no single one.

A name that is searched for is sent as a form and stands in no address: a place can be somebody's home.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.contexts import queries, words
from safeguarding.contexts.models import ContextKind
from safeguarding.contexts.queries import Filters, Place
from safeguarding.contexts.rubric import Band
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.core import clock
from safeguarding.web import pages, transaction
from safeguarding.web.forms import Form, typed
from safeguarding.web.guard import current_actor, permission

_LONGEST = 100
_COUNTED = {"kind": "kinds", "ward": "wards", "band": "bands"}


@dataclass(frozen=True)
class Line:
    """A row of the list with what follows from it."""

    row: Any
    other_band: str | None  # the band beside its own into which its range reaches

    @property
    def moved(self) -> int | None:
        """How many points it moved since its last review, or None where there was none."""
        return None if self.row.last_score is None else self.row.score - self.row.last_score


@blueprint.route("", methods=["GET", "POST"])
@permission(Permission.CONTEXT_READ)
@transaction.reads_first
def index() -> Any:
    """List places, the highest score first. Filters without a name lead to an address that can be kept."""
    actor = current_actor()
    sent = typed() or request.args
    filters = _filters(sent)
    given: dict[str, Any] = {name: sent[name] for name in _COUNTED if sent.get(name)}
    if request.method == "POST" and not filters.text:
        return pages.to("contexts.index", **given)
    rows = queries.list_contexts(actor, filters, _after(sent.get("after")))
    shown = rows[: queries.PAGE]
    if request.method == "POST":
        transaction.begin_write()
    audit.record_read("contexts:list:shown", actor, None, contexts=[row.ref for row in shown])
    next_page = next_place = None
    if len(rows) > queries.PAGE:
        next_place = f"{shown[-1].score}_{shown[-1].id}"
        next_page = None if filters.text else url_for("contexts.index", **given, after=next_place)
    return render_template(
        "contexts/index.html",
        form=Form(formdata=None),
        next_place=next_place,
        lines=[Line(row, _other_band(row)) for row in shown],
        filters=filters,
        is_filtered=bool(given or filters.text),
        wards=queries.list_wards(actor),
        words=words,
        next_page=next_page,
        today=clock.today(),
        may_add=actor.may(Permission.CONTEXT_REVIEW),
    )


@blueprint.get("/counts")
@permission(Permission.CONTEXT_COUNTS)
def counts() -> str:
    """Show how many places there are, to those who may see no single one."""
    actor = current_actor()
    found = queries.count_contexts(actor)
    labels = {"kind": {kind.value: label for kind, label in words.KINDS.items()}, "band": words.BANDS}
    tables = {
        what: queries.published([(labels.get(what, {}).get(key, key or "No ward"), n) for key, n in found[what]], named)
        for what, named in _COUNTED.items()
    }
    audit.record_read("contexts:counts:shown", actor, None, tables=len(tables))
    return render_template("contexts/counts.html", tables=tables, fewest=queries.FEWEST)


def _filters(sent: Mapping[str, str]) -> Filters:
    kind, band = sent.get("kind", ""), sent.get("band", "")
    return Filters(
        kind=ContextKind(kind) if kind in set(ContextKind) else None,
        ward=sent.get("ward", "")[:_LONGEST] or None,
        band=band if band in {*Band, words.TOO_FEW} else None,
        text=sent.get("q", "").strip()[:_LONGEST] or None if request.method == "POST" else None,
    )


def _after(text: str | None) -> Place | None:
    """Return the place in the list that an address names, or None when it names none."""
    score, _, number = (text or "").partition("_")
    if not all(each.isascii() and each.isdigit() and len(each) < 10 for each in (score.removeprefix("-"), number)):
        return None
    return Place(int(score), int(number))


def _other_band(row: Any) -> str | None:
    others = {row.band_low, row.band_high} - {row.band}
    if row.too_few or not others:
        return None
    return " or ".join(label.lower() for band, label in words.BANDS.items() if band in others)
