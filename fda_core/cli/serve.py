"""`app` and `classroom`: the pages, served by Streamlit in a process of its own; the core itself imports no view."""

import argparse
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

from fda_core.cli.asked import Commands
from fda_core.support.errors import ConfigError
from fda_core.support.places import APP
from fda_core.support.presenter_pin import PIN, pin_from

PORT = 8501
SECRETS = tuple(folder / ".streamlit" / "secrets.toml" for folder in (APP, Path(), Path.home()))


def add(actions: Commands) -> None:
    """Makes the commands known."""
    app = actions.add_parser("app", help="open the app in a browser, for this machine alone")
    app.add_argument("--port", type=int, default=PORT)
    app.add_argument("--no-browser", action="store_true", help="only serve it")
    app.set_defaults(action=open_app)
    classroom = actions.add_parser("classroom", help="the app for all of the local network; needs a presenter PIN")
    classroom.add_argument("--port", type=int, default=PORT)
    classroom.add_argument("--address", default="0.0.0.0", help="the address to listen on (default: every network)")
    classroom.set_defaults(action=open_class)


def open_app(options: argparse.Namespace) -> int:
    """For this machine alone, until it is stopped."""
    words = ["--server.headless", "true"] if options.no_browser else []
    return streamlit(["--server.port", str(options.port), *words])


def open_class(options: argparse.Namespace) -> int:
    """Raises `ConfigError` for a PIN that is too short, or a secrets file that is no TOML."""
    pin = pin_from(secret)
    if not pin:
        print(
            f"A class needs a presenter PIN: set {PIN} in the environment, or presenter_pin in .streamlit/secrets.toml,"
            " and start again.",
            file=sys.stderr,
        )
        return 2
    seen = own_address() if options.address == "0.0.0.0" else options.address
    print(f"The class opens http://{seen}:{options.port}/race - stop with Ctrl-C.", flush=True)
    words = ["--server.headless", "true", "--server.address", options.address, "--server.port", str(options.port)]
    # Told its address, Streamlit need not ask the internet for one. A class comes by whatever name this machine has.
    words += ["--browser.serverAddress", seen, "--server.allowedHosts", "*"]
    # By the environment: a secrets file in a home folder is not where every Streamlit looks first.
    return streamlit(words, {PIN: pin})


def streamlit(words: list[str], environment: dict[str, str] | None = None) -> int:
    """Serves until it is stopped. Streamlit reads the theme and the closed doors from `.streamlit` beside app.py."""
    # -P: modules come from where the app is, and none from the folder in which the command was given.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(APP / "app.py"), *words]
    try:
        return subprocess.call(command, env=os.environ | (environment or {}))
    except KeyboardInterrupt:
        return 130


def secret() -> str | None:
    """`presenter_pin` of the first secrets file that has one. Raises `ConfigError` for a file that is no TOML."""
    for file in SECRETS:
        try:
            found = tomllib.loads(file.read_text(encoding="utf-8")).get("presenter_pin")
        except OSError:
            continue
        except tomllib.TOMLDecodeError as error:
            raise ConfigError("cli.secrets_not_toml", file=file, error=str(error)) from None
        if found:
            return found
    return None


def own_address() -> str:
    """This machine's address in the local network, as the system would choose it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
