"""The model that pages compare a small one with: RoBERTa-base, all of it trained."""

from fda_core.models.payload import payload

ROBERTA = payload("roberta-base", "full")  # bytes a transfer
