"""The live service: `gunicorn wsgi:app`. The proxy fix is here and nowhere else."""

import os
import sys

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ConfigError, read_settings
from safeguarding import create_app
from safeguarding.cli.last_resort import said_by
from safeguarding.cli.stamp import StampError, check_keys, check_stamp
from safeguarding.web.logs import configure_logs

# The command line prepares databases that do not exist yet; its commands check the stamp themselves.
serving = os.environ.get("FLASK_RUN_FROM_CLI") != "true"
configure_logs()

try:
    settings = read_settings()
    app = create_app(settings)
    if serving:
        check_stamp(app, settings)
        check_keys(app)
except (ConfigError, StampError, OSError, SQLAlchemyError) as refusal:
    sys.stderr.write(f"The service does not start. {said_by(refusal)}\n")
    sys.exit(4 if serving else 2)  # with 4 gunicorn ends (`connections.Worker`); after another it would try for ever

if settings.proxy_hops:
    hops = settings.proxy_hops
    # The host is the request's own, which the proxy passes on: nothing here would stop a client's X-Forwarded-Host.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
