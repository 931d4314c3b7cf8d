"""The kinds of places, and the words that files use for them.

Owns the list of kinds (they decide how far away an incident may still be matched) and its synonyms. A word
that is not in it is kept beside the kind "other".
"""

import re

KINDS = (
    "estate",
    "street",
    "park",
    "playground",
    "school",
    "transport_stop",
    "station",
    "shop",
    "shopping_centre",
    "leisure_centre",
    "library",
    "hotel",
    "licensed_premises",
    "youth_club",
    "hostel",
    "hospital",
    "private_address",
    "online",
    "neighbourhood",
    "other",
)

_WORDS = {
    "housing estate": "estate",
    "road": "street",
    "high street": "street",
    "open space": "park",
    "park open space": "park",
    "parks": "park",
    "public park": "park",
    "garden": "park",
    "gardens": "park",
    "garden square": "park",
    "green space": "park",
    "common": "park",
    "recreation ground": "park",
    "nature reserve": "park",
    "playing field": "park",
    "pitch": "park",
    "sports ground": "park",
    "adventure playground": "playground",
    "play area": "playground",
    "college": "school",
    "sixth form": "school",
    "primary school": "school",
    "secondary school": "school",
    "nursery": "school",
    "pupil referral unit": "school",
    "academy": "school",
    "bus stop": "transport_stop",
    "bus station": "transport_stop",
    "tram stop": "transport_stop",
    "transport": "transport_stop",
    "railway station": "station",
    "train station": "station",
    "underground station": "station",
    "tube station": "station",
    "fast food": "shop",
    "shop fast food": "shop",
    "takeaway": "shop",
    "supermarket": "shop",
    "mall": "shopping_centre",
    "sports centre": "leisure_centre",
    "swimming pool": "leisure_centre",
    "short let": "hotel",
    "pub": "licensed_premises",
    "bar": "licensed_premises",
    "nightclub": "licensed_premises",
    "youth centre": "youth_club",
    "youth project": "youth_club",
    "supported accommodation": "hostel",
    "minor injury unit": "hospital",
    "address": "private_address",
    "online space": "online",
    "ward": "neighbourhood",
    "area": "neighbourhood",
    "lsoa": "neighbourhood",
}
_BY_WORDS = {**{kind.replace("_", " "): kind for kind in KINDS}, **_WORDS}


def kind_of(text: str) -> str | None:
    """Return the kind that a file's word means, or None where it is not in the list."""
    plain = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    return _BY_WORDS.get(plain) or _BY_WORDS.get(plain.removesuffix("s"))


def settled_kind(given: str, default: str | None) -> str:
    """Return the kind of a place: the row's own word, else the one named for the whole file, else "other"."""
    return kind_of(given) or (kind_of(default) if default else None) or "other"
