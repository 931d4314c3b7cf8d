"""The blueprint of forms that were not lost."""

from flask import Blueprint

blueprint = Blueprint("drafts", __name__)
