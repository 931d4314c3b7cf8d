"""The one blueprint of the referrals; each module under `views` adds its routes to it."""

from flask import Blueprint

blueprint = Blueprint("referrals", __name__)
