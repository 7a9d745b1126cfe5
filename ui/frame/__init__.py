"""What surrounds every page: its dress, heading, corner and way onward, and the tour that leads through all of them."""
