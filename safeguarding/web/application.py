"""The application class: Flask's dispatch with the transaction's end inside it."""

from flask import Flask, Response, g

from safeguarding.core.database import set_writing
from safeguarding.core.second_wall import look, unlook
from safeguarding.web import transaction
from safeguarding.web.logs import log_request
from safeguarding.web.metrics import count_request
from safeguarding.web.templating import Templates


class Application(Flask):
    """Flask, with one commit at the edge: a failing commit is answered like any other error, and nothing is sent."""

    jinja_environment = Templates

    def full_dispatch_request(self, *args: object) -> Response:
        """Dispatch, end the transaction, and only then let the response go."""
        nobody = look(None)  # until the guard knows who asks; what the process did before is no part of it
        try:
            transaction.start_request(self)
            response = super().full_dispatch_request(*args)
            transaction.finish_request(response)
        except Exception as error:
            g.refused = True
            transaction.rollback(frozenset())  # what could not be recorded is not tried again
            g.pop("afterwards", None)
            set_writing(False)
            response = self.finalize_request(self.handle_user_exception(error))
            transaction.finish_request(response)
        finally:
            set_writing(False)
            unlook(nobody)
        log_request(response)
        count_request(response)
        return response
