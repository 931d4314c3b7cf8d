"""Forms of sign-in."""

from wtforms import HiddenField, PasswordField

from safeguarding.web.forms import Form, line


class SignInForm(Form):
    """E-mail address and pass phrase. What is wrong is never said in more detail than that the pair is."""

    email = line(
        "Email address", required="Enter your email address.", limit=254, autocomplete="username", inputmode="email"
    )
    password = PasswordField("Pass phrase", render_kw={"autocomplete": "current-password"})
    next = HiddenField()
