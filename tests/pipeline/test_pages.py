"""Pages: their order, manuscripts that cannot be read, profiles, the normal form."""

import pytest

from gru_book.errors import BookError
from gru_book.pipeline.pages import all_pages, find_page, in_order, normal_form
from gru_book.pipeline.profiles import profile
from small_book import FIRST, write_page


def test_pages_that_read_each_other_are_refused(book):
    write_page(book, "01_first", FIRST, "[02_second]")
    with pytest.raises(BookError, match="in a circle: 02_second → 01_first → 02_second"):
        in_order(all_pages(book))


def test_manuscripts_that_cannot_be_read_are_named(book):
    page = find_page("01_first", book)
    page.manuscript.write_text(page.manuscript.read_text().replace("[parameters]", "[other]"))
    with pytest.raises(BookError, match="book/01_first.md has 0 cells tagged `parameters`"):
        page.parameters()
    page.manuscript.unlink()
    with pytest.raises(BookError, match="book/01_first.md is missing"):
        page.read_manuscript()


def test_profiles(book):
    page = find_page("01_first", book)
    assert profile("smoke", page) == {"number": 1}
    assert profile("smoke", find_page("02_second", book)) == {}
    own = book / "mine.yml"
    for text, said in (
        ("01_first: {nummer: 1}", "did you mean 'number'"),
        ("[1]", "is a list"),
        ("a: [", "is no YAML"),
    ):
        own.write_text(text)
        with pytest.raises(BookError, match=said):
            profile(str(own), page)
        own.rename(own := book / f"mine{len(text)}.yml")
    with pytest.raises(BookError, match="unknown profile 'smok'"):
        profile("smok", page)


def test_the_normal_form_keeps_the_text(book):
    page = find_page("01_first", book)
    text = page.manuscript.read_text()
    page.manuscript.write_text(text.replace(":tags: [parameters]\n", "---\ntags:\n- parameters\n---"))
    assert page.manuscript.read_text() != text
    assert normal_form(page) == text
