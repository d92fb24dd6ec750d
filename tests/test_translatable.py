"""Everything that people read goes through gettext: no template and no block holds words of its own."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted(p for folder in ("referral_blocks", "themes", "cms") for p in (ROOT / folder).rglob("*.html"))
READ_OUT = {"alt", "title", "aria-label", "aria-description", "placeholder", "label"}
NAMES = {"SVG", "PNG", "Aa"}  # the same in every language
# What people read of a model, a block, a form or a column.
WORDS = {"label", "help_text", "description", "verbose_name", "verbose_name_plural", "empty_label", "page_description"}
MODULES = sorted(p for p in (ROOT / "referral_blocks").rglob("*.py") if not {"migrations", "apps.py"} & {*p.parts})


class Spoken(HTMLParser):
    """Collects texts, and attributes that are read out."""

    def __init__(self):
        super().__init__()
        self.found, self.silent = [], ""

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style") or ("translate", "no") in attrs:
            self.silent = tag
        self.found += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag):
        self.silent = "" if tag == self.silent else self.silent

    def handle_data(self, data):
        if not self.silent:
            self.found.append(data)


def raw_words(source):
    """The words of a template that stand outside of its tags, translated texts and comments."""
    kept, translated, comment = [], False, False
    for token in Lexer(source).tokenize():
        word = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        translated = (translated or word in ("blocktranslate", "blocktrans")) and not word.startswith("endblocktrans")
        comment = (comment or word == "comment") and word != "endcomment"
        if token.token_type == TokenType.TEXT and not translated and not comment:
            kept.append(token.contents)
    parser = Spoken()
    parser.feed("".join(kept))
    return [w for text in parser.found for w in re.findall(r"[^\W\d_]{2,}", text) if w not in NAMES]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('<p class="big">{% translate "Hello" %} {{ name }}</p>', []),
        ("{% blocktranslate %}Hello <b>you</b>{% endblocktranslate %}<p>there</p>", ["there"]),
        ('<img alt="A cat">{# no text #}<script>let x</script>{% comment %}old{% endcomment %}', ["cat"]),
        ('<code translate="no">Bearer</code>{% blocktrans %}Hello{% endblocktrans %}', []),
        ("<a href='/x'>More…</a> <button aria-label=\"{% translate 'Close' %}\">×</button>", ["More"]),
    ],
)
def test_the_search_finds_what_is_raw(source, words):
    assert raw_words(source) == words


def test_no_template_holds_words_of_its_own():
    found = {str(p.relative_to(ROOT)): raw_words(p.read_text()) for p in TEMPLATES}
    assert {path: words for path, words in found.items() if words} == {}
    assert len(found) > 80


def untranslated(tree):
    """(line, text) of words that are given as plain text."""
    for node in ast.walk(tree):
        named = [(k.arg, k.value) for k in node.keywords] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Assign):
            named = [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
        for name, value in named:
            text = value.value if isinstance(value, ast.Constant) else None
            if name in WORDS and isinstance(text, str) and re.search(r"[^\W\d_]{2,}", text):
                yield value.lineno, text


def test_no_module_of_the_plugin_labels_anything_in_plain_text():
    found = [(str(p.relative_to(ROOT)), *hit) for p in MODULES for hit in untranslated(ast.parse(p.read_text()))]
    assert found == []
