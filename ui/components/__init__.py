"""Browser components, each a folder with its JavaScript."""
