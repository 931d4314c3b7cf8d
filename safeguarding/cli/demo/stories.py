"""What the demonstration's records say. Nobody in it exists; the wording is the wording that guides ask for."""

from typing import NamedTuple


class Story(NamedTuple):
    """One way in which a young person is harmed outside the home, as a referral, its returns and its updates tell it.

    `{name}` is the given name and `{place}` the context.
    """

    key: str
    harms: tuple[str, ...]
    going_on: str
    reasons: str
    own_words: str
    strengths: str
    question: str
    police: str
    health: str
    education: str
    updates: tuple[tuple[str, str, str], ...]  # kind, what happened, own words
    rationale: str
    actions: tuple[tuple[str, str], ...]  # agency key, what will be done


STORIES: tuple[Story, ...] = (
    Story(
        "county-lines",
        ("cce", "county_lines", "missing"),
        "Adults are exploiting {name} to carry drugs between Marlbridge and the coast, and hold a debt over {name}.",
        "{name} was found in Castlebury, 42 miles away, with two phones and £310 after a night missing. It is the third "
        "time in four weeks. Adults in a grey car wait near {place}. An injury to the hand was treated with no account given.",
        "I can't just stop. They know where my nan lives.",
        "Nan, who rings when worried. A boxing coach at the Hub. {name} asked for help.",
        "Should the panel adopt the case, and should {place} be part of the plan?",
        "Three missing reports. Found twice with the same two adults. No further action was taken against {name}.",
        "Emergency department: broken finger, right hand. Left before the youth worker arrived.",
        "Attendance fell from 92% to 54% since September. Two suspensions, both the morning after being missing.",
        (
            (
                "missing",
                "Missing for 19 hours and home at 18:40. Bruised wrist. Returned with a second phone.",
                "They said I owe them till I don't. I just want to go college Monday.",
            ),
            (
                "visit",
                "Forty minutes at the Hub. In every day this week. Wants help asking for an earlier bus pass.",
                "I go the long way round now. Don't feel safe by the courts.",
            ),
            (
                "call",
                "Nan rang: two men came to the flat asking for {name}. She did not open the door.",
                "Don't tell them I said anything.",
            ),
        ),
        "{name} is being criminally exploited by adults through threats to family. Work with {name} alone has not reduced "
        "the risk. The same adults are harming other young people at {place}, so the place must change too.",
        (
            ("police", "Safety plan for the flat: alarm, call marker, no marked cars outside"),
            ("social-care", "NRM referral as first responder"),
            ("education", "Part-time timetable with a named adult at the gate"),
        ),
    ),
    Story(
        "knife-harm",
        ("serious_youth_violence", "weapon_enabled_violence"),
        "{name} was hurt with a knife at {place} and is afraid of being found again by those who did it.",
        "{name} was stabbed in the thigh at {place} on the way home from school. Two older boys are named by other "
        "families. {name} now carries a screwdriver to feel safe and has stopped going out.",
        "If I go back there they'll finish it.",
        "Mum and an aunt in another borough. Good at bricklaying, 91% attendance at college before this.",
        "What would make the journey to college safe by January?",
        "Victim of wounding with intent. Investigation open; two suspects bailed with conditions.",
        "Sutures, thigh. Seen by the hospital youth worker twice. Sleeping badly; CAMHS referral accepted.",
        "Has not attended since. College holds the place and sends work home.",
        (
            (
                "visit",
                "Home visit with the hospital youth worker. Walked to the corner and back.",
                "First time I been outside in two weeks.",
            ),
            (
                "meeting",
                "Plan for the bus with college and the wardens: meets a warden at the clock tower.",
                "I can do that if Leroy is there.",
            ),
        ),
        "{name} was harmed by others and is at risk of further harm on the way to college. The route and {place} are what "
        "has to change first.",
        (
            ("community-safety", "Lighting and camera check at {place}"),
            ("education", "Safe route and start time with college"),
            ("mental-health", "First appointment within two weeks"),
        ),
    ),
    Story(
        "sexual-exploitation",
        ("cse", "online_exploitation"),
        "Adults contact {name} online, give presents and collect {name} by car from {place}.",
        "{name} was seen getting into a silver car near {place} on three evenings. A new phone and a coat that nobody "
        "bought. An adult profile sends messages at night; the school holds copies.",
        "He's nice to me. Nobody else asks how I am.",
        "A form tutor whom {name} trusts. Loves drawing; wants to show her work.",
        "How do we disrupt the adults without {name} losing trust in us?",
        "Vehicle linked to two other reports. Warning notice under preparation.",
        "Seen at the sexual health clinic; no concern recorded that was shared at the time.",
        "Tutor has regular contact. Attendance 78%. Friends are worried.",
        (
            (
                "visit",
                "Drew for an hour at school. Talked about who may see her pictures.",
                "I don't want my mum to know about the car.",
            ),
            (
                "incident",
                "Car seen again at 21:10; the hotel's reception rang the hub.",
                "He said it was his cousin's birthday.",
            ),
        ),
        "Adults are grooming {name}. Disruption is aimed at the adults and the hotel; support stays with the tutor.",
        (
            ("police", "Child abduction warning notice; vehicle marker"),
            ("hub", "Work with the hotel: booking checks and who to ring"),
            ("health", "Named nurse to offer a health appointment"),
        ),
    ),
    Story(
        "debt-robbery",
        ("robbery_theft", "debt_bondage", "group_associated"),
        "{name} is robbed again and again at {place} and is made to pay a debt that is not {name}'s own.",
        "Phone and trainers taken on 3 and 17 of the month at {place}. The boys who did it say that {name} must now "
        "'work it off'. {name} came to school with cash counted in an envelope.",
        "I gave them my money and they still come.",
        "Dad walks with {name} on Fridays. Football on Tuesdays at the courts.",
        "Is this one young person or the place?",
        "Two robberies recorded, both undetected; four others at the same spot.",
        "Nothing known.",
        "Pupil told the head of year. Two friends tell of the same.",
        (
            (
                "meeting",
                "Talked with head of year and dad. {name} names no one, and need not.",
                "If I say who, it's worse.",
            ),
            (
                "visit",
                "Walked the way home together and marked where it is safe.",
                "The café is fine. They let us wait.",
            ),
        ),
        "{name} is being harmed at a known place by older boys; others are too. Open work on the place with the school.",
        (
            ("hub", "Context assessment of {place} with pupils of two schools"),
            ("police", "Robbery team to meet the school and the café"),
        ),
    ),
    Story(
        "cuckooing",
        ("cuckooing", "cce"),
        "{name} stays in a flat that others have taken over, and is afraid to leave it.",
        "{name} was found in a flat whose tenant has lost control of it, with two adults not from the borough. {name} said "
        "that food is only given for errands.",
        "I'm not allowed to go home till Sunday.",
        "Older sister with a room to spare. Wants to finish GCSE art.",
        "What can housing, police and adult care do together this week?",
        "Address known for supply; partial closure order possible.",
        "Registered with a practice; missed two reviews.",
        "Not in school since half-term; on roll.",
        (
            ("call", "Sister rang: {name} slept there last night.", "It's quiet here."),
            ("visit", "Seen at sister's, alone, for the first time.", "Can I stay till it's over?"),
        ),
        "{name} is exploited at an address controlled by adults. The tenant needs protection as well.",
        (
            ("housing", "Closure order papers and a safe move for the tenant"),
            ("social-care", "Family arrangement with sister assessed"),
            ("adult-care", "Safeguarding enquiry for the tenant"),
        ),
    ),
    Story(
        "relationship",
        ("teenage_relationship_abuse", "child_on_child_abuse"),
        "{name} is controlled by a partner of 19 who decides where {name} goes and with whom.",
        "{name} has left two clubs and answers calls every ten minutes. Bruises on the upper arm. The partner waits at "
        "{place} after school.",
        "He only does it when I don't pick up.",
        "A best friend, and a grandmother who is told most things.",
        "Who is the right person to be alongside {name}?",
        "One domestic incident recorded; {name} was present, no account.",
        "School nurse saw the bruises and recorded them.",
        "Grades have fallen since Easter; friend is worried.",
        (
            ("visit", "Met with the youth IDVA in the art room.", "Nobody's ever asked me that."),
            ("call", "{name} rang from a friend's phone and asked for the IDVA.", "I left. I'm at nan's."),
        ),
        "{name} is harmed by a partner's control. The youth IDVA leads; the school gate is made safe at home time.",
        (
            ("open-door", "Youth IDVA to meet weekly, at a place {name} chooses"),
            ("education", "Adult at the gate at home time"),
        ),
    ),
)

# What happens at places: harm, information grade, words. `{place}` is the context.
INCIDENTS: tuple[tuple[str, str, str], ...] = (
    ("weapon", "b", "A knife was found in the hedge during a joint sweep."),
    ("weapon", "a", "A boy showed a blade to another and was led away by friends."),
    ("weapon_violence_with_injury", "a", "A 16-year-old was cut on the arm. Ambulance called."),
    ("violence_with_injury", "b", "A fight after school; one pupil with a split lip."),
    ("violence_without_injury", "b", "Two groups shouting and pushing. Staff stepped in."),
    ("violence_without_injury", "c", "A chase reported by a shopkeeper."),
    ("weapon", "c", "Robbery of a phone from a pupil on the way home."),
    ("exploitation", "b", "Adults in a car spoke to boys of about 13 and gave them food."),
    ("exploitation", "c", "Young people say that somebody is asking who needs money."),
    ("sexual", "b", "A girl of 14 was followed to the exit by an adult."),
    ("drugs_supply", "b", "Supply seen by detached workers at about nine in the evening."),
    ("drugs_supply", "d", "Resident reports dealing from a stairwell."),
    ("found_missing", "a", "A young person reported missing was found here and taken home."),
    ("other", "c", "Fireworks thrown towards a bus."),
    ("threat_to_life", "a", "Threats against a 17-year-old, given in person."),
)

# Findings, concerns and those who look after a place.
FINDINGS = (
    "The north path is unlit from the bridge to the pavilion and cannot be seen from the road.",
    "No adult who works here knows whom to ring.",
    "Door entries are broken, so that anyone can wait inside.",
    "Young people have nowhere to be between four and seven.",
)
CONCERNS = (
    "Pupils of two schools say that they avoid the place after dark.",
    "Residents say that the same car waits on Friday evenings.",
)
GUARDIANS = (
    "Café owner opens until six and keeps a table",
    "Detached youth team, Tuesdays and Fridays",
    "Concierge on site from four to midnight",
)
GOALS = (
    (
        "Young people can cross the place after school",
        "They walk through it in twos, not in tens",
        "Fewer than 5 in 22 avoid it, asked in March and in June",
    ),
    (
        "Young people can name an adult here whom they trust",
        "Somebody is there who knows their names",
        "15 in 22 can name one without help",
    ),
    ("Every path is lit and can be seen", "Nobody can wait unseen", "No section is dark at five in the evening"),
)

PEER_GROUPS = (
    (
        "Year 10 football, the courts",
        "Nine boys who play at the courts most evenings and are robbed there.",
        "Tuesday coach",
    ),
    ("The 41 girls", "Girls of three schools who share the bus home.", "They travel together"),
    (
        "Ferry Lane garages",
        "Young people who meet at the garages and film one another.",
        "A music room is what they ask for",
    ),
    ("Skate bowl", "Skaters of 12 to 19 at Alder Park.", "Older skaters look after younger ones"),
    ("Northfield walkers", "Boys from two blocks who walk to school by the long way.", "They look out for one another"),
    ("Arcade regulars", "Young people at the games arcade on weekday afternoons.", "Security know them by name"),
    ("Weir Court siblings", "Three sets of brothers and sisters.", "Parents who talk to each other"),
    ("Year 8 group chat", "A chat in which videos of fights are passed on.", "Two pupils who report"),
)
