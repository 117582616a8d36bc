"""Opportunities: probability, forecast and closing follow the stage."""

from localorg.rules.rule import Context, Rule
from localorg.transaction import Row

_STAGES = {
    "Prospecting": (10, "Pipeline"),
    "Qualification": (10, "Pipeline"),
    "Needs Analysis": (20, "Pipeline"),
    "Value Proposition": (50, "Pipeline"),
    "Id. Decision Makers": (60, "Pipeline"),
    "Perception Analysis": (70, "Pipeline"),
    "Proposal/Price Quote": (75, "Pipeline"),
    "Negotiation/Review": (90, "Pipeline"),
    "Closed Won": (100, "Closed"),
    "Closed Lost": (0, "Omitted"),
}


class OpportunityRule(Rule):
    """The habits of Opportunity."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Derive what the stage implies, unless the client said otherwise."""
        derived = _derived(row)
        if "Probability" in context.sent:
            derived.pop("Probability", None)
        row |= derived

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Derive it again when the stage or the date moves."""
        derived = _derived({**old, **changes})
        if "Probability" in context.sent or changes.get("StageName", old["StageName"]) == old["StageName"]:
            derived.pop("Probability", None)
        changes |= derived

    def after_insert(self, context: Context, row: Row) -> None:
        """Have the campaign counted again."""
        _touch(context, row)

    def after_update(self, context: Context, old: Row, new: Row) -> None:
        """Have both campaigns counted again."""
        _touch(context, old)
        _touch(context, new)

    def after_delete(self, context: Context, old: Row) -> None:
        """Have the campaign counted again."""
        _touch(context, old)


def _touch(context: Context, row: Row) -> None:
    if row.get("CampaignId"):
        context.transaction.touched_campaigns.add(row["CampaignId"])


def _derived(row: Row) -> Row:
    stage = row.get("StageName") or ""
    probability, forecast = _STAGES.get(stage, (0, "Pipeline"))
    derived: Row = {
        "Probability": float(probability),
        "ForecastCategory": forecast,
        "ForecastCategoryName": forecast,
        "IsClosed": int(stage.startswith("Closed")),
        "IsWon": int(stage == "Closed Won"),
    }
    if row.get("CloseDate"):
        derived |= _fiscal(row["CloseDate"])
    return derived


def _fiscal(close_date: str) -> Row:
    year, month = int(close_date[:4]), int(close_date[5:7])
    quarter = (month + 2) // 3
    return {"FiscalYear": year, "FiscalQuarter": quarter, "Fiscal": f"{year} {quarter}"}
