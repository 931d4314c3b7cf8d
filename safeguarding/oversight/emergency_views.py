"""Pages of emergency access: ask, look at a use, close it, review it."""

from typing import Any

from flask import Blueprint, Flask, current_app, flash, render_template, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.step_up import require_fresh_factor
from safeguarding.audit import service as audit
from safeguarding.cases import words as case_words
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.core.working_days import add_working_days
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.oversight import emergency_queries as queries
from safeguarding.oversight import emergency_record, service, words
from safeguarding.oversight.forms import EmergencyForm, ReviewForm
from safeguarding.oversight.models import EmergencyBasis, EmergencyKind, EmergencyOutcome, EmergencyPart
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.printing import screen_only
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("emergency", __name__, url_prefix="/emergency")


def init_emergency(app: Flask) -> None:
    """Register the pages, the block of `my work`, and the notices."""
    app.register_blueprint(blueprint)
    register_section(
        app, Section("my_work", "emergency", 5, "oversight/emergency_work.html", _work, Permission.WORK_OWN)
    )
    for name, sentence in (
        (service.OPENED, "Somebody opened a record in an emergency. See who and why."),
        (service.OVERDUE, "Emergency access has not been reviewed in time."),
        (service.REVIEWED, "Your use of emergency access was reviewed."),
    ):
        register_kind(app, Kind(name, sentence, permitted=_may_be_told, page=_page))


def _may_be_told(actor: Actor, subject: str | None) -> bool:
    return subject is not None and queries.may_be_told(actor, subject)


def _page(subject: str | None) -> str:
    return url_for("emergency.use", ref=subject)


def _work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    if not (actor.holds(Permission.EMERGENCY_ASK) or actor.holds(Permission.EMERGENCY_REVIEW)):
        return None
    uses = queries.list_work(actor)
    return {"uses": uses, "column": "above", "may_review": actor.holds(Permission.EMERGENCY_REVIEW)} if uses else None


@blueprint.route("", methods=["GET", "POST"])
@permission(Permission.EMERGENCY_ASK)
def ask() -> Any:
    """Ask for emergency access. The page is the same for every reference, whether or not anything is held under it."""
    actor = current_actor()
    form = EmergencyForm()
    if form.validate_on_submit():
        require_fresh_factor()
        form.claim(actor.key)
        try:
            opened = service.open_emergency(
                actor,
                form.record.data or "",
                kind=EmergencyKind(form.kind.data or ""),
                parts=[part for part in EmergencyPart if part in (form.parts.data or [])],
                basis=EmergencyBasis(form.basis.data or ""),
                reason=form.reason.data or "",
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Open for an hour. Those who lead the work and information governance have been told.", "notice")
            return pages.to("emergency.record", ref=opened.ref)
    own = queries.list_own(actor)
    until = clock.now() + service.OPEN_FOR
    review_on = add_working_days(clock.today(), 1)
    return pages.form_page(
        "oversight/emergency.html",
        form,
        own=own,
        waiting=next((each for each in own if each.row.reviewed_at is None), None),
        until=until,
        review_on=review_on,
        outcomes=words.OUTCOMES,
        numbers=_numbers(),
    )


def _numbers() -> list[tuple[str, str]]:
    """Return the numbers that are answered at night, as the settings give them: whom, and which."""
    settings = current_app.extensions["settings"]
    given = (("Hub, at night", settings.hub_night_number), ("Emergency duty team", settings.duty_team_number))
    return [(whom, number) for whom, number in given if number]


@blueprint.get("/reviews")
@permission(Permission.EMERGENCY_REVIEW)
def reviews() -> str:
    """Show the uses that wait for review, and those that were reviewed."""
    actor = current_actor()
    waiting, reviewed = queries.list_to_review(actor), queries.list_reviewed(actor)
    audit.record_read("oversight:emergencies:listed", actor, None, uses=[use.row.ref for use in waiting + reviewed])
    return render_template(
        "oversight/emergency_reviews.html",
        waiting=waiting,
        reviewed=reviewed,
        kinds=words.KINDS,
        outcomes=words.OUTCOMES,
    )


@blueprint.get("/<string:ref>")
@permission(Permission.WORK_OWN, on_subject=Permission.LOOKS_READ)
def use(ref: str) -> Any:
    """Show one use: to whoever it was, to whoever leads the work on the record, to information governance."""
    actor = current_actor()
    found = queries.access_use(actor, ref)
    audit.record_read("oversight:emergency:shown", actor, found.row.subject_ref, access=found.row.ref)
    form = ReviewForm(formdata=None, version=found.row.version) if queries.may_review(actor, found) else None
    return _use_page(found, form)


@blueprint.get("/<string:ref>/record")
@permission(Permission.EMERGENCY_READ)
@screen_only
def record(ref: str) -> str:
    """Show the parts of a record that one's own use opens, while it does."""
    actor = current_actor()
    found = emergency_record.access_opened(actor, ref)
    use = found.use.row
    audit.record_read("oversight:emergency_record:shown", actor, use.subject_ref, access=use.ref, parts=use.parts)
    return render_template(
        "oversight/emergency_record.html",
        opened=found,
        use=found.use,
        parts=words.PARTS,
        part=EmergencyPart,
        case_words=case_words,
        numbers=_numbers(),
    )


@blueprint.post("/<string:ref>/close")
@permission(Permission.EMERGENCY_ASK)
def close(ref: str) -> Any:
    """Close one's own use before the hour is over."""
    actor = current_actor()
    found = queries.access_use(actor, ref)
    service.close_emergency(actor, found.row.ref)
    flash("Closed. Information governance reviews it.", "success")
    return pages.to("emergency.use", ref=found.row.ref)


@blueprint.post("/<string:ref>/review")
@permission(Permission.EMERGENCY_REVIEW)
def review(ref: str) -> Any:
    """Review a use of somebody else's."""
    actor = current_actor()
    found = queries.access_use(actor, ref)
    form = ReviewForm(version=found.row.version)
    if form.validate_on_submit():
        try:
            service.review_emergency(
                actor,
                found.row.ref,
                outcome=EmergencyOutcome(form.outcome.data or ""),
                findings=form.findings.data or "",
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            standing = {"outcome": words.OUTCOMES.get(found.row.outcome), "findings": found.row.findings}
            return pages.conflict_page(form, standing, url_for("emergency.use", ref=found.row.ref))
        else:
            flash("Reviewed. Whoever used it has been told.", "success")
            return pages.to("emergency.reviews")
    return _use_page(found, form)


def _use_page(found: queries.Use, form: ReviewForm | None) -> Any:
    context = {
        "use": found,
        "parts_words": words.parts_words,
        "kinds": words.KINDS,
        "bases": words.BASES,
        "outcomes": words.OUTCOMES,
        "may_review": current_actor().holds(Permission.EMERGENCY_REVIEW),
        "can_read_audit": current_actor().holds(Permission.AUDIT_READ),
    }
    if form is None:
        return render_template("oversight/emergency_use.html", **context)
    return pages.form_page("oversight/emergency_use.html", form, **context)
