"""The values of a conversation itself: who, when, which agent, from where, by which campaign."""

from crosswalk.model import SourceType
from crosswalk.sources.liveperson.ways import ENDED, MESSAGING_HISTORY, SAME, Group

T = SourceType

_PERSON = Group("Visitor", varies=False)
_CONVERSATION, _AGENT, _VISIT, _CAMPAIGN = Group("Conversation"), Group("Agent"), Group("Visit"), Group("Campaign")

_PEOPLE = (
    _PERSON.derived("email", "Visitor e-mail (survey, profile or attributes)", T.EMAIL),
    _PERSON.derived("phone", "Visitor phone (survey, profile or attributes)", T.PHONE),
    _PERSON.derived("name", "Visitor name (survey, profile or attributes)", T.TEXT),
    _PERSON.derived("first_name", "Visitor first name", T.TEXT),
    _PERSON.derived("last_name", "Visitor last name", T.TEXT),
    _PERSON.derived("company", "Visitor company", T.TEXT),
)

_CONVERSATIONS = (
    _CONVERSATION.derived("conversation_id", "Conversation ID (one for widget and history)", T.TEXT),
    _CONVERSATION.derived("api_type", "LivePerson SDK API Type (Chat or Messaging)", T.SELECT),
    _CONVERSATION.derived("transcript", "Transcript as text", T.TEXT),
    _CONVERSATION.derived("is_complete", "Nothing of it is missing at LivePerson", T.BOOLEAN, types=ENDED),
    _CONVERSATION.value("account_id", "Account ID", T.TEXT, ("chatInfo.accountId", "info.accountId", SAME, "info.brandId")),
    _CONVERSATION.value(
        "engagement_id", "Engagement or Conversation ID", T.TEXT, ("chatInfo.rtSessionId", "info.engagementId", SAME, "info.conversationId")
    ),
    _CONVERSATION.value(
        "requested_at", "Chat Requested Time", T.DATETIME, ("chatInfo.chatRequestedTime", "info.chatRequestedTime", SAME, "info.startTime")
    ),
    _CONVERSATION.value("started_at", "Chat Start Time", T.DATETIME, ("chatInfo.chatStartTime", "info.startTime", SAME, "info.startTime")),
    _CONVERSATION.derived("ended_at", "Chat End Time", T.DATETIME, types=ENDED),
    _CONVERSATION.derived("duration_seconds", "Duration (seconds)", T.INTEGER, types=ENDED),
    _CONVERSATION.value("session_started_at", "Session Start Time", T.DATETIME, ("chatInfo.sessionStartTime", "", "", "")),
    _CONVERSATION.value(
        "start_url", "Chat Start URL", T.URL, ("chatInfo.chatStartUrl", "info.chatStartUrl", "", "monitoring.conversationStartPage")
    ),
    _CONVERSATION.value(
        "start_page", "Chat Start Page Title", T.TEXT, ("", "info.chatStartPage", "", "monitoring.conversationStartPageTitle")
    ),
    _CONVERSATION.value("skill", "Skill", T.TEXT, ("chatInfo.chatSkill", "info.skillName", SAME, "info.latestSkillName")),
    _CONVERSATION.value("skill_id", "Skill ID", T.TEXT, ("", "info.skillId", "", "info.latestSkillId")),
    _CONVERSATION.derived("is_messaging", "Is Messaging", T.BOOLEAN),
    _CONVERSATION.value("channel", "Channel or Source", T.SELECT, ("", "info.channel", "", "info.source")),
    _CONVERSATION.value("start_reason", "Start Reason", T.TEXT, ("", "info.startReasonDesc", "", "")),
    _CONVERSATION.value("end_reason", "End Reason", T.TEXT, ("", "info.endReasonDesc", "", "info.closeReasonDescription")),
    _CONVERSATION.value("closed_by", "Closed By", T.SELECT, ("", "info.endReason", "", "info.closeReason")),
    _CONVERSATION.value("interactive", "Interactive", T.BOOLEAN, ("", "info.isInteractive", "", "")),
    _CONVERSATION.value("mcs", "MCS", T.NUMBER, ("", "info.chatMCS", "", "info.mcs")),
    _CONVERSATION.value("alerted_mcs", "Alerted MCS", T.NUMBER, ("", "info.alertedMCS", "", SAME)),
    _CONVERSATION.value("csat", "CSAT", T.NUMBER, ("", "", "", "info.csatRate")),
    _CONVERSATION.derived("satisfaction", "Satisfaction survey answer", T.TEXT, types=MESSAGING_HISTORY),
    _CONVERSATION.value("first_conversation", "First Conversation", T.BOOLEAN, ("", "", "", "info.firstConversation")),
    _CONVERSATION.value("summary", "Summary", T.TEXT, ("", "", "", "summary.text")),
    _CONVERSATION.value("authentication_level", "Authentication Level", T.TEXT, ("claimsAndAuthType.acr", "", SAME, "")),
    _CONVERSATION.value(
        "transcript_lines", "Transcript as lines", T.LIST, ("chatTranscript.lines", "transcript.lines", SAME, "messageRecords")
    ),
)

_AGENTS = (
    _AGENT.value(
        "agent_name", "Agent Name", T.TEXT, ("chattingAgentInfo.agentName", "info.agentFullName", SAME, "info.latestAgentFullName")
    ),
    _AGENT.value(
        "agent_nickname",
        "Agent Nickname",
        T.TEXT,
        ("chattingAgentInfo.agentNickname", "info.agentNickName", SAME, "info.latestAgentNickname"),
    ),
    _AGENT.value("agent_id", "Agent ID", T.TEXT, ("chattingAgentInfo.agentId", "info.agentId", SAME, "info.latestAgentId")),
    _AGENT.value(
        "agent_group", "Agent Group", T.TEXT, ("chattingAgentInfo.agentGroupName", "info.agentGroupName", SAME, "info.latestAgentGroupName")
    ),
    _AGENT.value("agent_login", "Agent Login Name", T.TEXT, ("", "info.agentLoginName", "", "info.latestAgentLoginName")),
    _AGENT.value(
        "agent_email", "Agent Email (logged-in agent, or login name)", T.EMAIL, ("agentInfo.agentEmail", "derived.agent_email", SAME, SAME)
    ),
)

_VISITS = (
    _VISIT.value(
        "visitor_id", "Visitor ID", T.TEXT, ("visitorInfo.visitorId", "info.visitorId", SAME, "consumerParticipants.participantId")
    ),
    _VISIT.value(
        "visitor_name", "Visitor Name", T.TEXT, ("visitorInfo.visitorName", "info.visitorName", SAME, "consumerParticipants.consumerName")
    ),
    _VISIT.value("device", "Device", T.SELECT, ("visitorInfo.device", "visitorInfo.device", SAME, "info.device")),
    _VISIT.value("browser", "Browser", T.TEXT, ("visitorInfo.browser", "visitorInfo.browser", SAME, "info.browser")),
    _VISIT.value(
        "operating_system",
        "Operating System",
        T.TEXT,
        ("visitorInfo.operatingSystem", "visitorInfo.operatingSystem", SAME, "info.operatingSystem"),
    ),
    _VISIT.value("country", "Country", T.TEXT, ("visitorInfo.country", "visitorInfo.country", "", "monitoring.country")),
    _VISIT.value("state", "State", T.TEXT, ("visitorInfo.state", "visitorInfo.state", "", "monitoring.state")),
    _VISIT.value("city", "City", T.TEXT, ("visitorInfo.city", "visitorInfo.city", "", "monitoring.city")),
    _VISIT.value("isp", "ISP", T.TEXT, ("visitorInfo.isp", "visitorInfo.isp", "", "monitoring.isp")),
    _VISIT.value("organization", "Organization", T.TEXT, ("visitorInfo.organization", "visitorInfo.org", "", "monitoring.org")),
    _VISIT.value("ip_address", "IP Address", T.TEXT, ("visitorInfo.IpAddress", "visitorInfo.ipAddress", "", "monitoring.ipAddress")),
    _VISIT.value("time_zone", "Visitor Time Zone", T.TEXT, ("visitorInfo.visitorTimezone", "", "", "info.timeZone")),
    _VISIT.value("visit_started_at", "Visit Start Time", T.DATETIME, ("visitorInfo.visitStartTime", "", SAME, "info.startTime")),
)

_CAMPAIGNS = (
    _CAMPAIGN.value("campaign_name", "Campaign Name", T.TEXT, ("campaignInfo.campaignName", "campaign.campaignName", SAME, SAME)),
    _CAMPAIGN.value("campaign_id", "Campaign ID", T.TEXT, ("campaignInfo.campaignId", "campaign.campaignId", SAME, SAME)),
    _CAMPAIGN.value("campaign_description", "Campaign Description", T.TEXT, ("campaignInfo.campaignDescription", "", SAME, "")),
    _CAMPAIGN.value("goal_name", "Goal Name", T.TEXT, ("campaignInfo.goalName", "campaign.goalName", SAME, SAME)),
    _CAMPAIGN.value("goal_id", "Goal ID", T.TEXT, ("campaignInfo.goalId", "campaign.goalId", SAME, SAME)),
    _CAMPAIGN.value(
        "target_audience", "Target Audience", T.TEXT, ("campaignInfo.targetAudience[0].name", "campaign.visitorProfileName", SAME, SAME)
    ),
    _CAMPAIGN.value(
        "visitor_behavior",
        "Visitor Behavior",
        T.TEXT,
        ("engagementInfo.VisitorBehavior[0].name", "campaign.visitorBehaviorName", SAME, SAME),
    ),
    _CAMPAIGN.value(
        "engagement_name", "Engagement Name", T.TEXT, ("engagementInfo.engagementName", "campaign.campaignEngagementName", SAME, SAME)
    ),
    _CAMPAIGN.value(
        "campaign_engagement_id", "Engagement ID", T.TEXT, ("engagementInfo.engagementId", "campaign.campaignEngagementId", SAME, SAME)
    ),
    _CAMPAIGN.value("engagement_type", "Engagement Type", T.TEXT, ("engagementInfo.engagementType", "", SAME, "campaign.engagementSource")),
    _CAMPAIGN.value("agent_note", "Agent Note", T.TEXT, ("engagementInfo.agentNote", "campaign.engagementAgentNote", SAME, SAME)),
    _CAMPAIGN.value("line_of_business", "Line of Business", T.TEXT, ("", "campaign.lobName", "", SAME)),
)

VALUES = (*_PEOPLE, *_CONVERSATIONS, *_AGENTS, *_VISITS, *_CAMPAIGNS)
