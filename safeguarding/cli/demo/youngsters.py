"""The demonstration's sixty young people: who they are, where they live and go to school, and which story is theirs."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from safeguarding.cli.demo.geography import PLACES, WARDS
from safeguarding.cli.demo.names import BOYS, FAMILIES, GIRLS, NICKNAMES
from safeguarding.cli.demo.stories import STORIES, Story
from safeguarding.people import service
from safeguarding.people.models import AliasKind, EthnicityScheme, Person, Sex

MANY = 60
WORKERS = (
    "practitioner",
    "social-worker",
    "practitioner",
    "leroy",
    "social-worker",
    "owen",
    "practitioner",
    "shreya",
    "ines",
)
_STREETS = (
    "Weir Court",
    "Ferry Lane",
    "Mill Road",
    "Northfield Way",
    "Marsh Road",
    "Alder Street",
    "Wharf Row",
    "Gate Hill",
)
_SCHOOLS = tuple(place.name for place in PLACES if place.kind == "school")
_HARMFUL = ("tanners-fields", "eastgate-station", "eastgate-parade", "ferry-lane", "wharf-arcade", "market-square",
            "alder-park", "marsh-road", "northfield-estate", "clock-bus", "wharf-hotel")  # fmt: skip
_ETHNICITIES = ("WBRI", "BCRB", "BAFR", "MWBC", "ABAN", "APKN", "WOTH", "AOTH", "MOTH", "OOTH")


@dataclass(frozen=True)
class Youngster:
    """One young person of the demonstration, before the commands make a record of them."""

    number: int
    given: str
    family: str
    sex: Sex
    born_on: date
    worker: str
    story: Story
    place: str
    nickname: str | None

    def told(self, text: str, place_name: str) -> str:
        """Return a story's text about this young person and their place."""
        return text.replace("{name}", self.given).replace("{place}", place_name)


def draw_youngsters(as_of: date, dice: random.Random) -> list[Youngster]:
    """Return sixty young people, aged 11 to 24 on the day, no two with the same names."""
    drawn: list[Youngster] = []
    taken: set[tuple[str, str]] = set()
    while len(drawn) < MANY:
        girl = dice.random() < 0.36
        names = (dice.choice(GIRLS if girl else BOYS), dice.choice(FAMILIES))
        if names in taken:
            continue
        taken.add(names)
        number = len(drawn)
        years = dice.choice((11, 12, 13, 13, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 17, 17, 17, 18, 19, 21, 24))
        drawn.append(
            Youngster(
                number=number,
                given=names[0],
                family=names[1],
                sex=Sex.FEMALE if girl else Sex.MALE,
                born_on=as_of - timedelta(days=365 * years + 30 + dice.randrange(300)),
                worker=WORKERS[number % len(WORKERS)],
                story=STORIES[number % len(STORIES)],
                place=_HARMFUL[number % len(_HARMFUL)],
                nickname=dice.choice(NICKNAMES) if dice.random() < 0.35 else None,
            )
        )
    return drawn


def details_of(youngster: Youngster, dice: random.Random) -> service.Details:
    """Return what is known of a young person. The postcodes lie in an area that Royal Mail does not use."""
    ward = dice.choice(WARDS).name
    return service.Details(
        born_on=youngster.born_on,
        sex=youngster.sex,
        pronouns="she, her" if youngster.sex is Sex.FEMALE else "he, him",
        ethnicity_code=dice.choice(_ETHNICITIES),
        ethnicity_scheme=EthnicityScheme.DFE,
        address=f"{dice.randint(1, 120)} {dice.choice(_STREETS)}, Marlbridge",
        postcode=f"QM{dice.randint(1, 9)} {dice.randint(1, 9)}{dice.choice('ABDEFGHJ')}{dice.choice('LNPQRSTU')}",
        ward=ward,
        school_name=dice.choice(_SCHOOLS),
        language="English",
    )


def aliases_of(youngster: Youngster) -> list[tuple[AliasKind, str]]:
    """Return the other names of a young person."""
    return [(AliasKind.NICKNAME, youngster.nickname)] if youngster.nickname else []


__all__ = ["MANY", "Person", "Youngster", "aliases_of", "details_of", "draw_youngsters"]
