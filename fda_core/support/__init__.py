"""What every room may use: errors, whole files, waiting, callbacks, random streams, assets of packages."""
