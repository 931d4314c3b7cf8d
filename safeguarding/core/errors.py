"""What a command or a read may answer instead of a result. Pages and commands translate these, nobody else."""


class SafeguardingError(Exception):
    """Parent of every expected error."""


class NotFoundError(SafeguardingError):
    """Absent or hidden: the two cannot be told apart."""


class ForbiddenError(SafeguardingError):
    """The actor may see the object, but not do this; `reason` is fit to be shown to the actor."""

    def __init__(self, reason: str = "You do not have permission to do this.") -> None:
        super().__init__(reason)
        self.reason = reason


class AgreementLapsedError(ForbiddenError):
    """What was asked for comes by an agency whose information-sharing agreement is not in force."""


class RuleError(SafeguardingError):
    """A rule of the field refuses the command; `message` says what to do, `field` names the form field, if any."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class StaleError(SafeguardingError):
    """The object changed after the form was read."""


class UnavailableError(SafeguardingError):
    """Something that must be there (the audit, the database) is not: answer 503 and send nothing."""
