"""Ways of saying the same: what may stand for what, in any person's prose.

Which of them a person would choose is learnt from their writing (manner.py); whether the exchange may be made is for the guards
(guards.py).  Written by hand, because a wrong line here turns somebody's words into nonsense: what has two meanings is left out.

`SETS`: one set a line, the ways parted by |.  Where a line's ways have several forms, the forms stand in the same order in each:
    use, uses, used, using | utilize, utilizes, utilized, utilizing
`OPENERS`: what a sentence may begin with to say the same; "-" is nothing at all.
"""

from functools import cache

SETS = """
use, uses, used, using | utilize, utilizes, utilized, utilizing | utilise, utilises, utilised, utilising
need, needs, needed, needing | require, requires, required, requiring
help, helps, helped, helping | assist, assists, assisted, assisting | aid, aids, aided, aiding
try, tries, tried, trying | attempt, attempts, attempted, attempting
buy, buys, bought, buying | purchase, purchases, purchased, purchasing
get, gets, got, getting | obtain, obtains, obtained, obtaining | acquire, acquires, acquired, acquiring
show, shows, showed, showing | demonstrate, demonstrates, demonstrated, demonstrating
begin, begins, began, beginning | start, starts, started, starting | commence, commences, commenced, commencing
end, ends, ended, ending | finish, finishes, finished, finishing | conclude, concludes, concluded, concluding
stay, stays, stayed, staying | remain, remains, remained, remaining
seem to, seems to, seemed to, seeming to | appear to, appears to, appeared to, appearing to
happen, happens, happened, happening | occur, occurs, occurred, occurring | take place, takes place, took place, taking place
ask, asks, asked, asking | inquire, inquires, inquired, inquiring | enquire, enquires, enquired, enquiring
answer, answers, answered, answering | reply, replies, replied, replying | respond, responds, responded, responding
keep, keeps, kept, keeping | retain, retains, retained, retaining
build, builds, built, building | construct, constructs, constructed, constructing
choose, chooses, chose, choosing | select, selects, selected, selecting | pick, picks, picked, picking
fix, fixes, fixed, fixing | repair, repairs, repaired, repairing | mend, mends, mended, mending
notice, notices, noticed, noticing | observe, observes, observed, observing
understand, understands, understood, understanding | grasp, grasps, grasped, grasping
believe, believes, believed, believing | think, thinks, thought, thinking
tell, tells, told, telling | inform, informs, informed, informing
allow, allows, allowed, allowing | permit, permits, permitted, permitting
enable, enables, enabled, enabling | make it possible for, makes it possible for, made it possible for, making it possible for
destroy, destroys, destroyed, destroying | ruin, ruins, ruined, ruining | wreck, wrecks, wrecked, wrecking
gather, gathers, gathered, gathering | collect, collects, collected, collecting
hide, hides, hid, hiding | conceal, conceals, concealed, concealing
leave, leaves, left, leaving | depart from, departs from, departed from, departing from
finally | at last
eventually | in the end
want, wants, wanted, wanting | wish, wishes, wished, wishing | desire, desires, desired, desiring
discover, discovers, discovered, discovering | find out, finds out, found out, finding out
examine, examines, examined, examining | look at, looks at, looked at, looking at
discuss, discusses, discussed, discussing | talk about, talks about, talked about, talking about
continue, continues, continued, continuing | go on, goes on, went on, going on | carry on, carries on, carried on, carrying on
resemble, resembles, resembled, resembling | look like, looks like, looked like, looking like
return, returns, returned, returning | come back, comes back, came back, coming back | go back, goes back, went back, going back
complain, complains, complained, complaining | grumble, grumbles, grumbled, grumbling
shout, shouts, shouted, shouting | cry out, cries out, cried out, crying out
children | kids
nearly | almost | practically | virtually
many | numerous | a great many
people | individuals
entire | whole
regarding | concerning | with regard to | with respect to | about
approximately | roughly | about
owing to the fact that | due to the fact that | because
currently | at present | at the moment | now
a lot of | a great deal of | plenty of | lots of
much | a great deal of
some | a number of | several
hard | difficult
easy | simple | straightforward
big | large
very | extremely | highly | exceedingly | really
quite | rather | fairly | somewhat | pretty
clever | intelligent
strange | odd | peculiar | curious | weird
terrible | awful | dreadful | horrible
wonderful | marvellous | splendid | amazing
silly | foolish | stupid | absurd | ridiculous
enough | sufficient | adequate
main | chief | principal | primary
old | ancient
huge | enormous | immense | vast | gigantic | tremendous
small | little | tiny
glad | pleased | happy
sad | unhappy
angry | furious
unusual | uncommon
common | ordinary | usual
boring | dull | tedious
quick | fast | rapid
quickly | rapidly | fast | swiftly
often | frequently
usually | generally | normally | as a rule
sometimes | occasionally | at times | now and then | from time to time
immediately | at once | straight away | right away | instantly
suddenly | all at once | all of a sudden
these days | nowadays
recently | lately
later | afterwards | subsequently
soon | before long | shortly
already | by now
completely | entirely | wholly | totally | utterly | altogether
really | truly | genuinely
actually | in fact | in reality
certainly | undoubtedly | to be sure | definitely
obviously | clearly | evidently | plainly
perhaps | maybe | possibly
probably | in all likelihood | most likely
especially | particularly | in particular
mainly | mostly | chiefly | primarily | largely
only | merely | solely | simply
just | simply | merely
exactly | precisely
for example | for instance
such as | like
in order to | to | so as to
because of | due to | owing to | on account of | as a result of
although | though | even though
despite | in spite of | notwithstanding
while | whereas | whilst
unless | except if
until | till
before | prior to
besides | in addition to | as well as
instead of | in place of
among | amongst
on | upon
toward | towards
within | inside
each other | one another
everyone | everybody
no one | nobody
someone | somebody
anyone | anybody
kind of | sort of | type of
kinds of | sorts of | types of
a few | a handful of
in this way | thus | so
for this reason | therefore | hence
at that time | then
at the same time | simultaneously
in other words | that is to say | that is
on the other hand | by contrast
in general | on the whole | by and large
it is true that | granted
the reason is that | this is because
it is possible that | perhaps | maybe
has to, have to | must, must | needs to, need to
method | way | approach
methods | ways | approaches
part | portion | component
parts | portions | components
idea | notion | concept
ideas | notions | concepts
problem | issue | difficulty
problems | issues | difficulties
mistake | error | blunder
mistakes | errors | blunders
goal | aim | purpose | objective
goals | aims | purposes | objectives
result | outcome | consequence
results | outcomes | consequences
advantage | benefit
advantages | benefits
shop | store
doctor | physician
illness | disease | sickness
money | funds
clothes | clothing
film | movie
today | to-day
tomorrow | to-morrow
tonight | to-night
program | programme
programs | programmes
gray | grey
color | colour
colors | colours
favorite | favourite
honor | honour
labor | labour
neighbor | neighbour
neighbors | neighbours
humor | humour
center | centre
theater | theatre
realize, realizes, realized, realizing | realise, realises, realised, realising
recognize, recognizes, recognized, recognizing | recognise, recognises, recognised, recognising
organize, organizes, organized, organizing | organise, organises, organised, organising
apologize, apologizes, apologized, apologizing | apologise, apologises, apologised, apologising
traveled | travelled
traveling | travelling
defense | defence
learned | learnt
dreamed | dreamt
"""

OPENERS = """
However, | But | Yet | Still, | Nevertheless, | Nonetheless, | Even so, | But then | And yet
Therefore, | So | Thus, | Thus | Hence | Consequently, | As a result, | For this reason, | Accordingly,
Additionally, | Also, | And | Moreover, | Furthermore, | In addition, | Besides, | What is more, | Then again, | -
For example, | For instance,
In fact, | Indeed, | Actually, | As a matter of fact, | In truth, | -
Finally, | Lastly,
In conclusion, | In short, | To sum up, | -
Of course, | Naturally, | To be sure, | Certainly,
Perhaps | Maybe | Possibly
Sometimes, | Sometimes | At times, | Now and then | Occasionally,
Today, | Today | Nowadays, | These days, | These days | To-day
Now, | Now
Similarly, | Likewise, | In the same way, | In the same way
Specifically, | In particular, | -
Generally, | In general, | As a rule, | Usually, | On the whole,
Clearly, | Plainly, | Obviously, | Evidently,
Unfortunately, | Alas, | Sadly,
Fortunately, | Luckily,
First, | Firstly, | First of all, | To begin with, | In the first place,
Second, | Secondly, | In the second place,
Then, | Then | Next, | After that,
Meanwhile, | In the meantime,
Instead, | Rather,
Although | Though | While
Because | Since | As
In order to | To
It is worth noting that | -
It is important to note that | -
It should be noted that | -
It is clear that | Clearly | Plainly
It appears that | It seems that | It would seem that
It is true that | True,
In my opinion, | To my mind, | To my mind
I believe | I think | I fancy | I suppose
"""


CONTRACTIONS = """
do not | don't
does not | doesn't
did not | didn't
is not | isn't
are not | aren't
was not | wasn't
were not | weren't
have not | haven't
has not | hasn't
had not | hadn't
will not | won't
would not | wouldn't
could not | couldn't
should not | shouldn't
cannot | can't | can not
must not | mustn't
need not | needn't
I am | I'm
I have | I've
I had | I'd
I will | I'll
I would | I'd
you are | you're
you have | you've
you will | you'll
you would | you'd
we are | we're
we have | we've
we will | we'll
we would | we'd
they are | they're
they have | they've
they will | they'll
they would | they'd
he is | he's
he has | he's
he will | he'll
he would | he'd
she is | she's
she has | she's
she will | she'll
she would | she'd
it is | it's
it has | it's
it will | it'll
that is | that's
there is | there's
what is | what's
who is | who's
let us | let's
"""


def _lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line.strip()]


def _ways(line: str) -> list[str]:
    return ["" if way.strip() == "-" else way.strip() for way in line.split("|")]


@cache
def exchanges() -> list[list[str]]:
    """Sets of phrases that may stand for one another anywhere in a sentence: of each way the same form."""
    sets = []
    for line in _lines(SETS):
        ways = [[form.strip() for form in way.split(",")] for way in line.split("|")]
        if len({len(way) for way in ways}) != 1:
            raise ValueError(f"the ways of {ways[0][0]!r} have different numbers of forms")
        sets += [list(dict.fromkeys(forms)) for forms in zip(*ways, strict=True)]
    return sets


@cache
def contractions() -> list[list[str]]:
    """Sets of a full form and what it is contracted to; "cannot" has two full forms."""
    return [_ways(line) for line in _lines(CONTRACTIONS)]


@cache
def openers() -> list[list[str]]:
    """Sets of what a sentence may begin with; the empty string is an opener left out."""
    return [_ways(line) for line in _lines(OPENERS)]


@cache
def exchangeable() -> frozenset[str]:
    """Every word that stands in a set of `exchanges`, in lower case."""
    return frozenset(word.lower() for ways in exchanges() for way in ways for word in way.split())


@cache
def verbs() -> frozenset[str]:
    """Every form of the sets that have several: verbs, some of which are nouns after an article ("a repair")."""
    lines = (line for line in _lines(SETS) if "," in line)
    return frozenset(form.strip().lower() for line in lines for way in line.split("|") for form in way.split(","))
