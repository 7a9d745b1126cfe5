"""FedOpt against FDA-OPT over servers, heterogeneities and seeds: what is run, how it is measured, how it is shown."""
