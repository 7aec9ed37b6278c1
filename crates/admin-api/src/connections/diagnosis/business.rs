//! Meta's word about the business and its account: a state, no estimate of days.

use super::{Account, Facts, Finding};
use crate::connections::proof::Proof;

/// `business_verification_status` of the WABA
/// (<https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/>).
pub(super) fn business_verified(facts: &Facts) -> Finding {
    const CHECK: &str = "business_verified";
    const VERIFY: &str = "In Meta Business Suite, Security Center › Start Verification: legal name, \
                          address, phone, website, and a document that shows them (registration, \
                          utility bill or bank statement).";
    let status = |proof: &Proof| proof.waba.business_verification_status.clone();
    match told(facts, status, |status| status == "verified") {
        None => Finding::unknown(CHECK, "Meta did not tell whether the business is verified.", ""),
        Some((_, status)) if status == "verified" => {
            Finding::ok(CHECK, "The business is verified.")
        }
        Some((account, status)) if status.starts_with("pending") => Finding::unknown(
            CHECK,
            format!("The business of account {} is {status}.", account.waba_id),
            "Meta is looking at it, or wants something more: see Security Center. Until then few \
             recipients a day can be reached.",
        ),
        Some((account, status)) => Finding::failed(
            CHECK,
            format!("The business of account {} is {status}.", account.waba_id),
            VERIFY,
        ),
    }
}

/// `account_review_status` of the WABA.
pub(super) fn account_approved(facts: &Facts) -> Finding {
    const CHECK: &str = "account_approved";
    let status = |proof: &Proof| proof.waba.account_review_status.clone();
    match told(facts, status, |status| status == "APPROVED") {
        None => Finding::unknown(CHECK, "Meta did not tell whether it approves the account.", ""),
        Some((_, status)) if status == "APPROVED" => {
            Finding::ok(CHECK, "Meta has approved the account.")
        }
        Some((account, status)) if status == "PENDING" => Finding::unknown(
            CHECK,
            format!("Meta's review of account {} is {status}.", account.waba_id),
            "Wait for it; Meta's decision comes by webhook.",
        ),
        Some((account, status)) => Finding::failed(
            CHECK,
            format!("Meta's review of account {} is {status}.", account.waba_id),
            "See the reason in WhatsApp Manager › Account tools, and ask for another review there.",
        ),
    }
}

/// The worst word among the accounts that Meta tells one of.
fn told(
    facts: &Facts,
    word: impl Fn(&Proof) -> Option<String>,
    is_fine: impl Fn(&str) -> bool,
) -> Option<(&Account, String)> {
    let told = facts.accounts.iter().filter_map(|account| {
        let proof = account.proof.as_ref().ok()?;
        Some((account, word(proof)?))
    });
    told.min_by_key(|(_, status)| is_fine(status))
}
