"""Small words that a model exchanges: every row was found by readers, or is what must stay possible."""

import pytest

from vibejam.rewrite.slips import slips
from vibejam.rewrite.splicing import changed

# a draft | what of it is changed | to what
SLIPS = """
The posts have rotted at the base. | at the | to the
It came in below the plan, missing it by 740 pounds. | by 740 | of 740
She lives on the second floor. | on the | in the
It can be mended in under an hour. | under an | an
We shall spend about a quarter less. | about a | a
Do not leave the stove on all night. | stove on | stove
Leave the keys by the door, and take the bin in. | door, and | door,
The soup is hot, so take care. | hot, so | hot,
Her teacher would be glad to hear from you. | Her | The
She thought this over, and she read this letter twice. | this letter | letter
It stands in the new shed. | the new | the
The report will be sent this month. | this month | next month
I can arrange that today. | today | now
He held it between his finger and thumb. | finger | fingers
The long waits for help annoy them. | waits | wait
Why does the clerk wait? | does | do
They will arrive on Friday and depart on Sunday. | arrive | be arriving
Somebody who has been crying came in. | has been | is
Would you consider a slower rise? | consider | take
It offers a quiet kind of comfort. | offers | is
Tell us what would be most useful. | useful | useful to me
Critics of the plan like to say so. | Critics | Some critics
You can also ask for a refund. | can also | can
Bread from yesterday, with the jam, and with the tea. | yesterday, with | yesterday; with
I shall have to discuss it with him. | discuss it | discuss
It reads the line, opens the door, and waits. | line, opens | line and opens
You told me that it was mended. | You told me | I told you
I read the survey you sent me. | survey you sent me | survey I sent you
It is the staff, whom nobody chose. | whom nobody | which no one
They wrote down what he is owed. | is owed | owes
Two brothers had started a game. | had started | started
It looks rather different from here. | rather | very
Nobody mourned such a work. | such a | a
They are tired, since they had to walk. | , since | ,
He spent several years there. | several | a few
There was no cake, only a book. | cake, only | cake but
A girl by the window waved. | A girl | A little girl
What returned, slowly, was the wish to go. | returned, slowly, | returned slowly
Whether he agrees, we are never told. | Whether | If
It has an entry in the book. | an entry | a entry
Now it is the turn of the crew. | crew | crew again
The woman closed the door. | The woman | She
The crew knew Clara, and she knew them. | and she | and Clara
Once I asked him what it meant. | Once | Then
The crew is small and the hall is large. | and | but
The crew is small but the hall is large. | but | and
Few of them dared open it. | dared | could
He has his own key of the hall. | own key | key
The hall was cold, and damp in winter. | , and | ;
He told me that story twice. | told me that | told me
"""

FINE = """
You're right about the crew. | You're | You are
They mentioned it, and it's gone. | it's | it is
The item was small and cold. | item | thing
We help with the small repairs. | small | little
It is called off until Monday. | until | till
The crew did not say why. | did not | didn't
The crew didn't say why. | didn't | did not
They spent an entire day there. | an entire | a whole
However, the crew left early. | However, the | But the
The crew left, yet nobody minded. | yet | but
She realised that it was wonderful. | wonderful | lovely
It was difficult, particularly in winter. | difficult, particularly | hard, especially
The crew left, and the hall was shut. | , and the | ; the
The crew left, and the hall was shut. | , and the | . The
She believed that nobody would come. | believed that | believed
The hall, which was built of oak, is damp. | , which was | ,
Although small, it is a good hall. | Although | Though
"""


def _rows(table: str) -> list[tuple[str, tuple[int, int, str]]]:
    rows = [row.split(" | ") for row in table.strip().splitlines()]
    return [(draft, (draft.index(old), draft.index(old) + len(old), new)) for draft, old, new in rows]


@pytest.mark.parametrize(("draft", "change"), _rows(SLIPS), ids=lambda value: value if isinstance(value, str) else value[2])
def test_a_slip_is_seen(draft, change):
    assert changed(draft, [change]) != draft and slips(draft, change)


@pytest.mark.parametrize(("draft", "change"), _rows(FINE), ids=lambda value: value if isinstance(value, str) else value[2])
def test_what_a_person_may_say_otherwise_is_none(draft, change):
    assert changed(draft, [change]) != draft and not slips(draft, change)
