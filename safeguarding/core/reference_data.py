"""The first rows of the code lists, for a migration to insert: `CODES`, in the columns of `codes.Code`.

Law and guidance change, so a row says from when it holds and where it was found. It must not be read by
pages or rules: those read the table, which a partnership keeps up to date. Where a row's own beginning is
not what the source is about, it holds `FROM_THE_FIRST`, a day before the earliest record, which claims
nothing about the law.
"""

from datetime import date
from typing import NamedTuple

FROM_THE_FIRST = date(2000, 1, 1)


class CodeRow(NamedTuple):
    """One row of the table `code`."""

    list: str
    code: str
    label: str
    kind: str | None
    position: int
    valid_from: date
    valid_to: date | None
    source: str
    note: str | None


def _rows(name: str, source: str, *entries: tuple[str, ...]) -> tuple[CodeRow, ...]:
    """Return rows of one list from (code, label), (code, label, kind) or (code, label, kind, note), in their order."""
    return tuple(_row(name, source, place, *entry) for place, entry in enumerate(entries, start=1))


def _row(
    name: str, source: str, place: int, code: str, label: str, kind: str | None = None, note: str | None = None
) -> CodeRow:
    return CodeRow(name, code, label, kind, place, FROM_THE_FIRST, None, source, note)


HARM_TYPES = _rows(
    "harm_type",
    "Composite of published local arrangements for harm outside the home",
    ("serious_youth_violence", "Serious youth violence"),
    ("weapon_enabled_violence", "Weapon-enabled violence"),
    ("group_associated", "Gang or group-associated harm"),
    ("cce", "Child criminal exploitation"),
    ("county_lines", "County lines"),
    ("cse", "Child sexual exploitation"),
    ("online_exploitation", "Online exploitation or grooming"),
    ("child_on_child_abuse", "Child-on-child abuse, including harmful sexual behaviour"),
    ("teenage_relationship_abuse", "Teenage relationship abuse"),
    ("modern_slavery", "Modern slavery or trafficking"),
    ("radicalisation", "Radicalisation"),
    ("missing", "Missing"),
    ("debt_bondage", "Debt bondage"),
    ("cuckooing", "Cuckooing"),
    ("robbery_theft", "Harmed by robbery or theft"),
    ("antisocial_behaviour", "Antisocial behaviour"),
    ("hate_crime", "Hate crime"),
    ("other", "Other"),
)


# Kinds: a duty obliges, a power allows, a condition makes lawful what a duty or power asks for, consent stands by
# itself. "enacted" is law whose start has not been confirmed: it is shown with its note and cannot be chosen.
def _gateway(
    position: int, code: str, label: str, kind: str, valid_from: date, source: str, note: str | None
) -> CodeRow:
    return CodeRow("lawful_basis", code, label, kind, position, valid_from, None, source, note)


LAWFUL_BASES = (
    _gateway(
        1,
        "ca2004_s10_s11",
        "Children Act 2004, sections 10 and 11: co-operation and duty to safeguard",
        "duty",
        FROM_THE_FIRST,
        "Children Act 2004, sections 10 and 11",
        "For young people under 18.",
    ),
    _gateway(
        2,
        "ca1989_s17",
        "Children Act 1989, section 17: a child in need",
        "duty",
        FROM_THE_FIRST,
        "Children Act 1989, section 17",
        "For young people under 18.",
    ),
    _gateway(
        3,
        "ca1989_s47",
        "Children Act 1989, section 47: enquiries into significant harm",
        "duty",
        FROM_THE_FIRST,
        "Children Act 1989, section 47",
        "For young people under 18.",
    ),
    _gateway(
        4,
        "ca2004_s16la",
        "Children Act 2004, section 16LA: duty to disclose relevant information",
        "enacted",
        date(2026, 4, 29),
        "Children's Wellbeing and Schools Act 2026, section 4; legislation.gov.uk/ukpga/2026/21/section/4",
        "Royal Assent on 29 April 2026; the day it comes into force has not been confirmed. Information governance"
        " confirms it and adds a row of kind duty from that day. A refusal to share is then recorded with the"
        " reason that disclosure would be more detrimental to the child than not.",
    ),
    _gateway(
        5,
        "cda1998_s115",
        "Crime and Disorder Act 1998, section 115: disclosure to a relevant authority",
        "power",
        FROM_THE_FIRST,
        "Crime and Disorder Act 1998, section 115",
        "A power, not a duty; to a relevant authority only, where necessary or expedient for the Act.",
    ),
    _gateway(
        6,
        "pcsc2022_s16",
        "Police, Crime, Sentencing and Courts Act 2022, section 16: serious violence",
        "power",
        date(2023, 1, 31),
        "Police, Crime, Sentencing and Courts Act 2022, section 16; legislation.gov.uk/ukpga/2022/32/section/16",
        "In force from 31 January 2023. It does not allow patient information, nor personal information disclosed"
        " by a health or social care authority.",
    ),
    _gateway(
        7,
        "msa2015_s52",
        "Modern Slavery Act 2015, section 52: duty to notify",
        "duty",
        date(2015, 11, 1),
        "Modern Slavery Act 2015, section 52",
        "In force from 1 November 2015; for public authorities named in the Act.",
    ),
    _gateway(
        8,
        "dpa2018_sch1_18",
        "Data Protection Act 2018, schedule 1, paragraph 18: safeguarding of children and individuals at risk",
        "condition",
        date(2018, 5, 25),
        "Data Protection Act 2018, schedule 1, paragraph 18",
        "For special categories of data without consent, where consent cannot be given, cannot reasonably be"
        " obtained or would prejudice the protection; under 18, or an adult at risk.",
    ),
    _gateway(
        9,
        "ukgdpr_6_1_e",
        "UK GDPR, article 6(1)(e): a task in the public interest",
        "condition",
        date(2018, 5, 25),
        "UK GDPR, article 6(1)(e); for special categories with article 9(2)(g)",
        "Name the duty or power that gives the task in the reason.",
    ),
    _gateway(
        10,
        "ukgdpr_6_1_d",
        "UK GDPR, article 6(1)(d): vital interests",
        "condition",
        date(2018, 5, 25),
        "UK GDPR, article 6(1)(d)",
        None,
    ),
    _gateway(
        11,
        "dpa2018_part3",
        "Data Protection Act 2018, part 3: law enforcement",
        "condition",
        date(2018, 5, 25),
        "Data Protection Act 2018, part 3",
        "For competent authorities such as the police.",
    ),
    _gateway(
        12,
        "consent",
        "Consent",
        "consent",
        FROM_THE_FIRST,
        "Guidance on sharing information to safeguard children",
        "Sought where possible and appropriate; not needed where there is another basis and safety is at stake."
        " For adults it is asked together with capacity.",
    ),
)


# Kind: the group of the published statistics, or who asks a first responder because it is none itself.
GOVERNMENT, AUTHORITY, POLICE, THIRD_SECTOR = "government_agency", "local_authority", "police", "third_sector"
NOT_A_FIRST_RESPONDER = "not_a_first_responder"

_GLAA_NOTE = "Its functions pass to the Fair Work Agency; the date has not been confirmed."

FIRST_RESPONDERS = (
    *_rows(
        "first_responder",
        "College of Policing, first responder organisations of the National Referral Mechanism",
        ("police", "Police force", POLICE),
        ("local_authority", "Local authority", AUTHORITY),
        ("uk_visas_immigration", "UK Visas and Immigration", GOVERNMENT),
        ("border_force", "Border Force", GOVERNMENT),
        ("immigration_enforcement", "Immigration Enforcement", GOVERNMENT),
        ("nca", "National Crime Agency", GOVERNMENT),
        ("glaa", "Gangmasters and Labour Abuse Authority", GOVERNMENT, _GLAA_NOTE),
        ("hsc_trust", "Health and social care trust (Northern Ireland)", GOVERNMENT),
        ("salvation_army", "Salvation Army", THIRD_SECTOR),
        ("migrant_help", "Migrant Help", THIRD_SECTOR),
        ("medaille_trust", "Medaille Trust", THIRD_SECTOR),
        ("kalayaan", "Kalayaan", THIRD_SECTOR),
        ("barnardos", "Barnardo's", THIRD_SECTOR),
        ("unseen", "Unseen", THIRD_SECTOR),
        ("tara", "TARA (Scotland)", THIRD_SECTOR),
        ("nspcc", "NSPCC (Child Trafficking Advice Centre)", THIRD_SECTOR),
        ("bawso", "BAWSO", THIRD_SECTOR),
        ("new_pathways", "New Pathways", THIRD_SECTOR),
        ("refugee_council", "Refugee Council", THIRD_SECTOR),
    ),
    *(
        CodeRow(
            "first_responder",
            code,
            label,
            NOT_A_FIRST_RESPONDER,
            place,
            FROM_THE_FIRST,
            None,
            "Not on the College of Policing's list",
            "Cannot refer itself: it asks the local authority or the police to refer.",
        )
        for place, code, label in (
            (20, "nhs", "NHS body"),
            (21, "school", "School or college"),
            (22, "probation", "Probation service"),
            (23, "voluntary_other", "Voluntary organisation that is not listed above"),
        )
    ),
)

ETHNICITY = _rows(
    "ethnicity",
    "Department for Education, children in need census",
    ("WBRI", "White British", "white"),
    ("WIRI", "White Irish", "white"),
    ("WIRT", "Traveller of Irish heritage", "white"),
    ("WROM", "Gypsy or Roma", "white"),
    ("WOTH", "Any other White background", "white"),
    ("MWBC", "White and Black Caribbean", "mixed"),
    ("MWBA", "White and Black African", "mixed"),
    ("MWAS", "White and Asian", "mixed"),
    ("MOTH", "Any other mixed background", "mixed"),
    ("AIND", "Indian", "asian"),
    ("APKN", "Pakistani", "asian"),
    ("ABAN", "Bangladeshi", "asian"),
    ("CHNE", "Chinese", "asian"),
    ("AOTH", "Any other Asian background", "asian"),
    ("BCRB", "Caribbean", "black"),
    ("BAFR", "African", "black"),
    ("BOTH", "Any other Black background", "black"),
    ("OOTH", "Any other ethnic group", "other"),
    ("REFU", "Did not want to say", "not_known"),
    ("NOBT", "Not yet asked", "not_known"),
)

ETHNICITY_POLICE = _rows(
    "ethnicity_police_18_1",
    "Self-defined ethnicity, 18+1",
    ("W1", "White British", "white"),
    ("W2", "White Irish", "white"),
    ("W3", "Gypsy or Irish Traveller", "white"),
    ("W9", "Any other White background", "white"),
    ("M1", "White and Black Caribbean", "mixed"),
    ("M2", "White and Black African", "mixed"),
    ("M3", "White and Asian", "mixed"),
    ("M9", "Any other mixed background", "mixed"),
    ("A1", "Indian", "asian"),
    ("A2", "Pakistani", "asian"),
    ("A3", "Bangladeshi", "asian"),
    ("A4", "Chinese", "asian"),
    ("A9", "Any other Asian background", "asian"),
    ("B1", "Caribbean", "black"),
    ("B2", "African", "black"),
    ("B9", "Any other Black background", "black"),
    ("O2", "Arab", "other"),
    ("O9", "Any other ethnic group", "other"),
    ("NS", "Not stated", "not_known"),
)

# Combinations are published in this order of kinds; a record stores the set, never the published label.
EXPLOITATION_TYPES = _rows(
    "exploitation_type",
    "Home Office, National Referral Mechanism statistics",
    ("sexual", "Sexual"),
    ("labour", "Labour"),
    ("domestic", "Domestic servitude"),
    ("criminal", "Criminal"),
    ("organ_harvesting", "Organ harvesting"),
    ("unknown", "Not specified or not known"),
)

# The strongest first; the codes are those of the enum in the package of places.
INCIDENT_HARMS = _rows(
    "incident_harm",
    "The rubric of places, version 1",
    ("threat_to_life", "Threat to life"),
    ("weapon_violence_with_injury", "Weapon violence with injury"),
    ("sexual", "Sexual exploitation or assault"),
    ("violence_with_injury", "Violence with injury"),
    ("exploitation", "Exploitation or recruitment"),
    ("weapon", "Weapon"),
    ("robbery", "Robbery"),
    ("violence_without_injury", "Violence without injury"),
    ("drugs_supply", "Drugs supply"),
    ("found_missing", "A missing young person was found here"),
    ("other", "Other"),
)

CODES: tuple[CodeRow, ...] = (
    *HARM_TYPES,
    *INCIDENT_HARMS,
    *LAWFUL_BASES,
    *FIRST_RESPONDERS,
    *ETHNICITY,
    *ETHNICITY_POLICE,
    *EXPLOITATION_TYPES,
)
