"""Ways to train the same weights: the plain one, and faster ones proven equal to it."""
