"""Phrases that say the same as others: data for table.py, which says what the marks mean.

Left out: what says the same only of some things or in some places, which is what moves.py has patterns for, and every exchange that
makes a statement weaker or stronger.
"""

PHRASES = """
finally | at last
ultimately > in the end
eventually > in the end
kids | children
individuals > people
persons > people
numerous _ > many _ | a great many _ | a lot of _ | lots of _
a large number of | a great number of > a great many | a lot of | lots of | many
a significant number of | a substantial number of | a considerable number of > a good many | a lot of | a great many
a large amount of | a significant amount of | a considerable amount of | a substantial amount of > a great deal of | a lot of
a great deal of | a good deal of
a great deal of | a good deal of > a lot of | lots of
a lot of | lots of
a number of _ > several _ | some _
a wide range of | a wide variety of | a broad range of | a large variety of | a vast array of > all sorts of | all kinds of
various _ > all sorts of _ | all kinds of _
all sorts of | all kinds of
a handful of > a few
the whole _ > the entire _
regarding | with regard to | with regards to | with respect to | in regard to > about
approximately > about | roughly
currently | at present | at the present time | at this time > now
at the moment > now
at the present time | at this time | currently > at present
at that time > then
difficult to | hard to
more difficult > harder
very difficult > very hard
straightforward _ > simple _
simple to > easy to
large _ > big _
larger | bigger
extremely _ | exceedingly _ > very _
very _ > really _
very _ > extremely _
intelligent > clever
foolish > silly
strange | weird
strange > odd
terrible | awful | dreadful
horrible > dreadful | awful
wonderful | marvellous
wonderful > splendid
absurd | ridiculous
sufficient _ > enough _
sufficient to > enough to
main _ | chief _
principal _ | primary _ > main _ | chief _
huge | enormous
immense | gigantic > huge | enormous
pleased to | glad to
pleased to | glad to > happy to
pleased that | glad that
boring > dull
tedious > dull | boring
rapid > quick
crucial > vital | essential
substantial _ > large _
incorrect > wrong
inaccurate > wrong
additional _ > extra _ | further _
subsequent _ > later _
previous _ > earlier _
a certain amount of > some
identical to > the same as
rapidly > quickly
swiftly > quickly
often | frequently
typically | usually
usually > generally
typically > generally
occasionally | sometimes
occasionally > at times | now and then
on occasion > sometimes | now and then | at times
at times | now and then | from time to time
immediately > at once
nowadays | these days
at once | straight away
subsequently > later | afterwards
shortly > soon
completely | entirely | totally | wholly
completely | totally > utterly | altogether
entirely | wholly > altogether
truly > really
genuinely > really | truly
in actuality > in fact
actually > really | in fact
undoubtedly > certainly
certainly | definitely
obviously > clearly | plainly
evidently > clearly | plainly | obviously
perhaps | maybe
possibly > perhaps | maybe
in all likelihood | in all probability > probably
in all likelihood | in all probability
especially | particularly
mainly | mostly | chiefly
primarily > mainly | mostly | chiefly
largely > mostly | mainly
solely > only
merely _ > only _
merely _ > just _
simply _ > just _
exactly | precisely
for example | for instance
in other words | that is to say
in order to | so as to > to
in order to | so as to
in order that > so that
because of | owing to | on account of
due to > because of
owing to the fact that | due to the fact that | because of the fact that | in light of the fact that > because
owing to the fact that | due to the fact that
despite the fact that | in spite of the fact that > although | though | even though
despite | in spite of
although | even though
although > though
whereas > while
whilst > while
until | till
prior to > before
subsequent to > after
in addition to > besides | as well as
in lieu of > instead of
in place of | instead of
upon > on
beneath | underneath > under
adjacent to > next to | beside
next to | beside
outside of > outside
inside of > inside
by means of > by
in the vicinity of > near
in the course of > during
during the course of > during
throughout the course of > throughout
in the event that > if
with the exception of > except for | except
each other | one another
everyone | everybody
no one | nobody
someone | somebody
anyone | anybody
type of > kind of | sort of
types of > kinds of | sorts of
kind of | sort of
kinds of | sorts of
of this nature > of this kind | of this sort
in this manner > in this way | like this
in that manner > in that way | like that
in the same manner > in the same way
in the manner of > like
simultaneously > at the same time
in general | on the whole | by and large
for the most part > mostly | mainly
to a large extent | to a great extent > largely
to some extent | to a certain extent > up to a point
in some respects > in some ways
in many respects > in many ways
in any case | at any rate | in any event
and so on | and so forth
as if | as though
once more | once again
once more | once again > again
on one occasion > once
each day, each week, each month | every day, every week, every month
each year, each time, each night | every year, every time, every night
each morning, each evening, each one of | every morning, every evening, every one of
all of the > all the
the reason why > the reason
the way in which | the manner in which > the way
the degree to which | the extent to which > how far
the majority of the, the majority of these, the majority of my > most of the, most of these, most of my
the majority of _ > most _
a person who > someone who | somebody who
any person > anyone | anybody
every person > everyone | everybody
it is certain that | it is undeniable that > certainly
it is possible that > perhaps | maybe
it is probable that | it is likely that > probably
it is evident that | it is apparent that > clearly | plainly
is the case > is so
is not the case > is not so
as is the case with > as with
has to, have to > must, must
needs to, need to > has to, have to
is required to, are required to > has to, have to
is able to, are able to, am able to > can, can, can
is capable of being, are capable of being > can be, can be
is going to, are going to, am going to > will, will, will
is known as, are known as, was known as, were known as > is called, are called, was called, were called
is located in, are located in, was located in, were located in > is in, are in, was in, were in
is situated in, are situated in, was situated in, were situated in > is in, are in, was in, were in
is located on, are located on, was located on, were located on > is on, are on, was on, were on
is located at, are located at, was located at, were located at > is at, are at, was at, were at
is intended to, are intended to, was intended to, were intended to > is meant to, are meant to, was meant to, were meant to
do so, does so, did so, done so, doing so > do it, does it, did it, done it, doing it
do not possess, does not possess, did not possess > do not have, does not have, did not have
play a role in, plays a role in > play a part in, plays a part in
played a role in, playing a role in > played a part in, playing a part in
I will, we will | I shall, we shall
does not have a, did not have a, do not have a > has no, had no, have no
there is not any, there are not any, there was not any, there were not any > there is no, there are no, there was no, there were no
portion of, portions of > part of, parts of
concept of | notion of > idea of
objectives > aims | goals
outcome, outcomes > result, results
consequences > results
physician, physicians > doctor, doctors
movie, movies > film, films
an issue with > a problem with
issues with > problems with
this issue > this problem | this question
difficulty in > trouble in
numerous times | on numerous occasions > many times
in the near future > soon
the day prior > the day before
in advance > beforehand
as a consequence > as a result
nearly | almost
practically | virtually > almost | nearly
many _ > a great many _ | a lot of _ | lots of _
entire _ > whole _
unseen > invisible
courteous > polite
precise _ > exact _
the same manner > the same way
at that point > then
in the same fashion > in the same way
a great deal more | considerably more > far more | much more
far more | much more
far less | much less
far better | much better
far worse | much worse
such a long time > so long
a long period of time > a long time
a short period of time > a short time
not long after > soon after
in total > in all | altogether
in a position to > able to
every now and again > now and then
lengthy _ > long _
elderly _ > old _
genuine _ > real _
sole _ > only _
profound _ > deep _
vibrant > lively
intricate > complicated
comprehensive _ > full _ | thorough _
seamless > smooth
seamlessly > smoothly
meticulous > careful
meticulously > carefully
pivotal | paramount > vital
noteworthy > worth noting
stark contrast > sharp contrast
a single _ > one _
not a single _ > not one _
is evident, was evident, became evident > is plain, was plain, became plain
is evident, was evident, became evident > is clear, was clear, became clear
initially > at first
directly to, directly into, directly from, directly home > straight to, straight into, straight from, straight home
fully _ > completely _ | wholly _
slightly _ > a little _ | a bit _
barely > hardly
hardly | scarcely
rarely | seldom
gradually > little by little
nonetheless > nevertheless
the rear of > the back of
duration > length
assistance > help
beverage, beverages > drink, drinks
topic, topics > subject, subjects
opportunity, opportunities > chance, chances
manner > way
the remainder of > the rest of
at the conclusion of > at the end of
on this occasion, on that occasion, on each occasion > this time, that time, every time
on several occasions, on many occasions > several times, many times
in search of > looking for
as opposed to > rather than
relating to | pertaining to | concerning > about
a myriad of | a multitude of > a great many | many
a plethora of | an abundance of > plenty of | a lot of
a person > someone | somebody
another person > someone else | somebody else
all of these, all of those, all of this, all of that, half of the > all these, all those, all this, all that, half the
those who | people who
am aware that, is aware that, are aware that > know that, knows that, know that
was aware that, were aware that > knew that, knew that
am aware of, is aware of, are aware of, was aware of, were aware of > know of, knows of, know of, knew of, knew of
am fond of, is fond of, are fond of, was fond of, were fond of > like, likes, like, liked, liked
am familiar with, is familiar with, are familiar with, was familiar with > know, knows, know, knew
am of the opinion that, is of the opinion that, are of the opinion that > think that, thinks that, think that
is of the opinion that, was of the opinion that, were of the opinion that > believes that, believed that, believed that
have the ability to, has the ability to, had the ability to > can, can, could
is in the process of, are in the process of, was in the process of, were in the process of > is, are, was, were
is considered to be, are considered to be, was considered to be > is thought to be, are thought to be, was thought to be
is regarded as, are regarded as, was regarded as, were regarded as > is seen as, are seen as, was seen as, were seen as
is similar to, are similar to, was similar to, were similar to > is like, are like, was like, were like
is dependent on, are dependent on, was dependent on, were dependent on > depends on, depend on, depended on, depended on
is composed of, are composed of, was composed of, were composed of > is made of, are made of, was made of, were made of
is a testament to, was a testament to > is proof of, was proof of
serves as a, serves as an, served as a, served as an > is a, is an, was a, was an
was forced to, were forced to, was obliged to, were obliged to > had to, had to, had to, had to
am forced to, are forced to, is forced to > have to, have to, has to
do not need to, does not need to, did not need to > do not have to, does not have to, did not have to
do not need to, does not need to > need not, need not
not only | not merely | not just
and yet > but
all of the time > all the time
throughout the whole of > all through
during the night, during the day, during the morning, during the evening > in the night, in the day, in the morning, in the evening
during the week, during the summer, during the winter > in the week, in the summer, in the winter
as a consequence of | as a result of > because of
in close proximity to > close to | near
in conjunction with > together with | along with
together with | along with
in accordance with > according to
anyone who | anybody who
would prefer to > would rather
in other respects > otherwise
the issue is that > the problem is that
are frequently, is frequently, was frequently, were frequently > are often, is often, was often, were often
of this type, of that type > of this kind, of that kind
of this type, of that type > of this sort, of that sort
of this kind, of that kind | of this sort, of that sort
in a different way, in a similar way, in a simple way, in a serious way > differently, similarly, simply, seriously
in a different manner, in a similar manner, in a careful manner > differently, similarly, carefully
in a clear manner, in a timely manner, in a polite manner > clearly, in good time, politely
under the impression that > thinking that
until such time as > until
at this point in time | at this juncture > now | at present
for the purpose of making, for the purpose of finding, for the purpose of getting > to make, to find, to get
in view of the fact that | given the fact that > given that | since
to such an extent that > so much that
on a daily basis, on a weekly basis, on a monthly basis, on a regular basis > every day, every week, every month, regularly
on a daily basis > daily
every single day, every single time, every single one > every day, every time, every one
a small number of > a few | some
a large proportion of > much of | most of
a large portion of | a significant portion of > much of
a variety of _ > various _ | several _ | all sorts of _
an enormous amount of | a huge amount of > a great deal of
an enormous number of | a huge number of | a vast number of > a great many
photograph, photographs | photo, photos
telephone number, telephone call > phone number, phone call
automobile, automobiles > car, cars
refrigerator, refrigerators > fridge, fridges
advertisement, advertisements > ad, ads
advertisement, advertisements > advert, adverts
motorcycle, motorcycles > motorbike, motorbikes
garments | attire > clothes
physician's > doctor's
the interior of, the exterior of > the inside of, the outside of
commencement > beginning | start
a great many people | many people > a lot of people | lots of people
nobody else | no one else
somebody else | someone else
anybody else | anyone else
everybody else | everyone else
quite a lot of | a good deal of
entirely different > quite different
compared to | compared with
similar to those > like those
in the present day > today | now
in the present day > nowadays
in this day and age > nowadays | these days
in modern times > nowadays | these days
for a brief moment > for a moment
for a short time | for a short while > for a little | for a while
after a short time > after a while
within a short time > before long | soon
at a later time | at a later date > later | later on
at an earlier time > earlier
in due course > in time
in the meantime | meanwhile
all day long > all day
all night long > all night
the entire day, the entire night, the entire time, the entire way > all day, all night, all the time, all the way
the whole day, the whole night, the whole time, the whole way > all day, all night, all the time, all the way
across the entire, throughout the entire > all over the, all through the
throughout the world > all over the world
in spite of this | despite this > even so | all the same
in spite of that | despite that > even so | all the same
regardless of whether > whether or not
irrespective of > regardless of
with the help of | with the aid of
without a doubt > no doubt | certainly
beyond doubt > certainly
there is no question that | without question > there is no doubt that | no doubt
to be honest | to tell the truth
to be precise | to be exact
if necessary > if need be
the sole reason > the only reason
for no apparent reason > for no reason
is referred to as, are referred to as, was referred to as, were referred to as > is called, are called, was called, were called
is aimed at, are aimed at > is meant for, are meant for
am in agreement with, is in agreement with, are in agreement with > agree with, agrees with, agree with
is in need of, are in need of, was in need of, were in need of > needs, need, needed, needed
is supportive of, are supportive of > supports, support
is reflective of, is indicative of, is representative of > reflects, indicates, represents
has an effect on, have an effect on, had an effect on > affects, affect, affected
has an impact on, have an impact on, had an impact on > affects, affect, affected
take into consideration, takes into consideration > take into account, takes into account
took into consideration > took into account
make an attempt to, makes an attempt to, made an attempt to > try to, tries to, tried to
make an effort to, makes an effort to, made an effort to > try to, tries to, tried to
make the decision to, makes the decision to, made the decision to > decide to, decides to, decided to
make reference to, makes reference to, made reference to > mention, mentions, mentioned
make mention of, makes mention of, made mention of > mention, mentions, mentioned
make a purchase of, made a purchase of > buy, bought
give consideration to, gave consideration to > consider, considered
give rise to, gives rise to, gave rise to > cause, causes, caused
come to the conclusion that, came to the conclusion that > conclude that, concluded that
came to the realization that, came to the realisation that > realized that, realised that
put an emphasis on, puts an emphasis on > stress, stresses
place emphasis on, places emphasis on, placed emphasis on > stress, stresses, stressed
have a conversation with, had a conversation with > talk to, talked to
have a discussion about, had a discussion about > discuss, discussed
have knowledge of, has knowledge of, had knowledge of > know about, knows about, knew about
hold the view that, holds the view that, held the view that > think that, thinks that, thought that
hold the belief that, holds the belief that, held the belief that > believe that, believes that, believed that
express the view that, expressed the view that > say that, said that
it is not necessary to > there is no need to
as an alternative > instead
in most cases | in most instances > mostly | usually
in many cases | in many instances > often
in some cases | in some instances > sometimes
in rare cases | in rare instances > rarely
in all cases > always
in every case > always
in the majority of cases > mostly | usually
with ease > easily
with great care > very carefully
in secret | secretly
in haste | hastily > in a hurry
in silence | silently
in public | publicly
"""

# spellings of one word, of which a person has one; those of the two sides of the Atlantic stand in spelling.py
SPELLINGS = """
among | amongst
amid | amidst
toward | towards
today | to-day
tomorrow | to-morrow
tonight | to-night
learned | learnt
dreamed | dreamt
burned | burnt
spelled | spelt
leaped | leapt
leaned | leant
goodbye | good-bye
goodbye | good-by
forever | for ever
afterward | afterwards
judgment | judgement
inquiry, inquiries | enquiry, enquiries
"""

# idioms that stand as a whole: nothing inside of them is exchanged
IDIOMS = """
only barely | only just | very nearly | most particularly | most certainly | quite certainly | not certainly | most often | more often |
a while | at all | all at once | in all | after all | not at all | above all | all the same | all the more | all the better |
as far as | as soon as | as long as | as well | as well as | so far | by far | how far | thus far | of course | in fact |
as a matter of fact | the fact that | in a way | in the way | by the way | on the way | no way | way of life | to begin with |
to start with | begin with | begins with | began with | beginning with | starting with | to be sure | no doubt | for sure |
make sure | sure enough | good enough | enough of | enough is enough | in the main | for the main | at large | by and large |
large scale | larger than life | the whole of | as a whole | on the whole | small talk | small business | small businesses |
small print | small change | a small amount | a small number | small number | small amounts | small numbers | small part |
small group | small hours | large number | large numbers | large amounts | large part | larger number | large extent |
large quantities | to a large extent | a sufficient | not sufficient | the very | very well | very much | very few | very little |
very good | very own | rather than | would rather | had rather | or rather | but rather | 'd rather | much rather | rather like |
fairly and | pretty much | quite so | really well | so many | how many | as many | too many | as many as | the many | odd number |
odd numbers | odd jobs | hard work | strange to say | awful lot | not very | straight away from | at present in |
once and for all | at once a | both at once | at once and | now and then | now and again | from now on | until now | by now |
just now | even now | right now | for now | now that | and now | or not | again and again | then again | over again |
time and again | cannot possibly | could possibly | can possibly | possibly be | could not possibly | may possibly |
might possibly | as possible | if possible | not only | only if | if only | the only | only one | only child | only when |
only then | only after | only because | merely because | simply put | put simply | quite simply | simply because | shortly after |
shortly before | shortly afterwards | immediately after | immediately before | immediately following | immediately above |
immediately below | immediately obvious | immediately adjacent | immediately clear | not immediately | whether or not |
as to whether | not clearly | more clearly | most likely | less likely | kind of you | sort of thing | of a kind | in kind |
one of a kind | what kind of | what sort of | some kind of | some sort of | all kinds of people | out of sorts | various types |
various kinds | various sorts | various forms | various ways | these various | those various | the various | such as these |
such as this | such as that | such as it | due to arrive | due to leave | due to begin | due to start | due to be | due to have |
due to come | due to go | due to return | is due to | are due to | was due to | were due to | be due to | been due to |
being due to | not due to | cease to | ceases to | ceased to | ceasing to | without cease | observe that | require that |
requires that | required that | bring about | brought about | come about | how about | what about | talk about | think about |
about to | occur to | occurs to | occurred to | take place in | in its place | in the first place | in their place | first place |
happen to | happens to | happened to | choose to | chose to | chosen to | receive with | well received | received by |
created equal | purchase of | in return | in return for | many happy returns | look at it | look like | feel like | would like |
should like | like it | contact with | in contact | stop from | no end | in the end | at the end | by the end | to the end |
end up | ends up | ended up | week's end | show up | shows up | showed up | show off | get up | got up | discover how |
discovered by | examined by | change hands | allow for | allows for | allowed for | allowing for | permit of | hide and seek |
well hidden | left over | left behind | live in hope | mean to say | meant to be | needless to say | in need of | no need |
stated that he | state of | states of | in a state | head of state | the united states | each of us | each of them | each of you |
one by one | one at a time | day by day | day after day | every other day | every now and then | today's | center of gravity |
labor day | a learned man | lessons learned | defense of | depart this life | primary school | primary schools | primary care |
primary key | primary keys | primary colour | primary colours | primary color | primary election | primary source |
primary sources | principal of | chief executive | chief of | main street | mainly because | identical twins | additional to |
a further education | previous to | previous day | previous night | previous evening | previous morning | previous week |
previous month | previous year | required to | the case with | the case for | the case that | the case in | subsequent to that |
final say | at the very least | a very long time | in particular | not particularly | at any rate of | at that time of |
at this time of | in the past year | in the past few | in the past two | in the past week | in the past month |
in the past decade | in the past tense | at the age of consent | in advance of | long ago as | as long ago | an until and unless |
such a person | as a person | a person of | all manner of | manner of | a manner of | is concerning | are concerning |
very concerning | attend to | attends to | attended to | attending to | sole of | placed first | placed second | placed third |
placed on record | for many | many of | many more | not many | fully fledged | a single malt
""".replace("\n", " ")
