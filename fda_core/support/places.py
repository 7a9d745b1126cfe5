"""Where the app's own files are: beside the core in a checkout, in the package `fda_opt_lab` where it is installed."""

from pathlib import Path

CORE = Path(__file__).parents[1]
INSTALLED = CORE.parent / "fda_opt_lab"
APP = INSTALLED if (INSTALLED / "app.py").is_file() else CORE.parent  # the folder of app.py, ui, pages and .streamlit
IN_CHECKOUT = APP != INSTALLED


def assets_list() -> str:
    """The list of carriers as a command line names it: from the checkout's own folder, or by its whole path."""
    name = "requirements-assets.txt"
    if IN_CHECKOUT:
        return name
    path = str(APP / name)
    return f'"{path}"' if " " in path else path
