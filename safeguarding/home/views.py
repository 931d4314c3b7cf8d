"""The first page after signing in: a person's own work, made of the blocks that packages register.

A block's model may say where it stands: `column` is "above" (the full width, before everything), "main" or "aside".
"""

from flask import Blueprint, Flask, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Shown, sections_for

blueprint = Blueprint("home", __name__)
COLUMNS = ("above", "main", "aside")


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
    return render_template("home/my_work.html", columns=in_columns(blocks), today=clock.today())


def in_columns(blocks: list[Shown]) -> dict[str, list[Shown]]:
    """Return the blocks by column, each in its order; a column that there is not is the main one."""
    columns: dict[str, list[Shown]] = {name: [] for name in COLUMNS}
    for block in blocks:
        named = str(block.model.get("column", "main"))
        columns[named if named in columns else "main"].append(block)
    return columns
