"""The blueprint of the pages of people."""

from flask import Blueprint

blueprint = Blueprint("people", __name__, url_prefix="/people")
