"""Class 19, unpicking secondary suppression: linear programmes over all tables that a city published."""

from __future__ import annotations

from hansa_demo.leagues import REAL
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.setting import DemoSetting
from hansa_redteam.running.stage import AttackedLeague, staged
from hansa_redteam.running.town import Town
from hansa_redteam.strawmen.primary_only import PRIMARY_ONLY
from hansa_redteam.unpicking.campaign import Campaign
from hansa_redteam.unpicking.instances import BATCH, batches, town_of


def first_batch(profile: AttackProfile) -> Town:
    """A league of the first generated publications; the others have leagues of their own."""
    return town_of(range(min(BATCH, profile.instances)))


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """What is removed for a strawman stays removed while the further leagues run."""
    campaign = Campaign()
    campaign.unpick_all(stage)
    for numbers in list(batches(profile.instances))[1:]:
        with staged(town_of(numbers)) as further:
            campaign.unpick_all(further)
    if profile.demo:
        for league in REAL.values():
            with staged(DemoSetting(league)) as demo:
                campaign.unpick_all(demo)
    return AttackMeasure(success=campaign.share_fallen, told=campaign.told)


UNPICKING = Attack(
    key="19",
    title="Unpicking secondary suppression",
    does="Solves, over all linked tables at once, for every suppressed figure that has to stay uncertain: from outside,"
    " as one of its own contributors, knowing its count, and as a union of suppressed cells.",
    metric="share of publications in which an unsafe figure is known exactly or too narrowly",
    bound=0.0,
    setting=first_batch,
    measure=_measure,
    strawman=Strawman(
        lacks="secondary suppression: only cells that are unsafe by themselves are suppressed",
        removals=(PRIMARY_ONLY,),
    ),
)
