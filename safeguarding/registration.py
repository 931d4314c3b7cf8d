"""What `create_app` registers, in the order of the house. The only module that knows every package."""

from datetime import timedelta
from functools import partial

from flask import Flask

from config import Mode, Settings
from safeguarding.accounts.admin_views import init_admin
from safeguarding.accounts.approval_views import init_approvals
from safeguarding.accounts.door_views import init_doors
from safeguarding.accounts.lapse_views import init_lapses
from safeguarding.accounts.member_views import init_members
from safeguarding.accounts.organisation_views import init_organisation
from safeguarding.accounts.setup import init_accounts
from safeguarding.accounts.tightening_views import init_tightening
from safeguarding.actions.relations import FACTS as actions_facts
from safeguarding.actions.relations import follow as follow_actions
from safeguarding.actions.views import init_actions
from safeguarding.agencies.views import init_agencies
from safeguarding.audit.service import init_audit
from safeguarding.audit.verify import anchor_file, seconds_since_anchor
from safeguarding.cases.relations import FACTS as cases_facts
from safeguarding.cases.relations import follow as follow_cases
from safeguarding.cases.views.registration import init_cases
from safeguarding.cli import commands
from safeguarding.contexts.views.registration import init_contexts
from safeguarding.core import lately, sealing
from safeguarding.core.answering import watch_server
from safeguarding.core.database import engine_options, prepare_sqlite
from safeguarding.core.durability import fault
from safeguarding.core.second_wall import guard_postgresql
from safeguarding.drafts.views import init_drafts
from safeguarding.extensions import csrf, db, migrate
from safeguarding.home.views import init_home
from safeguarding.notices.queries import count_failed, seconds_waited
from safeguarding.notices.views import init_notices
from safeguarding.nrm.views import init_nrm
from safeguarding.oversight.relations import FACTS as oversight_facts
from safeguarding.oversight.setup import init_oversight
from safeguarding.panels.relations import FACTS as panels_facts
from safeguarding.panels.relations import follow as follow_items
from safeguarding.panels.setup import init_panels
from safeguarding.people.relations import FACTS as people_facts
from safeguarding.people.views.registration import init_people
from safeguarding.referrals.relations import FACTS as referrals_facts
from safeguarding.referrals.relations import follow as follow_referrals
from safeguarding.referrals.setup import init_referrals
from safeguarding.relations.closing import register_followers
from safeguarding.relations.registry import register_facts
from safeguarding.reports.views import init_reports
from safeguarding.web.errors import init_errors
from safeguarding.web.filters import init_filters
from safeguarding.web.guard import init_guard
from safeguarding.web.headers import init_headers
from safeguarding.web.logs import init_logs
from safeguarding.web.metrics import init_metrics, watch
from safeguarding.web.printing import init_printing
from safeguarding.web.site import Service, init_site, register_readiness

THREADS = 16
LARGEST_BODY = 16 * 1024 * 1024


def configure(app: Flask, settings: Settings) -> None:
    """Turn the settings into Flask's configuration."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.extensions["settings"] = settings
    sealing.use(sealing.Ring(settings.sealed_keys))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, THREADS),
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=2_000,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        WTF_CSRF_TIME_LIMIT=int(timedelta(hours=12).total_seconds()),
        WTF_CSRF_SSL_STRICT=False,  # the referrer is checked by the browser's same-site rules and the token
        WTF_CSRF_CHECK_DEFAULT=True,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        TESTING=settings.mode is Mode.TEST,
    )


def register_edge(app: Flask, settings: Settings) -> None:
    """Register the extensions and the edge: headers, errors, guard, pages' surroundings."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(app.root_path) + "/migrations", render_as_batch=True, compare_type=True)
    with app.app_context():
        (prepare_sqlite if settings.is_sqlite else watch_server)(db.engine)
        if not settings.is_sqlite:
            guard_postgresql(db.engine)
    if settings.is_live and not settings.is_sqlite:
        register_readiness(app, lambda: fault(db.session.connection(), settings.synchronous_standby) is None)
    init_logs(app)
    init_metrics(app)
    init_headers(app, secure=settings.mode is not Mode.DEMONSTRATION)
    init_guard(app)
    csrf.init_app(app)
    init_errors(app)
    init_filters(app)
    init_printing(app)
    init_site(
        app,
        Service(
            name=settings.service_name,
            partnership=settings.partnership,
            brand_colour=settings.brand_colour,
            demonstration=settings.mode is Mode.DEMONSTRATION,
        ),
    )


def register_packages(app: Flask, secure: bool) -> None:
    """Register each package's pages, sections and navigation, from the foot of the house upwards."""
    settings: Settings = app.extensions["settings"]
    init_audit(app, settings.audit_key)
    init_agencies(app)
    init_notices(app)
    init_accounts(app, secure)
    init_doors(app)
    init_organisation(app)
    init_admin(app)
    init_approvals(app)
    init_lapses(app)
    init_members(app)
    init_tightening(app)
    init_drafts(app)
    init_actions(app)
    init_people(app)
    init_contexts(app)
    init_cases(app)
    init_nrm(app)
    init_referrals(app)
    init_panels(app)
    init_reports(app)
    init_oversight(app)
    init_home(app)
    register_relation_facts(app)
    register_watched(app, settings)


def register_watched(app: Flask, settings: Settings) -> None:
    """Register what has to be seen by whoever runs the service: each of these is quiet when it stands still."""
    for what, said in (
        ("worker", "since a worker last did all that was due"),
        ("backup", "since a backup was last made"),
    ):
        name = f"safeguarding_{what}_age_seconds"
        watch(app, name, f"Seconds {said}", partial(lately.seconds_since, settings.data, what))
    watch(
        app,
        "safeguarding_anchor_age_seconds",
        "Seconds since the head of the audit was last anchored",
        lambda: seconds_since_anchor(anchor_file(settings.data)),
    )
    watch(app, "safeguarding_mail_age_seconds", "Seconds that the oldest unsent mail has waited", seconds_waited)
    watch(app, "safeguarding_mail_failed", "Mails given up in the last 24 hours", count_failed)


def register_relation_facts(app: Flask) -> None:
    """Register who can say which relations there should be, for `flask relations check`."""
    register_facts(app, people_facts, actions_facts, cases_facts, referrals_facts, panels_facts, oversight_facts)
    register_followers(app, follow_cases, follow_referrals, follow_items, follow_actions)


def register_commands(app: Flask) -> None:
    """Register the project's commands with `flask`."""
    commands.register(app)
