"""Cases of one test in two tiers."""

from collections.abc import Collection, Iterable

import pytest


def tiered(cases: Iterable, default: Collection, mark: str = "models") -> list:
    """The cases, for `parametrize` or `params`; those not in `default` only run where `mark` is asked for."""
    return [case if case in default else pytest.param(case, marks=getattr(pytest.mark, mark)) for case in cases]


def tiered_rows(cases: Iterable[tuple], default: Collection[tuple], mark: str = "models") -> list:
    """The same for cases with a value for each of several arguments."""
    return [case if case in default else pytest.param(*case, marks=getattr(pytest.mark, mark)) for case in cases]
