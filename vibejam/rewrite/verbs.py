"""Verbs that say the same as others: data for table.py, which says what the marks mean.

The forms of a verb: base, with -s, past, participle, with -ing; four where past and participle are one.  Left out: verbs that
say the same only of some things ("observe", "approach"), whose exchange would be right most of the time.
"""

VERBS = """
utilize, utilizes, utilized, utilizing > use, uses, used, using
utilise, utilises, utilised, utilising > use, uses, used, using
leverage, leverages, leveraged, leveraging > use, uses, used, using
require, requires, required, requiring > need, needs, needed, needing
assist, assists, assisted, assisting > help, helps, helped, helping
attempt to, attempts to, attempted to, attempting to > try to, tries to, tried to, trying to
try to, tries to, tried to, trying to > attempt to, attempts to, attempted to, attempting to
endeavour to, endeavours to, endeavoured to, endeavouring to > try to, tries to, tried to, trying to
endeavor to, endeavors to, endeavored to, endeavoring to > try to, tries to, tried to, trying to
strive to, strives to, strove to, striven to, striving to > try to, tries to, tried to, tried to, trying to
purchase, purchases, purchased, purchasing > buy, buys, bought, buying
buy, buys, bought, buying > purchase, purchases, purchased, purchasing
obtain, obtains, obtained, obtaining > get, gets, got, getting
acquire, acquires, acquired, acquiring > get, gets, got, getting
receive, receives, received, receiving > get, gets, got, getting
demonstrate, demonstrates, demonstrated, demonstrating > show, shows, showed, shown, showing
display, displays, displayed, displaying > show, shows, showed, shown, showing
showcase, showcases, showcased, showcasing > show, shows, showed, shown, showing
start to, starts to, started to, starting to | begin to, begins to, began to, begun to, beginning to
commence, commences, commenced, commencing > begin, begins, began, begun, beginning
commence, commences, commenced, commencing > start, starts, started, starting
begin, begins, began, begun, beginning > start, starts, started, started, starting
initiate, initiates, initiated, initiating > start, starts, started, starting
cease, ceases, ceased, ceasing > stop, stops, stopped, stopping
halt, halts, halted, halting > stop, stops, stopped, stopping
terminate, terminates, terminated, terminating > end, ends, ended, ending
complete, completes, completed, completing > finish, finishes, finished, finishing
occur, occurs, occurred, occurring > happen, happens, happened, happening
take place, takes place, took place, taken place, taking place > happen, happens, happened, happened, happening
occur, occurs, occurred, occurring > take place, takes place, took place, taken place, taking place
appear to be, appears to be, appeared to be, appearing to be | seem to be, seems to be, seemed to be, seeming to be
appear to have, appears to have, appeared to have, appearing to have | seem to have, seems to have, seemed to have, seeming to have
inquire, inquires, inquired, inquiring > ask, asks, asked, asking
enquire, enquires, enquired, enquiring > ask, asks, asked, asking
request that, requests that, requested that, requesting that > ask that, asks that, asked that, asking that
request to, requests to, requested to, requesting to > ask to, asks to, asked to, asking to
request, requests, requested, requesting > ask for, asks for, asked for, asking for
reply that, replies that, replied that, replying that | answer that, answers that, answered that, answering that
respond that, responds that, responded that, responding that > answer that, answers that, answered that, answering that
reply that, replies that, replied that, replying that > say that, says that, said that, saying that
respond that, responds that, responded that, responding that > say that, says that, said that, saying that
state that, states that, stated that, stating that > say that, says that, said that, saying that
declare that, declares that, declared that, declaring that > say that, says that, said that, saying that
remark that, remarks that, remarked that, remarking that > say that, says that, said that, saying that
mention that, mentions that, mentioned that, mentioning that > say that, says that, said that, saying that
reply to, replies to, replied to, replying to > answer, answers, answered, answering
respond to, responds to, responded to, responding to > answer, answers, answered, answering
inform, informs, informed, informing > tell, tells, told, telling
ask whether, asks whether, asked whether, asking whether | ask if, asks if, asked if, asking if
know whether, knows whether, knew whether, known whether, knowing whether | know if, knows if, knew if, known if, knowing if
see whether, sees whether, saw whether, seen whether, seeing whether | see if, sees if, saw if, seen if, seeing if
wonder whether, wonders whether, wondered whether, wondering whether | wonder if, wonders if, wondered if, wondering if
retain, retains, retained, retaining > keep, keeps, kept, keeping
preserve, preserves, preserved, preserving > keep, keeps, kept, keeping
construct, constructs, constructed, constructing > build, builds, built, building
create, creates, created, creating > make, makes, made, making
manufacture, manufactures, manufactured, manufacturing > make, makes, made, making
select, selects, selected, selecting > choose, chooses, chose, chosen, choosing
select, selects, selected, selecting > pick, picks, picked, picking
repair, repairs, repaired, repairing | mend, mends, mended, mending
repair, repairs, repaired, repairing > fix, fixes, fixed, fixing
comprehend, comprehends, comprehended, comprehending > understand, understands, understood, understanding
perceive, perceives, perceived, perceiving > see, sees, saw, seen, seeing
recall, recalls, recalled, recalling > remember, remembers, remembered, remembering
recollect, recollects, recollected, recollecting > remember, remembers, remembered, remembering
believe that, believes that, believed that, believing that > think that, thinks that, thought that, thinking that
think that, thinks that, thought that, thinking that > believe that, believes that, believed that, believing that
discover that, discovers that, discovered that, discovering that | find out that, finds out that, found out that, finding out that
discover that, discovers that, discovered that, discovering that > find that, finds that, found that, finding that
discover, discovers, discovered, discovering > find, finds, found, finding
ascertain, ascertains, ascertained, ascertaining > find out, finds out, found out, finding out
ensure that, ensures that, ensured that, ensuring that | make sure that, makes sure that, made sure that, making sure that
verify that, verifies that, verified that, verifying that > check that, checks that, checked that, checking that
allow, allows, allowed, allowing | permit, permits, permitted, permitting
conceal, conceals, concealed, concealing > hide, hides, hid, hidden, hiding
depart from, departs from, departed from, departing from > leave, leaves, left, leaving
depart, departs, departed, departing > leave, leaves, left, leaving
want to, wants to, wanted to, wanting to | wish to, wishes to, wished to, wishing to
desire, desires, desired, desiring > want, wants, wanted, wanting
intend to, intends to, intended to, intending to > mean to, means to, meant to, meaning to
examine, examines, examined, examining > look at, looks at, looked at, looking at
inspect, inspects, inspected, inspecting > look at, looks at, looked at, looking at
investigate, investigates, investigated, investigating > look into, looks into, looked into, looking into
delve into, delves into, delved into, delving into > look into, looks into, looked into, looking into
discuss, discusses, discussed, discussing > talk about, talks about, talked about, talking about
speak to, speaks to, spoke to, spoken to, speaking to | talk to, talks to, talked to, talked to, talking to
converse, converses, conversed, conversing > talk, talks, talked, talking
return to, returns to, returned to, returning to > go back to, goes back to, went back to, gone back to, going back to
possess, possesses, possessed, possessing > have, has, had, having
reside, resides, resided, residing > live, lives, lived, living
inhabit, inhabits, inhabited, inhabiting > live in, lives in, lived in, living in
encounter, encounters, encountered, encountering > come across, comes across, came across, come across, coming across
eliminate, eliminates, eliminated, eliminating > get rid of, gets rid of, got rid of, getting rid of
discard, discards, discarded, discarding > throw away, throws away, threw away, thrown away, throwing away
postpone, postpones, postponed, postponing > put off, puts off, put off, putting off
tolerate, tolerates, tolerated, tolerating > put up with, puts up with, put up with, putting up with
await, awaits, awaited, awaiting > wait for, waits for, waited for, waiting for
contact, contacts, contacted, contacting > get in touch with, gets in touch with, got in touch with, getting in touch with
telephone, telephones, telephoned, telephoning > phone, phones, phoned, phoning
telephone, telephones, telephoned, telephoning > call, calls, called, calling
rely on, relies on, relied on, relying on > depend on, depends on, depended on, depending on
vanish, vanishes, vanished, vanishing | disappear, disappears, disappeared, disappearing
weep, weeps, wept, weeping > cry, cries, cried, crying
perish, perishes, perished, perishing > die, dies, died, dying
prevent, prevents, prevented, preventing > stop, stops, stopped, stopping
alter, alters, altered, altering > change, changes, changed, changing
modify, modifies, modified, modifying > change, changes, changed, changing
injure, injures, injured, injuring > hurt, hurts, hurt, hurting
attain, attains, attained, attaining > reach, reaches, reached, reaching
proceed to, proceeds to, proceeded to, proceeding to > go on to, goes on to, went on to, gone on to, going on to
foster, fosters, fostered, fostering > encourage, encourages, encouraged, encouraging
bolster, bolsters, bolstered, bolstering > strengthen, strengthens, strengthened, strengthening
garner, garners, garnered, garnering > win, wins, won, winning
encompass, encompasses, encompassed, encompassing > include, includes, included, including
elucidate, elucidates, elucidated, elucidating > explain, explains, explained, explaining
place, places, placed, placing > put, puts, put, putting
attend, attends, attended, attending > go to, goes to, went to, gone to, going to
make use of, makes use of, made use of, making use of > use, uses, used, using
put an end to, puts an end to, put an end to, putting an end to > end, ends, ended, ending
have a tendency to, has a tendency to, had a tendency to, having a tendency to > tend to, tends to, tended to, tending to
pay a visit to, pays a visit to, paid a visit to, paying a visit to > visit, visits, visited, visiting
provide assistance to, provides assistance to, provided assistance to, providing assistance to > help, helps, helped, helping
make a decision to, makes a decision to, made a decision to, making a decision to > decide to, decides to, decided to, deciding to
notify, notifies, notified, notifying > tell, tells, told, telling
illuminate, illuminates, illuminated, illuminating > light up, lights up, lit up, lighting up
extinguish, extinguishes, extinguished, extinguishing > put out, puts out, put out, putting out
ascend, ascends, ascended, ascending > climb, climbs, climbed, climbing
accomplish this, accomplishes this, accomplished this, accomplishing this > do this, does this, did this, done this, doing this
seek to, seeks to, sought to, seeking to > try to, tries to, tried to, trying to
deem it, deems it, deemed it, deeming it > think it, thinks it, thought it, thinking it
refrain from, refrains from, refrained from, refraining from > keep from, keeps from, kept from, keeping from
converse with, converses with, conversed with, conversing with > talk to, talks to, talked to, talking to
speak with, speaks with, spoke with, spoken with, speaking with | talk with, talks with, talked with, talked with, talking with
dispose of, disposes of, disposed of, disposing of > get rid of, gets rid of, got rid of, getting rid of
assert that, asserts that, asserted that, asserting that > say that, says that, said that, saying that
embark on, embarks on, embarked on, embarking on > start, starts, started, starting
"""

# forms that are nouns or adjectives as well: a verb for sure only after a word such as "to", "will" or "they"
NOUNS_TOO = frozenset(
    """
    place places
    attempt attempts purchase purchases request requests display displays showcase leverage halt halts complete repair repairs mend
    fix permit permits select answer answers reply replies state states remark remarks mention mentions desire desires return
    returns contact contacts telephone telephones foster alter initiate construct constructs use uses need needs help show shows
    start starts end ends finish stop stops pick picks look looks talk talks phone call calls change changes hurt win wins cry cries
    reach encounter encounters discard discards wish wishes recall recalls ask conceal beginning converse manufacture preserve
    preserves assists assist aid try tries buy buys sound wonder wonders
    """.split()
)
# what sounds wrong after "was" and the like
NO_PASSIVE = frozenset(
    "got|had|got rid of|come across|gone back to|gone on to|lived in|got in touch with|looked like|happened|gone to".split("|")
)
