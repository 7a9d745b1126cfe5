"""A time is read by the reader's clock, and says which clock that is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ui.text.moments import moment

TOKYO, BERLIN, ISTANBUL = map(ZoneInfo, ("Asia/Tokyo", "Europe/Berlin", "Europe/Istanbul"))


@pytest.mark.parametrize(
    ("written", "where", "read"),
    [
        ("2026-11-27T09:00:00+09:00", UTC, "2026-11-27 00:00 UTC"),
        ("2026-11-27T09:00:00+09:00", TOKYO, "2026-11-27 09:00 JST"),
        ("2026-11-27T23:30:00Z", TOKYO, "2026-11-28 08:30 JST"),
        ("2026-07-01T00:00:00", BERLIN, "2026-07-01 02:00 CEST"),  # without a zone: as records have it
        ("2026-11-27T00:00:00+00:00", BERLIN, "2026-11-27 01:00 CET"),
        ("2026-11-27T00:00:00Z", ISTANBUL, "2026-11-27 03:00 UTC+03"),  # a zone without a name of its own
        ("9999-12-31T23:59:00Z", TOKYO, "9999-12-31 23:59 UTC"),  # no such day there
    ],
)
def test_a_time_is_the_same_moment_on_the_reader_s_clock(written, where, read):
    assert moment(datetime.fromisoformat(written), where) == read


def test_without_a_browser_it_is_utc():
    assert moment(datetime.fromisoformat("2026-11-27T09:00:00+09:00")) == "2026-11-27 00:00 UTC"
