"""The one blueprint of the panels; each module under `views` adds its routes to it."""

from flask import Blueprint

blueprint = Blueprint("panels", __name__)
