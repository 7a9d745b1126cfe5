"""What every room may use: errors and their sentences, whole files, waiting, callbacks, random streams, assets."""
