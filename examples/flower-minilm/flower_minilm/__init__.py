"""Federated fine-tuning of all-MiniLM-L6-v2 on film reviews: a Flower app."""
