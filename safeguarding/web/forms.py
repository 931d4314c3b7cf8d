"""Forms: fields that keep what was typed, say what to do, and never raise on hostile input.

Widgets live in `templates/components/forms.html`; here are the fields, their limits and the two hidden ones that every
form may carry: the version it was read at and the once-only key.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from safeguarding.core import clock
from safeguarding.core.errors import RuleError
from safeguarding.web import once
from safeguarding.web.transaction import UNSAFE

Choices = Sequence[tuple[str, str]]
LINE = 200
SHORT_TEXT = 2_000
LONG_TEXT = 20_000

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LOST = "\ufffd"  # stands where something was that no page can carry back
_AS_SENT = object()


def typed() -> MultiDict[str, str] | None:
    """Return what was typed into a form that was sent, or None when none was.

    Texts alone: a file or JSON in their place is nothing typed. What no page can show is replaced by a mark, so that the
    form can be shown again and the field refuses it.
    """
    if request.method not in UNSAFE or not request.form:
        return None
    return MultiDict([(name, _UNSEEN.sub(_LOST, value)) for name, value in request.form.items(multi=True)])


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """Parent of every form of ours."""

    def __init__(self, formdata: Any = _AS_SENT, **options: Any) -> None:
        super().__init__(formdata=typed() if formdata is _AS_SENT else formdata, **options)

    def add_rule_error(self, error: RuleError) -> None:
        """Show a rule's refusal at its field, or at the head of the form."""
        target = self._fields.get(error.field or "")
        if target is None:
            self.form_errors.append(error.message)
        else:
            target.errors = [*target.errors, error.message]


class EditForm(Form):
    """A form that changes something: it carries the version that was read."""

    version = HiddenField()

    @property
    def read_version(self) -> int:
        """Return the version the form was read at; 0, which is always stale, when it was tampered with."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class CreateForm(Form):
    """A form that makes something: it carries a once-only key, so that a double submit makes one row."""

    once = HiddenField(default=once.new_key)

    def claim(self, actor_key: str) -> None:
        """Use the key up; see `once.claim`."""
        once.claim(str(self.once.data or ""), actor_key)


def _strip(value: Any) -> Any:
    return value.strip().replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _none_if_blank(value: Any) -> Any:
    return value or None


def _limits(limit: int) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        text = field.data or ""
        if len(text) > limit:
            raise ValidationError(f"{field.label.text} must be {limit:,} characters or fewer. It has {len(text):,}.")
        if _LOST in text:
            raise ValidationError(
                f"{field.label.text} has a character that cannot be shown. Type it again without pasting."
            )

    return check


def _required(message: str) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        if not field.errors and not field.data:
            raise ValidationError(message)

    return check


def line(label: str, *, required: str | None = None, hint: str = "", limit: int = LINE, **render: Any) -> StringField:
    """Return a one-line text field; `required` is the message shown when it is empty. Its data is text, or None."""
    return StringField(
        label,
        description=hint,
        filters=[_strip, _none_if_blank],
        validators=[*([_required(required)] if required else []), _limits(limit)],
        render_kw=render or None,
    )


def text(
    label: str, *, required: str | None = None, hint: str = "", limit: int = LONG_TEXT, rows: int = 5
) -> TextAreaField:
    """Return a text field of several lines. Its data is text, or None."""
    return TextAreaField(
        label,
        description=hint,
        filters=[_strip, _none_if_blank],
        validators=[*([_required(required)] if required else []), _limits(limit)],
        render_kw={"rows": rows},
    )


class _Choice(SelectField):
    """A choice among values that the view passes in; anything else is refused with what to do."""

    def pre_validate(self, form: Any) -> None:
        """Refuse a value that is not among the choices."""
        if self.data in (None, ""):
            return
        if self.data not in [choice[0] for choice in self.iter_plain()]:
            raise ValidationError(f"Choose one of the answers listed for “{self.label.text}”.")

    def iter_plain(self) -> Iterable[tuple[str, str]]:
        """Return the choices as (value, label)."""
        choices: Any = self.choices or ()
        return cast(Iterable[tuple[str, str]], choices)

    def iter_choices(self) -> Any:
        """Return the choices for the widget, with whether each is the selected one."""
        for value, label in self.iter_plain():
            yield (value, label, value == self.data, {})

    def has_groups(self) -> bool:
        """No groups."""
        return False


class SelectOne(_Choice):
    """A drop-down list."""


class RadioOne(_Choice):
    """Radio buttons: people see the choices."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioField.option_widget


class CheckMany(SelectMultipleField):
    """Checkboxes: any number of the choices. Its data is a list of values."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """Refuse values that are not among the choices."""
        choices: Any = self.choices or ()
        known = {choice[0] for choice in choices}
        if any(value not in known for value in self.data or ()):
            raise ValidationError(f"Choose from the answers listed for “{self.label.text}”.")

    def iter_choices(self) -> Any:
        """Return the choices for the widget, with whether each is ticked."""
        choices: Any = self.choices or ()
        for value, label in choices:
            yield (value, label, value in (self.data or ()), {})

    def has_groups(self) -> bool:
        """No groups."""
        return False


def _coerce(value: Any) -> str | None:
    return None if value is None else str(value)


def _given(choices: Choices) -> Callable[..., Any]:
    # A callable, because WTForms would have lists of plain pairs be objects of its own.
    return lambda _form, _field: list(choices)


def select_one(label: str, choices: Choices = (), *, required: str | None = None, hint: str = "") -> SelectOne:
    """Return a drop-down list. Its data is the value chosen, or None."""
    return SelectOne(
        label,
        choices=_given(choices),
        coerce=_coerce,
        description=hint,
        filters=[_none_if_blank],
        validators=[_required(required)] if required else [],
        validate_choice=False,
    )


def radio_one(label: str, choices: Choices = (), *, required: str | None = None, hint: str = "") -> RadioOne:
    """Return radio buttons. The data is the value chosen, or None."""
    return RadioOne(
        label,
        choices=_given(choices),
        coerce=_coerce,
        description=hint,
        filters=[_none_if_blank],
        validators=[_required(required)] if required else [],
        validate_choice=False,
    )


def check_many(label: str, choices: Choices = (), *, required: str | None = None, hint: str = "") -> CheckMany:
    """Return checkboxes. The data is the list of values ticked."""
    return CheckMany(
        label,
        choices=_given(choices),
        coerce=str,
        description=hint,
        validators=[_required(required)] if required else [],
        validate_choice=False,
    )


def tick(label: str, *, required: str | None = None, hint: str = "") -> BooleanField:
    """Return one checkbox."""
    return BooleanField(label, description=hint, validators=[_required(required)] if required else [])


class WholeNumber(IntegerField):
    """A whole number between two limits; anything else says which numbers will do."""

    def __init__(
        self, label: str = "", least: int = 0, most: int = 1_000, required: str | None = None, **options: Any
    ) -> None:
        super().__init__(label, **options)
        self.least, self.most, self.required_message = least, most, required

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read ASCII digits alone, so that no exotic digit or huge number passes."""
        given = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not given:
            return
        if not re.fullmatch(r"-?[0-9]{1,9}", given):
            raise ValueError(f"{self.label.text} must be a whole number, like {self.least}.")
        self.data = int(given)

    def pre_validate(self, form: Any) -> None:
        """Check the limits."""
        if self.data is None:
            if self.required_message and not self.errors:
                raise ValidationError(self.required_message)
        elif not self.least <= self.data <= self.most:
            raise ValidationError(f"{self.label.text} must be between {self.least} and {self.most}.")


class DatePartsField(Field):
    """A date asked for as day, month and year. Its data is a date, or None; `raw_parts` keeps what was typed."""

    widget = TextInput()

    def __init__(self, label: str = "", required: str | None = None, past: bool = False, **options: Any) -> None:
        super().__init__(label, **options)
        self.required_message, self.past = required, past
        self.raw_parts = {"day": "", "month": "", "year": ""}

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the three parts from the form, or show a date given."""
        self.process_errors = []
        given = data if isinstance(data, date) else self.default() if callable(self.default) else self.default
        self.data = self.object_data = given
        if isinstance(given, date):
            self.raw_parts = {"day": str(given.day), "month": str(given.month), "year": str(given.year)}
        if formdata is not None and any(f"{self.name}-{part}" in formdata for part in self.raw_parts):
            self.raw_parts = {part: str(formdata.get(f"{self.name}-{part}", "")) for part in self.raw_parts}
            self.data = None
            self._read()

    def _wrong(self, message: str) -> None:
        self.process_errors = [*self.process_errors, message]

    def _read(self) -> None:
        typed = {part: value.strip() for part, value in self.raw_parts.items()}
        if not any(typed.values()):
            return
        missing = [part for part, value in typed.items() if not value]
        name = self.label.text
        if missing:
            self._wrong(f"{name} must include a {' and a '.join(missing)}.")
            return
        if not all(re.fullmatch(r"[0-9]{1,4}", value) for value in typed.values()):
            self._wrong(f"{name} must be a real date, like 27 3 2026.")
            return
        try:
            self.data = date(int(typed["year"]), int(typed["month"]), int(typed["day"]))
        except ValueError:
            self._wrong(f"{name} must be a real date, like 27 3 2026.")
            return
        if not 1900 <= self.data.year <= 2200:
            self.data = None
            self._wrong(f"{name} must have a year between 1900 and 2200.")

    def pre_validate(self, form: Any) -> None:
        """Check that it is there and, where asked, not in the future."""
        if self.process_errors:
            return
        if self.data is None and self.required_message:
            raise ValidationError(self.required_message)
        if self.past and self.data is not None and self.data > clock.today():
            raise ValidationError(f"{self.label.text} must be today or in the past.")


class ClockField(StringField):
    """A time of day on London's clocks, like 14:30 or 2:30pm. Its data is a time, or None."""

    def __init__(self, label: str = "", required: str | None = None, **options: Any) -> None:
        super().__init__(label, **options)
        self.required_message = required
        self.typed = ""
        self.data: Any = None

    def _value(self) -> str:
        return self.typed or (self.data.strftime("%H:%M") if isinstance(self.data, time) else "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the usual ways of writing a time."""
        self.typed = str(valuelist[0]) if valuelist else ""
        self.data = None
        plain = self.typed.strip().lower().replace(".", ":").replace(" ", "")
        if not plain:
            return
        found = re.fullmatch(r"([0-9]{1,2})(?::([0-9]{2}))?(am|pm)?", plain)
        if not found or (not found[2] and not found[3]):
            raise ValueError(f"{self.label.text} must be a time, like 14:30 or 2:30pm.")
        hour, minute = int(found[1]), int(found[2] or 0)
        if found[3]:
            if not 1 <= hour <= 12:
                raise ValueError(f"{self.label.text} must be a time, like 14:30 or 2:30pm.")
            hour = hour % 12 + (12 if found[3] == "pm" else 0)
        if hour > 23 or minute > 59:
            raise ValueError(f"{self.label.text} must be a time, like 14:30 or 2:30pm.")
        self.data = time(hour, minute)

    def pre_validate(self, form: Any) -> None:
        """Check that it is there."""
        if self.data is None and self.required_message and not self.errors:
            raise ValidationError(self.required_message)


def instant_of(day: date | None, clock_time: time | None) -> datetime | None:
    """Return the UTC instant of a London day and time, or None when either is missing."""
    return clock.at_london(day, clock_time) if day and clock_time else None
