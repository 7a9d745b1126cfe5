"""Paper for slides: 16:9, titles that are titles, text that fits its box, fonts for Latin and Japanese letters."""

import math
from collections.abc import Sequence
from unicodedata import east_asian_width

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.text.text import Font, TextFrame
from pptx.util import Inches, Pt

from ui.takeaway.origin import bold_parts
from ui.text.viewer import viewing

WIDTH, HEIGHT, MARGIN = 13.333, 7.5, 0.6  # inches
FULL = WIDTH - 2 * MARGIN
TOP, FOOT = 1.35, 6.62  # where a slide's own part begins, and its foot
TITLE_ONLY = 5  # of the layouts that python-pptx brings
INK, FAINT, ACCENT = (RGBColor.from_string(name) for name in ("222222", "595959", "00795A"))
LATIN, EAST_ASIAN = "Arial", "Yu Gothic"
TAGS = {"ja": "ja-JP", "en": "en-US"}
TITLES, SIZES = (26, 22, 18), (18, 16, 14, 12)  # points
LINE = 1.25  # of a font's size
WIDE, NARROW = 1.0, 0.5  # of a font's size: a letter of Japanese, one of English


def paper(title: str) -> Deck:
    """An empty deck. The layouts that come with python-pptx are 4:3: they are stretched."""
    deck = Presentation()
    stretch = Inches(WIDTH) / deck.slide_width
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    for page in (deck.slide_master, *deck.slide_layouts):
        for shape in page.placeholders:
            shape.left, shape.top = round(shape.left * stretch), shape.top
            shape.width, shape.height = round(shape.width * stretch), shape.height
    about = deck.core_properties
    about.title, about.author, about.last_modified_by = title, "FDA-OPT Lab", "FDA-OPT Lab"
    about.language = TAGS.get(viewing().language, viewing().language)
    return deck


def slide(deck: Deck, title: str, foot: Sequence[str]) -> Slide:
    """A slide with its title, a line below it, and the foot that says what its figures are."""
    page = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    head = page.shapes.title
    head.left, head.top, head.width, head.height = (Inches(n) for n in (MARGIN, 0.2, FULL, 0.88))
    write(head.text_frame, [title], fitting([title], TITLES, FULL, TITLES[0] * LINE / 72), bold=True)
    head.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    rule = page.shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(MARGIN), Inches(1.13), Inches(FULL), Inches(0.03))
    rule.fill.solid()
    rule.fill.fore_color.rgb = ACCENT
    rule.line.fill.background()
    rule.shadow.inherit = False
    say(page, foot, (MARGIN, FOOT, FULL, HEIGHT - FOOT - 0.15), sizes=(12, 11, 10), colour=FAINT)
    return page


def say(
    page: Slide, paragraphs: Sequence[str], box: tuple[float, float, float, float], *,
    sizes: Sequence[int] = SIZES, colour: RGBColor = INK, gap: float = 0.0,
) -> float:  # fmt: skip
    """Writes into a box (left, top, width, height, in inches) in the largest of the sizes that fits.

    gap: between paragraphs, in lines. Returns how high the text stands, in inches, as far as that can be known here;
    its shape is no higher, so that it does not lie over what follows.
    """
    left, top, width, height = box
    size = fitting(paragraphs, sizes, width, height, gap)
    high = tall(paragraphs, size, width, gap)
    place = page.shapes.add_textbox(*(Inches(number) for number in (left, top, width, high)))
    write(place.text_frame, paragraphs, size, colour=colour, gap=gap)
    return high


def write(
    frame: TextFrame, paragraphs: Sequence[str], size: float, *, bold: bool = False, colour: RGBColor = INK,
    gap: float = 0.0,
) -> None:  # fmt: skip
    """Paragraphs with the catalogue's bold parts, without inner margins, so that edges meet those of charts."""
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for i, words in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.space_after = Pt(size * LINE * gap)
        for part, strong in bold_parts(words):
            run = paragraph.add_run()
            run.text = part
            dress(run.font, size, bold or strong, colour)


def dress(font: Font, size: float, bold: bool = False, colour: RGBColor = INK) -> None:
    """Size, colour and typefaces; without one for East Asian letters a computer takes what it finds, often Chinese."""
    font.size, font.bold, font.name = Pt(size), bold, LATIN
    font.color.rgb = colour
    letters = font._element
    letters.set("lang", TAGS.get(viewing().language, viewing().language))
    latin = letters.find("{*}latin")
    other = latin.makeelement(latin.tag.replace("latin", "ea"), {"typeface": EAST_ASIAN})
    latin.addnext(other)


def fitting(paragraphs: Sequence[str], sizes: Sequence[int], width: float, height: float, gap: float = 0.0) -> int:
    """The first of the sizes in which the paragraphs have room, the last if there is none."""
    return next((size for size in sizes if tall(paragraphs, size, width, gap) <= height), sizes[-1])


def tall(paragraphs: Sequence[str], size: float, width: float, gap: float = 0.0) -> float:
    """The height of paragraphs in inches, about."""
    count = sum(lines(words, size, width) for words in paragraphs) + gap * max(0, len(paragraphs) - 1)
    return count * size * LINE / 72


def lines(words: str, size: float, width: float) -> int:
    """How many lines of `width` inches the words take, about."""
    return max(1, math.ceil(breadth(words.replace("**", ""), size) / width))


def breadth(words: str, size: float) -> float:
    """How wide the words are in one line, in inches, about."""
    return sum(WIDE if east_asian_width(letter) in "WF" else NARROW for letter in words) * size / 72
