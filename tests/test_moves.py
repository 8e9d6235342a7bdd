"""Moves and exchanges: each is made where it says the same, and not where the words around give it another sense."""

import pytest

from vibejam.rewrite.clauses import CLAUSES
from vibejam.rewrite.commas import COMMAS
from vibejam.rewrite.edits import apply_edit, edits_of, propose_edits
from vibejam.rewrite.guards import refusals
from vibejam.rewrite.joints import JOINTS
from vibejam.rewrite.manner import learn_manner
from vibejam.rewrite.moves import made
from vibejam.rewrite.reasons import REASONS
from vibejam.rewrite.table import contractions, exchanges, openers, replacements
from vibejam.rewrite.taste import MOVES, gained, kinds, leaning, learn_taste
from vibejam.rewrite.turns import TURNS

# draft | what a move makes of it
MADE = """
I think that she is late. | I think she is late.
They told me that he had sold it. | They told me he had sold it.
I think that the plan is sound. | I think the plan is sound.
We know they have a key. | We know that they have a key.
Here is the lamp that we bought. | Here is the lamp we bought.
We keep a rule that has no reason. | We keep a rule which has no reason.
She keeps a dog which is deaf. | She keeps a dog that is deaf.
Although the roof leaks, the house is warm. | The roof leaks, but the house is warm.
One pipe is old, whereas the other is new. | One pipe is old, but the other is new.
He is slow, yet he is careful. | He is slow, but he is careful.
We stayed in, because it was raining. | We stayed in, for it was raining.
If it is May, we stay in, because it is cold. | If it is May, we stay in, for it is cold.
We stayed in, because rain on grass is cold. | We stayed in, for rain on grass is cold.
We stayed in, because it was raining. | We stayed in; for it was raining.
We stayed in; for it was raining. | We stayed in, because it was raining.
We stayed in, since grass in winter is wet. | We stayed in, because grass in winter is wet.
We stayed in, since it was raining. | We stayed in, because it was raining.
In my opinion, the plan is sound. | I think the plan is sound.
The plan, however, was sound. | But the plan was sound.
However, the plan was sound. | The plan was sound, though.
You may therefore need a second key. | So you may need a second key.
They sell tea as well. | They sell tea too.
They do not have any tea. | They have no tea.
She is not able to swim. | She cannot swim.
The gate was painted by me on Friday. | I painted the gate on Friday.
"It is late," the baker said. | "It is late," said the baker.
It is not only late but also cold. | It is not only late but cold.
It is the house in which we lived. | It is the house where we lived.
We saw the men who were working in the yard. | We saw the men working in the yard.
There exist better ways. | There are better ways.
The mill, which is old, is near the ford, which is a muddy one. | The mill, which is old, is near the ford, a muddy one.
It costs ten pounds per head. | It costs ten pounds a head.
It had rained on the previous day. | It had rained on the day before.
Two were left, namely the old ones. | Two were left: the old ones.
She had a dog named Otto. | She had a dog called Otto.
They provide us with tea. | They give us tea.
It enables people to wait. | It lets people wait.
She requested him to wait. | She asked him to wait.
He appears to know the way. | He seems to know the way.
I believe they are ready. | I think they are ready.
It depends on the weather. | It depends upon the weather.
A small dog barked. | A little dog barked.
It is significantly cheaper. | It is much cheaper.
We walked rather than taking the bus. | We walked instead of taking the bus.
The gate was shut, and we had no key. | The gate was shut; and we had no key.
The gate was shut, and we had no key. | The gate was shut. We had no key.
The gate was shut. We had no key. | The gate was shut; we had no key.
The gate was shut. We had no key. | The gate was shut, and we had no key.
The gate was shut, but we had a key. | The gate was shut. But we had a key.
The gate was shut, so we turned back. | The gate was shut. So we turned back.
We sell bread, milk, and honey. | We sell bread, milk and honey.
He came in, and asked for tea. | He came in and asked for tea.
In the morning, we left. | In the morning we left.
In 1962 we moved. | In 1962, we moved.
The house — an old mill — was damp. | The house (an old mill) was damp.
One thing is left — the stove is cold. | One thing is left; the stove is cold.
He wanted one thing: silence. | He wanted one thing — silence.
The hall was somewhat damp. | The hall was a bit damp.
It is simply a matter of time. | It is just a matter of time.
He won simply by waiting. | He won just by waiting.
Tools such as hammers are dear. | Tools like hammers are dear.
I would like to thank the cook. | I want to thank the cook.
If you would like to help, write to us. | If you want to help, write to us.
Nothing grows in this way. | Nothing grows like this.
Questions of this kind are common. | Questions like this are common.
I consider it a useful book. | I think it a useful book.
We want additional lamps. | We want more lamps.
We looked around the room. | We looked round the room.
The test was difficult. | The test was hard.
I am certain that she is ill. | I am sure that she is ill.
It allows us to wait. | It lets us wait.
It helps people to learn. | It helps people learn.
We stayed in, since the road was wet. | We stayed in, because the road was wet.
Since it was dark, we stopped. | Because it was dark, we stopped.
Since it was dark, we stopped. | As it was dark, we stopped.
The lamps that you bought are here. | The lamps you bought are here.
A rule that was made in March is gone. | A rule made in March is gone.
We use a pump, which means it is easy. | We use a pump. This means it is easy.
We use a pump, which means it is easy. | We use a pump; this means it is easy.
The roof is new. This means we are dry. | The roof is new, which means we are dry.
"No," the old baker said, rising. | "No," said the old baker, rising.
"No," she replied quietly. | "No," she said quietly.
""".strip().splitlines()

# what no move may touch, with a piece that would be the mark of its having been made
NEAR = """
I think that and this are both true. | think and
What do you think they are doing? | think that they
He told the man that he had lost. | the man he had
It is a fact that he is late. | a fact he
It was such a shock that he sat down. | shock he
I hope that is clear. | hope which
The man that was here has left. | man which
The house of which is spoken is old. | of that
If the roof leaks, and the house is cold, we move. | . And
She said that they had tea, but that they had no milk. | . But
When he came, and the dog barked, she woke. | ; and the dog
The bench, the counter and the beam over it are level. | ; and
The counter, and the beam over it, were level. | . And
They did not come, because it rained, but because they had to. | , for it
They did not come, because it rained. | ; for it
We ate, slept, because it rained. | ; for it
In May, because it was cold, we slept. | , for it
If it is cold, because it is May, we sleep. | , for it
The mill, because it was old, was shut. | , for it
The mill shut, since rain came in. | , because rain
We stayed in, because of what is said. | for of
Did you leave, because it was cold? | , for
Are you coming, since the car is here? | , because
She replied that, because it was cold, she had slept. | that, for
Nor is it clear, because it is late, that it is over. | , for
He left, because he was tired and not because he was bored. | , for he was tired
It is only slow, because it is old. | , for it
It failed in part, because it was old. | , for it
Two years ago, because the rent was high, we moved. | , for the
This mill, because it is old, works. | , for it
The plan was made, because it was cheap, by the board. | , for it
He waited, because the bus was late. | , for the bus
They asked for help, because it was hard. | , for it
Take it off, as I had to do at home. | because I had
They cheered, because the band was playing. | as the band
It was our first win, since the club was founded. | because the club
She worked there, since she was sixteen. | because she
The door (which was shut, because it is cold) is old. | , for it
The wind, and, yet again, the rain. | but again
Although not rich, he was happy. | Not rich, but
He begged for mercy on the plea that he was an orphan. | plea he was
The rumours that he had died were false. | rumours he had
The wall against which he leaned gave way. | against he
It is a churn which I own and which leaks. | churn I own
It was a law that they might keep. | law they might
I learnt from the clerk that he was ill. | clerk he was
Her one wish that they be buried here was kept. | wish they
We were so sure that we left our coats. | sure we
The road was icy, therefore we turned back. | So the road
She was ill, however, she came. | But she
Find out who is living in the flat. | out living
It was the clerk who was accused by them. | clerk accused
In the end that was not needed. | end which
For a while that was enough. | while which
Ask your nurse which is safer. | nurse that is
They robbed the house, while we were away. | , and we
The cheap one lasts just as well. | just too
A passer-by helped her to her feet. | helped her her
The mayor appeared to loud applause. | seemed to loud
Two men appeared to take him away. | seemed to take
They had kindly provided us with maps. | kindly gave
Some people say that ghosts exist, you know. | There are some
It is ink, which is an affectation and does not help. | ink, an
He sold his car, which was the last straw. | car, the last
Although she was tired, she thought, it was late. | tired, but she
They do not have any of the blue ones. | have no
It depends on the one hand on cost. | upon the one
"No smoking" is as stated: "No fires." | as said
"It is late," said Hall, leader of the council. | Hall said
She kept the watch, which meant a great deal. | This meant
The sauce was made by her and her sister. | She made
There are significantly more women. | much more
It was gripping rather than moving. | instead of
In 2015 per person spending fell. | 2015 a
We asked whether, in my opinion, the plan was sound. | whether, I think
My brother, the baker, and Ada came, and I sat there, at six, and settled. | at six and
Now, I have nothing against it. | Now I have
Now we are here, let us start. | Now, we
You will think me, and I have seen it, a coward. | me and I have
Nobody left because they liked the food. | , because
Did she leave because it was late? | , because
On being told no, he left it there. | no he
As the doctor said, he was ill. | said he
I think you and I should talk. | you, and
The day he came and I left was cold. | came, and
Everyone but she was early. | , but
I don't hate tests. I hate your tests. | , and I
We did a cost–benefit analysis of the north–south line. | :
It may rain, and the match will be off. | . The match
He says the drug is safe, and it has no effects. | . It has
She read all of Vol. I in May. | ; and I
It may be, and I put it no higher, that it is late. | . I put
The alarm sounds when the door is open, and the key is in the lock. | ; the key
I wrote it down, so my wife could read it. | . So
Prices have risen, particularly in the north, said the bank. | (
There are two reasons: the road is shut, and the bridge is down. | . The bridge
He asked for the man by name, and said: go. | said —
Isn't it lovely! | lovely.
The officers ate, or even slept, in the cars, or even drove off. | (or even drove
My only fear — it might be late. | fear;
Not only did he sing, but he danced. | — but
He has been ill, since he was born. | , because he
We met a man who is a baker. | man a baker
He paid for the house in which case we move. | where case
He let us know. | let's
The real problem here is the rain. | here's
Let us know when you arrive. | Let's
Each of them has a key. | Every of
Each other's hands were cold. | Every other
They put each other's hats on. | every other
"It is cold," Elke said. | Said
On Monday, while I slept, the car rolled back. | ; I slept
The fairness with which you deal with us is known. | with you deal
What I like about the house is the quiet. | house's
It needs water, particularly in winter, when growth slows. | winter) when
Thank you for the letter. We were glad of it. | , and we
The oven failed because a part was late. I understand that. | , and I
He argued that books last because they are good. | , because
It can be taught, without noticing it, not to care. | it — not
The road had more noise, and disabled parking had to go. | noise and disabled
I have a confession — I failed it. | ; I failed
The theory says how it is shared, however, and workers lose. | But the theory
They must never be left alone. | have to
"Go," said my father, who was ill. | father said
She needs the piano, which she loves, and sleep, which she needs. | loves and sleep
It has no kin, including a seal and a fish, the golomyanka, whose skin is thin. | (including
The notary's on the hill is shut. | notary is on
Among the new rules: the gate opens at six. | rules —
Call us by the line, day or night. | day, or
She booked it for her stay in May. | remain in
It is for a driver not named on the form. | called
Soak it for an hour, until it is soft. | hour until
She teaches one thing, namely how to wait, which helps. | : how
"No," said Dr. Petra Hall, the chemist. | Dr said
They say that they must hatch at sea. | have to
The price per ounce is low. | price an ounce
In favor, it may be said that he paid. | In favor it
To this day, not one of them has come. | day — not
It was run afterwards, pass or fail. | pass, or
Thank you for the letter. The shop was shut. | letter; The
A small talk followed. | little talk
He must be ill. | has to be
If he should call, tell me. | ought to
He treated her fairly and well. | rather and
She appeared to the crowd. | seemed to the
They stood up rather than sat. | instead of sat
Mr. Otto said that he, and we all, would come. | . And
In the house, we bought a chair (in the hall, and it was old). | hall. And
Turn on the light. | Turn upon
They sell food as such as well as drink. | as like
He looks like a baker. | looks such as
We have been here, since we were children. | , because
Since 1909 we have lived here. | Because
Since we were children, we have lived here. | Because
He has not come since he was ill. | because
The simply furnished room was cold. | just
It was simply put. | just put
We worked hard. | worked difficult
If the pump breaks, which is likely, we wait. | . This
We keep hens, which are old. | This are
We keep bread and the hens, which had fled. | . This
The fact that you know is enough. | fact you
She let us know. | allowed
The caretaker's causes to fight for are lost. | make
We are not allowed to wait. | let
People say he left yesterday. | Yesterday people
He said it rained today. | Today he
It's cold. | the cold of
He ran from Otto's. | of Otto
We went out in case it rained, however hard. | However, we
The book is also the one that he said he had sold. | sold too
He promised to be careful in 1962. | In 1962
Hard and dry bread is cheap. | Difficult
We asked about the price, such as in a small town, a city, or a village. | (such
A small share of it is lost. | little share
""".strip().splitlines()

EXCHANGED = """
It is a good day. | It's a good
It is essential to lock it. | It's essential
They are often late. | They're often
The lock is not very good. | isn't very good
We received a letter. | got
They purchased a kite. | bought
She commenced her walk. | began
He attempted to lift it. | tried to
They informed me of it. | told
It began to rain. | started to
We have begun to pack. | started to
The workers departed at six. | left
It is difficult to say. | hard to
A large number of people came. | A lot of
We waited prior to the meal. | before
He is approximately forty. | about
Numerous letters came. | Many
Despite the fact that it rained, we walked. | Although
In order to win, we train. | To
It has been mended. | It's been
I had seen it. | I'd seen
Therefore, we left. | So
Additionally, it is cold. | And
However, it is cold. | But
I am aware that it is cold. | know that
I would like tea. | I'd like
It notified us. | told
We would prefer to wait. | would rather
He held the view that it was late. | thought that
We attended the meeting. | went to
They discussed the old plan. | talked about
The plan was discussed in May. | was talked about
""".strip().splitlines()

KEPT = """
The lock isn't very good. | isn't really
The lock is not very good. | is not really
It was a train, though only barely. | only hardly
In the end, the debate turned on one word. | At last
They made a purchase. | buy
His attempts to win failed. | tries
The request was late. | ask for
The goods received from abroad were late. | got from
A letter was received. | was got
The boxes concealed behind the door are mine. | hid behind
There is no need to require that he pay. | need that
We happen to know him. | take place to
Their complete faith moved us. | finish
It is due to arrive at six. | because of arrive
He ceased to speak. | stopped to
We chose to wait. | picked to
I have a dog. | I've a
He had a dog. | He'd a
That is what it is for. | it's for
He is as old as she is now. | she's now
Half of it is written. | it's
Moving it is hard. | it's
What it is I do not know. | it's I
As soon as he rings, we go. | before long
So far, it is dry. | Therefore, far
And then it rained. | Also, then
The numerous letters came. | The a great
A number of the windows broke. | Several the
There is a sufficient supply. | a enough
By and large it is dry. | big it
In the first place it is cold. | put
We can attend in person. | go to
We would like to attend. | go to
She attended regularly. | went to
Who knows how glad I am to see you. | I'm
What little bread there is goes to the geese. | there's
Why can't we see the wind? | cannot
Nobody has to pay. | must
This is our most requested song. | asked for
The lease requires the tenant to paint it. | needs
The fee is required by law. | needed
It can be completed online. | finished
Please allow ten minutes. | permit
We must place each child in a home. | put
Plants respond to light. | answer
It informs the debate. | tells
You are aware of how it ends. | know of
Scurvy was once more dangerous than storms. | once again
The air underneath stays cold. | under
Those days are quite possibly over. | perhaps
It will almost certainly rain. | nearly
The flat is in apartment 4B. | flat 4B
We created a new user account. | made
In this issue, we look at bees. | this problem
They cannot prevent a second leak. | stop
She has received nothing. | got
She does not tolerate it. | put up with
It spares you the need to vote. | the have
Letters received before May are read. | got
They are not nearly so strong. | almost
She practically lived here. | nearly
The firm is recalling its kettles. | remembering
He walked under vanished arches. | disappeared
Whoever writes must omit. | leave out
I would want to know if I were you. | whether
The man at the till left. | until
He is due to visit. | owing to
For that very reason we left. | really
Among you are two cooks. | you're
It would have to wait. | would've
They speak with one voice. | talk
It has acknowledged the debt. | It's
I have come to the conclusion that he lied. | have conclude that
We grow barley, many adapted to frost. | lot of adapted
They are denied the light they need to grow. | have to
The soil there is too wet. | there's
A chain could have it out. | could've
Could we have done it? | we've
We knew one who'd never met her. | would
He would not go. | He'd not
We sat in total darkness. | in all
My half of the cake is gone. | half the
I have seen far more lives saved. | much more
He instructed me, demonstrating with care. | showing
Give it time to mend. | repair
It is the plainer way, the likelier it is that he comes. | it's
He told us in due course. | in time
It hides a multitude of sins. | many sins
They often enough have a point. | frequently
The lens has two objectives. | aims
It is a single rope. | one rope
A gala has naming opportunities. | chances
The hall receives its guests. | gets
It derives in large measure from him. | big
Had they continued, we would know. | went on
"You are late," he began. | started
You can speak to both his skill and his care. | talk to
It has rained nearly every year. | each
Many form when the ice melts. | lot of form
He or she is a good source. | she's
The meeting takes place on Friday. | happens
We cannot attend due to the snow. | go to
They will attend next week. | go to
He left due to the fact that it rained. | because of
Your sisters and I should like to come. | sisters, and
Sums that are small, but that are regular, mount up. | ; but
Sums that are small, but that are regular, mount up. | — but
A sum that is small, but that is regular, mounts up. | ; but
A sum that is small, but that is regular, mounts up. | — but
We will probably have to finish that part. | must finish
The clock has simply stopped. | has just
He may go, provided that he asks and that you agree. | so long as
Nobody's ever been paged. | Nobody is
My mother, who's had the same address, is here. | who is had
You'd better be early. | would better
And yet there he is on the council. | he's
That is all there is to it. | there's
Everyone there is late. | there's
Let us help you. | Let's
Use Let's Encrypt for it. | Let us
He CANNOT be serious. | Can't
Now don't anybody go. | do not
You have limited access. | You've
Doing nothing is hard. | nothing's
Given that amount of rain, it will go. | Since amount
It is worth noting that date. | Date
It is clear that he paid and that he forgot. | Clearly
It is worth noting that iOS is out. | IOS
Yet a third man came. | But a
I do not know how they do it. | the way
It seems such a long time ago. | such long ago
She left rather suddenly. | rather all
The sign tells people such as would go. | like would
While you do not have a key, you can't go in. | lthough
""".strip().splitlines()


@pytest.fixture(scope="module")
def nobody():
    """A manner without any taste, so that everything is proposed."""
    from dataclasses import replace

    text = "The gate was shut, and we had no key. It is cold in the hall; nobody minds. " * 30
    return replace(learn_manner([text], [text], []), taste={})


def moved(text: str) -> set[str]:
    return {text[: found.start] + found.text + text[found.end :] for found in made(text, MOVES)}


def edited(text: str, manner) -> set[str]:
    return {apply_edit(text, edit) for edit in edits_of(text, manner)}


@pytest.mark.parametrize("row", MADE)
def test_a_move_is_made_where_it_says_the_same_and_no_guard_minds(row):
    draft, after = row.split(" | ")
    assert after in moved(draft)
    assert refusals(draft, after) == []


@pytest.mark.parametrize("row", NEAR)
def test_a_move_is_not_made_where_the_words_around_mean_something_else(row):
    draft, mark = row.split(" | ")
    assert not [new for new in moved(draft) if mark in new]


@pytest.mark.parametrize("row", EXCHANGED)
def test_a_phrase_may_become_another_that_says_the_same(row, nobody):
    draft, phrase = row.split(" | ")
    assert [new for new in edited(draft, nobody) if phrase in new]


@pytest.mark.parametrize("row", KEPT)
def test_a_phrase_stays_where_it_is_no_verb_or_in_an_idiom_or_means_something_else(row, nobody):
    draft, wrong = row.split(" | ")
    assert not [new for new in edited(draft, nobody) if wrong in new]


def test_every_move_can_be_counted_by_a_name_of_its_kind():
    names = kinds()
    assert all(f"{move.kind}: {move.before}" in names[move.kind] for move in [*CLAUSES, *REASONS, *TURNS, *JOINTS, *COMMAS])


def test_a_way_that_a_person_uses_more_than_drafts_do_is_liked_better():
    own = ["I think she is late. They say he has gone. I hope they are well."] * 20
    drafts = ["I think that she is late. They say that he has gone. I hope that they are well."] * 20
    taste = learn_taste(own, drafts)
    ways = kinds()["that said"]
    left_out, put_in = "that said: out", "that said: in"
    assert leaning(taste, ways, put_in, left_out) > 0 > leaning(taste, ways, left_out, put_in)


def test_a_way_of_one_in_five_is_liked_where_drafts_never_have_it_and_a_rare_one_is_not_theirs():
    drafts = ["The gate was shut. It was late. She had a key. He was ill. The lamp was out."] * 20
    own = ["The gate was shut. It was late; she had a key. He was ill. The lamp was out."] * 20
    rare = ["The gate was shut. It was late. She had a key. He was ill. The lamp was out."] * 60 + own[:1]
    ways = kinds()["and between"]
    assert leaning(learn_taste(own, drafts), ways, "and between: bare stop", "and between: bare semicolon") > 0
    assert leaning(learn_taste(rare, drafts), ways, "and between: bare stop", "and between: bare semicolon") < 0


def test_a_mark_that_was_put_in_is_not_exchanged_again():
    own = ["The lamp was out; we sat down. The rain came; it was late. The pond froze — it was cold. The dog slept; he rested."]
    drafts = ["The lamp was out: we sat down. The rain came: it was late. The pond froze: it was cold. The dog slept: he rested."]
    manner = learn_manner(own * 30, drafts * 30, [])
    for draft in ("The gate was open: she had gone.", "Notably, the gate was open: she had gone."):
        found = propose_edits(draft, manner, 20)
        assert any("open — she" in text for text in found)
        assert not any("open; she" in text for text in found)


def test_of_ways_that_nothing_is_known_of_none_is_liked():
    assert leaning({}, ("a", "b"), "a", "b") == 0


def test_what_says_only_this_may_go_and_never_comes():
    table = replacements()
    assert "use" in [way for way, _ in table["utilize"]]
    assert "utilize" not in [way for way, _ in table.get("use", [])]
    assert "in order to" not in [way for way, _ in table.get("to", [])]


def test_the_ways_of_a_set_have_their_forms_in_the_same_order():
    sets = [ways for ways in exchanges() if ways.form == "participle"]
    assert any(set(ways.ways) == {"commenced", "begun"} for ways in sets)
    assert all(len(ways.ways) > 1 for ways in [*exchanges(), *contractions(), *openers()])


def test_an_opener_that_opens_a_phrase_is_no_opener(nobody):
    assert not [new for new in edited("But for the rain we would go.", nobody) if new.startswith(("However,", "Yet"))]
    assert [new for new in edited("But the rain will stop.", nobody) if new.startswith("However,")]


def test_what_was_exchanged_for_what_is_liked_or_not_by_whoever_writes_so():
    own = ["It's late. I don't know. It's cold till noon, and we're tired. But it's dry."] * 20
    drafts = ["It is late. I do not know. It is cold until noon, and we are tired. However, it is dry."] * 20
    taste = learn_taste(own, drafts)
    one, both = (gained(taste, "It is cold until noon.", after) for after in ("It's cold until noon.", "It's cold till noon."))
    assert both > one > 0
    assert gained(taste, "It's cold till noon.", "It is cold until noon.") < 0
    assert gained(taste, "However, it is dry.", "But it is dry.") > 0
    assert gained(taste, "The gate was red.", "The gate was red, and it's cold.") == 0, "what only came was exchanged for nothing"
    assert gained({}, "It is cold.", "It's cold.") == 0
