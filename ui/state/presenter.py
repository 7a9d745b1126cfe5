"""Class mode: everybody looks, the presenter acts. On as soon as there is a PIN or the network can reach the server."""

import ipaddress
import logging
from collections.abc import Callable

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from fda_core.support.errors import ConfigError
from fda_core.support.presenter_pin import pin_from
from ui.state.press import once
from ui.state.sign_in import SignIn
from ui.text.i18n import t

log = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def sign_in() -> SignIn | None:
    """The one of this server; None where everybody may do everything."""
    try:
        pin = pin_from(secret)
    except ConfigError as error:
        log.error("%s", error)
        return SignIn(None)
    return SignIn(pin) if pin or not only_here(st.get_option("server.address")) else None


def secret() -> str | None:
    """The PIN of Streamlit's secrets; None where it is missing or there are no secrets at all."""
    try:
        return st.secrets.get("presenter_pin")
    except StreamlitSecretNotFoundError:
        return None


def only_here(address: str | None) -> bool:
    """Whether a server with this listening address can be reached from its own machine only."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def class_mode() -> bool:
    """Whether this server tells a presenter from viewers."""
    return sign_in() is not None


def may_act() -> bool:
    """Whether this viewer may start, stop and delete."""
    return not class_mode() or st.session_state.get("presenter", False)


def following() -> bool:
    """Whether this viewer's page shows whatever run is under way."""
    return not may_act() and st.session_state.get("follow", True)


def act(action: Callable, *arguments) -> None:
    """A button's callback. It asks again: a browser can be made to press what is greyed out."""
    if may_act():
        action(*arguments)


def sign_in_form() -> None:
    """At the end of the sidebar: the PIN, or the way back among the viewers."""
    if not class_mode():
        return
    if not may_act():
        st.toggle(t("class.follow"), value=True, key="follow", help=t("class.follow_help"), persist_state="session")
    with st.expander(t("class.on" if may_act() else "class.title"), icon=":material/co_present:"):
        if may_act():
            st.write(t("class.presenting"))
            st.button(t("class.leave"), on_click=leave)
            return
        if sign_in().secret is None:
            st.error(t("class.no_pin"))
            return
        with st.form("presenter_form", border=False, clear_on_submit=True):
            st.text_input(t("class.pin"), type="password", key="pin", max_chars=100, autocomplete="off")
            st.form_submit_button(t("class.enter"), **once("enter", verify))
        if answer := st.session_state.pop("sign_in_answer", None):
            st.warning(t(f"class.{answer}"))


def verify() -> None:
    """A callback: the PIN that was typed makes a presenter of this viewer, or leaves a sentence why not."""
    answer = sign_in().verify(st.session_state.pin, viewer_ip())
    st.session_state.presenter = answer == "accepted"
    st.session_state.sign_in_answer = None if answer == "accepted" else answer


def viewer_ip() -> str | None:
    """Where this viewer's connection comes from; None for the server's own machine."""
    return st.context.ip_address


def leave() -> None:
    """A callback: this presenter is a viewer again."""
    st.session_state.presenter = False
