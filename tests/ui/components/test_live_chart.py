"""The live chart without a browser: the library's copy and what is sent to the page."""

import json
import os
import re

import numpy as np
import plotly
import plotly.graph_objects as go
import pytest

from ui.components.live_chart import figure_json, plotly_js, publish

NAME = f"plotly-{plotly.__version__}.min.js"


@pytest.fixture
def figure():
    drawn = go.Figure(go.Scatter(x=np.arange(3.0), y=[1.0, float("nan"), 0.5], uid="fedopt-e1"))
    return drawn.update_layout(template="plotly_dark", width=300, height=200, xaxis_title="MB")


def test_publish_copies_the_library_under_its_version(tmp_path):
    assert publish(tmp_path / "static") == NAME
    copy = tmp_path / "static" / NAME
    assert copy.read_text(encoding="utf-8") == plotly.offline.get_plotlyjs()
    assert [path.name for path in copy.parent.iterdir()] == [NAME]  # no temporary file left


def test_publish_leaves_a_good_copy_alone(tmp_path):
    publish(tmp_path)
    os.utime(tmp_path / NAME, (1, 1))
    assert publish(tmp_path) == NAME
    assert (tmp_path / NAME).stat().st_mtime == 1


def test_publish_replaces_a_copy_of_another_size(tmp_path):
    (tmp_path / NAME).write_text("half a libr")
    publish(tmp_path)
    assert (tmp_path / NAME).stat().st_size > 1_000_000


def test_publish_removes_other_versions_only(tmp_path):
    for name in ("plotly-5.0.0.min.js", "logo.svg"):
        (tmp_path / name).touch()
    publish(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logo.svg", NAME]


def test_publish_says_what_to_do_if_it_cannot_write(tmp_path):
    (tmp_path / "static").touch()  # a file in the way fails for every user, root included
    with pytest.raises(OSError, match=r"chart library could not be copied .* Make the folder"):
        publish(tmp_path / "static")


def test_a_failed_copy_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(plotly_js.os, "replace", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        publish(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_losing_a_race_against_another_process_is_no_error(tmp_path, monkeypatch):
    replace = os.replace

    def replaced_by_somebody_else(temporary, target):
        replace(temporary, target)
        raise PermissionError(13, "in use")

    monkeypatch.setattr(plotly_js.os, "replace", replaced_by_somebody_else)
    assert publish(tmp_path) == NAME


def test_figure_is_tied_to_its_view(figure):
    assert json.loads(figure_json(figure, "run-42/bytes/loss"))["layout"]["uirevision"] == ("run-42/bytes/loss")


def test_figure_is_sent_without_template_and_size(figure):
    layout = json.loads(figure_json(figure, "v"))["layout"]
    assert layout == {"uirevision": "v", "xaxis": {"title": {"text": "MB"}}}


def test_figure_keeps_trace_identity_and_gaps(figure):
    trace = json.loads(figure_json(figure, "v"))["data"][0]
    assert trace["uid"] == "fedopt-e1"
    assert trace["y"] == [1.0, None, 0.5]  # JSON has no NaN; null is a gap in the line
    assert "bdata" in trace["x"]  # numpy travels as base64, which plotly.min.js reads


def test_what_identifies_a_trace_is_a_name_that_css_accepts_and_stays_its_own():
    """Plotly's clearing of a chart stops at another, and the page loses the pictures after it."""
    drawn = go.Figure([go.Scatter(y=[1], uid=uid) for uid in ("FedOpt E=1 0", "FedOpt E=1-0", "FedOpt E:1 0", "全 0")])
    uids = [trace["uid"] for trace in json.loads(figure_json(drawn, "v"))["data"]]
    assert len(set(uids)) == 4 and all(re.fullmatch(r"[\w-]+", uid, re.ASCII) for uid in uids)


def test_the_figure_itself_is_not_changed(figure):
    before = figure.to_json()
    figure_json(figure, "v")
    assert figure.to_json() == before
