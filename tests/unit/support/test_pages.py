"""What every page of every test is held to is noticed when it is broken."""

import pytest

from tests.support.pages import check_page

GOOD = """<!DOCTYPE html><html lang="en"><head><title>Young people - Panels</title></head><body><main id="main-content">
<h1>Young people</h1><div class="govuk-error-summary"><ul><li><a href="#q">Enter a name.</a></li></ul></div>
<form method="post" action="/people"><input type="hidden" name="csrf_token" value="x">
<label for="q">Name</label><input id="q" name="q" aria-describedby="q-hint"><p id="q-hint">As it is said.</p></form>
<table><caption>Found</caption><tbody><tr><td>Nobody</td></tr></tbody></table></main></body></html>"""


def test_a_good_page_passes() -> None:
    assert check_page(GOOD) is not None


@pytest.mark.parametrize(
    ("found", "made", "says"),
    [
        ("</h1>", "</h1><h1>Again</h1>", "2 h1"),
        ("<title>Young", "<title>Old", "does not start with h1"),
        ('id="q-hint"', 'id="q"', "ids twice"),
        ('"q-hint">As', '"hint">As', "which is not there"),
        ('<label for="q">', '<label for="other">', "no label: q"),
        ('name="csrf_token"', 'name="token"', "no CSRF token"),
        ('href="#q"', 'href="#none"', "error summary leads nowhere"),
        ("<caption>Found</caption>", "", "a table without a caption"),
        ('<p id="q-hint">', '<p id="q-hint" style="color:red">', "inline style on p"),
        ('<p id="q-hint">', '<p id="q-hint" onclick="x()">', "inline handler on p"),
        ("</main>", "<style>p{}</style></main>", "inline style sheet"),
        ("</main>", "<script>x()</script></main>", "inline script"),
        ('action="/people"', 'action="//evil.example/people"', "form leads away"),
        ("</main>", "</section></main>", "not valid HTML"),
    ],
)
def test_a_broken_page_is_named(found: str, made: str, says: str) -> None:
    assert found in GOOD
    check_page(GOOD)  # so that its shape is known
    with pytest.raises(AssertionError, match=says):
        check_page(GOOD.replace(found, made, 1))
