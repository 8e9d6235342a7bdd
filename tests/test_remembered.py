"""What rewriting remembers of what it read: kept, forgotten at once, and gone with the model that it belongs to."""

import gc
import weakref

from runs import TOKENIZER, small

from vibejam.rewrite.bounds import Bounds
from vibejam.rewrite.remembered import forget_what_was_read, remembered


def test_an_answer_is_kept_until_all_is_forgotten():
    asked = []
    length = remembered(8)(lambda word: asked.append(word) or len(word))
    assert [length("gate"), length("gate")] == [4, 4] and asked == ["gate"]
    forget_what_was_read()
    assert length("gate") == 4 and asked == ["gate", "gate"]


def test_what_is_remembered_of_a_model_s_words_goes_with_the_model():
    bounds = Bounds(small(), TOKENIZER)
    bounds.outside("The gate was open all night.")
    gone = weakref.ref(bounds)
    del bounds
    gc.collect()
    assert gone() is None
