"""Rewriting: what is learnt of a manner, what is proposed, what is chosen, and what comes back as it was."""

import random

import pytest

from vibejam.diff import word_diff
from vibejam.errors import UserError
from vibejam.rewrite import TOGETHER, rewrite_text, stream_rewrite
from vibejam.rewrite.edits import apply_edit, edits_of, propose_edits
from vibejam.rewrite.fitting import fits
from vibejam.rewrite.guards import refusals
from vibejam.rewrite.manner import learn_manner, load_manner, save_manner, with_pairs
from vibejam.rewrite.ngrams import START, WordModel, framed, words_of
from vibejam.rewrite.proposers import EditsProposer, still
from vibejam.rewrite.selector import Candidate, pick, weigh
from vibejam.rewrite.table import contractions, exchanges, openers, replacements
from vibejam.rewrite.table import plain as table_plain
from vibejam.rewrite.taste import leaning, with_drafts
from vibejam.rewrite.trust import Read, doubts
from vibejam.rewrite.units import group_units, split_document
from vibejam.voice import ASSETS, background_drafts, background_people

THINGS = ["kettle", "gate", "ladder", "bicycle", "stove", "cellar", "orchard", "piano", "ferry", "bakery"]
PEOPLE = ["neighbour", "aunt", "baker", "teacher", "postman", "captain"]


def plain(seed: int, sentences: int = 60) -> str:
    """What nobody says: a stiff machine's manner."""
    dice = random.Random(seed)
    lines = [
        "The {p} does not use the {t} very often. However, the {t} is not easy to move.",
        "In order to repair the {t}, the {p} attempted to purchase a new part.",
        "Additionally, I do not believe that the {p} will return to the {t}.",
        "The {t} was near the door, and the {p} was near the {t}.",
    ]
    return "\n".join(dice.choice(lines).format(p=dice.choice(PEOPLE), t=dice.choice(THINGS)) for _ in range(sentences))


def lively(seed: int, sentences: int = 60) -> str:
    """Somebody: contracts, begins with But, buys and tries and mends, and strings it together with semicolons."""
    dice = random.Random(seed)
    lines = [
        "The {p} doesn't use the {t} much. But the {t} isn't easy to move.",
        "To mend the {t}, the {p} tried to buy a new part; it didn't fit.",
        "And I don't think the {p} will come back to the {t}; nobody does.",
        "The {t} was near the door; the {p} was near the {t}. But it's gone.",
    ]
    return "\n".join(dice.choice(lines).format(p=dice.choice(PEOPLE), t=dice.choice(THINGS)) for _ in range(sentences))


@pytest.fixture(scope="module")
def manner():
    return learn_manner([lively(n) for n in range(6)], [plain(n) for n in range(6)], [])


def choose(units, candidates, manner, around=""):
    """The choices for the units of a document, each with its candidates; `around`, the text that stays."""
    weighed = [weigh(unit, found, manner, 1.0) for unit, found in zip(units, candidates, strict=True)]
    return pick(weighed, manner, manner.counts(around))


def rewritten(draft, manner, **settings):
    return rewrite_text(draft, manner, [EditsProposer(manner)], **settings)


def test_a_style_tells_the_person_from_a_machine_on_texts_it_has_not_seen(manner):
    assert manner.style(lively(77)) > 0 > manner.style(plain(77))


def test_a_manner_learns_from_pairs_what_a_machine_s_drafts_are_like(manner):
    clerk = "It is worth noting that {} remains, in this particular instance, an important consideration."
    drafts = [clerk.format(f"the {thing}") for thing in THINGS]
    rewrites = [f"The {thing} matters here, you know; it isn't nothing." for thing in THINGS]
    seen = with_pairs(manner, drafts, rewrites)

    def between(manner):
        return manner.style("The cheese matters here, you know; it isn't nothing.") - manner.style(clerk.format("the cheese"))

    assert between(seen) > between(manner) + 1
    assert seen.style(lively(77)) > 0 > seen.style(plain(77)), "and forgets nothing"
    assert between(with_pairs(manner, drafts[:1], rewrites[:1])) < between(seen), "one pair says less than ten"
    assert with_pairs(manner, [], []) is manner


def test_a_taste_hears_of_more_drafts(manner):
    ways = next(ways.ways for ways in exchanges() if "use" in ways.ways)
    use, other = "use", next(way for way in ways if way != "use")
    heard = with_drafts(manner.taste, ["They use the ladder and use the gate."] * 40)
    assert leaning(heard, ways, other, use) < leaning(manner.taste, ways, other, use), "drafts say it as they do"
    assert set(heard) == set(manner.taste) and with_drafts(manner.taste, []) == pytest.approx(manner.taste)


def test_rates_are_best_met_by_the_person_and_worse_by_too_much_of_a_habit(manner):
    def fit(text):
        return float(manner.rates_fit(manner.counts(text)))

    own = lively(50)
    assert fit(own) > fit(plain(50))
    assert fit(own) > fit(own.replace(".", ";"))


def test_a_kept_manner_is_the_same_when_it_is_read_again(manner, tmp_path):
    save_manner(tmp_path, manner)
    again = load_manner(tmp_path)
    text = plain(5)
    assert again.style(text) == manner.style(text)
    assert again.words.log_probability(text) == manner.words.log_probability(text)
    assert again.taste == manner.taste and again.marks == manner.marks
    assert load_manner(tmp_path / "elsewhere") is None


def test_a_damaged_manner_is_refused_with_a_sentence(manner, tmp_path):
    save_manner(tmp_path, manner)
    file = tmp_path / "manner.safetensors"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match="damaged"):
        load_manner(tmp_path)


@pytest.mark.security
def test_a_manner_holds_no_sentence_of_the_person(manner, tmp_path):
    save_manner(tmp_path, manner)
    data = (tmp_path / "manner.safetensors").read_bytes()
    assert b"isn't easy to move" not in data and b"near the door" not in data


def test_too_little_writing_for_a_manner_is_said():
    with pytest.raises(UserError, match="too little"):
        learn_manner(["Three words here."], [plain(1)], [])


def test_a_word_model_prefers_what_it_has_seen_and_knows_what_it_has_not():
    model = WordModel.of(["the dog sat down. the dog ran.", "the cat sat down."])
    assert model.log_probability("the dog sat") > model.log_probability("sat dog the")
    assert "dog" in model and "bird" not in model
    assert framed(words_of("A b. C d."))[4] == START


def test_contractions_go_the_person_s_way(manner):
    rewrite = rewritten("In order to repair the stove, the baker attempted to purchase a new part. I do not know.", manner)
    assert "don't" in rewrite.text and not rewrite.kept_as_is
    assert {choice.by for choice in rewrite.choices} <= {"edits", "draft"}


def test_what_already_sounds_like_the_person_stays(manner):
    draft = "The baker doesn't use the stove much. But the stove isn't easy to move."
    assert rewritten(draft, manner).text == draft


def test_a_light_touch_changes_less_than_the_full_voice():
    texts = [path.read_text(encoding="utf-8") for path in sorted((ASSETS / "sample").glob("*.txt"))[:30]]
    manner = learn_manner(texts, background_drafts(), background_people()[:100])
    drafts = background_drafts()[:12]

    def changed(strength):
        found = (word_diff(draft, rewritten(draft, manner, strength=strength).text) for draft in drafts)
        return sum(len(part.text.split()) for parts in found for part in parts if part.kind == "rewrite")

    assert changed(0.0) < changed(1.0)


def test_every_proposal_differs_from_the_draft_and_from_the_others(manner):
    found = propose_edits("However, the stove is not easy to repair.", manner, 6)
    assert found and len(set(found)) == len(found) and "However, the stove is not easy to repair." not in found


def test_an_edit_that_is_not_allowed_is_never_proposed(manner):
    found = propose_edits("However, the stove is not easy to repair.", manner, 20, lambda text: "isn't" not in text)
    assert found and not any("isn't" in text for text in found)


def test_an_article_follows_the_word_that_took_the_place():
    from vibejam.rewrite.edits import Edit

    assert apply_edit("It was a hard day.", Edit(9, 13, "awful")) == "It was an awful day."
    assert apply_edit("It was an odd day.", Edit(10, 13, "strange")) == "It was a strange day."


def test_a_contraction_never_hangs_at_a_clause_s_end(manner):
    assert all("it's." not in apply_edit("I know what it is.", edit) for edit in edits_of("I know what it is.", manner))


def test_a_verb_s_ways_do_not_stand_for_the_noun_that_looks_like_it(manner):
    def ways(text):
        return {apply_edit(text, edit) for edit in edits_of(text, manner)}

    assert any("mend" in way for way in ways("They repair the stove."))
    assert not any("mend" in way for way in ways("They want the repair of a stove."))


def test_the_draft_always_competes_and_a_refused_candidate_never_wins(manner):
    draft = "The captain paid 480 dollars for the ferry."
    choice = choose([draft], [[Candidate("The captain paid 500 dollars for the ferry; it isn't much.", "someone")]], manner)[0]
    assert choice.text == draft and choice.by == "draft"
    assert [bool(found.refused) for found in choice.considered] == [False, True]


def test_the_selector_does_not_care_who_proposed(manner):
    draft, better = "I do not believe that the baker will return.", "I don't think the baker will come back."
    for name in ("edits", "a big LLM"):
        assert choose([draft], [[Candidate(better, name)]], manner)[0].text == better


def test_code_tables_quotations_and_links_come_back_byte_for_byte(manner):
    kept = [
        "```\nIn order to = however\n```",
        "| do not | however |\n|---|---|\n| is not | very |",
        "> I do not believe that.\n> However, no.",
    ]
    draft = "\n\n".join(["However, the gate is not easy to repair. See https://example.org/do%20not for more.", *kept])
    text = rewritten(draft, manner).text
    assert all(part in text for part in kept) and "https://example.org/do%20not" in text and text != draft


LONG = "\n\n".join(plain(n, 1) for n in range(40))


def test_a_long_draft_is_there_sentence_by_sentence_and_a_stop_keeps_what_is_done(manner):
    steps = list(stream_rewrite(LONG, manner, [EditsProposer(manner)]))
    units = len(steps[-1].choices)
    assert units > 2 * TOGETHER and [len(step.choices) for step in steps] == list(range(units + 1))
    assert [step.done for step in steps] == [n / units for n in range(units + 1)]
    assert all(steps[-1].text.startswith(step.settled) for step in steps) and steps[-1].settled == steps[-1].text
    before = rewrite_text(LONG, manner, [EditsProposer(manner)], stop=lambda: True)
    assert before.done == 0 and before.text == LONG
    asked = []
    stopped = rewrite_text(LONG, manner, [Counting(asked)], stop=lambda: len(asked) > TOGETHER + 3)
    assert len(stopped.choices) == TOGETHER + 3, "in the middle of what is chosen together, and what was under way is not counted"
    assert stopped.choices[:TOGETHER] == rewrite_text(LONG, manner, [Counting([])]).choices[:TOGETHER]


def test_sentences_that_come_one_by_one_are_chosen_as_if_all_had_been_there_at_once(manner):
    whole = rewritten(LONG, manner).choices[:TOGETHER]
    assert any(choice.by == "edits" for choice in whole)
    proposer, units = EditsProposer(manner), [choice.draft for choice in whole]
    found = [[Candidate(text, "edits") for text in row] for row in proposer(units)]
    later = [unit.text for unit in group_units(split_document(LONG))][TOGETHER:]
    assert tuple(choose(units, found, manner, around="\n".join(later))) == whole


class Counting:
    """A proposer that notes what it is asked, and has nothing to say."""

    name, agreed, fluent = "somebody", 1, False

    def __init__(self, asked, together=False):
        self.asked, self.together = asked, together

    def __call__(self, units, stop=lambda: False):
        self.asked.append(list(units))
        return [{} for _ in units]


def test_one_that_looks_at_whole_paragraphs_is_asked_for_some_at_once(manner):
    one_by_one, some = [], []
    rewrite_text(LONG, manner, [Counting(one_by_one), Counting(some, together=True)])
    assert {len(units) for units in one_by_one} == {1} and len(some[0]) == TOGETHER
    assert [unit for units in one_by_one for unit in units] == [unit for units in some for unit in units]


@pytest.mark.parametrize(
    "draft",
    ["Der Kessel ist kaputt, und niemand weiß, warum er nicht gut gemacht ist.", "水壶坏了。没有人知道。", "```\nx = 1\n```"],
)
def test_what_is_no_english_prose_stays_and_says_so(manner, draft):
    rewrite = rewritten(draft, manner)
    assert rewrite.text == draft and rewrite.kept_as_is and rewrite.note


def test_no_opener_stands_in_two_sets_so_that_a_reason_never_becomes_an_example():
    ways = [way for ways in openers() for way in ways.ways if way]
    twice = {way for way in ways if ways.count(way) > 1}
    assert not twice, twice


def test_the_ways_of_a_set_are_all_different_and_none_is_empty_but_an_opener_left_out():
    for ways in [*exchanges(), *contractions(), *openers()]:
        assert len(set(ways.ways)) == len(ways.ways) > 1
    assert all(way for ways in [*exchanges(), *contractions()] for way in ways.ways)


class OneVersion:
    """A proposer that says one unit in other words."""

    name, agreed, fluent = "somebody", 1, False

    def __init__(self, unit, version):
        self.unit, self.version = unit, version

    def __call__(self, units, stop=lambda: False):
        return [{self.version: 1.0} if unit == self.unit else {} for unit in units]


def test_what_others_propose_is_edited_further_and_guarded_against_the_draft(manner):
    draft = "However, the gate is not close to the cellar."
    proposed = "However, the ladder is not close to the cellar."
    text = rewrite_text(draft, manner, [EditsProposer(manner), OneVersion(draft, proposed)])
    assert any(found.by == "somebody, edited" and "ladder isn't" in found.text for found in text.choices[0].considered)
    wrong = OneVersion(draft, "However, the ladder is close to the cellar.")  # a negation lost: nothing is made of it
    assert not any(
        found.by == "somebody, edited"
        for choice in rewrite_text(draft, manner, [EditsProposer(manner), wrong]).choices
        for found in choice.considered
    )


def test_of_what_a_model_says_nothing_stands_that_was_not_looked_at_and_the_rest_still_does(manner):
    draft = "However, the old house that stands beside the river is not close to the cellar, and the large barn is cold."
    proposed = "But the old house that stands beside the river isn't close to the cellar, and the large gate is cold."
    asked = []

    def meaning(unit, texts):
        asked.extend(texts)
        return [Read(0.0 if "barn" in text else -20.0, 0.0) for text in texts]

    choice = rewrite_text(draft, manner, [OneVersion(draft, proposed)], meaning=meaning).choices[0]
    assert proposed in asked and draft not in asked, "the whole is looked at as its parts are"
    assert "barn" in choice.text and choice.text.startswith("But") and choice.by.startswith("somebody")
    doubted = {found.text: found.refused[0].guard for found in choice.considered if found.refused}
    assert doubted[proposed] == "meaning" and all("barn" in f.text for f in choice.considered if not f.refused)


@pytest.mark.parametrize("fluent", [True, False])
def test_a_word_that_nobody_knows_may_stand_where_whoever_wrote_it_makes_up_none(manner, fluent):
    draft = "However, the gate is not close to the cellar."
    proposer = OneVersion(draft, "But the wicket isn't adjacent to the cellar.")
    proposer.fluent = fluent
    considered = rewrite_text(draft, manner, [EditsProposer(manner), proposer]).choices[0].considered
    refused = {reason.guard for found in considered if "adjacent" in found.text for reason in found.refused}
    assert refused == (set() if fluent else {"words"}), "wicket and adjacent are in neither text"


def standing(manner, draft, version, meaning=None):
    """What may stand of what a big LLM says."""
    proposer = OneVersion(draft, version)
    proposer.fluent = True
    (choice,) = rewrite_text(draft, manner, [proposer], meaning=meaning).choices
    return {found.text for found in choice.considered if not found.refused and found.by == "somebody"}


def read_as(meaning, fluency=0.0):
    return lambda unit, texts: [Read(meaning, fluency) for _ in texts]


def test_a_sentence_told_all_anew_stands_only_where_somebody_read_it(manner):
    draft = "The farmer sold the old barn and the meadow beside the river."
    anew = "The farmer let them go, shed and field, to whoever would have them."
    near = "The old barn, and the meadow by the river, the farmer sold."
    assert not standing(manner, draft, anew) and standing(manner, draft, near)
    words = len(draft.split())
    for version in (anew, near):
        assert standing(manner, draft, version, read_as(-0.5 * words)) == {version}
        assert not standing(manner, draft, version, read_as(-words)), "by its length"
        assert standing(manner, draft, version, read_as(-0.5 * words, -0.5 * words)) == {version}
        assert not standing(manner, draft, version, read_as(-0.5 * words, -1.5 * words)), "and by how it reads"


def test_of_a_big_llms_sentence_all_or_nothing_is_taken(manner):
    """Its halves beside the draft's are neither's: "She received the visions came to her"."""
    draft = "She lived by the river, and the letters on which the book is based came to her when she was very ill there."
    version = "She lived by the river; she received the letters on which the book is based when she was very ill there."
    assert standing(manner, draft, version) == standing(manner, draft, version, read_as(0.0)) == {version}


def test_of_two_sentences_one_may_be_taken(manner):
    draft = "The barn stands near the river. The farmer paid 300 pounds for it."
    version = "Near the river stands the barn. The farmer paid 400 pounds for it."
    half = "Near the river stands the barn. The farmer paid 300 pounds for it."
    assert standing(manner, draft, version) == standing(manner, draft, version, read_as(0.0)) == {half}


@pytest.mark.parametrize(
    ("draft", "version", "forgiven"),
    [
        ("The door is opened with the small key.", "You open the door with the small key.", True),
        ("If he asks, he is to be told that the barn is cold.", "If he asks, you are to tell him that the barn is cold.", True),
        ("The rain may reach the barn.", "The rain will reach the barn.", False),
        ("We need the key of the barn.", "You need the key of the barn.", False),
        ("The barn must be shut before the rain.", "The barn is shut before the rain.", False),
        ("The barn is cold, although it is near the river.", "The barn is cold, because it is near the river.", False),
        ("He sold all of the meadow.", "He sold some of the meadow.", False),
        ("The farmer did not sell it.", "The farmer did sell it.", False),
        ("Three farmers sold it.", "You know that two farmers sold it.", False),
        ("The barn is colder near the river.", "Near the river the barn gets cold, and more so than here.", True),
        ("Everybody who sold it was cold.", "Whoever sold it was cold.", True),
        ("“It is cold,” the farmer answered.", "“It is cold,” the farmer told her.", False),
    ],
)
def test_what_is_forgiven_to_sentences_that_were_read(manner, draft, version, forgiven):
    assert bool(standing(manner, draft, version, read_as(0.0))) == forgiven
    assert not standing(manner, draft, version), "and nothing of it where nobody read them"


def test_nothing_is_forgiven_to_an_edit_of_what_was_read():
    draft, said = "The door is opened with the small key.", "You may open the door with the small key."
    passes = lambda text, fluent, was_read: not refusals(draft, text, was_read=was_read)  # noqa: E731
    may_stand = still(Candidate(said, "somebody", fluent=True, was_read=True), passes)
    assert passes("You will open the door with the small key.", True, True)
    assert may_stand(said) and not may_stand("You will open the door with the small key.")


def test_small_edits_stand_without_a_look_and_what_is_built_on_others_was_looked_at(manner):
    draft = "However, the gate is not close to the cellar."

    def nothing(unit, texts):
        return [Read(-20.0, -20.0) for _ in texts]

    proposers = [EditsProposer(manner), OneVersion(draft, "However, the wicket is not close to the cellar.")]
    choice = rewrite_text(draft, manner, proposers, meaning=nothing).choices[0]
    assert choice.by == "edits" and choice.text == rewrite_text(draft, manner, proposers[:1]).choices[0].text
    assert not any("wicket" in found.text for found in choice.considered if not found.refused)


@pytest.mark.parametrize(
    ("read", "said", "guard"),
    [
        (Read(0.0, 0.0), 1, None),
        (Read(5.0, 5.0), 1, None),
        (Read(-1.0, -1.0), 1, None),
        (Read(-4.0, -0.5), 1, "meaning"),
        (Read(-1.0, -2.5), 1, "fluency"),
        (Read(-1.0, -2.5), 4, None),  # many samples say so
        (Read(-30.0, 20.0), 16, "meaning"),  # no gain makes good for a loss
        (Read(-float("inf"), 0.0), 16, "meaning"),
    ],
)
def test_what_may_be_trusted(read, said, guard):
    assert [refusal.guard for refusal in doubts(read, said)] == ([guard] if guard else [])


def test_a_model_may_not_leave_out_what_somebody_may_need_and_a_big_one_knows_better(manner):
    draft = "However, the big gate is not close to the cellar, and the barn is cold."
    fewer = "However, the gate is not close to the cellar, and the barn is cold."
    fine = lambda unit, texts: [Read(0.0, 0.0) for _ in texts]  # noqa: E731
    for fluent in (False, True):
        proposer = OneVersion(draft, fewer)
        proposer.fluent = fluent
        considered = rewrite_text(draft, manner, [proposer], meaning=fine).choices[0].considered
        assert any(found.text == fewer for found in considered) == fluent


PLACES = (
    "So they {} the thing there.", "He {} it every day.", "They want to {} the house.", "He is {} the matter now.",
    "It was {} by him.", "They had {} the gate by then.", "It was good and {} we went.", "{} a good dog here.",
    "I think {} seen it.", "I {} tired people.",
    "I know that {} going home.", "She {} that he came.", "They will {} it soon.", "{} we went home, it rained.",
    *(f"{begun} {{}} {ended}" for begun in ("They want to", "She", "He is", "They had")
      for ended in ("your letter.", "the time.", "in the end.", "in which it was.", "to him.", "some time.", "the meeting.",
                    "the project.", "him to go.", "him from going.", "the lamp on a table.")),
    "He is {} impossible.", "It is {} because he came.", "It is {}, we know.",
)  # fmt: skip


def test_every_exchange_of_the_tables_fits_somewhere():
    """A possessive is no contraction: "physician's" broke a rewrite off."""
    for phrase, ways in replacements().items():
        for way, found in ways:
            written = next((one for one in found.ways if table_plain(one) == phrase), phrase)
            spots = [(place.format(written), place.index("{}")) for place in PLACES]
            assert any(fits(text, start, start + len(written), way, found) for text, start in spots), (phrase, way)


def test_a_or_an_is_put_right_before_words_in_company_too(manner):
    (edit,) = [edit for edit in edits_of("It is an entirely different thing.", manner) if edit.text.strip() == "completely"]
    assert apply_edit("It is an entirely different thing.", edit) == "It is a completely different thing."


def test_who_never_exclaims_gets_stops_and_calls_stay(manner):
    draft = "We went to the gate, and it was open at last! What a day! Thank you!"
    assert rewritten(draft, manner).text.count("!") == 2
