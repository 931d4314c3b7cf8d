"""What counts as repeating what an agency told: a run of words, not a word that everybody uses."""

import pytest

from safeguarding.panels.copying import repeats

TOLD = "A source says that he holds a knife for Dean behind the shutters of the closed bakery on Ferry Lane."


@pytest.mark.parametrize(
    "text",
    [
        TOLD,
        TOLD.upper(),
        "Police think he holds a KNIFE for Dean, behind the shutters.",
        "he holds — a knife\nfor dean behind; the shutters",
        f"We were told: {TOLD} What now?",
    ],
)
def test_a_run_of_its_words_is_found_however_it_is_written(text: str) -> None:
    assert repeats(text, TOLD)


@pytest.mark.parametrize(
    "text",
    ["", "He was seen at the bakery on Ferry Lane.", "Dean", "A source says that they are safe.", "holds a knife"],
)
def test_what_anybody_might_say_is_not(text: str) -> None:
    assert not repeats(text, TOLD)


def test_an_answer_shorter_than_a_run_is_found_whole() -> None:
    assert repeats("They said: carries a blue knife, always.", "Carries a blue knife")
    assert not repeats("He carries a knife.", "Carries a blue knife")
    assert not repeats("anything", "no")


def test_what_the_agency_agreed_to_share_may_be_repeated() -> None:
    shared = "Police hold information that he may carry a weapon."
    source = f"{shared} {TOLD}"
    assert not repeats(shared, source, [shared])
    assert repeats(TOLD, source, [shared])
