"""The rules of each standard object, by name."""

from localorg.rules.activities import EventRule, TaskRule
from localorg.rules.campaign_members import CampaignMemberRule
from localorg.rules.campaigns import CampaignMemberStatusRule, CampaignRule
from localorg.rules.cases import CaseRule
from localorg.rules.files import AttachmentRule, ContentDocumentLinkRule, ContentVersionRule
from localorg.rules.opportunities import OpportunityRule
from localorg.rules.people import AccountRule, ContactRule, LeadRule
from localorg.rules.permissions import PermissionRule
from localorg.rules.rule import Context, Rule

__all__ = ["Context", "Rule", "of"]

_RULES: dict[str, Rule] = {
    "Account": AccountRule(),
    "Attachment": AttachmentRule(),
    "Campaign": CampaignRule(),
    "CampaignMember": CampaignMemberRule(),
    "CampaignMemberStatus": CampaignMemberStatusRule(),
    "Case": CaseRule(),
    "Contact": ContactRule(),
    "ContentDocumentLink": ContentDocumentLinkRule(),
    "ContentVersion": ContentVersionRule(),
    "Event": EventRule(),
    "FieldPermissions": PermissionRule(),
    "Lead": LeadRule(),
    "ObjectPermissions": PermissionRule(),
    "Opportunity": OpportunityRule(),
    "PermissionSetAssignment": PermissionRule(),
    "Task": TaskRule(),
    "User": PermissionRule(),
}
_NONE = Rule()


def of(object_name: str) -> Rule:
    """Return the rule of an object; one that does nothing when it has none."""
    return _RULES.get(object_name, _NONE)
