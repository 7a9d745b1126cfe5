"""Every visible word: catalogues, look-up, glossary, sentences made from numbers."""
