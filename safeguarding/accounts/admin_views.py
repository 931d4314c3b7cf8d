"""Pages of administration: the people who may sign in, their roles, and the settings of this installation.

It shows no case content, because whoever holds it sees none.
"""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, current_app, flash, render_template, request, url_for
from sqlalchemy import Row

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES, Role
from safeguarding.accounts import approvals, invitations, queries, request_queries, service
from safeguarding.accounts.forms import AddPersonForm, ChangeRightsForm, FindPersonForm, GiveRoleForm
from safeguarding.accounts.models import AccountStatus
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.accounts.request_models import RoleRequest
from safeguarding.audit import service as audit
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section, sections_for

blueprint = Blueprint("admin", __name__)
_ANY_AGENCY = ("", "Any agency")
_CHOOSE = ("", "Choose one")
_GIVEN = "Role given. They sign in again, and hold it then."
_ASKED = "This role needs a second person, who has been told. It holds once they approve."


def init_admin(app: Flask) -> None:
    """Register the pages, their place in the navigation and the section on an agency's page."""
    app.register_blueprint(blueprint)
    register_entry(
        app,
        Entry(
            "Administration",
            "admin.people",
            90,
            Permission.ADMIN_USERS,
            ("/admin/people", "/admin/requests", "/admin/matrix", "/admin/settings"),
        ),
    )
    register_section(
        app,
        Section("agency", "people", 10, "admin/agency_people.html", _agency_people, Permission.ADMIN_USERS),
    )


def _agency_people(actor: Actor, agency: Any) -> dict[str, Any]:
    people = queries.list_agency_people(actor, agency.id)
    return {"people": people[: queries.PAGE], "more": len(people) > queries.PAGE, "agency": agency, "names": ROLE_NAMES}


@blueprint.get("/admin/people")
@permission(Permission.ADMIN_USERS)
def people() -> Any:
    """List the people who may sign in, by name; the address holds references alone."""
    form = FindPersonForm(agency=request.args.get("agency"))
    return _people_page(form, after=request.args.get("after"))


@blueprint.post("/admin/people")
@permission(Permission.ADMIN_USERS)
@transaction.reads_first
def find() -> Any:
    """Find people by name, which is posted so that it stands in no address."""
    return _people_page(FindPersonForm(), after=None)


def _people_page(form: FindPersonForm, after: str | None) -> Any:
    actor = current_actor()
    form.agency.choices = [_ANY_AGENCY, *queries.agency_choices()]
    if request.method == "POST":
        form.validate()
    agency = form.agency.data or None
    found = [] if form.errors else queries.list_users(actor, agency_ref=agency, text=form.text.data, after=after)
    shown = found[: queries.PAGE]
    audit.record_read("accounts:people:listed", actor, None, shown=[row.ref for row in shown])
    older = url_for("admin.people", agency=agency, after=shown[-1].ref) if len(found) > queries.PAGE else None
    return pages.form_page(
        "admin/people.html",
        form,
        people=shown,
        roles=queries.roles_of([row.id for row in shown]),
        names=ROLE_NAMES,
        older=None if form.text.data else older,
        cut=bool(form.text.data) and older is not None,
    )


@blueprint.route("/admin/people/add", methods=["GET", "POST"])
@permission(Permission.ADMIN_USERS)
@fresh_factor
@transaction.reads_first
def add() -> Any:
    """Add a person with a first role and send them an invitation."""
    actor = current_actor()
    form = AddPersonForm()
    form.agency.choices = [_CHOOSE, *queries.agency_choices()]
    if form.validate_on_submit():
        db.session.rollback()  # no transaction is held open while the phrase that nobody knows is worked out
        nobody_knows = hash_phrase(secrets.token_urlsafe(32))
        transaction.begin_write()
        form.claim(actor.key)
        try:
            user, waits = invitations.invite_person(
                actor,
                email=str(form.email.data),
                name=str(form.name.data),
                job_title=form.job_title.data,
                agency_ref=str(form.agency.data),
                role=Role(form.role.data),
                reason=form.reason.data,
                no_phrase=nobody_knows,
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Invitation sent. " + (_ASKED if waits else "They choose their pass phrase by its link."), "success")
            return pages.to("admin.person", ref=user.ref)
    return pages.form_page("admin/add.html", form)


@blueprint.get("/admin/people/<string:ref>")
@permission(Permission.ADMIN_USERS)
def person(ref: str) -> Any:
    """Show one person who may sign in: their roles and what can be changed."""
    return _person_page(queries.access_user(current_actor(), ref), GiveRoleForm())


def _person_page(user: Row[Any], form: GiveRoleForm) -> Any:
    actor = current_actor()
    form.agency.choices = [_CHOOSE, *queries.agency_choices()]
    audit.record_read("accounts:person:shown", actor, user.ref)
    return pages.form_page(
        "admin/person.html",
        form,
        user=user,
        roles=queries.roles_of([user.id])[user.id],
        names=ROLE_NAMES,
        own=actor.user_id == user.id,
        suspended=user.status is AccountStatus.SUSPENDED,
        invited_at=invitations.waiting_since(user.id),
        waiting=request_queries.list_about(actor, user.id),
        rights=ChangeRightsForm(formdata=None, version=user.version),
    )


@blueprint.post("/admin/people/<string:ref>/roles")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def give_role(ref: str) -> Any:
    """Give a person one more role."""
    actor = current_actor()
    user = queries.access_user(actor, ref)
    form = GiveRoleForm()
    form.agency.choices = [_CHOOSE, *queries.agency_choices()]
    if form.validate_on_submit():
        form.claim(actor.key)
        try:
            given = approvals.give_or_ask(
                actor,
                user.ref,
                agency_ref=str(form.agency.data),
                role=Role(form.role.data),
                reason=form.reason.data,
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash(_ASKED if isinstance(given, RoleRequest) else _GIVEN, "success")
            return pages.to("admin.person", ref=ref)
    return _person_page(user, form)


@blueprint.post("/admin/people/<string:ref>/roles/<string:agency_ref>/<string:role>/end")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def end_role(ref: str, agency_ref: str, role: str) -> Any:
    """End one role of a person."""
    if role not in set(Role):
        raise NotFoundError

    def change(user_ref: str, version: int) -> None:
        service.end_role(current_actor(), user_ref, agency_ref=agency_ref, role=Role(role), read_version=version)

    return _changed(ref, change, "Role ended.")


@blueprint.post("/admin/people/<string:ref>/suspend")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def suspend(ref: str) -> Any:
    """Suspend a person."""
    return _changed(
        ref,
        lambda user, version: service.suspend_user(current_actor(), user, read_version=version),
        "Suspended. Nothing of theirs works from now on.",
    )


@blueprint.post("/admin/people/<string:ref>/reinstate")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def reinstate(ref: str) -> Any:
    """Let a suspended person sign in again."""
    return _changed(
        ref,
        lambda user, version: service.reinstate_user(current_actor(), user, read_version=version),
        "Reinstated. They can sign in again.",
    )


def _changed(ref: str, change: Callable[[str, int], None], said: str) -> Any:
    user = queries.access_user(current_actor(), ref)
    form = ChangeRightsForm()
    try:
        change(user.ref, form.read_version)
    except StaleError:
        return pages.conflict_page(form, {}, url_for("admin.person", ref=ref))
    except RuleError as error:
        return _refused(user, error)
    flash(said, "success")
    return pages.to("admin.person", ref=ref)


def _refused(user: Row[Any], error: RuleError) -> Any:
    form = GiveRoleForm(formdata=None)
    form.form_errors = [error.message]
    return _person_page(user, form)


@blueprint.post("/admin/people/<string:ref>/pass-phrase")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def send_link(ref: str) -> Any:
    """Send a person a link by which they choose a pass phrase: the invitation again until they took it up."""

    def change(user_ref: str, version: int) -> None:
        invitations.start_reset(current_actor(), user_ref, read_version=version)

    return _changed(ref, change, "A link is on its way to them. Nothing of theirs changes before they use it.")


@blueprint.post("/admin/people/<string:ref>/second-factor")
@permission(Permission.ADMIN_USERS)
@fresh_factor
def send_factors_link(ref: str) -> Any:
    """Send a person a link by which they take away second factors that they lost."""

    def change(user_ref: str, version: int) -> None:
        invitations.start_factors_reset(current_actor(), user_ref, read_version=version)

    return _changed(ref, change, "A link is on its way to them. Nothing of theirs changes before they use it.")


@blueprint.get("/admin/settings")
@permission(Permission.ADMIN_SETTINGS)
def settings() -> str:
    """Show what the environment decides about this installation, and what later packages add; keys are never shown."""
    actor = current_actor()
    audit.record_read("accounts:settings:shown", actor)
    chosen: Settings = current_app.extensions["settings"]
    return render_template("admin/settings.html", settings=chosen, sections=sections_for("settings", actor, None))
