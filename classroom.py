"""`python classroom.py`: the app for a whole class, on the local network; only who knows the presenter PIN can act.

Set the PIN in the environment (FDA_OPT_LAB_PIN) or as `presenter_pin` in `.streamlit/secrets.toml`.
"""

import sys

from fda_core.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["classroom", *sys.argv[1:]]))
