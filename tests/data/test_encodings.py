"""Which bytes are Japanese, and which are not."""

import pytest

from fda_core.data.reading import read
from fda_core.data.sheet import TableError
from tests.helpers.tables import LABELS, found


def test_shift_jis_without_kana_is_read():
    rows = [(f"第{i}番店舗 対応{'満足' if i % 2 else '不満'}", "良" if i % 2 else "悪") for i in range(40)]
    data = "本文,評価\n".encode("cp932") + "".join(f"{text},{label}\n" for text, label in rows).encode("cp932")
    sheet = read(data, "x.csv")
    assert sheet.encoding == "Shift-JIS (CP932)"
    assert sheet.column("本文") == [text for text, _ in rows]


def test_shift_jis_of_one_sign_a_label_is_read():
    rows = [(f"an evening number {i}", "良" if i % 2 else "悪") for i in range(24)]
    data = "".join(f"{text},{label}\n" for text, label in [("text", "label"), *rows]).encode("cp932")
    assert (read(data, "x.csv").encoding, found(data, "x.csv")) == ("Shift-JIS (CP932)", rows)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "don’t"), ("latin-1", "crème très"), ("gb18030", "服务很好"), ("big5", "服務很好"),
        ("euc_jp", "対応満足"), ("euc_kr", "서비스"),
    ],
)  # fmt: skip
def test_other_encodings_are_not_taken_for_shift_jis(encoding, words):
    data = "text,label\n" + "".join(f"{words} {i},{LABELS[i % 2]}\n" for i in range(40))
    with pytest.raises(TableError, match="neither in UTF-8"):
        read(data.encode(encoding), "x.csv")


@pytest.mark.parametrize("texts", ["とても良いお店でした", "ﾃｽﾄ の注文"])
def test_iso_2022_jp_is_read(texts):
    rows = [(f"{texts}{i}番", "良い" if i % 2 else "悪い") for i in range(24)]
    data = "".join(f"{text},{label}\n" for text, label in [("text", "label"), *rows]).encode("iso2022_jp_ext")
    sheet = read(data, "x.csv")
    assert (sheet.encoding, found(data, "x.csv")) == ("ISO-2022-JP", rows)


PORTUGUESE = "".join(f"{'SIM' if i % 2 else 'NÃO'},o jantar número {i} ficou bom\n" for i in range(24)).encode()


@pytest.mark.parametrize("data", [
    PORTUGUESE.replace("número 3".encode(), b"n\xfamero 3"), PORTUGUESE + b"\xc3",
    "".join(f"le gâteau et le théâtre {i},{LABELS[i % 2]}\n" for i in range(24)).encode("cp850"),
    "".join(f"L'Étoile du nord numéro{i},{LABELS[i % 2]}\n" for i in range(24)).encode("mac_roman"),
], ids=["one byte of Latin-1", "cut within a letter", "DOS", "old Macintosh"])  # fmt: skip
def test_european_texts_do_not_become_kana(data):
    with pytest.raises(TableError, match="or it is damaged"):
        read(b"text,label\n" + data, "x.csv")
