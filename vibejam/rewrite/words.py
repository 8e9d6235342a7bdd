"""English words by what they do to a sentence's meaning: the lists that facts.py reads by.

Each entry is `class = words`; a phrase counts as one word.  Words of one class may stand for one another, words of different
classes may not.  A class with a question mark holds words that have other meanings too: they may count for the class or not.
Left out: anything a list cannot know, such as which noun a pronoun means.
"""


def _table(text: str) -> dict[str, list[str]]:
    """`class = word, a phrase, …`, one a line, the next line indented where it goes on, to {class: words}."""
    rows = (line.partition(" = ") for line in text.strip().replace("\n    ", " ").splitlines())
    return {name.strip(): [word.strip() for word in words.split(",")] for name, _, words in rows}


# A negation counts, and says besides how far it goes: "never" is "not" and "ever", "nobody" is "not" and "anybody".
NEGATIONS = {
    "not": (), "no": (), "none": (), "nor": (), "neither": (), "without": (), "non": (), "unable": ("can",), "nowhere": (),
    "never": ("ever",), "nobody": ("anybody",), "no one": ("anybody",), "nothing": ("anything",), "no longer": ("longer",),
    "at no time": ("ever",), "in no case": ("ever",), "was not going to": ("would?",), "were not going to": ("would?",),
    "not permitted to": ("must?",), "not allowed to": ("must?",),
    "not have to": ("no duty",), "not need to": ("no duty",), "need not": ("no duty",), "not required to": ("no duty",),
    "not obliged to": ("no duty",),
}  # fmt: skip

SAYS_NO = frozenset("not no never nobody nothing none nor neither without".split())

# Stems of verbs that deny what comes after them, and of what may stand for one that is gone: "avoid selling" is "keep" as well.
DENIES = frozenset("avoid refus declin prevent fail refrain forbid forbad forbidden prohibit neglect ceas".split())
DENIES_TOO = DENIES | set("stop keep kept skip miss dodg escap spar block ban reject deny denied lack save stay shun".split())

PRONOUNS = _table("""
I = i, me, my, mine, myself
we = we, us, our, ours, ourselves
you = you, your, yours, yourself, yourselves
he = he, him, his, himself
she = she, her, hers, herself
they = they, them, their, theirs, themselves
it = it, its, itself
one = oneself
""")

MODALS = _table("""
must = must, have to, has to, need to, needs to, needed to, got to, required to, requires to, obliged to, had to, having to,
    bound to
should = should, ought to, ought, supposed to, had better, 'd better
can = can, able to, capable of
could = could
may = may, might, perhaps, maybe, possibly, it is possible that, conceivably
will = will, shall, going to
would = would
used to = used to
would? = 'd, used to, was going to, were going to
can? = possible to, possible, enables, enable, lets, let, allow, allows, could
may? = could, possible, likely
could? = may, might, was able to, were able to
must? = need, needs, needed, required, requires, require, forced to, obligated
""")

QUANTIFIERS = _table("""
all = all, every, each, everyone, everybody, everything, every one, all of, every one of, all the, each of, everywhere
all? = entire, whole, per
both = both, both of
either = either
some = some, several, a number of, a few, a handful of, various, someone, somebody, something, some one
many = many, numerous, a great many, a large number of, large numbers of, a lot of, lots of, plenty of, a great deal of, a good
    deal of
many? = much, most, more
few = few, very few, little of
hardly = hardly, scarcely, barely, rarely, seldom, almost never, almost no, almost nothing, hardly ever
most = the majority of, majority
anybody = anyone, anybody, any one
anybody? = any
anything = anything
any = any
any? = anyone, anybody
only = only, solely, nothing but, none but, nothing except, nothing other than, no more than, nothing more than, but a, but an
only? = just, simply, merely, mere, sole, alone, exclusively, limited to, but
at once = at once, immediately, right away, straight away, straightaway, instantly, without delay
always = always, invariably, at all times, constantly, forever
always? = consistently, continually, continuously
ever = ever
often = often, frequently, many times, oftentimes
often? = commonly
sometimes = sometimes, occasionally, at times, now and then, from time to time, on occasion
usually = usually, generally, normally, as a rule, typically, in general, ordinarily
usually? = usual
almost = almost, nearly, practically, virtually, all but
about = about, approximately, roughly, or so, around, more or less
longer = any longer, anymore, any more
at least = at least, at any rate, no fewer than, no less than
at most = at most, up to
couple = a couple of
""")
# may come or go with the turn of a phrase, not for another
SOFT = frozenset({"some", "any", "anybody", "anything", "they", "it", "one"})
DROPPED = SOFT | {"but", "therefore", "also", "really"}  # may go: machines' drafts have them in front of many sentences

DUTIES = frozenset({"must", "should", "may"})  # the modals that are missed however well a sentence reads without them
SOMEBODY = frozenset({"I", "he", "she"})  # who is nobody's to put in

COUNTED = frozenset({"only"})  # each of them limits something else, so that one does not stand for two

CERTAINTY = _table("""
certain = certainly, most certainly, undoubtedly, no doubt, to be sure, definitely, surely, without doubt, without a doubt,
    beyond doubt, there is no doubt that, there is no question that, beyond question, of course, clearly, obviously, evidently,
    plainly
certain? = clear, obvious, evident, plain
likely = probably, likely, in all likelihood, most likely, presumably
apparent = apparently, seemingly, allegedly, supposedly
really = really, truly, actually, genuinely, indeed, in fact, very, extremely, highly, remarkably, incredibly, exceedingly,
    tremendously, enormously, terribly, awfully, hugely
really? = particular, most, so, too, such, particularly, especially, quite, rather, much, a lot, great, deeply, a great deal
""")

CONNECTIVES = _table("""
but = but, however, though, although, nevertheless, nonetheless, even so, even though, on the other hand, by contrast, in
    contrast, despite, in spite of, notwithstanding, whereas, then again, conversely, all the same
but? = yet, still, while, whilst, even if, only, except that, rather, instead, and yet, at the same time
because = because, because of, as a result of, due to, owing to, on account of, owing to the fact that, due to the fact that,
    the reason is that, this is because, on the ground that, on the grounds that
because? = since, for, as, reason, reasons, thanks to, given that, in view of, from, through, so, therefore, thus, hence,
    consequently, as a result, resulted in, results in
therefore = therefore, hence, consequently, as a result, for this reason, for that reason, for this very reason, for that very
    reason, that is why, which is why, this is why, accordingly, thereby
therefore? = so, thus, then, so that, because, since, explains why
if = if, provided that, provided, as long as, so long as, in case, in that case, assuming, supposing
if? = when, whether, were, should, whenever, each time, every time, had
unless = unless, except if
until = until, till, up until
before = before, prior to
after = after, afterwards
after? = then, once, later, having, when, since, next, as, following, subsequently, followed, subsequent, whereupon
before? = in front of, until, already, first, previous, previously, beforehand, earlier, ago
instead = instead of, rather than, in place of
instead? = not, but, instead, rather
except = except, except for, apart from, other than, save for
except? = but, besides
also = also, as well, in addition, additionally, furthermore, moreover, what is more, on top of that, likewise
also? = in addition to, too, besides, and, plus, another, further, both, as well as, even, with
""")

# more and less, most and least; facts.py adds the adjectives' own forms
COMPARATIVES = _table("""
more = more, one more, further, better, greater, increasingly, additional, extra
less = less, fewer, lesser
worse = worse
most = most, best
least = least
than = than
worst = worst
more? = rather, farther, over, above, exceeds, exceed, prefer, preferable, else, another, once more
most? = chief, foremost, mostly, extremely, very, mainly, largely, supremely
""")

ADJECTIVES = """
big small old young new long short high low tall wide broad narrow deep shallow thick thin heavy light dark bright fast slow
quick hard soft hot cold warm cool rich poor cheap dear strong weak clean dirty loud quiet safe easy early late near far close
large great fine nice kind cruel brave bold calm clear clever dull dry wet fair firm flat full happy healthy hungry lazy lucky
mad mean mild noisy odd pale plain pretty proud pure rare raw ripe rough rude sad sane sharp shy sick silly simple smart smooth
sour steep stiff straight strange sweet tame tight tiny tough ugly vague vast wild wise angry busy crazy dense fresh funny
gentle greedy grim humble idle keen lonely lovely merry neat noble poorer quiet rapid readier ready severe sorry sound steady
stupid subtle sunny true
""".split()


def _compared() -> dict[str, str]:
    """Forms of the adjectives to the class of their comparison."""
    forms = {}
    for word in ADJECTIVES:
        stem = word[:-1] if word[-1] == "e" else word[:-1] + "i" if word[-1] == "y" and len(word) > 3 else word
        short = len(word) < 5 and word[-1] in "gdtnmb" and word[-2] in "aeiou" and word[-3] not in "aeiou"
        for base in {stem, stem + stem[-1]} if short else {stem}:
            forms[base + "er"], forms[base + "est"] = "more", "most"
    return forms | {"elder": "more", "eldest": "most", "farther": "more?", "farthest": "most", "furthest": "most"}


COMPARED = _compared()

NOT_NEGATING = (
    """
not only, not just, not solely, not merely, not simply, not be merely, not be simply, not be just, whether or not, no matter,
no sooner, not to mention, no wonder, none the less, never mind, not least, nothing if not, or not
""".replace("\n", " ")
    .strip(" ,")
    .split(", ")
)
NOT_QUANTIFYING = (
    """
at all, all at once, all of a sudden, after all, all right, above all, all along, first of all, all in all, not at
all, some day, as well as, once upon a time, once again, once more, one another, one day, at last, in the first place,
as if, as though, if you like, if you will, if any, all the way, before long, at first, at first sight, at first
glance, at the same time, each other, one another, would like to, would like, at best, at worst, in all, all over,
this very, that very, provided by, provided with, going to the, going to a, going to an, going to my, going to his,
going to her, going to our, going to your, going to their, going to it
""".replace("\n", " ")
    .strip(" ,")
    .split(", ")
)


def _classes() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Each word or phrase, as a tuple of words, to its classes."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for table in (PRONOUNS, MODALS, QUANTIFIERS, CERTAINTY, CONNECTIVES, COMPARATIVES):
        for name, phrases in table.items():
            for phrase in phrases:
                words = tuple(phrase.split())
                found[words] = tuple(dict.fromkeys((*found.get(words, ()), name)))
    for word, name in COMPARED.items():
        found.setdefault((word,), (name,))
    for word, more in NEGATIONS.items():
        found[tuple(word.split())] = ("not", *more)
    for phrase in NOT_NEGATING:
        found[tuple(phrase.split())] = ("not only",) if phrase.startswith("not only") or phrase.startswith("not ") else ()
    for phrase in NOT_QUANTIFYING:
        found[tuple(phrase.split())] = ()
    return found


CLASSES = _classes()

# Past to present of the verbs that do not take -ed
PAST = dict(
    pair.split(":")
    for pair in """
was:is were:is had:have did:do went:go said:say made:make took:take came:come saw:see knew:know got:get gave:give found:find
thought:think told:tell became:become left:leave felt:feel brought:bring began:begin kept:keep held:hold wrote:write stood:stand
heard:hear meant:mean met:meet ran:run paid:pay sat:sit spoke:speak led:lead grew:grow lost:lose fell:fall sent:send built:build
understood:understand drew:draw broke:break spent:spend rose:rise drove:drive bought:buy wore:wear chose:choose ate:eat
taught:teach fought:fight slept:sleep sold:sell caught:catch threw:throw won:win forgot:forget sang:sing drank:drink swam:swim
flew:fly hid:hide shook:shake stole:steal woke:wake bent:bend dealt:deal dug:dig fed:feed hung:hang lent:lend lit:light rang:ring
rode:ride sank:sink shot:shoot slid:slide swore:swear tore:tear blew:blow bit:bite
""".split()
)

# Words that say the opposite of one another: one lost and the other come is another sentence.
OPPOSITES = """
increase/decrease/reduce rise/fall raise/lower accept/reject/refuse/decline open/close/shut early/late best/worst better/worse
buy/sell win/lose love/hate like/dislike especially/even particularly/even true/false right/wrong easy/hard/difficult same/different
good/bad/evil old/new/young
rich/poor high/low big/small/little large/small long/short strong/weak up/down above/below over/under include/exclude begin/end
start/stop remember/forget allow/forbid/prohibit/prevent safe/dangerous pass/fail present/absent major/minor remain/leave
add/remove gain/lose more/less/fewer most/least many/few much/little all/none always/never first/last hot/cold warm/cool
light/dark/heavy fast/slow quick/slow day/night male/female man/woman husband/wife brother/sister son/daughter mother/father
boy/girl north/south east/west left/right before/after push/pull arrive/depart import/export cheap/expensive/costly
success/failure succeed/fail friend/enemy ally/enemy war/peace alive/dead life/death public/private guilty/innocent happy/sad
support/oppose for/against with/without praise/blame/criticise hope/fear/despair wet/dry clean/dirty full/empty inside/outside
import/export lend/borrow teach/learn give/take send/receive superior/inferior maximum/minimum wide/narrow deep/shallow
often/rarely/seldom loose/tight ancient/modern urban/rural simple/complex/complicated strengthen/weaken expand/shrink
improve/worsen encourage/discourage confirm/deny admit/deny north/south beautiful/ugly brave/cowardly wise/foolish clever/stupid
quiet/loud soft/hard rough/smooth thick/thin front/back top/bottom
""".split()

CONTRACTIONS = {
    "won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not", "ain't": "be not", "let's": "let us",
    "'tis": "it is", "'twas": "it was", "'twere": "it were", "'em": "them", "o'clock": "o'clock", "i'm": "i am",
    "gonna": "going to", "gotta": "got to", "wanna": "want to", "y'all": "you all", "d'you": "do you", "ma'am": "ma'am",
}  # fmt: skip
# before "'s" that is "is" or "has"; after any other word it may be either that or a possessive
SUBJECTS = frozenset("it he she that there here what who where how when why this everything something nothing".split())

FUNCTION = frozenset(
    """
a an the this that these those i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her
hers herself it its itself they them their theirs themselves who whom whose which what and or but if because as until while of
at by for with about against between into through during before after above below to from up down in out on off over under again
further then once here there when where why how so than too very s t can will just should now is am are was were be been being
have has had having do does did doing would could may might must shall ought not no nor neither never d ll re ve m us one ones
also even still yet ever quite rather really actually only such own same other another upon among within without toward towards
onto however although though therefore thus hence unless since whether per via like able get got let
""".split()
)

# What a sentence may begin with and be no name
OPENERS = FUNCTION | frozenset(
    """
all any each every both either some several many much few fewer most more less least little none nobody nothing everyone
everybody everything someone somebody something anyone anybody anything whatever whoever whenever wherever whichever two three
four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred hundreds thousand thousands half first second
third last next finally eventually ultimately perhaps maybe possibly probably certainly clearly obviously indeed moreover
furthermore additionally meanwhile nevertheless nonetheless otherwise instead besides similarly likewise conversely consequently
accordingly specifically generally usually often sometimes occasionally rarely seldom frequently recently currently previously
originally initially today tomorrow yesterday tonight soon later earlier afterwards suddenly immediately unfortunately
fortunately sadly luckily surprisingly importantly interestingly essentially basically simply merely nearly almost roughly
approximately about around across along among apart aside based beyond concerning considering contrary depending despite due
except following given granted inside near opposite outside owing past plus prior provided regarding regardless thanks thank
throughout unlike until using yes no well oh ah hello dear please note consider imagine suppose think take look see say let make
keep give try use ask remember forget come go put get turn start stop read write call tell show find learn know want need people
person man men woman women child children life time times year years day days week weeks month months morning evening night
moment work world things thing part place way ways case cases example examples point points question questions problem problems
answer reason reasons fact facts idea ideas matter others another such same different new old good great better best worse worst
long short high low small large big early late young true false real sure right wrong hard easy easier important possible
impossible necessary likely unlikely critics readers writers authors artists students teachers users developers companies
businesses governments countries members leaders friends parents visitors workers experts scientists historians philosophers
modern ancient human humanity history science art religion literature poetry philosophy nature society music money power truth
love war peace death god government law education language software code text data results research studies evidence there's
what's whether if being having doing making going getting taking using looking speaking working living writing reading thinking
nowadays quick recall notice observe picture bear mind listen wait watch follow check visit send add remove set open close run
build choose pick buy grab bring meet join anyway nor yet so then thus still hence after before once since while whereas whilst
although though because unless as
even just only also again together overall further apparently presumably supposedly anyone alas behold truly surely really
actually honestly frankly personally naturally generally broadly strictly literally merely hardly scarcely barely never always
ever rather quite too very much instead likewise equally neither either none long ago lately somewhere elsewhere everywhere nowhere
somehow presently meantime doubtless suffice encourage admittedly arguably notably rightly wrongly strangely oddly
curiously plainly evidently undoubtedly definitely gradually quickly slowly quietly simultaneously formerly hitherto thereafter
pretty simple basic certain common complex poor ordinary public enough compared combined coupled paired armed born broken built
caught chosen seen said gone done made given taken known lost driven drawn written shown torn figure determine identify create
allow avoid believe belong compare complete design edit serve hold pull stick stand walk talk leave hide save share shut sit
sleep speak spend stay support teach test touch train treat trust wear weigh win wish wonder worry accept access act adapt adopt
agree aim apply approach arrange assess attend balance begin bother brush carry catch cause celebrate challenge change claim
clean clear climb collect combine commit compile configure connect contact continue convert copy correct cover cut deal
decide define delete deliver depend describe develop discover discuss display divide download draft draw dress drink drive drop
eat embrace enable engage enjoy ensure enter establish examine expand expect explain explore express extend face fall feel fight
fill finish fix fly focus fold forgive form gain gather generate handle hang head hear help highlight hire identify ignore
implement import improve include increase inform install introduce invest invite judge jump kill lay lead lean learn lend lie
lift light limit link load lock lose maintain manage measure mention mix monitor name obtain obtaining offer order organize owe
pack paint pass pause pay perform plan play point practice prefer prepare present press prevent print produce promise
promote protect prove provide publish push raise reach realize receive recognize record reduce reflect refuse relax release rely
remain repeat replace reply report require resist respect rest restart retain return review rewrite ride rise roll rule search
sell separate sign simplify sing skip solve sort sound spot spread start state step store strive study submit succeed suffer
suggest switch tend throw tie track transform translate travel tune type understand update upgrade value verify walk warn wash
waste welcome wind work wrap yield advantages disadvantages pros cons benefits drawbacks features details tools steps parts rules
programs programmers developers engineers customers clients employees employers managers teams people's families neighbours
neighbors guests tourists travellers travelers soldiers officials residents children's boys girls men's gentlemen ladies trees
streets cities towns houses rooms doors windows books papers letters words sounds colours colors eyes hands thoughts feelings
memories dreams mornings evenings hours minutes seasons updates packages libraries files errors bugs tests failures mistakes
everyday constant consistent recent frequent apparent current different silent sudden total entire whole plain weak warm
cold dark light quiet empty full busy ready rare brief deep wide narrow familiar similar particular popular regular
proper rather extra deliberate separate adequate accurate appropriate private ultimate immediate delicate
""".split()
)

_UNITS = _table("""
% = %, percent, per cent
$ = $, dollar, dollars
£ = £, pound, pounds, quid
€ = €, euro, euros
cent = cent, cents
penny = penny, pence, pennies
km = km, kilometre, kilometres, kilometer, kilometers
mile = mile, miles
metre = metre, metres, meter, meters
cm = cm, centimetre, centimetres, centimeter, centimeters
mm = mm, millimetre, millimetres, millimeter, millimeters
foot = foot, feet
inch = inch, inches
yard = yard, yards
kg = kg, kilo, kilos, kilogram, kilograms
gram = gram, grams
ounce = ounce, ounces, oz
ton = ton, tons, tonne, tonnes
litre = litre, litres, liter, liters
gallon = gallon, gallons
pint = pint, pints
minute = minute, minutes, min, mins
second = second, seconds, secs
hour = hour, hours
day = day, days
week = week, weeks
month = month, months
year = year, years
century = century, centuries
decade = decade, decades
am = am, a.m
pm = pm, p.m
° = °, degree, degrees
KB = kb, kilobyte, kilobytes
MB = mb, megabyte, megabytes
GB = gb, gigabyte, gigabytes
TB = tb, terabyte, terabytes
""")
UNITS = {word: unit for unit, words in _UNITS.items() for word in words}

MARKERS = ("- ", "* ", "+ ", "# ", "> ", "##", "```")  # what makes a block of Markdown at the start of a line
