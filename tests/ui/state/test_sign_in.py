"""The presenter's PIN: who gets in, and how slow guessing is."""

import pytest

from ui.state.sign_in import MISTAKES, MISTAKES_OF_ALL, PERIOD, SignIn


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sign_in(clock):
    return SignIn("letmein", clock)


def test_the_pin_opens_and_nothing_else_does(sign_in):
    assert sign_in.verify("letmein", "10.0.0.1") == "accepted"
    for attempt, address in zip(("", "letmei", "letmein ", "LETMEIN"), "abcd", strict=True):
        assert sign_in.verify(attempt, address) == "wrong"


def test_without_a_pin_nothing_opens(clock):
    assert SignIn(None, clock).verify("", "a") == "wrong"


def test_an_address_that_guesses_has_to_wait_even_with_the_right_pin(sign_in, clock):
    for _ in range(MISTAKES):
        assert sign_in.verify("nonsense", "a") == "wrong"
    assert sign_in.verify("letmein", "a") == "later"
    assert sign_in.verify("letmein", "b") == "accepted"
    clock.now = PERIOD + 1
    assert sign_in.verify("letmein", "a") == "accepted"


def test_many_addresses_together_have_to_wait_but_not_the_server_s_own(sign_in):
    for i in range(MISTAKES_OF_ALL):
        sign_in.verify("nonsense", f"10.0.0.{i}")
    assert sign_in.verify("letmein", "10.0.1.1") == "later"
    assert sign_in.verify("letmein", None) == "accepted"


def test_waiting_attempts_do_not_prolong_the_wait(sign_in, clock):
    for _ in range(MISTAKES):
        sign_in.verify("nonsense", "a")
    clock.now = PERIOD - 1
    sign_in.verify("nonsense", "a")
    clock.now = PERIOD + 1
    assert sign_in.verify("letmein", "a") == "accepted"


def test_an_hour_of_guessing_tries_few_pins(sign_in, clock):
    tried = 0
    for clock.now in range(3600):
        tried += sum(sign_in.verify(f"{clock.now}-{i}", f"10.0.0.{i}") == "wrong" for i in range(30))
    assert tried <= MISTAKES_OF_ALL * (3600 / PERIOD + 1)


def test_a_huge_attempt_is_wrong_and_cheap(sign_in):
    assert sign_in.verify("x" * 10_000_000, "a") == "wrong"
