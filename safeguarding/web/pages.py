"""Answering with a page: a rendered template, a form with its errors, two texts where a form was stale."""

from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.web.forms import Form

UNPROCESSABLE = 422


@dataclass(frozen=True)
class TwoTexts:
    """One field of a stale form: what stands now, and what was typed."""

    label: str
    theirs: str
    yours: str


def form_page(template: str, form: Form, **context: Any) -> Response:
    """Render a form: 200 when fresh, 422 with an error summary and everything typed when it was refused."""
    refused = bool(form.errors)
    return make_response(render_template(template, form=form, **context), UNPROCESSABLE if refused else 200)


def conflict_page(form: Form, current: dict[str, Any], back: str) -> Response:
    """Answer 409 to a stale form: both texts of every field that differs, `current` giving what stands now by field name."""
    texts = []
    for name, stands in current.items():
        field = form[name]
        theirs, yours = _plain(stands), _plain(field.data)
        if theirs != yours:
            texts.append(TwoTexts(field.label.text, theirs, yours))
    return make_response(render_template("errors/409.html", texts=texts, back=back), 409)


def to(endpoint: str, **values: Any) -> BaseResponse:
    """Redirect to a page of ours after a command."""
    return redirect(url_for(endpoint, **values), 303)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(str(each) for each in value))
    return str(getattr(value, "value", value))
