"""Run folders: written, read, listed, audited, exported, imported, deleted."""
