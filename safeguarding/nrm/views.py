"""Pages of referrals to the National Referral Mechanism, and what cases, people and the work list show of them."""

from typing import Any

from flask import Blueprint, Flask, flash, render_template, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.actions.due import Due
from safeguarding.audit import service as audit
from safeguarding.cases import queries as cases
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.core.references import normalise_reference
from safeguarding.nrm import queries, service, words
from safeguarding.nrm.forms import AUTO, CorrectForm, DecisionForm, NumberForm, ReferralForm, referral_of
from safeguarding.nrm.models import GroundsOutcome, NrmState
from safeguarding.nrm.queries import NrmView
from safeguarding.people.codes import choices_of, codes_on
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("nrm", __name__, url_prefix="/nrm")
_LISTS = ("first_responder", "exploitation_type")
_DECIDED = {
    NrmState.RG_PENDING: ("Record the reasonable grounds decision", service.record_reasonable_grounds),
    NrmState.CG_PENDING: ("Record the conclusive grounds decision", service.record_conclusive_grounds),
}


def init_nrm(app: Flask) -> None:
    """Register the pages, the navigation and what other pages show."""
    app.register_blueprint(blueprint)
    need = Permission.NRM_READ
    register_entry(app, Entry("NRM", "nrm.index", 45, need, ("/nrm",)))
    register_section(app, Section("my_work", "nrm", 40, "nrm/work.html", _work, need))
    register_section(app, Section("person", "nrm", 50, "nrm/section.html", _about_person, need))
    register_section(app, Section("case", "nrm", 50, "nrm/section.html", _about_case, need))


@blueprint.get("")
@permission(Permission.NRM_READ)
def index() -> str:
    """List the referrals whose clocks run, those referred longest ago first."""
    actor = current_actor()
    rows = queries.list_running(actor)
    audit.record_read("nrm:list:shown", actor, None, referrals=[row.ref for row in rows])
    return render_template("nrm/index.html", rows=_with_clocks(rows), words=words)


@blueprint.get("/<ref>")
@permission(Permission.NRM_READ)
def referral(ref: str) -> str:
    """Show one referral: where it has got to, its clocks and how each was worked out, and what was recorded."""
    actor = current_actor()
    view = queries.access_nrm(actor, ref)
    audit.record_read("nrm:referral:shown", actor, view.ref)
    labels = {(each.list, each.code): each.label for each in codes_on(view.row.referred_on or clock.today(), *_LISTS)}
    return render_template(
        "nrm/referral.html",
        view=view,
        nrm=view.row,
        words=words,
        today=clock.today(),
        responder=labels.get((_LISTS[0], view.row.first_responder_code)),
        types=[labels.get((_LISTS[1], code), code) for code in view.types],
        events=queries.list_events(view),
        due=_due(view.row, None),
        track=_track(view),
        may_record=actor.may(Permission.NRM_RECORD, view.relations),
        decision=_DECIDED.get(view.row.state, (None,))[0],
    )


@blueprint.route("/record/<case_ref>", methods=["GET", "POST"])
@permission(Permission.NRM_RECORD)
def record(case_ref: str) -> Any:
    """Record on a case that its young person was referred."""
    actor = current_actor()
    view = cases.access_case(actor, case_ref)
    decided = normalise_reference(request.args.get("decision", ""), "DE")
    form = ReferralForm(route=AUTO, note=f"As the panel decided in {decided}." if decided else None)
    codes = codes_on(clock.today(), *_LISTS)
    form.first_responder_code.choices = [("", "Choose"), *choices_of(codes, _LISTS[0])]
    form.exploitation_types.choices = choices_of(codes, _LISTS[1])
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            made = service.record_referral(actor, cases.case_entity(view.id), referral=referral_of(form))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Referral recorded.", "success")
            return pages.to("nrm.referral", ref=made.ref)
    return pages.form_page("nrm/record.html", form, view=view)


@blueprint.route("/<ref>/decision", methods=["GET", "POST"])
@permission(Permission.NRM_RECORD)
def decision(ref: str) -> Any:
    """Record the decision that a referral waits for."""
    actor = current_actor()
    view = queries.access_nrm(actor, ref, Permission.NRM_RECORD)
    title, command = _DECIDED.get(view.row.state, (None, None))
    if title is None or command is None:
        flash("This referral waits for no decision.", "notice")
        return pages.to("nrm.referral", ref=view.ref)
    form = DecisionForm(version=view.row.version, decision_maker=words.ROUTES[view.row.route])
    if form.validate_on_submit():
        try:
            command(
                actor,
                queries.nrm_entity(view.id),
                outcome=GroundsOutcome(form.outcome.data or ""),
                decided_on=form.decided_on.data or clock.today(),
                decision_maker=form.decision_maker.data or "",
                note=form.note.data,
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _conflict(view, form, {"decision_maker": view.row.decision_maker})
        else:
            return _recorded(view, "Decision recorded.")
    return pages.form_page("nrm/decision.html", form, view=view, heading=title)


@blueprint.route("/<ref>/number", methods=["GET", "POST"])
@permission(Permission.NRM_RECORD)
def number(ref: str) -> Any:
    """Record the Home Office's own reference."""
    actor = current_actor()
    view = queries.access_nrm(actor, ref, Permission.NRM_RECORD)
    form = NumberForm(version=view.row.version, nrm_number=view.row.nrm_number)
    if form.validate_on_submit():
        try:
            service.record_number(
                actor,
                queries.nrm_entity(view.id),
                nrm_number=form.nrm_number.data or "",
                read_version=form.read_version,
            )
        except StaleError:
            return _conflict(view, form, {"nrm_number": view.row.nrm_number})
        return _recorded(view, "Reference recorded.")
    return pages.form_page("nrm/number.html", form, view=view)


@blueprint.route("/<ref>/entries/<int:event_id>/correct", methods=["GET", "POST"])
@permission(Permission.NRM_RECORD)
def correct(ref: str, event_id: int) -> Any:
    """Correct the day of something that was recorded."""
    actor = current_actor()
    view = queries.access_nrm(actor, ref, Permission.NRM_RECORD)
    entry = queries.event_entity(view, event_id)
    if entry is None:
        raise NotFoundError
    form = CorrectForm(version=view.row.version, happened_on=entry.happened_on)
    if form.validate_on_submit():
        try:
            service.correct_date(
                actor,
                queries.nrm_entity(view.id),
                corrects=entry,
                happened_on=form.happened_on.data or clock.today(),
                note=form.note.data or "",
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _conflict(view, form, {"happened_on": entry.happened_on})
        else:
            return _recorded(view, "Corrected. What was recorded first stays readable.")
    return pages.form_page("nrm/correct.html", form, view=view, entry=entry, words=words)


def _recorded(view: NrmView, said: str) -> Any:
    flash(said, "success")
    return pages.to("nrm.referral", ref=view.ref)


def _conflict(view: NrmView, form: Any, current: dict[str, Any]) -> Any:
    return pages.conflict_page(form, current, url_for("nrm.referral", ref=view.ref))


def _track(view: NrmView) -> list[tuple[str, str, str, str]]:
    """Return where a referral has got to: title, detail, more, state of each point."""
    row = view.row
    reasonable = _point("Reasonable grounds", row.rg_outcome, row.rg_decided_on, row.state is NrmState.RG_PENDING)
    conclusive = _point("Conclusive grounds", row.cg_outcome, row.cg_decided_on, row.state is NrmState.CG_PENDING)
    return [
        ("Referred", _day(row.referred_on), words.ROUTES[row.route], "done" if row.referred_on else "now"),
        reasonable,
        conclusive,
    ]


def _point(title: str, outcome: GroundsOutcome | None, on: Any, is_now: bool) -> tuple[str, str, str, str]:
    if outcome is not None:
        return f"{title}: {outcome.value}", _day(on), "", "done"
    return title, "waiting" if is_now else "to come", "", "now" if is_now else "next"


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _with_clocks(rows: list[Any]) -> list[dict[str, Any]]:
    """Return rows with the clock each waits for, what is left and its tone; those running out soonest first."""
    today = clock.today()
    found = []
    for row in rows:
        running = queries.next_clock_of(row)
        if running is not None:
            left, tone = running.left(today)
            gone = running.days_gone(today)
            found.append({"row": row, "clock": running, "left": left, "tone": tone, "gone": gone})
    return sorted(found, key=lambda each: (each["clock"].is_minimum, each["clock"].due, each["row"].id))


def _due(row: Any, href: str | None) -> list[Due]:
    """Return what the strip shows as due; an earliest day that has passed is no lateness."""
    running = queries.next_clock_of(row)
    if running is None or (running.is_minimum and running.due < clock.today()):
        return []
    return [Due(running.due, f"NRM: {words.CLOCKS[running.key].lower()}", href, words.KINDS[running.rule.kind])]


def _work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    rows = _with_clocks(queries.list_running(actor))
    return {"rows": rows[:6], "has_more": len(rows) > 6, "words": words} if rows else None


def _about_person(actor: Actor, subject: Any) -> dict[str, Any] | None:
    rows = queries.list_about(actor, person_id=subject.id)
    return _model(rows, None) if rows else None


def _about_case(actor: Actor, subject: Any) -> dict[str, Any] | None:
    if subject.person_id is None:
        return None
    rows = queries.list_about(actor, case_id=subject.id)
    may = actor.may(Permission.NRM_RECORD, getattr(subject, "relations", ()))
    return _model(rows, url_for("nrm.record", case_ref=subject.ref) if may else None)


def _model(rows: list[Any], record_href: str | None) -> dict[str, Any]:
    due = [each for row in rows for each in _due(row, url_for("nrm.referral", ref=row.ref))]
    waits = any(row.state in queries.WAITING for row in rows)
    return {"rows": rows, "words": words, "due": due, "record_href": None if waits else record_href}
