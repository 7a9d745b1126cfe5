"""`python classroom.py`: the app for a whole class, on the local network; only who knows the presenter PIN can act.

Set the PIN in the environment (FDA_OPT_LAB_PIN) or as `presenter_pin` in `.streamlit/secrets.toml`.
"""

import argparse
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

from fda_core.support.errors import ConfigError
from ui.state.sign_in import PIN, pin_from

FOLDER = Path(__file__).parent
SECRETS = (FOLDER / ".streamlit" / "secrets.toml", Path.home() / ".streamlit" / "secrets.toml")


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


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python classroom.py", description=__doc__)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default="0.0.0.0", help="the address to listen on (default: every network)")
    options = parser.parse_args(words)
    try:
        pin = pin_from(secret)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if not pin:
        print(
            f"A class needs a presenter PIN: set {PIN} in the environment, or presenter_pin in .streamlit/secrets.toml,"
            " and start again.",
            file=sys.stderr,
        )
        return 2
    seen = own_address() if options.address == "0.0.0.0" else options.address
    print(f"The class opens http://{seen}:{options.port}/race - stop with Ctrl-C.", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    where = ["--server.address", options.address, "--server.port", str(options.port)]
    # Told its address, Streamlit need not ask the internet for one. A class comes by whatever name this machine has.
    where += ["--browser.serverAddress", seen, "--server.allowedHosts", "*"]
    # By the environment: a secrets file in a home folder is not where every Streamlit looks first.
    return subprocess.call([*command, *where], cwd=FOLDER, env=os.environ | {PIN: pin})


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
