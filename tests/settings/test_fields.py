"""The table of settings: every field has its row, and a row repeats nothing that the configuration says."""

import pytest

from fda_core.settings import fields, presets
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.fields import SETTINGS
from fda_core.support.errors import ConfigError

NUMBERS = [row for row in SETTINGS if row.widget in ("number", "slider")]


def test_every_field_has_a_row_and_every_row_a_field():
    assert set(fields.top_names()) == set(ExperimentConfig.model_fields)
    assert len({row.field for row in SETTINGS}) == len(SETTINGS)
    assert all(row.declared for row in SETTINGS)


def test_no_two_widgets_have_one_key():
    keys = [row.key for row in SETTINGS if row.widget]
    assert len(set(keys)) == len(keys) and all(keys)


def test_what_a_forward_or_backward_pass_depends_on_is_measured_again():
    measured = set(ExperimentConfig.model_fields) - fields.not_measured()
    assert measured == {
        "model", "trained", "trained_layers", "dataset", "table", "max_tokens", "batch_size", "lora"
    }  # fmt: skip


@pytest.mark.parametrize("row", [row for row in NUMBERS if not row.of_lanes], ids=lambda row: row.field)
def test_the_ends_of_a_widget_are_values_the_configuration_takes(row):
    base = presets.build(
        {"train_examples": 100_000, "clients": 1000, "clients_per_round": 10, "model": "a/b"}
    ).to_dict()
    for value in row.range:
        *parents, last = row.field.split(".")
        changes = {parents[0]: base[parents[0]] | {last: value}} if parents else {last: value}
        free = {"clients_per_round": 1} if row.field == "clients" else {}
        assert row.value(ExperimentConfig(**base | free | changes)) == value


@pytest.mark.parametrize(
    "row", [row for row in NUMBERS if "." not in row.field and row.least is None], ids=lambda row: row.field
)
def test_below_the_least_the_configuration_takes_nothing(row):
    with pytest.raises(ConfigError):
        presets.build({row.field: row.range[0] - 1})


def test_options_are_a_registry_s_or_the_type_s():
    assert fields.row("weighting").options == ("equal", "examples")
    assert fields.row("targets").options == ("q_lin", "k_lin", "v_lin", "out_lin")
    assert fields.row("client_optimizer").options == ("sgd", "sgdm", "adamw")
    assert fields.row("clients").options == ()


def test_a_server_brings_its_rate():
    assert fields.follower(fields.row("server")) is fields.row("server_lr")
    assert fields.follower(fields.row("seed")) is None


def test_managers_are_not_asked_for_what_stands_in_these_places():
    assert fields.for_engineers() == ["threshold", "more"]
