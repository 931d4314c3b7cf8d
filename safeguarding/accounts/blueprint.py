"""The blueprint of sign-in and of a person's own account."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
