"""From bytes that may be anything to text, or to the sentence that says what they are."""

import re

from fda_core.data.sheet import TableError
from fda_core.support.messages import Message

# What a file of another kind begins with.
OTHERS = {
    b"PK\x03\x04": Message("part.excel"), b"\xd0\xcf\x11\xe0": Message("part.old_excel"),
    b"\x1f\x8b": Message("part.gzip"), b"BZh": Message("part.bzip2"), b"%PDF": Message("part.pdf"),
    b"\x89PNG": Message("part.picture"),
}  # fmt: skip
ENCODINGS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"), (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"),
    (b"", "utf-8", "UTF-8"), (b"", "cp932", "Shift-JIS (CP932)"),
)  # fmt: skip
SEVEN_BITS = ((b"", "iso2022_jp_ext", "ISO-2022-JP"),)
KANA, OWN_USE, HALF_WIDTH = (re.compile(f"[{span}]") for span in ("\u3041-\u30fe", "\ue000-\uf8ff", "\uff61-\uff9f"))
WORDS = re.compile("[\u3041-\u30fe\u4e00-\u9fff\u3005]+")
CELL = re.compile('(?<=[,;\t\r\n"])[\u3041-\u30fe\u4e00-\u9fff\u3005](?=[,;\t\r\n"])')  # of a single sign
SWITCH = re.compile(rb"\x1b(\$[@B]|\(J)")  # to Japanese and back, in 7 bits: of ISO-2022-JP
LAST = re.compile("\x1a\\s*$")  # how DOS ends a text


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text, and the name of its encoding. CP932 is taken for one only where Japanese comes out of it."""
    if kind := next((kind for magic, kind in OTHERS.items() if data.startswith(magic)), None):
        raise TableError("data.other_kind", name=name, kind=kind)
    for mark, encoding, shown in SEVEN_BITS if SWITCH.search(data) and data.isascii() else ENCODINGS:
        if not data.startswith(mark):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise TableError("data.nul_bytes", name=name)
        if encoding != "cp932" or (japanese(text) and not damaged(data)):
            return LAST.sub("", text.lstrip("\ufeff")), shown
    raise TableError("data.encoding", name=name)


def japanese(text: str) -> bool:
    """Whether what CP932 makes of some bytes is Japanese: words of kana and kanji, or of kanji alone.

    Accented letters and typographic quotes of European files come out as single kana or kanji within Latin words, and
    Chinese and Korean encodings as half-width kana.
    """
    words = WORDS.findall(text)
    inside = sum(len(word) for word in words if len(word) > 1) + len(CELL.findall(text))
    if OWN_USE.search(text) or 2 * inside <= sum(map(len, words)):
        return False
    return bool(KANA.search(text)) or (not HALF_WIDTH.search(text) and first_level(words))


def damaged(data: bytes) -> bool:
    """Whether it is UTF-8 for the most part: a program has cut it, or mixed another encoding in."""
    text = data.decode("utf-8", "replace")
    others = len(text) - len(text.encode("ascii", "ignore"))
    return others > 10 * text.count("\ufffd")


def first_level(words: list[str]) -> bool:
    """Whether most kanji are of the first level of JIS X 0208, the common ones: accented letters make none of them."""
    kanji = "".join(words)
    return 2 * sum(b"\x88\x9f" <= char.encode("cp932") <= b"\x98\x72" for char in kanji) > len(kanji)
