"""What two handlers of the app must not do to each other."""

from collections import Counter

import app


def test_no_two_handlers_of_one_event_ask_again_for_each_other_for_ever():
    """Gradio asks all handlers of an event again for the sake of one that is "always_last"."""
    last = [target for fn in app.build_app().fns.values() if fn.trigger_mode == "always_last" for target in fn.targets]
    times = Counter(target for target in last if target[1] not in ("then", "success", "failure"))
    assert times and max(times.values()) == 1, times.most_common(5)
