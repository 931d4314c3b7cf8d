"""The list of referrals, one referral, screening it, the referrer's answer, taking it back."""

from typing import Any

from flask import flash, render_template, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.referrals import desks, queries, service
from safeguarding.referrals.blueprint import blueprint
from safeguarding.referrals.forms import AnswerForm, ScreeningForm, WithdrawForm
from safeguarding.referrals.models import Referral, ReferralState, ReferralSubject, ScreeningOutcome
from safeguarding.referrals.policy import screen_by
from safeguarding.referrals.views.making import name_of
from safeguarding.referrals.workflow import REFERRAL
from safeguarding.web import pages
from safeguarding.web.forms import EditForm
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Item
from safeguarding.web.sections import sections_for

MINE, WAITING, SCREENED = "mine", "to-screen", "screened"


@blueprint.get("/referrals")
@permission(Permission.REFERRAL_MAKE)
def index() -> str:
    """List what waits for screening, what was screened, or the actor's own referrals."""
    actor = current_actor()
    screens = actor.holds(Permission.REFERRAL_SCREEN)
    show = request.args.get("show") or (WAITING if screens else MINE)
    show = show if screens and show in (WAITING, SCREENED) else MINE
    rows = _list(actor, show)
    audit.record_read("referrals:referrals:listed", actor, None, show=show, refs=[row.ref for row in rows])
    return render_template(
        "referrals/index.html",
        rows=[(row, name_of(row), _deadline(row)) for row in rows],
        show=show,
        chips=_chips(show) if screens else [],
        older=_older(show, rows),
        today=clock.today(),
        can_make=actor.holds(Permission.PERSON_SEARCH),
    )


@blueprint.get("/referrals/<string:ref>")
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def referral(ref: str) -> Any:
    """Show a referral: to its referrer what came of it, to a screener what to look at first."""
    actor = current_actor()
    shown = queries.show_referral(actor, ref)
    row = shown.row
    if row.state is ReferralState.DRAFT:
        return pages.to("referrals.check", ref=row.ref)
    return _page(actor, shown)


@blueprint.post("/referrals/<string:ref>/screening")
@permission(Permission.REFERRAL_SCREEN)
def screen(ref: str) -> Any:
    """Record what screening came to."""
    actor = current_actor()
    reached = queries.access_referral(actor, ref, Permission.REFERRAL_SCREEN, lock=True)
    form = ScreeningForm()
    if form.validate_on_submit():
        try:
            service.screen_referral(
                actor,
                reached.referral,
                outcome=ScreeningOutcome(form.outcome.data),
                reason=form.reason.data,
                question=form.question.data,
                read_version=form.read_version,
            )
            flash("Saved. The referrer sees it under Referrals.", "success")
            return pages.to("referrals.referral", ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _stale(form, reached.referral, {"reason": reached.referral.screening_reason, "outcome": None})
    return _page(actor, queries.show_referral(actor, ref), screening=form)


@blueprint.post("/referrals/<string:ref>/answer")
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def answer(ref: str) -> Any:
    """Take the referrer's answer to the screener's question."""
    actor = current_actor()
    reached = queries.access_referral(actor, ref, Permission.REFERRAL_READ, lock=True)
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            service.answer_question(actor, reached.referral, text=form.text.data or "", read_version=form.read_version)
            flash("Answer sent. The referral is with the screener again.", "success")
            return pages.to("referrals.referral", ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _stale(form, reached.referral, {"text": ""})
    return _page(actor, queries.show_referral(actor, ref), answering=form)


@blueprint.route("/referrals/<string:ref>/withdraw", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def withdraw(ref: str) -> Any:
    """Take a referral back, with a reason."""
    actor = current_actor()
    reached = queries.access_referral(actor, ref, Permission.REFERRAL_READ, lock=request.method == "POST")
    form = WithdrawForm(version=reached.referral.version)
    if form.validate_on_submit():
        try:
            service.withdraw_referral(actor, reached.referral, reason=form.reason.data, read_version=form.read_version)
            flash("Referral withdrawn.", "success")
            return pages.to("referrals.referral", ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _stale(form, reached.referral, {"reason": ""})
    audit.record_read("referrals:referral:shown", actor, reached.referral.ref)
    return pages.form_page("referrals/withdraw.html", form, ref=reached.referral.ref)


def _stale(form: EditForm, found: Referral, current: dict[str, Any]) -> Any:
    return pages.conflict_page(form, current, url_for("referrals.referral", ref=found.ref))


def _page(
    actor: Actor,
    shown: queries.Shown,
    screening: ScreeningForm | None = None,
    answering: AnswerForm | None = None,
) -> Any:
    row = shown.row
    parts = queries.parts_of(actor, row.id, row.person_id, row.submitted_at)
    mine = row.referrer_id == actor.user_id
    open_ = ReferralState.ACCEPTED in REFERRAL[row.state]
    may_screen = open_ and not mine and actor.may(Permission.REFERRAL_SCREEN, shown.relations)
    may_answer = mine and row.state is ReferralState.MORE_INFORMATION
    form: EditForm | None = screening or answering
    if form is None and may_screen:
        form = ScreeningForm(version=row.version)
    if form is None and may_answer:
        form = AnswerForm(version=row.version)
    audit.record_read("referrals:referral:shown", actor, row.ref)
    context = {
        "referral": row,
        "name": name_of(row),
        "parts": parts,
        "codes": queries.codes_on(clock.london(row.submitted_at or row.created_at).date()),
        "deadline": _deadline(row),
        "today": clock.today(),
        "mine": mine,
        "may_screen": may_screen,
        "may_answer": may_answer,
        "may_withdraw": mine and ReferralState.WITHDRAWN in REFERRAL[row.state],
        "is_individual": row.subject_kind is ReferralSubject.INDIVIDUAL,
        "panel_name": _panel_name(row.panel_slug),
        "sections": sections_for("referral", actor, row),
    }
    if form is None:
        return render_template("referrals/referral.html", **context)
    return pages.form_page("referrals/referral.html", form, **context)


def _panel_name(slug: str) -> str:
    return next((desk.name for desk in desks.desks() if desk.slug == slug), slug)


def _deadline(row: Any) -> Any:
    """Return by which day a waiting referral is screened; a question to the referrer stops the clock."""
    if row.state is not ReferralState.SUBMITTED or row.submitted_at is None:
        return None
    return screen_by(row.submitted_at, row.urgent)


def _list(actor: Actor, show: str) -> list[Any]:
    ref = request.args.get("after")
    place = queries.place_of(actor, ref) if ref else None
    if show == WAITING:
        return queries.list_to_screen(actor, after=place)
    if show == SCREENED:
        return queries.list_screened(actor, before=place)
    return queries.list_mine(actor, before=place)


def _older(show: str, rows: list[Any]) -> str | None:
    if len(rows) < queries.PAGE:
        return None
    return url_for("referrals.index", show=show, after=rows[-1].ref)


def _chips(show: str) -> list[Item]:
    names = ((WAITING, "To screen"), (SCREENED, "Screened"), (MINE, "Made by me"))
    return [Item(label, url_for("referrals.index", show=key), key == show) for key, label in names]
