"""Who somebody is to their organisation's own sign-in."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link
from safeguarding.core.labels import ACCOUNT, KEY, REFERENCE, col


class ExternalIdentity(Keyed, Base):
    """The subject of a provider that an account is bound to: one of each provider."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    user_id: Mapped[int] = link("user_account", nullable=False)
    issuer: Mapped[str] = col(REFERENCE, String(300), nullable=False)
    subject: Mapped[str] = col(ACCOUNT, String(255), nullable=False)
    bound_at: Mapped[datetime] = col(KEY, nullable=False)
