"""The page on which rights are taken away from a role, and given back."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, flash, url_for

from safeguarding.access.names import RIGHT_NAMES
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES, Role
from safeguarding.access.tightening import choices, written
from safeguarding.accounts import policy, tightening, tightening_queries
from safeguarding.accounts.door_forms import AGREE, DecideTighteningForm, GiveBackForm, TightenForm
from safeguarding.audit import service as audit
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission

blueprint = Blueprint("matrix", __name__, url_prefix="/admin/matrix")


def init_tightening(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@permission(Permission.ADMIN_APPROVE)
def index() -> Any:
    """Show which rights were taken away and which wait for a second person."""
    return _page(_form())


@blueprint.post("")
@permission(Permission.ADMIN_SETTINGS)
@fresh_factor
def tighten() -> Any:
    """Ask that a role lose a right."""
    form = _form()
    if form.validate_on_submit():
        role, _, needed = str(form.right.data).partition(" ")
        try:
            form.claim(current_actor().key)
            tightening.ask_to_tighten(
                current_actor(), role=Role(role), permission=Permission(needed), reason=form.reason.data
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Asked. It holds once a second person agrees, who has been told.", "success")
            return pages.to("matrix.index")
    return _page(form)


@blueprint.post("/<string:ref>/back")
@permission(Permission.ADMIN_SETTINGS)
@fresh_factor
def give_back(ref: str) -> Any:
    """Ask that a right be given back."""
    form = GiveBackForm()
    return _change(
        form,
        lambda: tightening.ask_to_give_back(
            current_actor(), ref, reason=form.back_reason.data, read_version=form.read_version
        ),
        "Asked. It is given back once a second person agrees.",
    )


@blueprint.post("/<string:ref>")
@permission(Permission.ADMIN_APPROVE)
@fresh_factor
def decide(ref: str) -> Any:
    """Agree to what was asked, or decline it."""
    form = DecideTighteningForm()
    return _change(
        form,
        lambda: tightening.decide(
            current_actor(), ref, agree=form.decision.data == AGREE, read_version=form.read_version
        ),
        "Recorded. It holds from everybody’s next page on.",
    )


def _change(form: Any, command: Callable[[], Any], said: str) -> Any:
    if not form.validate():
        flash(next(iter(form.errors.values()))[0], "notice")
        return pages.to("matrix.index")
    try:
        command()
    except RuleError as error:
        flash(error.message, "notice")
    except StaleError:
        return pages.conflict_page(form, {}, url_for("matrix.index"))
    else:
        flash(said, "success")
    return pages.to("matrix.index")


def _form() -> TightenForm:
    form = TightenForm()
    own = current_actor().roles
    form.right.choices = [
        ("", "Choose one"),
        *(
            (written(role, each), f"{ROLE_NAMES[role]}: {RIGHT_NAMES[each]}")
            for role, each in choices()
            if role not in own
        ),
    ]
    return form


def _page(form: TightenForm) -> Any:
    actor = current_actor()
    rows = tightening_queries.list_tightenings(actor)
    audit.record_read("accounts:matrix:listed", actor, None, shown=[row.ref for row in rows])
    return pages.form_page(
        "admin/matrix.html",
        form,
        rows=rows,
        names=ROLE_NAMES,
        rights={right.value: name for right, name in RIGHT_NAMES.items()},
        may_ask=actor.may(Permission.ADMIN_SETTINGS),
        may_decide=lambda row: bool(actor.roles & policy.APPROVERS) and row.role not in actor.roles,
        own=actor.roles,
        deciding=DecideTighteningForm,
        giving=GiveBackForm,
    )
