"""One message: how it is written, and how it leaves. It knows no table.

Every message has the same subject and the same few words, names nobody, and goes to one address.
"""

import logging
import os
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from config import Mail, Settings
from safeguarding.core import clock
from safeguarding.notices.service import Claim, Outcome

log = logging.getLogger("safeguarding.mail")
SUBJECT = "There is a message for you"
_SIGN_IN = """There is something for you in {service}.

Sign in to read it:
{url}

This message says no more, because a mailbox may be read by others.
"""
_ONE_TIME = """There is something for you in {service}.

Follow this link to go on. It works once, and for a short time:
{url}

If you did not expect this, leave the link alone and tell your administrator.
"""
_CLOSED = """You cannot sign in to {service} at present: your administrator has stopped your account.

If you think that this is a mistake, tell your administrator.

This message says no more, because a mailbox may be read by others.
"""
_NEVER = 500  # replies of a mail server from here on are final

Mailer = Callable[[EmailMessage], Outcome]


def write_message(settings: Settings, claim: Claim) -> EmailMessage:
    """Return the message of a claimed notice. A second attempt carries the same Message-ID, so that mail systems can tell."""
    host = urlsplit(settings.service_url).hostname or "localhost"
    words = _CLOSED if claim.closes else _ONE_TIME if claim.one_time else _SIGN_IN
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail.sender if settings.mail else f"no-reply@{host}"
    message["To"] = claim.email
    message["Subject"] = SUBJECT
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{claim.ref.lower()}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    text = words.format(service=settings.service_name, url=f"{settings.service_url}{claim.path}")
    # Plain where it can be, so that a link stays whole for whoever reads the message as it is.
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    return message


def mailer_of(settings: Settings) -> Mailer | None:
    """Return what sends mail: the server named in the settings, outside live mode a folder; None when there is neither."""
    mail = settings.mail
    if mail is not None:
        return lambda message: send_by_smtp(mail, message)
    if settings.is_live:
        return None
    return lambda message: write_to_folder(settings.data / "outbox", message)


def send_by_smtp(mail: Mail, message: EmailMessage) -> Outcome:
    """Hand the message to the mail server; anything but a final refusal of the recipient is tried again later."""
    try:
        with _connect(mail) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        final = all(code >= _NEVER for code in codes)
        log.warning("the mail server refused a recipient", extra={"status": codes[0]})
        return Outcome.REFUSED if final else Outcome.LATER
    except (OSError, smtplib.SMTPException) as error:
        log.warning("no mail can be sent", exc_info=error, extra={"status": getattr(error, "smtp_code", None)})
        return Outcome.LATER
    return Outcome.SENT


def _connect(mail: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout)
    try:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password)
    except BaseException:
        server.close()
        raise
    return server


def write_to_folder(folder: Path, message: EmailMessage) -> Outcome:
    """Write the message to a file of its own, for a demonstration without a mail server."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = str(message["Message-ID"]).strip("<>").partition("@")[0]
    handle = os.open(folder / f"{name}.eml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(message.as_bytes())
    return Outcome.SENT
