"""The auditor's pages. Looking at the audit is in the audit too."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, flash, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.audit.verify import anchor_file
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.oversight import queries, questions, service, words
from safeguarding.oversight.events import AREAS, Act, deed, plain_words, why_words
from safeguarding.oversight.forms import AnswerForm, AuditSearchForm, actor_key
from safeguarding.oversight.looking import Order, lines_of
from safeguarding.oversight.noticing import RAISED
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry

blueprint = Blueprint("oversight", __name__)
SPAN = timedelta(days=29)  # thirty days, both ends included
LONGEST = timedelta(days=366)
_EVENT = re.compile(r"([a-z]{2,20})(:[a-z_]{1,30}:[a-z_]{1,30})?")
_ADDRESS = "This address is not one that the search makes. Start the search again."


def init_audit_pages(app: Flask) -> None:
    """Register the pages, their place in the navigation, and the words of events for their templates."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters["event_words"] = plain_words
    register_kind(
        app,
        Kind(
            RAISED,
            "The audit raised a question for you to look at.",
            permitted=lambda actor, _subject: actor.may(Permission.EMERGENCY_REVIEW),
            page=lambda _subject: url_for("oversight.questions"),
        ),
    )
    register_entry(app, Entry("Audit", "oversight.audit", 85, Permission.AUDIT_READ, ("/audit",)))


@blueprint.get("/audit", endpoint="audit")
@permission(Permission.AUDIT_READ)
def index() -> Any:
    """Show the newest events that match the references, the event and the days in the address."""
    actor, asked = current_actor(), _asked()
    found = queries.search(actor, asked)
    shown = found[: queries.PAGE]
    audit.record_read("oversight:audit:searched", actor, asked.subject, **_recorded(asked, shown))
    form = AuditSearchForm(
        formdata=None,
        actor=(asked.actor or "").removeprefix("user:"),
        subject=asked.subject,
        area=(asked.event or "").partition(":")[0],
        start=asked.start,
        end=asked.end,
    )
    return pages.form_page(
        "oversight/audit.html",
        form,
        asked=asked,
        entries=shown,
        may_review=actor.may(Permission.EMERGENCY_REVIEW),
        chain=queries.chain_state(actor, anchors()),
        older=_older(shown) if len(found) > queries.PAGE else None,
    )


def _older(shown: list[queries.Entry]) -> str:
    given: dict[str, Any] = request.args.to_dict()
    return url_for("oversight.audit", **(given | {"before": shown[-1].seq}))


def _recorded(asked: queries.Search, shown: list[queries.Entry]) -> dict[str, Any]:
    span = {"newest": shown[0].seq, "oldest": shown[-1].seq} if shown else {}
    return {"asked": {name: str(value) for name, value in asked.asked().items()}, "count": len(shown), **span}


def _asked() -> queries.Search:
    """Return the search that the address holds; raise RuleError for one that the form would not have made."""
    given = request.args
    asked = queries.Search(
        actor=actor_key(given["actor"]) if "actor" in given else None,
        subject=queries.any_reference(given["subject"]) if "subject" in given else None,
        event=_event(given["event"]) if "event" in given else None,
        start=_day("start"),
        end=_day("end"),
        before=_number("before"),
    )
    if set(asked.asked()) != set(given) & {"actor", "subject", "event", "start", "end", "before"}:
        raise RuleError(_ADDRESS)
    return asked


def _event(text: str) -> str | None:
    found = _EVENT.fullmatch(text)
    return text if found and found[1] in AREAS else None


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    if not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@blueprint.post("/audit")
@permission(Permission.AUDIT_READ)
@transaction.reads_first
def search() -> Any:
    """Turn what was typed into an address that holds references alone."""
    form = AuditSearchForm()
    if not form.validate_on_submit():
        return pages.form_page("oversight/search.html", form)
    return pages.to(
        "oversight.audit",
        actor=actor_key(form.actor.data) if form.actor.data else None,
        subject=queries.any_reference(form.subject.data) if form.subject.data else None,
        event=form.area.data,
        start=form.start.data,
        end=form.end.data,
    )


@blueprint.get("/audit/subjects/<string:ref>")
@permission(Permission.AUDIT_READ)
def looks(ref: str) -> str:
    """Show who looked at one record, over thirty days or those in the address, what needs a question first."""
    actor, subject = current_actor(), queries.any_reference(ref)
    if subject is None:
        raise NotFoundError
    start, end = span_asked()
    lists = request.args.get("lists") == "yes"
    found = queries.looks_at(actor, subject, start, end, anchors(), lists=lists)
    audit.record_read(
        "oversight:looks:shown", actor, subject, start=start, end=end, lists=lists, count=len(found.entries)
    )
    return looks_page(
        found,
        questions.list_questions(actor).asked,
        lists=lists,
        may_review=actor.may(Permission.EMERGENCY_REVIEW),
    )


def looks_page(found: queries.Looks, asked: Iterable[questions.Asked], record: Any = None, **context: Any) -> str:
    """Draw who looked; `record` is the record where the reader is somebody who leads its work, and not an auditor."""
    names = queries.names_of({entry.actor for entry in found.entries})
    order = Order(request.args["order"]) if request.args.get("order") in set(Order) else Order.QUESTIONS
    only_refused = request.args.get("only") == "refused"
    return render_template(
        "oversight/looks.html",
        looks=found,
        lines=lines_of(found.entries, found.uses, asked, names, order, only_refused=only_refused),
        names=names,
        record=record,
        order=order,
        only_refused=only_refused,
        acts=Act,
        deed=deed,
        why_words=why_words,
        kinds=words.KINDS,
        parts_words=words.parts_words,
        today=clock.today(),
        earlier=found.start - timedelta(days=1),
        me=current_actor().key,
        **context,
    )


def span_asked() -> tuple[date, date]:
    """Return the days that the address asks for, thirty until today where it does not say."""
    end = min(_day("end") or clock.today(), clock.today())
    return max(min(_day("start") or end - SPAN, end), end - LONGEST), end


def anchors() -> Path:
    """Return where the copies of the chain's head are kept."""
    return anchor_file(current_app.extensions["settings"].data)


@blueprint.get("/audit/questions", endpoint="questions")
@permission(Permission.AUDIT_READ)
def list_questions() -> str:
    """Show the questions that the last seven days raise."""
    actor = current_actor()
    raised = questions.list_questions(actor)
    asked = raised.asked
    audit.record_read("oversight:questions:listed", actor, None, count=len(asked))
    names = queries.names_of({each.question.actor for each in asked})
    return render_template(
        "oversight/questions.html",
        asked=asked[:100],
        count=len(asked),
        since=raised.since,
        names=names,
        patterns=words.PATTERNS,
        may_answer=actor.may(Permission.EMERGENCY_REVIEW),
        me=actor.key,
    )


@blueprint.route("/audit/questions/<string:key>", methods=["GET", "POST"], endpoint="question")
@permission(Permission.EMERGENCY_REVIEW)
def answer_question(key: str) -> Any:
    """Answer one question."""
    actor = current_actor()
    found = questions.find_question(actor, key)
    if found is None:
        raise NotFoundError
    form = AnswerForm()
    if form.validate_on_submit():
        form.claim(actor.key)
        try:
            service.answer_question(actor, found.key, about=found.actor, answer=form.answer.data or "")
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Answered.", "success")
            return pages.to("oversight.questions")
    audit.record_read("oversight:question:shown", actor, None, question=found.key)
    return pages.form_page(
        "oversight/question.html",
        form,
        question=found,
        names=queries.names_of([found.actor]),
        patterns=words.PATTERNS,
        me=actor.key,
    )
