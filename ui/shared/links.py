"""Networks to choose from, on the Race page and on the Network budget page."""

# Name: Mbit/s up, Mbit/s down, round-trip time in ms.
LINKS = {
    "default": (20.0, 50.0, 80.0),
    "lan": (1000.0, 1000.0, 1.0),
    "4g": (10.0, 30.0, 50.0),
    "dsl": (1.0, 16.0, 40.0),
    "satellite": (3.0, 25.0, 600.0),
}
