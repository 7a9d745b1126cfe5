"""Run folders, and the background runner that fills them."""
