use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ConnectionId, MessageId, PhoneNumberId, TenantId, WabaId};
use domain::lane::{Lane, OnUnknown};
use domain::tier::Tier;
use serde_json::json;
use store::connections::{Added, NewNumber, add_number};
use store::messages::{Begin, NewMessage};
use store::{Client, Vault};

/// A tenant with a number to send from.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its connection, through the platform's app.
    pub connection_id: ConnectionId,
    /// Its account.
    pub waba_id: WabaId,
    /// Its number.
    pub phone_number_id: PhoneNumberId,
}

/// The attempt of a claim, as if within a service window.
pub fn uncounted(message_id: MessageId, claim_no: i32) -> Begin {
    Begin { message_id, claim_no, counted: None }
}

impl Sender {
    /// A text in the normal lane, enqueued at `now`, with an hour to live; to be changed as a test
    /// needs it.
    pub fn message(&self, now: DateTime<Utc>) -> NewMessage {
        NewMessage {
            message_id: MessageId::at(now),
            tenant_id: self.tenant_id,
            phone_number_id: self.phone_number_id.clone(),
            recipient: "+14155550101".into(),
            message_type: "text".into(),
            content: json!({"type": "text", "text": {"body": "hello"}}),
            client_data: None,
            lane: Lane::Normal,
            on_unknown: OnUnknown::Hold,
            expires_at: now + TimeDelta::hours(1),
            not_before: None,
            traceparent: None,
        }
    }
}

/// The keys of [`vault`], as `CREDENTIAL_ENCRYPTION_KEY` has them.
pub const VAULT_KEYS: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The vault of all tests.
pub fn vault() -> Vault {
    Vault::from_keys(VAULT_KEYS).unwrap()
}

/// Makes the tenant `name` with a number whose ids end in `nth`.
///
/// # Panics
/// When the database refuses.
pub async fn sender(client: &Client, name: &str, nth: u32) -> Sender {
    let now = runtime::now();
    let tenant_id = store::tenants::ensure(client, name, now).await.unwrap();
    let waba_id: WabaId = format!("1000{nth}").parse().unwrap();
    let phone_number_id: PhoneNumberId = format!("2000{nth}").parse().unwrap();
    let number = NewNumber {
        tenant_id,
        waba_id: waba_id.clone(),
        phone_number_id: phone_number_id.clone(),
        portfolio_id: None,
        messages_per_second: 1000,
        tier: Some(Tier::Unlimited),
        access_token: format!("token-{nth}").into(),
    };
    let added = add_number(client, &vault(), &number, now).await.unwrap();
    let (Added::New(connection_id) | Added::Renewed(connection_id)) = added else {
        panic!("the number belongs to another tenant");
    };
    Sender { tenant_id, connection_id, waba_id, phone_number_id }
}
