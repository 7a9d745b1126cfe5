"""What several pages draw: charts, tables, the sentences and the timeline of a run, the run a page shows."""
