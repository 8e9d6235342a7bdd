"""A little writing for tests: enough to learn from in a second, our own, and no two essays alike."""

import random
from pathlib import Path

WHO = "the dog,my sister,Morgan,the postman,nobody,the woman at the mill,our uncle,the vicar,a stranger,I".split(",")
DID = "mended,lost,painted,carried,borrowed,sold,hid,forgot,wanted,measured,kept,broke".split(",")
WHAT = "the gate,a ladder,the kettle,two buckets,the clock,a boat,the letters,soup,the map,a hat,the bell,stones".split(",")
WHEN = "in the rain,before noon,at the fair,by mistake,twice,on Sunday,for a bet,without a word,in the dark,by ear".split(",")
AND = "and said so,but not for long,which is how it goes,and that was that,so we laughed,though it hurt,and then slept".split(",")


def essay(number: int, paragraphs: int = 6) -> str:
    """The essay of that number, always the same."""
    dice = random.Random(number)

    def sentence() -> str:
        words = f"{dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)} {dice.choice(WHEN)}, {dice.choice(AND)}."
        return words[0].upper() + words[1:]

    return "\n\n".join(" ".join(sentence() for _ in range(5)) for _ in range(paragraphs))


def write_folder(folder: Path, count: int = 8) -> Path:
    """`count` essays as files in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"essay-{number}.txt").write_text(essay(number), encoding="utf-8")
    return folder
