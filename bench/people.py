"""Rows of accounts, people, cases, updates and places."""

import random
from collections.abc import Iterator

from bench.bulk import Row, Writer, instant
from bench.world import (
    AGENCIES,
    CONTEXTS,
    COUNCIL,
    FIRST_WORKER,
    HEAVY,
    HUB,
    LEAD,
    STAFF,
    World,
    ref,
)
from safeguarding.accounts.models import Proof
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.accounts.sessions import token_digest
from safeguarding.cli.demo.names import BOYS, FAMILIES, GIRLS
from safeguarding.contexts.models import ContextKind, ContextStep
from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade
from safeguarding.people.names import sort_key_of, words_of

# Endings make a few hundred family names out of the demonstration's, as many as a borough has common ones.
SURNAMES = tuple(name + ending for ending in ("", "-Cole", "-Osei", "-Khan", "-Reid", "-Lane") for name in FAMILIES)
PROOF = Proof.TOTP.value  # as everybody's session was opened
SESSION = "id token_digest user_id created_at last_seen_at expires_at opened_at proof confirmed_at"
COMMON_SURNAME = FAMILIES[11]  # what the runner searches for
GIVEN = GIRLS + BOYS
RISKS = ("none_known", "emerging", "moderate", "significant")
SENTENCES = (
    "Seen at home with a carer present and then alone for a short while.",
    "Talked about the week at school, two lessons missed and why.",
    "Reported late home on two evenings, once after midnight.",
    "Agreed a safe route from the bus station and who to ring when it feels wrong.",
    "A new phone was noticed and the question where it came from was left open.",
    "The carer has rung the school and will come to the meeting on Thursday.",
    "Older young people were waiting near the gates again and left when staff came out.",
    "The youth worker will be at the court on Friday evening and has offered a place on the trip.",
    "Says that it is calmer since the move, and that the evenings are still the worst.",
    "No injury was seen. Sleep is poor and food is skipped in the morning.",
    "The tenancy officer will look at the light on the stairs and the broken door.",
    "A plan for the weekend was written down together and a copy left.",
)
_WORDS = (
    "I feel all right on the bus now.",
    "They only want me when they need something.",
    "I would rather talk to Leroy.",
    "It is fine, I can handle it.",
)
PERSON = (
    "id ref kind given_name family_name known_as sort_key born_on born_estimated sex ethnicity_code ethnicity_scheme"
    " address postcode ward school_name language created_at created_by_id version"
)
CASE = (
    "id ref subject_kind person_id state going_on keeps_safe social_care_status risk risk_set_on is_restricted"
    " lead_agency_id opened_on opened_by_id closed_on next_review_on last_activity_at version"
)
UPDATE = (
    "id ref case_id kind happened_at recorded_at author_id author_agency_id what_happened own_words"
    " own_words_absent_reason opinion seen_alone risk risk_reason next_step next_step_on shared_with"
)
CONTEXT = (
    "id ref name kind ward latitude longitude description what_is_strong step grade lead_user_id owner_agency_id"
    " is_restricted next_review_on created_at version"
)
INCIDENT = (
    "id source identity version_no ref run_id recorded_at happened_on happened_at precision category harm grade"
    " source_grade handling involves_young_person counts latitude longitude place_text context_id match_distance_m"
    " match_rule place_certain told_by_agency_id told_by description content_digest recorded_by_id"
)
RISK = (
    "id context_id as_of score range_low range_high band band_low band_high counted too_few contributions computed_at"
    " rubric_version"
)
FACTOR = "id context_id kind text source happened_on recorded_at recorded_by_id"
GOAL = "id ref context_id statement hoped_change measure state set_on due_on created_by_id recorded_at version"
NRM = (
    "id ref person_id case_id state route referred_on first_responder_code exploitation_types county_lines"
    " created_at created_by_id version"
)
RELATION = "principal subject_kind subject_id kind valid_from valid_to source_kind source_id last_activity_at"


def write_accounts(world: World, writer: Writer) -> None:
    """Agencies with agreements in force, everybody who signs in, and a session for each."""
    phrase = hash_phrase("nobody signs in by phrase here")
    old = world.at(-900)
    agencies = [
        (n, ref("AG", n), name, short, kind, group, world.ahead(-900), old, 1)
        for n, (name, short, kind, group) in enumerate(AGENCIES, start=1)
    ]
    writer.write("agency", "id ref name short_name kind quorum_group active_from created_at version", agencies)
    agreements = [
        (
            n,
            n,
            "Partnership agreement",
            "Safeguarding",
            "Director",
            world.ahead(-300),
            world.ahead(400),
            *[True] * 5,
            "approved",
        )
        for n in range(1, len(AGENCIES) + 1)
    ]
    covers = "covers_cases covers_health covers_offences covers_immigration covers_intelligence decision"
    writer.write("sharing_agreement", f"id agency_id title purposes signed_by signed_on review_on {covers}", agreements)
    users = [(s.id, ref("US", s.id), s.email, s.name, "Worker", phrase, "active", old, 1) for s in STAFF]
    writer.write("user_account", "id ref email name job_title password_hash status created_at version", users)
    members = [(s.id, s.id, s.agency_id, s.role, old) for s in STAFF]
    writer.write("membership", "id user_id agency_id role valid_from", members)
    now, until = instant(world.now), world.at(0.5)
    sessions = [(s.id, token_digest(s.token), s.id, now, now, until, now, PROOF, now) for s in STAFF]
    writer.write("user_session", SESSION, sessions)


def write_people(world: World, writer: Writer) -> None:
    """People, the words they are found by, their cases, who works these, and a referral to the NRM here and there."""
    names = _names(world)
    writer.write("person", PERSON, _people(world, names))
    writer.write("person_term", "id person_id term kind", _terms(names))
    writer.write("safeguarding_case", CASE, _cases(world))
    writer.write("case_risk", "id case_id risk set_at set_by_id reason source", _case_risks(world))
    writer.write("allocation", "id case_id user_id kind valid_from valid_to", _allocations(world))
    writer.write("relation", RELATION, _case_relations(world))
    writer.write("case_update", UPDATE, _updates(world))
    writer.write("nrm_referral", NRM, _nrm(world))


def _names(world: World) -> list[tuple[str, str]]:
    rng = random.Random(1)
    weights = [1 / (place + 8) for place in range(len(SURNAMES))]
    order = sorted(SURNAMES, key=lambda name: (name != COMMON_SURNAME, rng.random()))
    families = rng.choices(order, weights, k=world.people)
    given = rng.choices(GIVEN, k=world.people)
    return list(zip(given, families, strict=True))


def _people(world: World, names: list[tuple[str, str]]) -> Iterator[Row]:
    old = world.at(-800)
    for n, (given, family) in enumerate(names, start=1):
        born = f"{world.now.year - 12 - n % 6}-{n % 12 + 1:02}-{n % 28 + 1:02}"
        yield (
            n, ref("YP", n), "young_person", given, family, None, sort_key_of(given, family), born, 0,
            "female" if given in GIRLS else "male", "WBRI" if n % 3 else "BCRB", "dfe",
            f"{n % 180 + 1} Alder Street, Marlbridge", f"ZZ{n % 9 + 1} {n % 9}AB", f"Ward {n % 20 + 1}",
            f"Marlbridge School {n % 14 + 1}", "English", old, LEAD, 1,
        )  # fmt: skip


def _terms(names: list[tuple[str, str]]) -> Iterator[Row]:
    number = 0
    for person, (given, family) in enumerate(names, start=1):
        for word in words_of(given, family):
            number += 1
            yield (number, person, word, "name")


def _agency_of(worker: int) -> int:
    return 1 if (worker - FIRST_WORKER) % 2 == 0 else HUB


def _cases(world: World) -> Iterator[Row]:
    for n in range(1, world.people + 1):
        live = world.leads[n] > 0
        opened = n % 500 + 100
        yield (
            n, ref("CA", n), "young_person", n, ("open", "under_review")[n % 7 == 0] if live else "closed",
            " ".join(SENTENCES[(n + step) % 12] for step in range(3)), SENTENCES[(n + 5) % 12],
            ("none", "early_help", "cin", "cp", "cla")[n % 5], RISKS[n % 4], world.days[n % 90],
            int(world.is_restricted(n)), _agency_of(abs(world.leads[n])), world.days[opened], LEAD,
            None if live else world.days[n % 90], world.ahead(n % 60 - 10) if live else None, world.active[n], 1,
        )  # fmt: skip


def _case_risks(world: World) -> Iterator[Row]:
    for n in range(1, world.people + 1):
        yield (2 * n - 1, n, RISKS[(n + 1) % 4], world.instants[15_000], LEAD, "As the referral has it.", "opening")
        yield (2 * n, n, RISKS[n % 4], world.instants[n % 2_000], LEAD, "After the last visits.", "update")


def _allocations(world: World) -> Iterator[Row]:
    for n in range(1, world.people + 1):
        lead = world.leads[n]
        yield (n, n, abs(lead), "lead", world.instants[19_500], None if lead > 0 else world.instants[n % 2_000])
    for place, n in enumerate(world.heavy_people):
        yield (world.people + 1 + place, n, HEAVY.id, "allocated", world.instants[19_500], None)


def _case_relations(world: World) -> Iterator[Row]:
    start = world.instants[19_500]
    for n in range(1, world.people + 1):
        active, lead = world.active[n], world.leads[n]
        until = None if lead > 0 else world.instants[n % 2_000]
        if not world.is_restricted(n):
            yield ("hub", "person", n, "hub", start, None, "case", n, active)
            yield ("hub", "case", n, "hub", start, None, "case", n, active)
        yield (f"user:{abs(lead)}", "person", n, "lead_worker", start, until, "allocation", n, active)
        yield (f"user:{abs(lead)}", "case", n, "lead_worker", start, until, "allocation", n, active)
    for place, n in enumerate(world.heavy_people):
        source = world.people + 1 + place
        yield (f"user:{HEAVY.id}", "person", n, "allocated", start, None, "allocation", source, world.active[n])
        yield (f"user:{HEAVY.id}", "case", n, "allocated", start, None, "allocation", source, world.active[n])


def _updates(world: World) -> Iterator[Row]:
    texts = [" ".join(SENTENCES[(n * 5 + step) % 12] for step in range(1 + n % 4)) for n in range(60)]
    kinds = ("visit", "call", "meeting", "missing", "incident", "other")
    number = 0
    for n in range(1, world.people + 1):
        count = world.update_count(n)
        newest = (n * 7_919) % 19_000
        gap = max(1, (19_900 - newest) // count)
        author = abs(world.leads[n])
        agency = _agency_of(author)
        for back in range(count - 1, -1, -1):
            number += 1
            at = world.instants[newest + back * gap]
            said = number % 3 != 0
            yield (
                number, ref("UP", number), n, kinds[number % 6], at, at, author, agency, texts[number % 60],
                _WORDS[number % 4] if said else None, None if said else "Not seen this time",
                SENTENCES[number % 12] if number % 2 else None, "yes" if said else "not_seen", RISKS[n % 4], None,
                "Ring on Friday" if number % 4 == 0 else None, None, "team" if number % 3 else "panel",
            )  # fmt: skip


def _nrm(world: World) -> Iterator[Row]:
    for place, n in enumerate(range(25, world.people + 1, 50), start=1):
        yield (
            place, ref("NR", place), n, n, "rg_pending", "sca", world.days[n % 200], "local_authority", "criminal",
            n % 2, world.instants[n % 5_000], LEAD, 1,
        )  # fmt: skip


def write_places(world: World, writer: Writer) -> None:
    """Contexts with factors, goals and risk, and incidents: four in five told by open police data."""
    writer.write("context", CONTEXT, _contexts(world))
    run = (1, ref("IM", 1), "incidents", "police-street", "street.csv", "0" * 64, "complete", world.at(-40))
    columns = "id ref what format file_name file_digest state started_at finished_at actor"
    numbers = (
        "row_count created_count updated_count unchanged_count refused_count matched_count ignored_columns_count"
        " ignored_cells_count last_row"
    )
    zeros = (0,) * len(numbers.split())
    writer.write("import_run", f"{columns} {numbers}", [(*run, world.at(-39), "system:import", *zeros)])
    writer.write("incident", INCIDENT, _incidents(world))
    writer.write("context_risk", RISK, _risks(world))
    writer.write("context_factor", FACTOR, _factors(world))
    writer.write("safety_goal", GOAL, _goals(world))
    writer.write(
        "person_context",
        "id person_id context_id role source confidence expires_on created_at created_by_id",
        (
            (n, n, n % CONTEXTS + 1, ("attends", "lives_near", "at_risk_here")[n % 3], "Worker", "reported",
             world.ahead(200), world.instants[n % 15_000], LEAD)
            for n in range(1, world.people + 1)
        ),
    )  # fmt: skip


def _point(context: int) -> tuple[float, float]:
    return 51.54 + context % 25 * 0.002, 0.90 + context // 25 * 0.003


def _contexts(world: World) -> Iterator[Row]:
    kinds, steps = tuple(ContextKind), tuple(ContextStep)[:6]
    for n in range(1, CONTEXTS + 1):
        lat, lng = _point(n)
        kind = kinds[n % len(kinds)]
        yield (
            n, ref("CX", n), f"{kind.value.replace('_', ' ').capitalize()} {n}, Alder Street", kind, f"Ward {n % 20 + 1}",
            lat, lng, " ".join(SENTENCES[(n + k) % 12] for k in range(2)), SENTENCES[(n + 3) % 12], steps[n % 6],
            ("universal", "universal_plus", "complex_high", None)[n % 4], LEAD, COUNCIL, 0, world.ahead(n % 90 - 20),
            world.instants[n * 3], 1,
        )  # fmt: skip


def _incidents(world: World) -> Iterator[Row]:
    rng = random.Random(2)
    places = rng.choices(range(1, CONTEXTS + 1), [1 / (n + 10) for n in range(CONTEXTS)], k=world.incidents)
    harms, grades = tuple(IncidentHarm), tuple(InformationGrade)
    for n, place in enumerate(places, start=1):
        lat, lng = _point(place)
        ago = (n * 7_919) % 700
        if n % 5:
            yield (
                n, "police_street", f"{n:064x}", 1, None, 1, world.at(-39), f"{world.days[ago][:8]}01", None, "month",
                "Violence and sexual offences", None, "ungraded", None, "permitted", 0, 0, lat, lng, "On or near Alder Street",
                place, n % 50, "within 50 m", 1, None, "Marlbridge Police", None, f"{n:064x}", None,
            )  # fmt: skip
            continue
        at = world.instants[ago * 27]
        yield (
            n, "partner", f"{n:064x}", 1, ref("IR", n), None, at, at[:10], at, "instant", "Reported by a partner",
            harms[n % len(harms)], grades[n % len(grades)], "reliable", "permitted", 1, 1, lat, lng, None, place, 0,
            "chosen by a person", 1, n % 6 + 1, "A partner", SENTENCES[n % 12], f"{n:064x}", LEAD,
        )  # fmt: skip


def _risks(world: World) -> Iterator[Row]:
    for n in range(1, CONTEXTS + 1):
        score = 900 - n + n % 37
        band = "very_high" if score > 700 else "high" if score > 500 else "moderate" if score > 250 else "low"
        yield (
            n, n, world.ahead(0), score, score - 40, score + 60, band, band, band, 30 + n % 20, 0, 40, world.at(-0.01), 1,
        )  # fmt: skip


def _factors(world: World) -> Iterator[Row]:
    for n in range(1, 2 * CONTEXTS + 1):
        kind = ("finding", "concern", "guardian")[n % 3]
        yield (
            n,
            (n + 1) // 2,
            kind,
            SENTENCES[n % 12],
            "Assessment",
            world.days[n % 300],
            world.days[n % 300] + " 12:00:00.000000",
            LEAD,
        )


def _goals(world: World) -> Iterator[Row]:
    for n in range(1, CONTEXTS + 1):
        yield (
            n, ref("SG", n), n, "Young people can wait here after dark", "They are seen and helped", "Survey of 20", "open",
            world.days[100], world.ahead(60), LEAD, world.at(-100), 1,
        )  # fmt: skip
