"""`python -m fda_core`: the same experiment without a browser."""

from fda_core.cli import main

raise SystemExit(main())
