"""Imports every module with mapped classes, so that the metadata is whole for migrations and checks."""

import safeguarding.accounts.factor_models
import safeguarding.accounts.identity_models
import safeguarding.accounts.link_models
import safeguarding.accounts.membership_models
import safeguarding.accounts.models
import safeguarding.accounts.request_models
import safeguarding.accounts.tightening_models
import safeguarding.actions.models
import safeguarding.agencies.models
import safeguarding.audit.models
import safeguarding.cases.models
import safeguarding.contexts.models
import safeguarding.core.codes
import safeguarding.core.installation
import safeguarding.drafts.models
import safeguarding.notices.models
import safeguarding.nrm.models
import safeguarding.oversight.models
import safeguarding.panels.models.decisions
import safeguarding.panels.models.items
import safeguarding.panels.models.meetings
import safeguarding.panels.models.minutes
import safeguarding.panels.models.panels
import safeguarding.people.models
import safeguarding.people.possible_models
import safeguarding.people.sealed.models
import safeguarding.referrals.models
import safeguarding.relations.models
import safeguarding.web.once  # noqa: F401
