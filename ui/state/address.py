"""The address of a page: where a link becomes settings, and what was chosen becomes a link.

Whose a word is:

- `run`: the run that is looked at, on every page (`app.py` takes it, `shown_run` of ui/state/session.py reads it);
- `lang` and `depth`: how its reader reads (ui/state/viewing.py);
- `hide`: what a teacher's link leaves out (ui/frame/chrome.py); `term`: a term of the glossary to begin with
  (ui/frame/glossary_corner.py);
- the words in `PAGE_WORDS`: of single pages, which `adopt` them into their widgets and keep them by `keep_words`, or by
  `put` from within a fragment;
- every other word is a setting of an experiment, as fda_core/settings/assignments.py names it, on the pages
  `WITH_SETTINGS`: `from_address` reads them, `keep_address` writes them.

Every word is read once; one that means nothing where it stands is named to the viewer and left out. Back and Forward
bring an address as a link does. Nothing is written before the browser makes no history entry of it (`listen`).
"""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from fda_core.settings import presets
from fda_core.settings.assignments import from_query, to_query
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.fields import top_names
from fda_core.support.errors import LabError
from fda_core.support.messages import Message
from ui.text.i18n import plain, t

EVERYWHERE = {"run", "lang", "depth", "hide", "term"}
PAGE_WORDS = {
    "race": {"budget", "x", "y"},
    "inside": {"lane", "round"},
    "budget": {"sites", "up", "down", "rtt", "spread", "device", "price", "gb", "year", "rate", "payload", "against"},
    "lesson": {"plan"},
    "runs": {"runs", "search", "tag", "x", "y", "seeds"},
}
# Words of any page; they may still stand in the address when the viewer goes on to another. None of them is a setting.
OF_PAGES = frozenset().union(*PAGE_WORDS.values())
# These pages say themselves what is wrong with a setting.
WITH_SETTINGS = {"race", "heterogeneity"}
LONGEST, MOST = 40, 5  # characters of a word, and words, that are repeated to the viewer


def begin(page: str, strange: Mapping[str, str]) -> None:
    """Once a draw of the app, before anything else reads the address. strange: words that were refused already."""
    state = st.session_state
    state.refused = []
    for name, word in strange.items():
        refuse(name, word)
    if state.get("page") != page or moved():
        state.page, state.written, state.known_settings = page, {}, set()
    if run_id := brought("run"):
        state.run = run_id
    if page in WITH_SETTINGS:
        return
    known = top_names()
    for name, word in settings().items():
        if name.split(".")[0] not in known:
            refuse(name, word)


def moved() -> bool:
    """Whether this draw shows what Back or Forward led to: it is what the address says, whoever wrote that."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def listen() -> None:
    """A callback: from now on this browser makes no history entry of what is written; what was held back is written."""
    st.session_state.listening = True
    write(as_written())


def as_written() -> dict[str, str]:
    """The address as it is, or will be once the browser listens."""
    held = st.session_state.pop("held", None)
    return st.query_params.to_dict() if held is None else held


def write(wanted: dict[str, str]) -> None:
    """All words of the address."""
    if not st.session_state.get("listening"):
        st.session_state.held = wanted
    elif st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def refuse(name: str, word: str) -> None:
    """Keeps the word for `note`, both its sides cut to `LONGEST` characters: anybody can write a link."""
    st.session_state.setdefault("refused", []).append(f"{name[:LONGEST]} = {word[:LONGEST]}")


def note() -> None:
    """One sentence about everything that was refused in this draw."""
    if words := st.session_state.get("refused"):
        st.warning(t("chrome.refused", words=", ".join(plain(word) for word in words[:MOST])))


# Words of single pages.


def adopt(name: str, key: str, read: Callable[[str], object | None], default: object) -> None:
    """Puts what a link brought into the widget `key`; without it what is chosen stays, at first the default.

    read: the widget's value for a word, None for one that means nothing. Raises KeyError for a name that is in no
    page's words: the next draw would take it for a setting.
    """
    if name not in OF_PAGES:
        raise KeyError(name)
    word = brought(name)
    value = None if word is None else read(word)
    if word is not None and value is None:
        refuse(name, word)
    if value is not None:
        st.session_state[key] = value
    elif moved():  # what is not in an address is as usual
        st.session_state[key] = default
    else:
        st.session_state.setdefault(key, default)


def one_of(options: Iterable[str] | Mapping[str, object]) -> Callable[[str], str | None]:
    """Reads a word that has to be one of these."""
    return lambda word: word if word in options else None


def number(low: float, high: float, kind: type = float) -> Callable[[str], float | None]:
    """Reads a number from `low` to `high`."""

    def read(word: str) -> float | None:
        """The number; None for no number or one out of range."""
        try:
            value = float(word)
        except ValueError:
            return None
        return kind(value) if low <= value <= high else None

    return read


def brought(name: str) -> str | None:
    """The word, if a link brought it; None if it is not there or this page wrote it itself.

    All that was written since the page was opened counts: a browser may not have heard of the last word yet.
    """
    word = st.query_params.get(name)
    return None if word in written(name) else word


def written(name: str) -> set[str]:
    """Every word under this name that the page wrote since it was opened; the set itself, to add to."""
    return st.session_state.setdefault("written", {}).setdefault(name, set())


def put(name: str, word: str) -> None:
    """Writes one word, where the page is not drawn again for it; an empty one is left out."""
    others = {other: text for other, text in as_written().items() if other != name}
    if word:
        written(name).add(word)
    write(others | ({name: word} if word else {}))


# Settings of an experiment.


def settings() -> dict[str, str]:
    """The words that are nobody else's."""
    return {name: st.query_params[name] for name in st.query_params if name not in EVERYWHERE | OF_PAGES}


def linked() -> bool:
    """Whether a link brought settings that this page has neither read already nor written into the address itself.

    A browser goes on saying an address until it hears what is written there instead: seconds on a busy machine.
    """
    found = settings()
    return bool(found) and frozenset(found.items()) not in st.session_state.get("known_settings", ())


def from_address() -> tuple[ExperimentConfig, Message | None]:
    """The settings in the page's address, or the default ones and what was wrong with the address."""
    try:
        return presets.build(from_query(urlencode(list(settings().items())))), None
    except LabError as error:
        return presets.build(), Message(error.id, **error.values)  # without the frames an error holds on to


def keep_address(config: ExperimentConfig | None, **words: str) -> None:
    """Writes run, settings and a page's own words into the address, so that a refresh or a copied link finds them."""
    kept = {}
    if config is not None:
        kept = dict(parse_qsl(to_query(config, presets.build(preset=config.preset))))
        if not st.session_state.get("run") and len(kept) == 1 and config.preset == "default":
            kept = {}
    keep_words(**kept, **words)


def keep_words(**words: str) -> None:
    """Writes the run and a page's own words into the address; empty ones are left out, and so are other pages'."""
    known = as_written()
    wanted = {name: known[name] for name in EVERYWHERE - {"run"} if name in known}
    if run_id := st.session_state.get("run"):
        wanted["run"] = run_id
        written("run").add(run_id)
    mine = {name: word for name, word in words.items() if word}
    for name, word in mine.items():
        written(name).add(word)
    known = st.session_state.setdefault("known_settings", set())
    known |= {frozenset(of.items()) for of in (settings(), {name: mine[name] for name in mine.keys() - OF_PAGES})}
    write(wanted | mine)
