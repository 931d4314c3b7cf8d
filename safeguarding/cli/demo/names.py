"""Names of people who do not exist: given and family names common in London, put together by the seed."""

GIRLS = (
    "Aaliyah", "Amara", "Ayesha", "Bella", "Chloe", "Destiny", "Elif", "Esme", "Fatima", "Grace", "Hanna", "Iqra",
    "Jasmine", "Kezia", "Layla", "Maya", "Mia", "Nadia", "Naomi", "Paige", "Rosa", "Ruby", "Sade", "Sofia", "Tia", "Zara",
)  # fmt: skip
BOYS = (
    "Aaron", "Abdi", "Adam", "Amir", "Callum", "Daniel", "Dwayne", "Ellis", "Emre", "Ethan", "Femi", "Hassan", "Isaac",
    "Jamal", "Jayden", "Jordan", "Kai", "Kayden", "Khalid", "Kieran", "Leo", "Luca", "Malachi", "Mason", "Mohamed", "Nathan",
    "Noah", "Omari", "Reece", "Ryan", "Samir", "Theo", "Tyrone", "Yusuf",
)  # fmt: skip
FAMILIES = (
    "Adeyemi", "Ahmed", "Akhtar", "Bailey", "Begum", "Bennett", "Brown", "Bryant", "Campbell", "Clarke", "Costa", "Demir",
    "Edwards", "Farah", "Ferreira", "Francis", "Gayle", "Grant", "Green", "Hussain", "Ibrahim", "Jackson", "James", "Johnson",
    "Kamara", "Kaya", "Khan", "Lewis", "Marlowe", "Marsh", "Mensah", "Mitchell", "Mohamed", "Morgan", "Nguyen", "O'Brien",
    "Okafor", "Osei", "Palmer", "Patel", "Pereira", "Reeve", "Reid", "Roberts", "Santos", "Silva", "Smith", "Taylor",
    "Thompson", "Walker", "Warsame", "Williams", "Wright", "Young", "Zając",
)  # fmt: skip
NICKNAMES = ("Ace", "Bibi", "Dee", "Jay", "Kez", "Kiki", "Lil T", "Moz", "Rem", "Skins", "Tee", "Yogi", "Zee")

# Who signs in: role account, name, agency key, job title.
STAFF = (
    ("chair", "Ruth Adeyemi", "social-care", "Head of service, adolescent safeguarding"),
    ("vice-chair", "Colin Farrow", "police", "Detective inspector, exploitation"),
    ("coordinator", "Priya Nandra", "hub", "Panel coordinator"),
    ("practitioner", "Amara Nwosu", "hub", "Contextual safeguarding practitioner"),
    ("social-worker", "Leanne Marsh", "social-care", "Senior social worker"),
    ("police", "Imran Sheikh", "police", "Detective sergeant, missing and exploitation"),
    ("health", "Helen Osei", "health", "Named nurse for safeguarding"),
    ("education", "Tom Bright", "education", "Education safeguarding adviser"),
    ("lead", "Ruth Callaway", "hub", "Contextual safeguarding lead"),
    ("analyst", "Sam Whitby", "hub", "Data analyst"),
    ("information-governance", "Nadia Hussain-Cole", "council", "Information governance lead"),
    ("auditor", "Peter Lowe", "council", "Internal auditor"),
    ("admin", "Jo Tanner", "council", "Systems administrator"),
)
# Colleagues without a demonstration account of their own: they hold seats, cases and actions.
COLLEAGUES = (
    ("spoc", "Dan Whitlock", "youth-justice", "Youth justice officer"),
    ("spoc", "Grace Mensah", "housing", "Tenancy sustainment manager"),
    ("spoc", "Alan Petrie", "community-safety", "Community safety manager"),
    ("spoc", "Joel Baptiste", "open-door", "Youth work manager"),
    ("spoc", "Fatima Noor", "mental-health", "CAMHS team lead"),
    ("spoc", "Nadia Bell", "probation", "Probation officer"),
    ("spoc", "Karen Doyle", "early-help", "Early help manager"),
    ("spoc", "Ray Stevens", "adult-care", "Transitions manager"),
    ("spoc", "Maria Lopez", "social-care", "Service manager, assessment"),
    ("practitioner", "Leroy Grant", "hub", "Youth worker, Alder Street"),
    ("practitioner", "Ines Moreau", "open-door", "Outreach worker"),
    ("social_worker", "Owen Price", "social-care", "Social worker"),
    ("social_worker", "Shreya Rao", "social-care", "Social worker"),
)

# Key, name, short name, kind, quorum group, seat on the panel.
AGENCIES = (
    ("council", "Marlbridge Council", "Council", "council", "other", False),
    (
        "social-care",
        "Marlbridge Children's Social Care",
        "Social care",
        "childrens_social_care",
        "local_authority",
        True,
    ),
    ("hub", "Marlbridge Contextual Safeguarding Hub", "Safeguarding hub", "hub", "other", True),
    ("police", "Marlbridge Borough Police", "Police", "police", "police", True),
    ("health", "Marlbridge Health Partnership", "Health", "health", "health", True),
    ("education", "Marlbridge Education and Inclusion", "Education", "education", "education", True),
    ("youth-justice", "Marlbridge Youth Justice Service", "Youth justice", "youth_justice", "other", True),
    ("early-help", "Marlbridge Early Help", "Early help", "early_help", "other", True),
    ("mental-health", "Marlbridge CAMHS", "CAMHS", "mental_health", "other", True),
    ("housing", "Marlbridge Homes", "Housing", "housing", "other", True),
    ("community-safety", "Marlbridge Community Safety", "Community safety", "community_safety", "other", True),
    ("adult-care", "Marlbridge Adult Social Care", "Adult care", "adult_social_care", "other", True),
    ("probation", "Marlbridge Probation", "Probation", "probation", "other", True),
    ("open-door", "Open Door Youth", "Open Door Youth", "voluntary", "other", True),
)
