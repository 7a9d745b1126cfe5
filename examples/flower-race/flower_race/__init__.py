"""An experiment of the lab as a Flower app: the engine's model, data, clients and batches, in Flower's messages."""
