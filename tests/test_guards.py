"""The guards: every edit that breaks the meaning is refused, every harmless one passes."""

import pytest

from vibejam.rewrite.guards import protected, refusals
from vibejam.rewrite.known import with_known_exchanges_undone
from vibejam.rewrite.table import contractions, exchanges

# draft | what breaks it; the first word names the kind, and is the guard that must see it where that is certain
BREAKING = """
opposites | He opened the back and bent over it. | He opened the front and bent over it.
pointing | The report is due this month. | The report is due next month.
pointing | We met last Tuesday and talked. | We met this Tuesday and talked.
opposites | I received a letter, and he had left. | I sent a letter, and he had left.
names | Rasheed liked it. | Khaled liked it.
names | Connolly liked it. | Donnelly liked it.
names | Millicent liked it. | Somebody liked it.
names | Cook liked it. | Park liked it.
numbers | Once a week I swim. | I swim.
numbers | One night costs forty pounds. | The night costs forty pounds.
modality | He may or may not come. | He may not come.
negation | You are not allowed to smoke here. | You do not have to smoke here.
negation | You must not smoke here. | You need not smoke here.
comparison | It is part of a larger whole. | It is part of a much larger whole.
comparison | The second is worse. | The second is even worse.
comparison | The new shed is slightly wider. | The new shed is wider.
opposites | The roof, the door and especially the lock are poor. | The roof, the door and even the lock are poor.
connection | It does not look tall or wide. | It does not look tall and wide.
connection | We sell plums and pears. | We sell plums or pears.
numbers | The repair cost 480 pounds. | The repair cost 840 pounds.
comparison | It took over 37,000 lines. | It took 37,000 lines.
connection | They should study the subject. | They should also study the subject.
certainty | Was he hoping for news? | Was he really hoping for news?
certainty | The range was not what they expected. | The range was not really what they expected.
tense | I have configured the keys so that they are easy. | I configure the keys so that they are easy.
tense | We have moved the office to Leeds. | We move the office to Leeds.
comparison | It took over 37,000 lines. | It took under 37,000 lines.
numbers | The repair cost 480 pounds. | The repair cost pounds.
numbers | The wall stood for a thousand years. | The wall stood for two thousand years.
numbers | There were two doors and one window. | There were three doors and one window.
numbers | There were doors on the left. | There were six doors on the left.
numbers | He came third in the race. | He came second in the race.
numbers | Half of the pears were ripe. | A quarter of the pears were ripe.
numbers | We ordered a dozen plates. | We ordered plates.
numbers | She rang twice on Sunday. | She rang on Sunday.
numbers | She kept 3 cats and 2 dogs. | She kept 2 cats and 3 dogs.
numbers | Twenty-five people signed. | Twenty-six people signed.
numbers | The train leaves at 9:30. | The train leaves at 9:20.
units | The path is 10 miles long. | The path is 10 km long.
units | He owes me £40. | He owes me $40.
units | It fell by 5 per cent. | It fell by 5 degrees.
names | The letter went to Ngozi. | The letter went to Sarah.
names | The letter went to Ngozi. | The letter went out.
names | Okonkwo signed the letter. | Somebody signed the letter.
names | He walked home in the rain. | He walked home with Robert in the rain.
names | They use GitHub for the code. | They use GitLab for the code.
names | We met in the market in March. | We met in the market in April.
quantity | It runs only here, and needs only this. | It runs here, and needs only this.
quantity | I have to leave immediately. | I have to leave soon.
negation | You cannot relax here. | You can relax here.
negation | We should not sell the house. | We should sell the house.
negation | He lied in order to avoid removing the mayor. | He lied in order to get rid of the mayor.
negation | She refused to sign it. | She signed it.
negation | They failed to mend the roof. | They mended the roof.
negation | I agree with the plan. | I do not agree with the plan.
negation | Nobody has asked Mother. | Somebody has asked Mother.
negation | I never said that. | I said that.
negation | He left without his coat. | He left with his coat.
negation | It was not the price but the colour. | It was not the colour but the price.
negation | He drinks tea but does not drink coffee. | He does not drink tea but drinks coffee.
negation | It is possible to win. | It is impossible to win.
quantity | Not many came to the fair. | No one came to the fair.
negation | There is hardly any milk left. | There is any milk left.
negation | Nothing was stolen. | Everything was stolen.
negation | Neither brother came. | Either brother came.
negation | She was happy with the result. | She was unhappy with the result.
negation | He was careful with the lamp. | He was careless with the lamp.
negation | None of the keys fit. | All of the keys fit.
negation | I do not think that they lied. | I think that they lied.
comparison | This rule is less rigid than that. | This rule is more rigid than that.
comparison | He has more books than his brother. | He has fewer books than his brother.
comparison | The second attempt was better. | The second attempt was worse.
comparison | It is the most useful tool. | It is the least useful tool.
comparison | It was a warm day. | It was a warmer day.
order | The tower is taller than the church. | The church is taller than the tower.
pronouns | I lost my hat on the train. | He lost his hat on the train.
pronouns | We told you about the roof. | They told you about the roof.
pronouns | You can see the sea from here. | One can see the sea from here.
pronouns | He gave her his umbrella. | She gave him her umbrella.
pronouns | Tell me when it is done. | Tell us when it is done.
pronouns | Few people see their own era as it unfolds. | Few people see their own era as they unfold.
pointing | I ask them to avoid this book. | I ask them to avoid that book.
pointing | Those letters were never sent. | These letters were never sent.
modality | You must pay on Friday. | You may pay on Friday.
modality | We can help with the move. | We could help with the move.
modality | She should call the doctor. | She must call the doctor.
modality | It will rain in the morning. | It may rain in the morning.
modality | They would lend us the van. | They will lend us the van.
modality | He might have left the key. | He has left the key.
modality | I have to leave early. | I want to leave early.
quantity | All the windows were open. | Some of the windows were open.
quantity | Few members voted for it. | Many members voted for it.
quantity | He always locks the gate. | He often locks the gate.
quantity | The shop only opens on Mondays. | The shop opens on Mondays.
quantity | Both sisters sang. | Either sister sang.
quantity | Most of the bread was stale. | All of the bread was stale.
quantity | We sometimes eat outside. | We usually eat outside.
quantity | Almost everybody had gone home. | Everybody had gone home.
quantity | At least ten people came. | At most ten people came.
certainty | He is probably at home. | He is certainly at home.
certainty | Perhaps the dog ate it. | Of course the dog ate it.
connection | He was tired, but he finished. | He was tired, so he finished.
connection | She left because it rained. | She left although it rained.
connection | Call me if the boiler stops. | Call me unless the boiler stops.
connection | Wait until the light turns green. | Wait if the light turns green.
connection | The fence fell down. The wind was strong. | The fence fell down because the wind was strong.
order | The ground was wet because the pipe burst. | The pipe burst because the ground was wet.
order | They ate before the guests arrived. | The guests arrived before they ate.
order | The dog bit the postman. | The postman bit the dog.
opposites | Prices rose in the spring. | Prices fell in the spring.
opposites | They accepted the offer. | They refused the offer.
opposites | The cellar is cold. | The cellar is hot.
opposites | She spoke for the motion. | She spoke against the motion.
tense | The bridge was closed. | The bridge is closed.
tense | He had a good reason. | He has a good reason.
tense | They walked to the station. | They walk to the station.
tense | The cat's bowl is full. | The cat's bowl was full.
connection | It fell because the rope, old since the war, broke. | It fell although the rope, old since the war, broke.
opposites | A good man and a good dog. | A good man and a bad dog.
quantity | There was too much noise, and just one door. | There was too much noise, and only one door, nearly.
comparison | He is more careful than I am. | He is more careful as I am.
tense | She knows the answer. | She knew the answer.
quotations | The sign said "keep off the grass" in red. | The sign said "stay off the grass" in red.
quotations | He called it a nuisance. | He called it "a nuisance".
verbatim | Run `make test` first. | Run `make check` first.
verbatim | See https://example.org/a?b=1 for the rules. | See https://example.org/a for the rules.
verbatim | Write to sam@example.org about it. | Write to sam@example.com about it.
verbatim | Dear {{name}}, your order is here. | Dear friend, your order is here.
verbatim | It was late, and it was cold. | It was late &mdash; and it was cold.
marks | It is **very** late. | It is very late.
marks | It was 21 ℃ outside. | It was 21 outside.
question | Did the post come? | The post did come.
length | The committee met in the small hall behind the church and talked about the roof for an hour. | They met.
length | The hall was cold. | The hall was cold and dark and far from the road and smelled of paint and old rope and wet dogs.
grammar | The plan would make us rich. | The plan would make we rich.
grammar | He ate an apple. | He ate a apple.
grammar | They own a house. | They own an house.
grammar | It has a "Made in Spain" label. | It has an "Made in Spain" label.
negation | The pump does not start. | The pump starts.
negation | It is not possible to win. | It is impossible to win.
negation | It is not impossible to win. | It is impossible to win.
negation | We are unable to come. | We can't come.
tense | There has been no snow here. | There's no snow here.
negation | He is unable to go. | He can go.
negation | He is unable to go and cannot stay. | He cannot go and can stay.
negation | Nobody is unable to go. | Nobody can go.
quantity | Many came, and few in recent years. | Few came, and few in the last few years.
connection | He went because of it, in light of the fact that it rained. | He went after it, because it rained.
modality | She has the ability to win and may lose. | She can win and must lose.
negation | It is unclear whether he came, and he did not say. | It is not clear whether he came, and he did say.
negation | He was unable to sleep. | He was not able to sleep.
negation | We were not happy with it. | We were unhappy with it.
modality | You should leave. | If you leave.
quantity | It holds up to forty people. | It holds forty people.
connection | They would die for it, and yet struggle to say why. | They would die for it, and struggle to say why.
connection | It was late. Wind is never empty. | It was late. For wind is never empty.
grammar | Had one of the men risen and spoken, we would have gone. | Had one of the men rose and spoken, we would have gone.
grammar | It was late in the day. | It was late in the the day.
grammar | It was late. | It was late..
grammar | The man (my uncle) laughed. | The man (my uncle laughed.
edges | The man laughed. | the man laughed.
edges | The man laughed. | The man laughed,
edges | The man laughed. | - The man laughed.
modality | I was permitted to fish there. | I must fish there.
modality | He said that I should wait. | He said that I had waited.
modality | He should go. She goes. | He should go. She should go.
connection | It was not a loss but a change. | It was not a loss or a change.
numbers | I saw one van. | I saw vans.
tense | He walked home. | He is walking home.
quantity | Both were lost and found. | They were lost and found.
negation | Nothing except rain fell. | Nothing fell.
names | Kent generally agrees. | Frank generally agrees.
modality | It would not rain. | It is not going to rain.
modality | I can sing and dance. | I can sing and must dance.
connection | Because he left, she cried. | She cried, so he left.
names | Mark told me this. | Frank told me this.
numbers | He came once. | He came.
numbers | Once, he came home. | He came home.
connection | Provided that it rains, we stay. | It rains and we stay.
numbers | One of the men fell. | The men fell.
comparison | One more man came. | A man came.
negation | It works with a plan. | It works with no plan.
names | Beverly agrees with this. | Emily agrees with this.
names | Alfred agrees with this. | Winifred agrees with this.
modality | You are supposed to wait. | You wait.
modality | I should go now. | I would go now.
pronouns | A plum remained. | He left a plum.
opposites | I received a letter. | I sent a letter.
quantity | It costs 40 or so. | It costs 40.
""".strip().splitlines()

HARMLESS = """
The report is due this month. | This is the month in which the report is due.
We met in the past year. | We met last year.
You do not have to smoke. | You need not smoke.
The new shed is far wider. | The new shed is much wider.
The new shed is a bit wider. | The new shed is a little wider.
He lied in order to avoid selling the house. | He lied in order to keep from selling the house.
The wall prevents the water from rising. | The wall stops the water from rising.
We avoided the road, which failed us. | We kept off the road, which failed us.
It took more than 37,000 lines. | It took over 37,000 lines.
It cost under 40 pounds. | It cost less than 40 pounds.
Each time I call, it rings. | Whenever I call, it rings.
Every time it rains, the roof leaks. | When it rains, the roof leaks.
We need additional time. | We need extra time.
In addition, the roof leaks. | Also, the roof leaks.
It is truly good work. | It is really good work.
I am extremely glad. | I am very glad.
The roof also leaks. | The roof leaks too.
I have configured the keys. | I've configured the keys.
She has finished the work. | She's finished the work.
Recall that it rained. | Remember that it rained.
I do not agree with the plan. | I don't agree with the plan.
You can't park here. | You cannot park here.
It's late and we'll be tired. | It is late and we will be tired.
We won’t wait for them. | We will not wait for them.
I'd go if they'd let me. | I would go if they would let me.
They've sold the van. | They have sold the van.
He's lost his keys. | He has lost his keys.
However, the roof leaked. | But the roof leaked.
However, the roof leaked. | The roof leaked, though.
The roof leaked; however, we stayed. | The roof leaked, but we stayed.
Although it rained, we walked. | It rained, but we walked.
This is why we walked. | That is why we walked.
It is my view that he is right. | I think that he is right.
Nevertheless, we went on. | Still, we went on. Yet it was late.
The bell rang, and we left. | The bell rang; we left.
The bell rang; we left. | The bell rang. And we left.
The bell rang. We left. | The bell rang, and we left.
The bell rang — we left. | The bell rang, and we left.
It is worth noting that the bridge is old. | The bridge is old.
It is important to note that training takes 10 minutes. | Training takes 10 minutes.
We moved in order to be near the sea. | We moved to be near the sea.
We utilise a small van. | We use a small van.
Perhaps the dog ate it. | Maybe the dog ate it.
He is approximately forty. | He is about forty.
He paid approximately 40 pounds. | He paid about £40.
There are two doors. | There are 2 doors.
Twenty-five people signed. | 25 people signed.
It fell by 5 per cent. | It fell by 5%.
It fell by five percent. | It fell by 5 per cent.
She rang two times. | She rang twice.
A thousand people came. | One thousand people came.
Nobody came to the fair. | No one came to the fair.
I do not have any money. | I have no money.
There was not anything to eat. | There was nothing to eat.
He is not able to swim. | He cannot swim.
You have to pay on Friday. | You must pay on Friday.
He needs to rest. | He has to rest.
It may rain tomorrow. | It might rain tomorrow.
We are going to sell the boat. | We will sell the boat.
Every window was open. | All the windows were open.
He merely smiled. | He only smiled.
She frequently sings. | She often sings.
Numerous people complained. | Many people complained.
We stayed in because of the rain. | We stayed in on account of the rain.
It rained, and therefore we stayed. | It rained, so we stayed.
Because it rained, we stayed in. | We stayed in because it rained.
Until the post comes, we wait. | We wait until the post comes.
The letter was opened by Ngozi. | Ngozi opened the letter.
The garden of Ngozi is small. | Ngozi's garden is small.
The children purchased a kite. | The children bought a kite.
The children commenced their meal. | The children began their meal.
Additionally, the lamp is broken. | And the lamp is broken.
Furthermore, the lamp is broken. | The lamp is broken too.
The lamp is broken. | The lamp's broken.
Let us begin. | Let's begin.
It is certainly a pity. | It is of course a pity.
They left immediately. | They left at once.
Only he saw it, and only once. | He alone saw it, and just once.
The sign said “keep off” in red. | The sign said "keep off" in red.
He said that it was late. | He said it was late.
The man who lives next door laughed. | The man next door laughed.
There is a reason for this. | There's a reason for this.
What is the matter? | What's the matter?
We looked at the house, which was old. | We looked at the house. It was old.
The dog, which is old, sleeps by the fire. | The dog is old and sleeps by the fire.
She walked to the shop and she bought some bread. | She walked to the shop and bought bread.
In my opinion, the plan is good. | I think the plan is good.
On the other hand, the price is fair. | But the price is fair.
For example, the gate sticks. | The gate sticks, for instance.
It is a very large house. | It is a huge house.
Open https://example.org/docs when you are ready. | Open https://example.org/docs when you're ready.
They ate before the guests arrived. | Before the guests arrived they ate.
The tower is taller than the church. | The tower's taller than the church.
He did not merely complain; he shouted. | He did not only complain; he shouted.
I have got a cold. | I've got a cold.
My entire arm hurt. | All my arm hurt.
We publish two articles each week. | We publish two articles per week.
He consistently forgets the milk. | He always forgets the milk.
He is more commonly late. | He is more often late.
I will attempt a clear explanation. | I will try to explain clearly.
He thinks that anyone else needs help. | He thinks that any other man needs help.
Recently a man called. | Lately a man called.
It is unlike traveling to the moon. | It is unlike going to the moon.
The controls provided by the browser work. | The controls that the browser gives work.
Therefore I think it late. | For that very reason I think it late.
The rule was solely for guests. | The sole rule was for guests.
Should it rain, the path floods. | If it rains, the path floods.
The bell was never heard. | The bell was at no time heard.
The two are approximately equal. | The two are more or less equal.
There were forty bales. | There were forty bales in all.
He stayed, because wind is never empty. | He stayed. For wind is never empty.
It lasted for years. | For years it lasted.
However, the wind rose. | The wind rose.
He said that I should wait for the ferry. | He said that I had better wait for the ferry.
He said that I had better wait for the ferry. | He said that I should wait for the ferry.
Having only a glimpse of the boats, I counted three. | Having but a glimpse of the boats, I counted three.
Having but a glimpse of the boats, I counted three. | Having only a glimpse of the boats, I counted three.
He is only a boy. | He is but a boy.
He is but a boy. | He is only a boy.
It said that we were not permitted to fish there. | It said that we must not fish there.
It said that we must not fish there. | It said that we were not permitted to fish there.
It said that we were not allowed to fish there. | It said that we were not permitted to fish there.
It said that we were not permitted to fish there. | It said that we were not allowed to fish there.
It cannot simply be that the road is long. | It cannot be merely that the road is long.
It cannot be merely that the road is long. | It cannot simply be that the road is long.
The bells of the town, both dull and clear, grew louder. | The bells of the town, dull and clear, grew louder.
The bells of the town, dull and clear, grew louder. | The bells of the town, both dull and clear, grew louder.
I believe the gate should stay shut and keep its lock. | I think the gate should stay shut, and should keep its lock.
I think the gate should stay shut, and should keep its lock. | I believe the gate should stay shut and keep its lock.
The farm is reached by a steep, stony lane. | One comes to the farm by a steep, stony lane.
One comes to the farm by a steep, stony lane. | The farm is reached by a steep, stony lane.
This was definitely true of the mill. | This was most certainly true of the mill.
This was most certainly true of the mill. | This was definitely true of the mill.
Selling it was not a loss but something of a relief. | To sell it was not a loss; it was something of a relief.
Because I finished the fence early, I went home. | I finished the fence early, so I went home.
I finished the fence early, so I went home. | Because I finished the fence early, I went home.
Because demand for plums is high, we have a choice. | Plums are in high demand, so we have a choice.
It looks through the drawer first and then tries the shelf. | It looks through the drawer first, then tries the shelf.
It looks through the drawer first, then tries the shelf. | It looks through the drawer first and then tries the shelf.
I wanted a lamp that needs nothing except oil. | I wanted a lamp which needs nothing but oil.
I wanted a lamp which needs nothing but oil. | I wanted a lamp that needs nothing except oil.
As a result of this, repairs have been made in many houses. | This has resulted in repairs in many houses.
This has resulted in repairs in many houses. | As a result of this, repairs have been made in many houses.
I saw that it would not be finished soon. | I saw that it was not going to be finished soon.
I saw that it was not going to be finished soon. | I saw that it would not be finished soon.
We cannot ignore such an important letter. | We cannot ignore so important a letter.
We cannot ignore so important a letter. | We cannot ignore such an important letter.
She said that she did not own a boat and that the raft was to be one. | She said that she had no boat, and that the raft was to be one.
She said that she had no boat, and that the raft was to be one. | She said that she did not own a boat and that the raft was to be one.
My entire arm trembled. | My whole arm was shaken with trembling.
My whole arm was shaken with trembling. | My entire arm trembled.
With ten lines removed, it is cleaner. | It is cleaner, removing ten lines.
It is cleaner, removing ten lines. | With ten lines removed, it is cleaner.
It is one more entry in a long row of good ones. | It is another entry in a long row of good ones.
It is another entry in a long row of good ones. | It is one more entry in a long row of good ones.
Together with the pump, it serves well. | Combined with the pump, it serves well.
Combined with the pump, it serves well. | Together with the pump, it serves well.
The lane is straight. | Pretty straight, the lane.
Pretty straight, the lane. | The lane is straight.
Determine where the leaks are, and mend them. | Figure out where the leaks are, and mend them.
Figure out where the leaks are, and mend them. | Determine where the leaks are, and mend them.
Alternatively, you could take the bus. | Or, you could take the bus.
Or, you could take the bus. | Alternatively, you could take the bus.
Advantages: it is light, and it floats. | Pros: it is light, and it floats.
Pros: it is light, and it floats. | Advantages: it is light, and it floats.
Although the way is long, a map of it is provided below. | The way is long, but a map of it is provided below.
The way is long, but a map of it is provided below. | Although the way is long, a map of it is provided below.
It suits a small or medium-sized garden. | It suits a small or mid-size garden.
It suits a small or mid-size garden. | It suits a small or medium-sized garden.
The key is there to open the shed. | The key is there, and is used to open the shed.
The key is there, and is used to open the shed. | The key is there to open the shed.
It works without a plug. | It works with no plug.
It works with no plug. | It works without a plug.
I consider nettles to be among the worst weeds. | I think of nettles as one of the worst weeds.
I think of nettles as one of the worst weeds. | I consider nettles to be among the worst weeds.
After the baker had left, the shop was quiet. | Once the baker had left, the shop was quiet.
Once the baker had left, the shop was quiet. | After the baker had left, the shop was quiet.
It is a bit shorter than it normally is. | It is a bit shorter than usual.
It is a bit shorter than usual. | It is a bit shorter than it normally is.
A detailed account of it would fit better elsewhere. | To account for it in detail would fit better elsewhere.
To account for it in detail would fit better elsewhere. | A detailed account of it would fit better elsewhere.
It was a lane that I had assumed to be private. | It was a lane which I had supposed to be private.
It was a lane which I had supposed to be private. | It was a lane that I had assumed to be private.
The result is what I would call jam. | The result is what I should call jam.
The result is what I should call jam. | The result is what I would call jam.
It is new, at least to me. | It is new, to me at any rate.
It is new, to me at any rate. | It is new, at least to me.
The most important rule is that it be dry. | The chief rule is that it be dry.
The chief rule is that it be dry. | The most important rule is that it be dry.
For some reason, it has stopped. | It has, for some reason, stopped.
It has, for some reason, stopped. | For some reason, it has stopped.
At noon a single plum remained. | At noon there was a single plum left.
At noon there was a single plum left. | At noon a single plum remained.
I received two jars from her. | She sent me two jars.
She sent me two jars. | I received two jars from her.
We met at ten to three. | We met at ten minutes to three.
We met at ten minutes to three. | We met at ten to three.
On a wet morning I went over it. | One wet morning I went over it.
One wet morning I went over it. | On a wet morning I went over it.
He says he feels he is being weighed. | He says he feels as if he were being weighed.
He says he feels as if he were being weighed. | He says he feels he is being weighed.
We were not able to see it, though we tried. | We couldn't see it, though we tried.
He stayed in light of the fact that it rained. | He stayed because it rained.
In recent years a growing number of people have left. | In the last few years more and more people have left.
I could not help but smile, and she took care of him. | I couldn't help smiling, and she looked after him.
Thank you for coming. | Thanks for coming.
In the event that it rains, we have the ability to stay at home with all of them. | If it rains, we can stay at home with all of them.
There has been no snow here. | There's been no snow here.
""".strip().splitlines()


@pytest.mark.parametrize("row", BREAKING)
def test_an_edit_that_breaks_the_meaning_is_refused_by_its_guard(row):
    guard, draft, broken = row.split(" | ")
    assert guard in {refusal.guard for refusal in refusals(draft, broken)}


FRAMES = (
    "So they {} the thing there.", "She said it was {} all day long.", "We saw {} in the old garden.", "It was good and {} we went.",
)  # fmt: skip


def test_what_the_tables_say_is_let_through():
    """Wherever a sentence has no trap of its own: a line that guards always refuse is one that is never made."""
    said = {(way, other) for ways in [*exchanges(), *contractions()] for way in ways.ways for other in ways.others(way)}
    dead = [
        (way, other) for way, other in sorted(said)
        if all({refusal.guard for refusal in refusals(frame.format(way), frame.format(other))} - {"grammar"} for frame in FRAMES)
    ]  # fmt: skip
    assert len(said) > 5000 and not dead


def test_only_whole_words_are_put_back():
    draft = "They are not entirely sure of it, and they wait in the event that it rains."
    assert with_known_exchanges_undone(draft, draft.replace("in the event that", "if")) == draft
    halved = draft.replace("are not entirely sure", "couldn't quite sure")  # "not quite sure" begins within a word
    assert with_known_exchanges_undone(draft, halved) == halved


@pytest.mark.parametrize("row", HARMLESS)
def test_a_harmless_edit_passes(row):
    draft, edited = row.split(" | ")
    assert refusals(draft, edited) == []


@pytest.mark.parametrize("row", BREAKING + HARMLESS)
def test_the_draft_itself_passes(row):
    draft = row.split(" | ")[-2]
    assert refusals(draft, draft) == []


def test_a_reason_is_a_clause_that_a_person_reads():
    assert [refusal.reason for refusal in refusals("It cost 480 pounds.", "It cost pounds.")][0] == "the number 480 is missing"


def test_a_word_that_neither_the_draft_nor_the_person_has_is_refused():
    draft, known = "The old lamp is broken.", {"ancient", "lamp", "break"}
    assert [refusal.guard for refusal in refusals(draft, "The ancient lamp is broken.", known)] == []
    assert "words" in [refusal.guard for refusal in refusals(draft, "The vetust lamp is broken.", known)]


def test_inflections_and_contractions_of_known_words_are_known():
    known = {"wait", "slowly", "try"}
    assert refusals("We did not wait at the gate.", "We didn't wait slow at the gate trying.", known) == []


def test_without_known_words_any_word_may_be_used():
    assert refusals("The lamp is broken.", "The vetust lamp is broken.") == []


def test_what_is_protected_is_shown_in_reading_order_as_it_stands():
    draft = "On 3 March, Ngozi’s uncle said “keep off” twice; see https://example.org/a and `x`."
    assert protected(draft) == ["3", "March", "Ngozi", "“keep off”", "twice", "https://example.org/a", "`x`"]


def test_a_reason_does_not_become_a_result_nor_a_contrast_a_reason():
    draft = "Many of them are serious, since I lacked the time to make them light."
    assert [found.guard for found in refusals(draft, draft.replace("since", "so"))] == ["connection"]
    assert not refusals(draft, draft.replace("since", "because"))
    draft = "Seriousness comes easily, while frivolity is difficult."
    assert [found.guard for found in refusals(draft, draft.replace("while", "so"))] == ["connection"]
    assert not refusals(draft, draft.replace("while", "but"))
