"""The runner's fixtures, shared with other rooms."""

from tests.helpers.run_fixtures import fake, root, runner  # noqa: F401 - fixtures
