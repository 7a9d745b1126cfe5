"""What is taken away of a run: slides with charts that can be edited, and the moving Story as one file."""
