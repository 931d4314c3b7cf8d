"""The words of partners and hospitals for what happened, as categories of the rubric.

Owns two dated word lists, to be read and argued with. A word that is not in them maps to nothing: a person
decides.
"""

import re

from safeguarding.contexts.vocabulary import IncidentHarm

H = IncidentHarm

# What a partner's own list may call a category, beside its name and its label.
_PARTNER_WORDS = {
    "attempted murder": H.THREAT_TO_LIFE,
    "murder": H.THREAT_TO_LIFE,
    "homicide": H.THREAT_TO_LIFE,
    "shooting": H.THREAT_TO_LIFE,
    "firearm discharge": H.THREAT_TO_LIFE,
    "stabbing": H.WEAPON_VIOLENCE_WITH_INJURY,
    "knife crime with injury": H.WEAPON_VIOLENCE_WITH_INJURY,
    "weapon violence": H.WEAPON_VIOLENCE_WITH_INJURY,
    "child sexual exploitation": H.SEXUAL,
    "sexual exploitation": H.SEXUAL,
    "sexual assault": H.SEXUAL,
    "harmful sexual behaviour": H.SEXUAL,
    "cse": H.SEXUAL,
    "rape": H.SEXUAL,
    "assault with injury": H.VIOLENCE_WITH_INJURY,
    "actual bodily harm": H.VIOLENCE_WITH_INJURY,
    "child criminal exploitation": H.EXPLOITATION,
    "criminal exploitation": H.EXPLOITATION,
    "county lines": H.EXPLOITATION,
    "cuckooing": H.EXPLOITATION,
    "exploitation": H.EXPLOITATION,
    "grooming": H.EXPLOITATION,
    "recruitment": H.EXPLOITATION,
    "cce": H.EXPLOITATION,
    "weapon found": H.WEAPON,
    "weapon carrying": H.WEAPON,
    "possession of weapon": H.WEAPON,
    "possession of weapons": H.WEAPON,
    "knife found": H.WEAPON,
    "mugging": H.ROBBERY,
    "assault": H.VIOLENCE_WITHOUT_INJURY,
    "assault without injury": H.VIOLENCE_WITHOUT_INJURY,
    "fight": H.VIOLENCE_WITHOUT_INJURY,
    "threats": H.VIOLENCE_WITHOUT_INJURY,
    "drug dealing": H.DRUGS_SUPPLY,
    "drug supply": H.DRUGS_SUPPLY,
    "supply of drugs": H.DRUGS_SUPPLY,
    "missing": H.FOUND_MISSING,
    "missing young person found": H.FOUND_MISSING,
    "missing person found": H.FOUND_MISSING,
    "anti social behaviour": H.OTHER,
    "asb": H.OTHER,
}
_BY_WORDS = {
    **_PARTNER_WORDS,
    **{category.value.replace("_", " "): category for category in IncidentHarm},
    **{re.sub(r"[\W_]+", " ", category.label.casefold()): category for category in IncidentHarm},
}

_WEAPON = re.compile(
    r"\b(knife|knives|blade|machete|sharp|stab\w*|sword|screwdriver|glass|bottle|blunt|bat|hammer|bar|gun|firearm|"
    r"shot|shoot\w*|corrosive|acid|weapon)\b"
)
_SEXUAL = re.compile(r"\b(sexual\w*|rape)\b")


def harm_of_partner(category: str) -> IncidentHarm | None:
    """Return the category that a partner's word means, or None where the list has no such word."""
    return _BY_WORDS.get(re.sub(r"[\W_]+", " ", category.casefold()).strip())


def harm_of_assault(method: str) -> IncidentHarm:
    """Return the category of an assault that brought somebody to an emergency department: an injury at least."""
    plain = method.casefold()
    if re.search(r"\b(no|without) (a )?weapon", plain):
        return H.VIOLENCE_WITH_INJURY
    if _SEXUAL.search(plain):
        return H.SEXUAL
    return H.WEAPON_VIOLENCE_WITH_INJURY if _WEAPON.search(plain) else H.VIOLENCE_WITH_INJURY
