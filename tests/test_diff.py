"""A word diff gives back both texts."""

from hypothesis import given
from hypothesis import strategies as st

from vibejam.diff import word_diff

TEXT = st.text(alphabet="ab c'\n.,’é", max_size=40)


@given(TEXT, TEXT)
def test_each_side_can_be_put_together_again(draft, rewrite):
    changes = word_diff(draft, rewrite)
    assert "".join(text for kind, text in changes if kind != "rewrite") == draft
    assert "".join(text for kind, text in changes if kind != "draft") == rewrite


def test_a_changed_word_is_one_change_and_contractions_are_whole():
    changes = word_diff("I do not mind the rain.", "I don't mind the rain.")
    assert [c.kind for c in changes] == ["same", "draft", "rewrite", "same"]
    assert changes[2].text == "don't"
