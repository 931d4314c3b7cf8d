"""The first page after signing in: a person's own work, made of the blocks that packages register."""

from flask import Blueprint, Flask, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import sections_for

blueprint = Blueprint("home", __name__)


def init_home(app: Flask) -> None:
    """Register the page and its place in the navigation."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("My work", "home.my_work", 0, Permission.WORK_OWN, ("/my-work",)))


@blueprint.get("/")
@blueprint.get("/my-work")
@permission(Permission.WORK_OWN)
def my_work() -> str:
    """Show what waits for the actor: meetings, clocks, actions, cases, what came of their referrals."""
    actor = current_actor()
    blocks = sections_for("my_work", actor, None)
    audit.record_read("home:work:shown", actor, None, blocks=[block.name for block in blocks])
    return render_template("home/my_work.html", blocks=blocks, today=clock.today())
