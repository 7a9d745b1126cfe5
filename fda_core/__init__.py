"""FDA-OPT and FedOpt on simulated clients: configuration, engine, events and run folders, without any view."""

__version__ = "1.0.0"
