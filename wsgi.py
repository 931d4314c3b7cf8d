"""The live service: `gunicorn wsgi:app`. The proxy fix is here and nowhere else."""

import os
import sys

from werkzeug.middleware.proxy_fix import ProxyFix

from config import ConfigError, read_settings
from safeguarding import create_app
from safeguarding.cli.stamp import StampError, check_stamp
from safeguarding.web.logs import configure_logs

# The command line prepares databases that do not exist yet; its commands check the stamp themselves.
serving = os.environ.get("FLASK_RUN_FROM_CLI") != "true"

try:
    settings = read_settings()
    app = create_app(settings)
    if serving:
        configure_logs()
        check_stamp(app, settings)
except (ConfigError, StampError) as refusal:
    sys.exit(f"The service does not start. {refusal}")

if settings.proxy_hops:
    hops = settings.proxy_hops
    # The host is the request's own, which the proxy passes on: nothing here would stop a client's X-Forwarded-Host.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
