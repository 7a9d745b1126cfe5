"""Every bad setting is refused in one sentence that names it and says what is allowed."""

import math
import re

import pytest
from pydantic import ValidationError

from fda_core.settings import presets
from fda_core.settings.assignments import from_words
from fda_core.settings.config import ExperimentConfig, LaneSpec, Link, Lora, Target, default_lanes
from fda_core.support.errors import ConfigError

JARGON = re.compile(r"type=|validation error|Input should|should be a valid|after validation|pydantic", re.IGNORECASE)

# words on a command line -> what the sentence must name, and what it must say is allowed
BAD = {
    "no clients": ("clients=0", "clients = 0", "from 1 to 1,000"),
    "fraction of a client": ("clients=2.5", "clients = 2.5", "whole number from 1 to 1,000"),
    "clients as text": ('clients="5"', "clients = '5'", "whole number"),
    "clients as a truth value": ("clients=true", "clients = True", "whole number"),
    "clients as a table": ("clients.x=3", "clients = {'x': 3}", "whole number"),
    "more clients than examples": ("clients=40 train_examples=39", "clients = 40", "at most 39"),
    "one more than the clients": ("clients_per_round=41", "clients_per_round = 41", "1 to 40"),
    "nobody in a round": ("clients_per_round=0", "clients_per_round = 0", "1 to 1,000"),
    "alpha zero": ("alpha=0", "alpha = 0", "above 0"),
    "alpha negative": ("alpha=-0.5", "alpha = -0.5", "above 0"),
    "alpha not a number": ("alpha=nan", "alpha = nan", "above 0"),
    "alpha infinite": ("alpha=inf", "alpha = inf", "to 1,000,000"),
    "alpha as a word": ("alpha=large", "alpha = 'large'", "a number above 0"),
    "alpha as a truth value": ("alpha=true", "alpha = True", "a number above 0"),
    "alpha as a list": ("alpha=[1.0]", "alpha = [1.0]", "a number above 0"),
    "learning rate zero": ("client_lr=0", "client_lr = 0", "above 0"),
    "learning rate not a number": ("client_lr=nan", "client_lr = nan", "above 0"),
    "learning rate infinite": ("client_lr=inf", "client_lr = inf", "above 0"),
    "server learning rate negative": ("server_lr=-1", "server_lr = -1", "above 0"),
    "seed negative": ("seed=-1", "seed = -1", "from 0"),
    "seed too large": ("seed=2147483648", "seed = 2147483648", "2,147,483,647"),
    "rounds none": ("rounds=none", "rounds = None", "from 1 to 10,000"),
    "batch of nothing": ("batch_size=0", "batch_size = 0", "from 1 to 512"),
    "texts of three tokens": ("max_tokens=3", "max_tokens = 3", "from 4 to 512"),
    "rounds after the target negative": ("after_target_rounds=-1", "after_target_rounds = -1", "from 0"),
    "unknown server optimiser": (
        "server_optimizer=lion",
        "server_optimizer = 'lion'",
        "'adamw', 'adagrad' or 'yogi'",
    ),
    "unknown client optimiser": ("client_optimizer=adam", "client_optimizer = 'adam'", "'sgd'"),
    "unknown dataset": ("dataset=mnist", "dataset = 'mnist'", "reviews, table, glue/sst2"),
    "a dataset that climbs": ("dataset=hub:../../etc", "dataset = 'hub:../../etc'", "hub:OWNER/NAME"),
    "unknown task of GLUE": ("dataset=glue/wnli", "dataset = 'glue/wnli'", "glue/mnli"),
    "a hub's dataset without columns": ("dataset=hub:a/b", "dataset = 'hub:a/b'", "table.text and table.label"),
    "a table without a file": ("dataset=table", "dataset = 'table'", "--data"),
    "a digest that is none": ("dataset=table table.sha256=abc", "table.sha256 = 'abc'", "64 hexadecimal digits"),
    "a table for the reviews": ("table.text=words", "dataset = 'reviews'", "leave it out"),
    "sites without a table": ("partition=column", "partition = 'column'", "dirichlet"),
    "unknown setting of a table": ("dataset=hub:a/b table.colour=red", "table.colour is not a setting", "text_pair"),
    "a path for a model": ("model=../gpt", "model = '../gpt'", "minilm-roberta, minilm-bert, an id on the hub"),
    "a path behind folder:": ("model=folder:/etc", "model = 'folder:/etc'", "folder:NAME for a folder that is offered"),
    "eight layers of six": ("trained_layers=8", "trained_layers = 8", "from 1 to 6"),
    "unknown thing to train": ("trained=everything", "trained = 'everything'", "'lora', 'head', 'last' or 'full'"),
    "unknown preset": ("preset=fast", "preset = 'fast'", "default"),
    "preset as a number": ("preset=5", "preset = 5", "default"),
    "unknown setting": ("client=4", "client is not a setting", "clients"),
    "unknown setting of a part": ("lora.ranks=4", "lora.ranks is not a setting", "rank, alpha, layers, targets"),
    "unknown metric": ("target.metric=f1", "target.metric = 'f1'", "'accuracy', 'test_loss' or 'mcc'"),
    "target not a number": ("target.value=nan", "target.value = nan", "from 0"),
    "target as a word": ("target=0.7", "target = 0.7", "target.NAME = VALUE"),
    "negative delay": ("link.rtt_ms=-1", "link.rtt_ms = -1", "from 0 to 60,000"),
    "no uplink": ("link.uplink_mbit=0", "link.uplink_mbit = 0", "from 0.001"),
    "negative spread": ("link.spread=-0.1", "link.spread = -0.1", "from 0 to 2"),
    "rank 0": ("lora.rank=0", "lora.rank = 0", "whole number from 1 to 64"),
    "seven layers of six": ("lora.layers=7", "lora.layers = 7", "from 1 to 6"),
    "unknown adapter target": ("lora.targets=['ffn']", "'ffn'", "'q_lin', 'k_lin', 'v_lin' or 'out_lin'"),
    "no adapter target": ("lora.targets=[]", "lora.targets = []", "at least 1"),
    "adapter target without brackets": ("lora.targets=q_lin", "lora.targets = 'q_lin'", "a list"),
    "not name=value": ("clients", "'clients'", "clients=20"),
    "name missing": ("=3", "'=3'", "clients=20"),
    "value and table of one name": ("clients=3 clients.x=4", "clients.x", "once"),
}

# the lanes of a TOML value -> what the sentence must name, and what it must say is allowed
BAD_LANES = {
    "no lane": ("[]", "lanes = []", "at least 1"),
    "not a list": ("3", "lanes = 3", "a list"),
    "unknown rule": (
        "[{id='a', rule='often', epochs=1}]",
        "rule = 'often'",
        "'decaying', 'centralised' or 'local-only'",
    ),
    "unknown monitor": ("[{id='a', rule='adaptive', max_epochs=2, monitor='x'}]", "monitor = 'x'", "'exact'"),
    "unknown server": ("[{id='a', rule='schedule', epochs=1, server='x'}]", "server = 'x'", "'adam'"),
    "E missing": ("[{id='a', rule='schedule'}]", "lane a with rule schedule", "needs epochs"),
    "E zero": ("[{id='a', rule='schedule', epochs=0}]", "epochs = 0", "from 1 to 100"),
    "M missing": ("[{id='a', rule='adaptive'}]", "lane a with rule adaptive", "needs max_epochs"),
    "M zero": ("[{id='a', rule='adaptive', max_epochs=0}]", "max_epochs = 0", "from 1 to 200"),
    "theta missing": ("[{id='a', rule='fixed', max_epochs=2}]", "lane a with rule fixed", "needs theta"),
    "theta negative": ("[{id='a', rule='fixed', max_epochs=2, theta=-1}]", "theta = -1", "from 0"),
    "theta not a number": ("[{id='a', rule='fixed', max_epochs=2, theta=nan}]", "theta = nan", "from 0"),
    "theta without use": ("[{id='a', rule='schedule', epochs=1, theta=1}]", "lane a", "takes no theta"),
    "id missing": ("[{rule='schedule', epochs=1}]", "id is missing", "give it"),
    "id with a space": ("[{id='a b', rule='schedule', epochs=1}]", "id = 'a b'", "lower-case letters"),
    "id as a number": ("[{id=7, rule='schedule', epochs=1}]", "id = 7", "lower-case letters"),
    "id twice": ("[{id='a', rule='schedule', epochs=1}, {id='a', rule='schedule', epochs=2}]", "a, a", "of its own"),
    "unknown setting": ("[{id='a', rule='schedule', epochs=1, colour='red'}]", "colour is not a setting", "max_epochs"),
}

CASES = [pytest.param(words.split(), *rest, id=id) for id, (words, *rest) in BAD.items()]
CASES += [pytest.param([f"lanes={value}"], *rest, id=f"lanes, {id}") for id, (value, *rest) in BAD_LANES.items()]


def refusal(words: list[str]) -> str:
    with pytest.raises(ConfigError) as caught:
        presets.build(from_words(words))
    return str(caught.value)


@pytest.mark.parametrize(("words", "named", "allowed"), CASES)
def test_a_bad_setting_is_named_with_what_is_allowed(words, named, allowed):
    sentence = refusal(words)
    assert named in sentence
    assert allowed in sentence


@pytest.mark.parametrize(("words", "named", "allowed"), CASES)
def test_a_refusal_is_one_plain_sentence(words, named, allowed):
    sentence = refusal(words)
    assert sentence.splitlines() == [sentence] and sentence.endswith(".")
    assert not JARGON.search(sentence)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["clients=" + "9" * 5000], id="a number of 5000 digits"),
        pytest.param(["clie\nnts=4"], id="a line break in the name"),
        pytest.param(["model=a\nb"], id="a line break in the value"),
        pytest.param(["clients=" + "[" * 5000], id="5000 brackets"),
    ],
)
def test_a_hostile_word_is_refused_in_one_line(words):
    assert len(refusal(words).splitlines()) == 1


def test_the_constructor_speaks_the_same_sentences():
    with pytest.raises(ConfigError, match=r"^clients = 0 is not allowed: choose a whole number from 1 to 1,000\.$"):
        ExperimentConfig(clients=0)


@pytest.mark.parametrize(
    "part", [ExperimentConfig(), default_lanes()[0], Lora(), Link(), Target()], ids=lambda part: type(part).__name__
)
def test_a_config_cannot_be_changed(part):
    name = next(iter(type(part).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, name, getattr(part, name))


@pytest.mark.parametrize(
    ("metric", "value", "met"),
    [
        pytest.param("accuracy", 0.71, True, id="accuracy above"),
        pytest.param("accuracy", 0.7, True, id="accuracy exactly"),
        pytest.param("accuracy", 0.69, False, id="accuracy below"),
        pytest.param("test_loss", 0.69, True, id="loss below"),
        pytest.param("test_loss", 0.7, True, id="loss exactly"),
        pytest.param("test_loss", 0.71, False, id="loss above"),
        pytest.param("test_loss", None, False, id="no loss"),
        pytest.param("test_loss", math.nan, False, id="loss not a number"),
        pytest.param("accuracy", math.nan, False, id="accuracy not a number"),
    ],
)
def test_a_target_is_met_on_its_good_side(metric, value, met):
    assert Target(metric=metric, value=0.7).met(value) is met


def test_all_clients_train_unless_a_number_is_given():
    assert ExperimentConfig(clients=7).cohort_size == 7
    assert ExperimentConfig(clients=7, clients_per_round=3).cohort_size == 3


@pytest.mark.parametrize(
    ("experiment", "lane", "expected"),
    [
        pytest.param({}, None, ("sgd", 1.0), id="plain averaging unless told otherwise"),
        pytest.param({"server_optimizer": "sgdm"}, None, ("sgdm", 0.3), id="an optimiser brings its rate"),
        pytest.param({"server_optimizer": "sgdm", "server_lr": 0.5}, None, ("sgdm", 0.5), id="unless one is given"),
        pytest.param({"server_lr": 0.5}, "adam", ("adam", 0.001), id="another optimiser, so its own rate"),
        pytest.param({"server_lr": 0.5}, "sgd", ("sgd", 0.5), id="the same optimiser, so the given rate"),
    ],
)
def test_a_lane_may_have_a_server_optimiser_of_its_own(experiment, lane, expected):
    spec = LaneSpec(id="a", rule="schedule", epochs=1, server=lane)
    assert ExperimentConfig(**experiment).server_of(spec) == expected


def test_the_default_lanes_pair_m_with_e():
    """M = 2E + 8 at E = 1, beside the equal-work control E = M/2."""
    one, control, ours = default_lanes()
    assert (one.epochs, control.epochs, ours.max_epochs) == (1, 5, 2 * one.epochs + 8)


@pytest.mark.parametrize("name", ["self", "5", "0.1", "values", "cls", "", "a" + ".a" * 5000, "link" + ".a" * 5000])
def test_a_name_that_is_no_setting_is_named_whatever_it_means_to_python(name):
    values = from_words([f"{name}=1"]) if name else {"": 1}
    with pytest.raises(ConfigError, match=r"is not a setting|is not allowed"):
        ExperimentConfig(**values)
