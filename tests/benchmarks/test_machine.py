from benchmarks import machine


def test_every_fact_is_there():
    facts = machine.about("benchmarks.engine")
    assert facts["command"].startswith("python -m benchmarks.engine")
    assert all(facts.values())
    assert machine.lines(facts).count("\n") == len(facts)


def test_a_table_is_markdown():
    assert machine.table(["a", "b"], [["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |"
