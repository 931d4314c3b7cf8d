"""Which pass phrases will do, and that their working out is bounded."""

import threading

import pytest

from safeguarding.accounts import passwords
from safeguarding.accounts.passwords import hash_phrase, is_outdated, refuse_weak, verify_phrase
from safeguarding.accounts.phrases import new_phrase
from safeguarding.cli.demo.partnership import PHRASE
from safeguarding.core.errors import RuleError

LOCAL = ["Panels and places", "Marlbridge Safeguarding Partnership", "Riverside Youth Trust", "Dana Hartwell"]
MIXED = "tulip saddle robin "


def will_do(phrase: str) -> bool:
    try:
        refuse_weak(phrase, LOCAL)
    except RuleError:
        return False
    return True


@pytest.mark.parametrize(
    ("phrase", "will"),
    [
        ("tulip saddle r", False),  # 14 characters
        ("tulip saddle ro", True),  # 15
        ((MIXED * 7)[:127] + "x", True),  # 128
        ((MIXED * 7)[:128] + "x", False),  # 129
        ("grüne Wiese tanzt leise", True),
        ("早安你好吗我很好谢谢你再见朋友们", True),
        ("🐙🦊🌵🎈🧀🚲🎻🍋🪁🧦🛶🎺🥨🧊🪴", True),
        ("tulip saddle \x00 robin", False),
        ("tulip saddle \ufffd robin", False),
        ("tulip saddle \ud800 robin", False),
        ("x" * 1_000_000, False),
    ],
)
def test_length_and_script(phrase: str, will: bool) -> None:
    assert will_do(phrase) is will


@pytest.mark.parametrize(
    "phrase",
    [
        PHRASE,  # the demonstration's is exempt by its seed alone
        PHRASE.upper(),
        "passwordpassword",
        "Pa55w0rd Pa55w0rd!",
        "correct horse battery staple",
        "Marlbridge2026!!!!",
        "M4rlbr1dge-panels-2026",
        "Riverside Youth Trust 1",
        "danahartwell2026",
        "Safeguarding Partnership",
        "qwertyuiopasdfghjkl",
        "123456789012345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabc",
        "mondaytuesdaywednesday",
    ],
)
def test_what_is_easy_to_guess_here_is_refused(phrase: str) -> None:
    with pytest.raises(RuleError, match="easy to guess here") as refused:
        refuse_weak(phrase, LOCAL)
    assert refused.value.field == "phrase"
    assert phrase not in refused.value.message


def test_phrases_that_the_service_makes_up_will_do() -> None:
    assert all(will_do(new_phrase()) for _ in range(200))


@pytest.mark.usefixtures("at_full_cost")
def test_a_phrase_is_the_same_however_its_letters_were_typed() -> None:
    stored = hash_phrase("Café am Fluß, später")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_phrase(stored, "Cafe\u0301 am Fluß, spa\u0308ter")
    assert not verify_phrase(stored, "Cafe am Fluß, später")
    assert not is_outdated(stored)


def test_nothing_is_cut_off() -> None:
    longest = ((MIXED * 7)[:127]) + "x"
    stored = hash_phrase(longest)
    assert verify_phrase(stored, longest)
    assert not verify_phrase(stored, longest[:-1] + "y")
    assert not verify_phrase(stored, longest + "x")


def test_what_is_too_long_is_never_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = hash_phrase("tulip saddle robin muffin")

    class Never:
        def verify(self, *_given: object) -> bool:
            raise AssertionError("it was worked out")

    monkeypatch.setattr(passwords, "_hasher", Never())
    assert not verify_phrase(stored, "x" * 129)
    assert not verify_phrase(None, "x" * 5_000_000)
    with pytest.raises(AssertionError, match="worked out"):
        verify_phrase(None, "x" * 128)


def test_no_more_than_two_are_worked_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Event()

    class Counting:
        def hash(self, _phrase: str) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running == passwords.AT_ONCE:
                    full.set()
            full.wait(5)
            with lock:
                running -= 1
            return ""

    monkeypatch.setattr(passwords, "_hasher", Counting())
    threads = [threading.Thread(target=hash_phrase, args=("tulip saddle robin",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == passwords.AT_ONCE == 2
