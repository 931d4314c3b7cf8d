"""Where a read goes beyond what somebody stands in relation to: each place was looked at and stands here."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REVIEWED = {
    "safeguarding/cases/restricted.py": {"SECOND_PERSON"},
    "safeguarding/cases/restricted_queries.py": {"SECOND_PERSON"},
    "safeguarding/cases/service.py": {"CLOSING", "LEAVING"},
    "safeguarding/oversight/queries.py": {"OVERSIGHT"},
    "safeguarding/oversight/questions.py": {"OVERSIGHT"},
    "safeguarding/oversight/service.py": {"EMERGENCY"},
    "safeguarding/panels/queries/minutes.py": {"MINUTES"},
    "safeguarding/people/possible.py": {"DUPLICATES"},
    "safeguarding/people/possible_queries.py": {"DUPLICATES"},
    "safeguarding/people/sealed/queries.py": {"SEALED"},
    "safeguarding/people/sealed/service.py": {"SEALED"},
    "safeguarding/relations/closing.py": {"CLOSING"},
    "safeguarding/reports/queries.py": {"COUNTS"},
}


def test_every_read_beyond_relations_was_reviewed() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "safeguarding").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        reasons = set(re.findall(r"\bbeyond\(Beyond\.(\w+)\)", path.read_text()))
        if reasons and name != "safeguarding/core/second_wall.py":
            found[name] = reasons
    assert found == REVIEWED


def test_only_the_edge_says_who_asks() -> None:
    """Whoever could say `I am a command` would pass the wall: that is for the command line and migrations alone."""
    allowed = {"safeguarding/core/second_wall.py", "safeguarding/web/guard.py"}
    said = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "safeguarding").rglob("*.py")
        if re.search(r"\b(Sight\(|as_command\(|looking\()", path.read_text()) and "cli" not in path.parts
    }
    assert said <= allowed | {"safeguarding/web/application.py", "safeguarding/web/transaction.py"}
