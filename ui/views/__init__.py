"""One room a page; none imports another."""
