"""The app's own style rules, all of them; everything else is Streamlit's theme. Names in them are keys of widgets."""

import re
from collections.abc import Iterable

import streamlit as st

from ui.state.choice import selector
from ui.text.i18n import t

KEY = re.compile(r"[a-z][a-z0-9_-]{0,30}")
# Streamlit leaves a fifth of a 720-pixel projector picture empty above the page, and its header empty on the right.
PAGE = """
.stMainBlockContainer { padding-top: 3.6rem; padding-bottom: 2rem; }
/* The title takes as little from the picture as it can. */
.st-key-heading { margin-bottom: -0.6rem; }
.st-key-heading h3 { padding: 0; font-size: 1.5rem; text-wrap: balance; }
@media (min-width: 900px) {
  .st-key-chrome { position: fixed; top: 0.6rem; right: 1rem; width: auto; gap: 0; z-index: 999991; }
  [data-testid="stToolbar"] { padding-right: 4rem; }
}
/* Nine pages in one row of a projector, in either language, need the room of their icons. */
@media (max-width: 1600px) { [data-testid="stTopNavLink"] > :has([data-testid="stIconMaterial"]) { display: none; } }
/* On a phone a table scrolls within its frame, instead of standing its words on end. */
@media (max-width: 640px) {
  [data-testid="stTable"] { overflow-x: auto; }
  [data-testid="stTable"] table { min-width: 640px; }
  /* Buttons stay side by side, so that the chart is not pushed off the screen. */
  .st-key-steering [data-testid="stColumn"], .st-key-replay [data-testid="stColumn"] { min-width: 28%; flex: 1 1 28%; }
  .st-key-steering [data-testid="stColumn"]:last-child { min-width: 100%; }
  .st-key-steering [data-testid="stButton"] button { padding-inline: 0.3rem; } /* 「1 ラウンド」 is whole */
}
/* Beside the settings of a small screen neither buttons nor axes may be cut: they take what they need, or more rows. */
@media (min-width: 641px) and (max-width: 1240px) {
  .st-key-race_axes [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  :is(.st-key-race_axes, .st-key-steering) [data-testid="stColumn"]:not(:last-child) {
    flex: 0 0 auto; width: auto; min-width: fit-content;
  }
  :is(.st-key-race_axes, .st-key-steering) [data-testid="stColumn"]:last-child { flex: 1 1 6rem; min-width: 6rem; }
}
@media (max-width: 899px) { .st-key-chrome { margin-top: 0.7rem; } } /* below the bar of a phone */
/* Of a page that was left in a hurry Streamlit may keep the sidebar, empty, until something is drawn again. */
[data-testid="stSidebar"]:not(:has([data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] > *)) {
  display: none;
}
.st-key-habits { display: none; }
.st-key-cost { overflow: visible !important; } /* it wraps: with scroll bars it would have to be reached by Tab */
/* Streamlit's own colours here are too faint on their ground (WCAG 2.1, 1.4.3: 4.5 to 1). */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.78; }
[data-testid="stWidgetLabel"][disabled], [data-testid="stWidgetLabel"][disabled] [data-testid="stMarkdownContainer"] {
  color: inherit;
}
button[kind^="primary"]:enabled { color: light-dark(#ffffff, #0e1512) !important; }
/* A table's own buttons come up above it when the mouse does: there must be nothing else to press. */
[data-testid="stElementContainer"]:has(.stDataFrame) { margin-top: 28px; }
.st-key-evidence_table td strong { white-space: nowrap; } /* a verdict is one word */
/* Questions and answers of the quiz are text to be read from the last row. */
.st-key-quiz [data-testid="stMarkdownContainer"] p { font-size: 1rem; }
a[href^="#term-"] { color: inherit !important; text-decoration: underline dotted 1.5px; text-underline-offset: 3px; }
.fda-glossary > button {
  font: inherit; font-weight: 600; width: 2.5rem; height: 2.5rem; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: 50%;
}
.fda-glossary dialog {
  width: min(46rem, 92vw); max-height: 82vh; padding: 0; color: var(--st-text-color); font-family: var(--st-font);
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: .75rem;
}
.fda-glossary dialog::backdrop { background: rgba(0, 0, 0, .4); }
.fda-glossary header {
  position: sticky; top: 0; display: flex; justify-content: space-between; align-items: center;
  padding: .75rem 1.25rem; background: var(--st-background-color); border-bottom: 1px solid var(--st-border-color);
}
.fda-glossary header h2 { font-size: 1.25rem; margin: 0; padding: 0; }
.fda-glossary header button {
  font: inherit; font-size: 1.5rem; line-height: 1; cursor: pointer; color: inherit; background: none; border: 0;
}
.fda-glossary dl { margin: 0; padding: .5rem 1.25rem 1.25rem; font-size: 1rem; line-height: 1.5; }
.fda-glossary dl > div { padding: .5rem .75rem; border-left: 4px solid transparent; }
.fda-glossary dl > div[data-asked] {
  border-left-color: var(--st-primary-color); background: var(--st-secondary-background-color);
}
.fda-glossary dt { font-weight: 600; }
.fda-glossary dd { margin: 0; }
.fda-theta { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; align-items: center; }
.fda-theta input { accent-color: var(--st-primary-color); width: 100%; }
.fda-theta output { grid-column: 1 / -1; }
.fda-glossary summary { cursor: pointer; font-size: .875rem; }
.fda-glossary details p { margin: .25rem 0 0; font-family: var(--st-code-font); font-size: .875rem; }
"""
# Streamlit lets Markdown break within words (`word-break: break-word`): what it would inherit is too weak.
PHRASES = """
html, html :is(p, li, dt, dd, td, th, label, button, summary, h1, h2, h3) {
  line-break: strict; word-break: auto-phrase !important; overflow-wrap: break-word;
}
"""
# What Streamlit says only in English: "Upload", "20MB per file", "Skip to main content", "3 more" in the row of pages.
BUTTON_OF_FILES = '[data-testid="stFileUploaderDropzone"] button [data-testid="stMarkdownContainer"] p'
LIMIT_OF_FILES = '[data-testid="stFileUploaderDropzoneInstructions"] span'
SKIP = '[data-testid="stSkipToContent"]'
MORE_PAGES = '[data-testid="stTopNavSection"] p'  # "3 more"


def dress() -> None:
    """Once a page, before anything else."""
    st.html(f"<style>{PAGE}</style>")


def language(code: str) -> None:
    """Japanese breaks its lines between phrases, not within words, and has our words where Streamlit has English."""
    if code == "ja":
        most = t("own.most", mb=st.get_option("server.maxUploadSize"))
        ours = {
            BUTTON_OF_FILES: t("own.upload"),
            LIMIT_OF_FILES: most,
            SKIP: t("chrome.skip"),
            MORE_PAGES: t("chrome.more"),
        }
        words = "".join(
            f"{place} {{ font-size: 0; }} {place}::after {{ font-size: .875rem; content: '{text}'; }}"
            for place, text in ours.items()
        )
        st.html(f"<style>{PHRASES} {words}</style>")


def hide(keys: Iterable[str]) -> None:
    """Elements with these keys are not shown."""
    rule(keys, "display: none")


def outline(keys: Iterable[str]) -> None:
    """Elements with these keys are framed, to be found."""
    rule(keys, "outline: 3px solid #D55E00; outline-offset: 4px; border-radius: 8px")


def rule(keys: Iterable[str], words: str) -> None:
    """Keys that are no names of ours are left out: they may come from an address."""
    if names := [selector(key) for key in keys if KEY.fullmatch(key)]:
        st.html(f"<style>{', '.join(names)} {{ {words}; }}</style>")
