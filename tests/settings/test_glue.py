"""What a run on a task of GLUE takes unless told otherwise."""

import pytest

from fda_core.settings import presets
from fda_core.settings.config import GLUE
from fda_core.settings.glue import TASKS


def test_every_task_of_the_settings_is_known():
    assert set(TASKS) == set(GLUE)


@pytest.mark.parametrize("task", GLUE)
def test_a_task_brings_its_sizes_measure_and_target(task):
    config = presets.build({"dataset": f"glue/{task}"})
    assert config.train_examples == min(4000, TASKS[task].train)
    assert config.test_examples == min(1000, TASKS[task].test)
    assert config.target.metric == ("mcc" if task == "cola" else "accuracy")


def test_what_is_asked_for_wins():
    config = presets.build(
        {"dataset": "glue/cola", "train_examples": 8551, "target": {"metric": "accuracy", "value": 0.8}}
    )
    assert (config.train_examples, config.target.metric) == (8551, "accuracy")


def test_other_data_keep_the_preset_s_target():
    assert presets.build().target.value == 0.7
