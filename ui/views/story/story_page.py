"""The Story page: why bytes are the bill, as the timeline of a recorded run, and three sentences of its numbers."""

import streamlit as st

from fda_core.runs.recorded import recorded
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError
from ui.frame.onward import to_production
from ui.settings_panel.handover import to_race
from ui.shared.moving_timeline import show
from ui.shared.replay_controls import label
from ui.shared.shown_run import DEFAULT
from ui.shared.story import Story, tell
from ui.shared.story_words import beyond, model, others, published, sentences, sketch
from ui.state.address import keep_address
from ui.takeaway.offers import film_button, slides_button
from ui.text.glossary import marked
from ui.text.i18n import t, together
from ui.text.problems import said


def page() -> None:
    """The timeline beside its sentences, then the messages; without a readable record a warning and the way on."""
    keep_address(None)
    try:
        story = tell(recorded(DEFAULT))
    except LabError as error:
        st.warning(t("story.missing", problem=said(error), name=DEFAULT))
        go(presets.build())
        about_messages(None)
        st.caption(beyond(None))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show(story)
        if words := others(story.run):
            st.markdown(marked(words))
    with right:
        with st.container(key="story_sentences"):
            for sentence in sentences(story):
                st.markdown(marked(sentence))
        go(story.run.config)
    about_messages(story)
    st.caption(together([t("source.recorded", label=label(story.run)), t("story.one_run"), published()]))
    with st.container(key="story_take", horizontal=True):
        film_button(story.run, small=True)
        slides_button(story.run, small=True)


def go(config: ExperimentConfig) -> None:
    """The way to the Race, with these settings, and to what one would do about it."""
    icon = ":material/sports_score:"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("story.run"), key="story_run", type="primary", icon=icon, help=t("story.run_help")):
            to_race(config)
        to_production()


def about_messages(story: Story | None) -> None:
    """What leaves a site, what never does, and what that does not mean."""
    with st.container(key="story_messages"):
        going, staying, beware = st.columns(3)
    if story:
        going.markdown(marked(t("story.leaves", mb=model(story), sketch=sketch(story))))
    staying.markdown(marked(t("story.stays")))
    beware.markdown(marked(t("story.beware")))
