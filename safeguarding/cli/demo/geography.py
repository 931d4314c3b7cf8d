"""The fictional borough: eight wards and twenty-five contexts.

It is drawn in the open water of the outer Thames estuary, where nobody lives, so that no point or outline can be taken
for a real place. Longitude comes first, as in GeoJSON.
"""

from typing import NamedTuple

Ring = tuple[tuple[float, float], ...]


class Ward(NamedTuple):
    """A ward and its outline, closed."""

    name: str
    code: str
    outline: Ring


class Place(NamedTuple):
    """A context of the demonstration; an outline where it has one, otherwise a point."""

    key: str
    name: str
    kind: str
    ward: str
    longitude: float
    latitude: float
    radius: float  # half the side of its outline in degrees of latitude; 0 for a point
    aliases: tuple[str, ...]
    description: str
    strong: str
    guardian: str


_COLUMNS = (0.900, 0.921, 0.944, 0.965)
_ROWS = (51.540, 51.556, 51.571, 51.588)
# Inner corners are moved a little, so that the wards look drawn by a river and not by a ruler.
_SHIFT = {(1, 1): (0.003, -0.002), (1, 2): (-0.002, 0.002), (2, 1): (0.002, 0.003), (2, 2): (-0.003, -0.001)}


def _corner(column: int, row: int) -> tuple[float, float]:
    east, north = _SHIFT.get((column, row), (0.0, 0.0))
    return (round(_COLUMNS[column] + east, 6), round(_ROWS[row] + north, 6))


def _cell(column: int, row: int) -> Ring:
    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
    ring = [_corner(*corner) for corner in corners]
    return (*ring, ring[0])


def _wide(row: int) -> Ring:
    """Two cells of a row as one ward: the marshes are empty and large."""
    ring = [
        _corner(1, row),
        _corner(2, row),
        _corner(3, row),
        _corner(3, row + 1),
        _corner(2, row + 1),
        _corner(1, row + 1),
    ]
    return (*ring, ring[0])


WARDS: tuple[Ward, ...] = (
    Ward("Riverside", "X05000001", _cell(0, 0)),
    Ward("Eastgate", "X05000002", _cell(1, 0)),
    Ward("Castle Wharf", "X05000003", _cell(2, 0)),
    Ward("Alder Park", "X05000004", _cell(0, 1)),
    Ward("Market", "X05000005", _cell(1, 1)),
    Ward("Ferry Lane", "X05000006", _cell(2, 1)),
    Ward("Northfield", "X05000007", _cell(0, 2)),
    Ward("Marlmarsh", "X05000008", _wide(2)),
)

PLACES: tuple[Place, ...] = (
    Place(
        "tanners-fields",
        "Tanner's Fields",
        "park",
        "Riverside",
        0.9105,
        51.5485,
        0.0012,
        ("the Tans", "the courts"),
        "A park of six hectares with ball courts, a pavilion and an unlit path by the river.",
        "The café opens early, the bowls club is there every evening, and the Tuesday football is well liked.",
        "Parks team, Marlbridge Council",
    ),
    Place(
        "weir-court",
        "Weir Court estate",
        "estate",
        "Riverside",
        0.9062,
        51.5450,
        0.0009,
        ("the Weir",),
        "Four blocks round a car park. Two door entries have been broken since the summer.",
        "A residents' association that meets monthly and knows most families.",
        "Marlbridge Homes",
    ),
    Place(
        "riverside-walk",
        "Riverside Walk",
        "street",
        "Riverside",
        0.9150,
        51.5433,
        0.0,
        ("the towpath",),
        "A footpath between the station and the estates.",
        "Well used by families at weekends.",
        "Highways",
    ),
    Place(
        "eastgate-station",
        "Eastgate Station",
        "station",
        "Eastgate",
        0.9330,
        51.5478,
        0.0,
        ("the Gate",),
        "The busiest station of the borough, with a bus stand and a fast-food parade in front of it.",
        "Staff know the young people by name and ring the hub.",
        "Station manager",
    ),
    Place(
        "eastgate-parade",
        "Eastgate Parade",
        "shop",
        "Eastgate",
        0.9341,
        51.5486,
        0.0,
        ("the chicken shops",),
        "Six takeaways that stay open until one in the morning.",
        "Two owners keep a safe table for young people.",
        "Traders' association",
    ),
    Place(
        "eastgate-academy",
        "Eastgate Academy",
        "school",
        "Eastgate",
        0.9288,
        51.5512,
        0.0,
        (),
        "A secondary school of 1,150 pupils.",
        "A safeguarding lead whom pupils trust.",
        "Head of safeguarding",
    ),
    Place(
        "brunel-house",
        "Brunel House hostel",
        "hostel",
        "Eastgate",
        0.9375,
        51.5442,
        0.0,
        ("Bru",),
        "Supported accommodation for sixteen care leavers.",
        "Night staff on every floor.",
        "Harbour Support",
    ),
    Place(
        "wharf-arcade",
        "Castle Wharf shopping centre",
        "shopping_centre",
        "Castle Wharf",
        0.9552,
        51.5490,
        0.0011,
        ("the Wharf",),
        "A covered centre with a cinema and a games arcade.",
        "Security has had trauma-aware training.",
        "Centre manager",
    ),
    Place(
        "wharf-hotel",
        "The Lock Keeper hotel",
        "hotel",
        "Castle Wharf",
        0.9580,
        51.5461,
        0.0,
        (),
        "A budget hotel of ninety rooms with a car park behind.",
        "Reception rings when a child books in with an adult.",
        "Hotel manager",
    ),
    Place(
        "castle-college",
        "Castle Wharf College",
        "school",
        "Castle Wharf",
        0.9500,
        51.5530,
        0.0,
        (),
        "A sixth-form and further education college.",
        "Youth workers in the canteen three days a week.",
        "Student services",
    ),
    Place(
        "alder-park",
        "Alder Park",
        "park",
        "Alder Park",
        0.9090,
        51.5640,
        0.0013,
        ("the Alder",),
        "The largest park of the borough, with woods and a skate bowl.",
        "A skate collective that looks out for the young ones.",
        "Parks team, Marlbridge Council",
    ),
    Place(
        "alder-high",
        "Alder High School",
        "school",
        "Alder Park",
        0.9142,
        51.5605,
        0.0,
        (),
        "A secondary school of 900 pupils.",
        "Breakfast club every morning.",
        "Head of year 9",
    ),
    Place(
        "alder-hub",
        "Alder Street youth hub",
        "youth_club",
        "Alder Park",
        0.9060,
        51.5593,
        0.0,
        ("the Hub",),
        "A youth hub with a music room and a boxing gym.",
        "Young people name it as the safest place they know.",
        "Marlbridge Youth",
    ),
    Place(
        "high-street",
        "Marlbridge High Street",
        "high_street",
        "Market",
        0.9330,
        51.5635,
        0.0,
        ("the High Street",),
        "Half a mile of shops between the market and the clock tower.",
        "Shop watch and two street wardens.",
        "Town centre manager",
    ),
    Place(
        "market-square",
        "Market Square",
        "street",
        "Market",
        0.9315,
        51.5650,
        0.0,
        (),
        "The square behind the market hall, dark after eight.",
        "Stall holders are there until seven.",
        "Market office",
    ),
    Place(
        "clock-bus",
        "Route 41, Clock Tower to Northfield",
        "transport_route",
        "Market",
        0.9345,
        51.5662,
        0.0,
        ("the 41",),
        "The bus that three schools share.",
        "Drivers radio ahead to the wardens.",
        "Bus operator",
    ),
    Place(
        "mill-road",
        "Mill Road estate",
        "estate",
        "Market",
        0.9280,
        51.5600,
        0.0009,
        (),
        "Low-rise blocks with many alleys between them.",
        "A community kitchen on Wednesdays.",
        "Marlbridge Homes",
    ),
    Place(
        "ferry-lane",
        "Ferry Lane estate",
        "estate",
        "Ferry Lane",
        0.9560,
        51.5630,
        0.0010,
        ("the Lane",),
        "Two towers and a row of garages.",
        "The tenants' hall has a homework club.",
        "Marlbridge Homes",
    ),
    Place(
        "ferry-stairs",
        "Ferry Stairs",
        "other",
        "Ferry Lane",
        0.9600,
        51.5605,
        0.0,
        ("the Stairs",),
        "A landing on the river that cannot be seen from the road.",
        "Rowing club on Saturdays.",
        "Port authority",
    ),
    Place(
        "northfield-academy",
        "Northfield Academy",
        "school",
        "Northfield",
        0.9110,
        51.5762,
        0.0,
        (),
        "A secondary school of 1,000 pupils.",
        "A boxing coach whom pupils follow.",
        "Deputy head",
    ),
    Place(
        "northfield-estate",
        "Northfield estate",
        "estate",
        "Northfield",
        0.9065,
        51.5790,
        0.0010,
        ("the Field",),
        "Eight blocks built in the seventies.",
        "A mothers' group that walks the estate after school.",
        "Marlbridge Homes",
    ),
    Place(
        "bakers-yard",
        "Baker's Yard",
        "licensed_premises",
        "Northfield",
        0.9160,
        51.5740,
        0.0,
        (),
        "A bar with a late licence.",
        "The manager has asked for help.",
        "Licensing",
    ),
    Place(
        "marsh-road",
        "Marsh Road garages",
        "other",
        "Marlmarsh",
        0.9450,
        51.5800,
        0.0,
        ("the Marsh",),
        "Forty garages, half of them empty.",
        "Detached youth team on Fridays.",
        "Community safety",
    ),
    Place(
        "marsh-flat",
        "A flat on Marsh Road",
        "private_address",
        "Marlmarsh",
        0.9478,
        51.5775,
        0.0,
        (),
        "A tenant's flat of which others have taken control.",
        "The tenant has asked for help.",
        "Adult social care",
    ),
    Place(
        "online-group",
        "A group chat of three schools",
        "online",
        "Market",
        0.0,
        0.0,
        0.0,
        (),
        "A chat in which videos of fights are passed on.",
        "Two pupils report what frightens them.",
        "School leads",
    ),
)

KINDS_IN_USE = frozenset(place.kind for place in PLACES)


def outline_of(place: Place) -> dict[str, object] | None:
    """Return a place's outline as a GeoJSON polygon, a little wider than high as squares look at this latitude."""
    if not place.radius:
        return None
    east, north = place.radius * 1.6, place.radius
    x, y = place.longitude, place.latitude
    ring = [[x - east, y - north], [x + east, y - north], [x + east * 0.9, y + north], [x - east, y + north * 0.85]]
    rounded = [[round(a, 6), round(b, 6)] for a, b in [*ring, ring[0]]]
    return {"type": "Polygon", "coordinates": [rounded]}


def ward_polygon(ward: Ward) -> dict[str, object]:
    """Return a ward's outline as a GeoJSON polygon."""
    return {"type": "Polygon", "coordinates": [[list(point) for point in ward.outline]]}
