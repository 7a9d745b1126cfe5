"""A button that is pressed twice before it has gone acts once."""

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from ui.state.press import drawn, once, press

    def act(what: str) -> None:
        """What a press does."""
        st.session_state.setdefault("done", []).append(what)

    first = once("start", act, "first")["args"]
    other = once("stop", act, "other")["args"]
    press(*first)
    press(*first)  # the second click of a double-click: the button of before was pressed
    press(*other)
    press(*once("start", act, "anew")["args"])
    st.session_state.count = drawn("start")


def test_the_second_click_of_a_double_click_begins_nothing_and_other_buttons_work():
    page = AppTest.from_function(script).run()
    assert not page.exception
    assert page.session_state.done == ["first", "other", "anew"] and page.session_state.count == 2
