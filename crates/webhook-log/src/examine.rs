//! Whom refused POSTs concern, and why they were refused.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use contracts::{SignatureState, WebhookReceived};
use domain::diagnosis::Diagnosis;
use domain::ids::{ConnectionId, TenantId, WabaId};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use graph_api::webhook;
use store::webhook_events::{self, Party};
use store::{Client, Vault, app_secrets};

use crate::config::Config;
use crate::diagnose::{Evidence, Refused, at_a_glance, diagnose};

/// How many accounts of one refused body are looked at; Meta rarely names more than one.
const ACCOUNTS: usize = 10;

/// What one refused POST means to one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) party: Party,
    /// Whether only the body says that it concerns them: anybody can say so.
    pub(crate) is_claimed: bool,
    pub(crate) diagnosis: Diagnosis,
}

/// Looks into refused POSTs, a bounded number for each tenant.
pub(crate) struct Examiner {
    config: Config,
    limiter: DefaultKeyedRateLimiter<TenantId>,
}

impl Examiner {
    pub(crate) fn new(config: Config) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(config.diagnoses_per_minute));
        Self { config, limiter }
    }

    /// What each of `posts` means to whom; nothing to anybody for one that was proved.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn examine(
        &self,
        client: &Client,
        vault: &Vault,
        posts: &[WebhookReceived],
    ) -> store::Result<Vec<Vec<Finding>>> {
        let claims: Vec<BTreeSet<WabaId>> = posts.iter().map(claims).collect();
        let concerned = concerned(client, posts, &claims).await?;
        self.limiter.retain_recent();
        let mut known = HashMap::new();
        let mut findings = Vec::with_capacity(posts.len());
        for (post, parties) in posts.iter().zip(concerned) {
            let mut found = Vec::with_capacity(parties.len());
            for party in parties {
                let diagnosis = self.diagnosis(client, vault, post, &party, &mut known).await?;
                let is_claimed = post.rejection.addressed.is_none();
                found.push(Finding { party, is_claimed, diagnosis });
            }
            findings.push(found);
        }
        Ok(findings)
    }

    async fn diagnosis(
        &self,
        client: &Client,
        vault: &Vault,
        post: &WebhookReceived,
        party: &Party,
        known: &mut HashMap<TenantId, Evidence>,
    ) -> store::Result<Diagnosis> {
        if post.repeats > 1 {
            return Ok(Diagnosis::Flood);
        }
        let is_plain = post.signature != SignatureState::Mismatch || post.rejection.body_is_cut;
        if is_plain || self.limiter.check_key(&party.tenant_id).is_err() {
            return Ok(at_a_glance(post.signature));
        }
        let evidence = match known.entry(party.tenant_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(evidence(client, vault, party.tenant_id).await?),
        };
        let refused = Refused {
            state: post.signature,
            is_at_platform: post.path == "platform",
            signature: post.rejection.presented.as_deref(),
            body: &post.body,
        };
        let now = runtime::now();
        Ok(diagnose(refused, party, evidence, &self.config.platform, now))
    }
}

/// The accounts that a refused body names. Nobody vouches for it.
fn claims(post: &WebhookReceived) -> BTreeSet<WabaId> {
    if post.signature.is_valid() || post.rejection.addressed.is_some() {
        return BTreeSet::new();
    }
    webhook::waba_ids(&post.body).into_iter().take(ACCOUNTS).collect()
}

/// Whom each POST concerns: one connection of each tenant.
async fn concerned(
    client: &Client,
    posts: &[WebhookReceived],
    claims: &[BTreeSet<WabaId>],
) -> store::Result<Vec<Vec<Party>>> {
    let addressed: Vec<ConnectionId> =
        posts.iter().filter_map(|post| post.rejection.addressed).collect();
    let accounts: Vec<&WabaId> = claims.iter().flatten().collect();
    if addressed.is_empty() && accounts.is_empty() {
        return Ok(vec![Vec::new(); posts.len()]);
    }
    let addressed = webhook_events::of_connections(client, &addressed).await?;
    let named = webhook_events::named(client, &accounts).await?;
    let of = |post: &WebhookReceived, claims: &BTreeSet<WabaId>| {
        let at = |party: &&Party| post.rejection.addressed == Some(party.connection_id);
        let claimed = named.iter().filter(|(waba_id, _)| claims.contains(waba_id));
        let mut parties: Vec<Party> =
            addressed.iter().filter(at).copied().chain(claimed.map(|(_, party)| *party)).collect();
        parties.sort_by_key(|party| (party.tenant_id, party.connection_id));
        parties.dedup_by_key(|party| party.tenant_id);
        parties
    };
    Ok(posts.iter().zip(claims).map(|(post, claims)| of(post, claims)).collect())
}

async fn evidence(client: &Client, vault: &Vault, tenant_id: TenantId) -> store::Result<Evidence> {
    let secrets = match app_secrets::of_tenant(client, vault, tenant_id).await {
        Err(error) if error.is_unavailable() => return Err(error),
        // What does not open explains nothing.
        opened => opened.unwrap_or_default(),
    };
    Ok(Evidence { secrets, tokens: webhook_events::tokens(client, vault, tenant_id).await? })
}
