"""Where a class's PIN comes from, and which are refused."""

import pytest

from fda_core.support.errors import ConfigError
from fda_core.support.presenter_pin import LONGEST, PIN, SHORTEST, pin_from


def test_the_environment_comes_before_the_secrets():
    assert pin_from(lambda: "from-secrets", {PIN: "from-environment"}) == "from-environment"
    assert pin_from(lambda: "from-secrets", {}) == "from-secrets"
    assert pin_from(lambda: 123456, {}) == "123456"
    assert pin_from(lambda: None, {}) is None


@pytest.mark.parametrize("pin", ["1", "x" * (SHORTEST - 1), "x" * (LONGEST + 1)])
def test_a_pin_of_an_unfit_length_is_refused_without_being_shown(pin):
    with pytest.raises(ConfigError, match=f"has {len(pin)} characters") as refusal:
        pin_from(lambda: None, {PIN: pin})
    assert len(pin) == 1 or pin not in str(refusal.value)
