//! What a scenario needs: features of the service, actions of the driver, quiet.

use super::consumer::Stand;
use super::services::Services;
use crate::evidence::{Blocked, NOT_APPLICABLE, RunFacts};
use crate::scenario::{Act, Reply, Scenario, SoapReply};
use crate::standard::Subject;
use crate::text::Text;

/// Actions of the reference provider.
pub(super) const PROVIDER_ACTIONS: &[&str] = &[
    "maintenance-on",
    "maintenance-off",
    "unexpected-on",
    "unexpected-off",
    "slow-on",
    "slow-off",
    "expire-token",
    "load-residents",
    "next-number",
    "introspection-down",
    "introspection-up",
    "reset",
    "received-changes",
    "restart",
    "exchange-reset",
    "signatures-required-on",
    "signatures-required-off",
    "export-group",
    "import-group",
];

/// Beginning of the interface ids of business units.
const UNIT: &str = "unit.";
/// The feature of products that exchange files.
const FILES: &str = "files";

/// Why a scenario does not apply to the service, if it does not. Nobody has to act on that.
pub(super) fn inapplicable(scenario: &Scenario, services: &Services, has_files: bool) -> Option<Blocked> {
    if !has_files && scenario.applies.iter().any(|word| word == FILES) {
        return Some(Blocked {
            step: scenario.steps.first()?.id.to_string(),
            reason: Text::new(
                "ターゲットファイルに [files] がないため適用外",
                "does not apply: the target file has no [files]",
            ),
            blame: NOT_APPLICABLE.into(),
        });
    }
    let missing = scenario
        .applies
        .iter()
        .find(|word| word.starts_with(UNIT) && !services.contains_key(*word));
    if let Some(unit) = missing {
        return Some(Blocked {
            step: scenario.steps.first()?.id.to_string(),
            reason: Text::new(
                format!("製品が {unit} を提供しないため適用外"),
                format!("does not apply: the product does not offer {unit}"),
            ),
            blame: NOT_APPLICABLE.into(),
        });
    }
    let service = scenario.interface.as_deref().and_then(|id| services.get(id))?;
    if service.id.starts_with(UNIT) {
        return None;
    }
    let features = service.features();
    let needed = scenario
        .applies
        .iter()
        .chain(&scenario.needs)
        .filter(|word| is_feature(word));
    let feature = needed.into_iter().find(|feature| !features.contains(feature))?;
    let reason = if feature == "soap.reference" {
        Text::new(
            "基準連携サービスの操作を使うシナリオのため、この製品の WSDL には適用外",
            "does not apply: the scenario uses operations of the reference exchange service",
        )
    } else {
        Text::new(
            format!("WSDL に {feature} に当たる操作がないため適用外"),
            format!("does not apply: the description has no operation of the kind {feature}"),
        )
    };
    Some(Blocked {
        step: scenario.steps.first()?.id.to_string(),
        reason,
        blame: NOT_APPLICABLE.into(),
    })
}

/// Features of a service have a dot; actions of a driver have none.
pub(super) fn is_feature(word: &str) -> bool {
    word.starts_with("soap.") || word.starts_with(UNIT) || word == FILES
}

/// What a scenario needs and the product does not offer.
pub(super) fn lacking(scenario: &Scenario, stands: &[Stand], facts: &RunFacts) -> Option<Blocked> {
    let step = scenario.steps.first()?;
    let blocked = |reason| Blocked {
        step: step.id.to_string(),
        reason,
        blame: "configuration".into(),
    };
    if scenario.role == Subject::Consumer && stands.is_empty() {
        return Some(blocked(Text::new(
            "ターゲットファイルに [driver.consumer] がないため、利用側の試験を実施できません。",
            "the target file has no [driver.consumer], so the product cannot be made to act",
        )));
    }
    let missing = scenario
        .needs
        .iter()
        .find(|action| !is_feature(action) && !facts.offers.contains(action))?;
    let section = if scenario.role == Subject::Consumer {
        "driver.consumer"
    } else {
        "driver.provider"
    };
    Some(blocked(Text::new(
        format!("製品のドライバーが操作 {missing} を提供していません（[{section}] の actions に宣言してください）。"),
        format!("the product's driver does not offer `{missing}`; declare it in `actions` of [{section}]"),
    )))
}

/// Whether a scenario holds a wait that no faster machine shortens.
pub(super) fn waits(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| match &step.act {
        Act::Wait(_) => true,
        Act::Consume(consume) => {
            let told_to_wait = |reply: &Reply| reply.headers.contains_key("Retry-After");
            consume.keeps_waiting() || consume.replies.iter().any(told_to_wait)
        }
        Act::SoapConsume(consume) => {
            let told_to_wait = |reply: &SoapReply| reply.headers.contains_key("Retry-After");
            consume.keeps_waiting() || consume.replies.iter().any(told_to_wait)
        }
        _ => false,
    })
}

/// Whether an action brings the product back into its usual state.
pub(super) fn is_clean_up(action: &str) -> bool {
    action.ends_with("-off") || action.ends_with("-up") || action.ends_with("reset")
}
