"""Names are found whatever their accents, capitals, hyphens and apostrophes."""

import pytest

from safeguarding.people.names import fold, sort_key_of, words_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Zoë O’Neill", ["zoe", "oneill"]),
        ("Anne-Marie", ["anne", "marie"]),
        ("Łukasz Ørsted", ["lukasz", "orsted"]),
        ("STRASSE Straße", ["strasse"]),
        ("İpek", ["ipek"]),
        ("D'Souza D’Souza", ["dsouza"]),
        ("王 小明", ["王", "小明"]),
        ("🎈 !!", []),
        ("", []),
    ],
)
def test_words_of_a_name(typed: str, words: list[str]) -> None:
    assert words_of(typed) == words


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert fold("Zo\u00eb") == fold("Zoe\u0308") == "zoe"


def test_the_family_name_comes_first_in_lists() -> None:
    assert sort_key_of("Zoë", "O'Neill") == "oneill zoe"
    assert len(sort_key_of("a" * 100, "ß" * 100)) <= 200
