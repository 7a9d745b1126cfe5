"""What several pages draw: charts, tables, chrome, the tour, the run a page shows."""
