"""The same numbers in this process, in Flower's simulation and on real processes; and what a killed node costs."""

import pytest

from tests.flower import certificates
from tests.flower.apps import ROOT, config_of, in_process, told, write_minilm, write_tiny
from tests.flower.federation import Federation

pytestmark = pytest.mark.server  # minutes
SMALL = {"num-server-rounds": 3, "examples": 48, "test-examples": 48, "max-tokens": 16, "min-nodes": 3}


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """As if it were installed for the processes that Flower starts."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def same(found: list[tuple], expected: list[tuple]) -> None:
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine[2:] == pytest.approx(theirs[2:], rel=1e-4)


def test_the_example_in_simulation_is_what_it_is_in_this_process(tmp_path):
    app = write_minilm(tmp_path / "minilm")
    expected = told(in_process(app, "flower_minilm", config_of(app, **SMALL), 3))
    assert expected[0][0] == 1 and max(each[0] for each in expected) > 1
    with Federation(tmp_path / "federation") as federation:
        federation.start(app, " ".join(f"{name}={value}" for name, value in SMALL.items()), nodes=3)
        log = federation.finished()
        assert federation.status() == "finished:completed", log[-3000:]
        same(federation.rounds(), expected)


def test_on_real_processes_too_and_a_killed_node_costs_its_share(tmp_path):
    app = write_tiny(tmp_path / "tiny-app")
    expected = told(in_process(app, "tiny", config_of(app), 3))
    with Federation(tmp_path / "federation", nodes=3) as federation:
        federation.start(app, "rounds=2", nodes=3)
        log = federation.finished()
        assert federation.status() == "finished:completed", log[-3000:]
        same(federation.rounds(), expected[:2])
        federation.start(app, "rounds=3 nodes=2", nodes=3)
        federation.until(lambda: len(federation.rounds()) == 3, "the second run's first round")
        federation.kill("node1")
        log = federation.finished()
        assert federation.status() == "finished:completed" and len(federation.rounds()) == 5, log[-3000:]
        assert "is out" in log


def test_a_node_that_joins_takes_part_and_two_that_die_do_not_end_the_run(tmp_path):
    app = write_tiny(tmp_path / "tiny-app")
    with Federation(tmp_path / "federation", nodes=2) as federation:
        federation.start(app, "rounds=5 nodes=2", nodes=2)
        federation.until(lambda: len(federation.rounds()) == 1, "the first round")
        federation.add_node(2)
        federation.until(lambda: "3 of 3 clients" in federation.log("run"), "a round with the one that joined")
        federation.kill("node2")
        federation.until(lambda: "2 of 3 clients" in federation.log("run"), "the round in which it died")
        federation.add_node(3)  # another, so that two are left when the next one dies
        federation.kill("node0")
        log = federation.finished()
        assert federation.status() == "finished:completed" and len(federation.rounds()) == 5, log[-3000:]


def test_encrypted_and_among_registered_nodes_alone(tmp_path):
    """Certificates of one's own; a node whose key nobody registered stays outside, and takes part in nothing."""
    certificates.write(tmp_path)
    keys = [certificates.write_node(tmp_path, f"node-{i}") for i in range(4)]
    app = write_tiny(tmp_path / "tiny-app")
    expected = told(in_process(app, "tiny", config_of(app), 3))
    files = {name: str(tmp_path / name) for name in ("ca.pem", "server.pem", "server.key")}
    server = (
        "--ssl-certfile", files["server.pem"], "--ssl-keyfile", files["server.key"], "--ssl-ca-certfile",
        files["ca.pem"], "--enable-supernode-auth",
    )  # fmt: skip
    federation = Federation(
        tmp_path / "federation", 3, server, ("--root-certificates", files["ca.pem"]),
        f'root-certificates="{files["ca.pem"]}"',
    )  # fmt: skip
    try:
        federation.start_server()
        for _, public in keys[:3]:
            assert "registered" in federation.flwr("supernode", "register", str(public), "here").lower()
        for number in (3, 0, 1, 2):  # the stranger first, as a client that there is in the app's eyes
            federation.add_node(number, "--auth-supernode-private-key", str(keys[number][0]))
        federation.start(app, "rounds=2", nodes=3)
        log = federation.finished()
        assert federation.status() == "finished:completed", log[-3000:]
        same(federation.rounds(), expected[:2])
        assert "3 of 3 clients" in log and "4 of" not in log
        assert "not registered" in federation.log("node3").lower() or federation.processes["node3"].poll() is not None
    finally:
        federation.close()
