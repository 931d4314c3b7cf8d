"""The blueprint of the pages of places."""

from flask import Blueprint

blueprint = Blueprint("contexts", __name__, url_prefix="/contexts")
