use chrono::TimeDelta;
use domain::ids::{ConnectionId, PhoneNumberId, WabaId};
use store::{Client, app_secrets};

use crate::world::{Sender, vault};

/// A tenant whose own app signs its webhooks.
#[derive(Clone, Debug)]
pub struct OwnApp {
    /// The tenant, its connection, account and number.
    pub sender: Sender,
    /// The opaque last part of its webhook URL.
    pub webhook_token: String,
    /// What Meta says when it asks whether the URL is ours.
    pub verify_token: String,
    /// What it sends with.
    pub access_token: String,
}

impl OwnApp {
    /// Gives its connection a secret. The one before retires at once.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn put_secret(&self, client: &Client, secret: &str) {
        let (tenant_id, connection_id) = (self.sender.tenant_id, self.sender.connection_id);
        let now = runtime::now();
        // A little before: whoever compares must not depend on the microsecond.
        let old_until = now - TimeDelta::seconds(1);
        app_secrets::put(
            client,
            &vault(),
            tenant_id,
            connection_id,
            &secret.into(),
            old_until,
            now,
        )
        .await
        .unwrap();
    }
}

/// Makes the tenant `name` with an app of its own, which has no secret yet, and ids that end in
/// `nth`.
///
/// # Panics
/// When the database refuses.
pub async fn own_app(client: &Client, name: &str, nth: u32) -> OwnApp {
    let now = runtime::now();
    let tenant_id = store::tenants::ensure(client, name, now).await.unwrap();
    let connection_id = ConnectionId::at(now);
    let waba_id: WabaId = format!("3000{nth}").parse().unwrap();
    let phone_number_id: PhoneNumberId = format!("4000{nth}").parse().unwrap();
    let webhook_token = format!("opaque-token-of-{nth}");
    let (verify_token, access_token) = (format!("verify-{nth}"), format!("EAAtoken-{nth}"));
    let row = connection_id.to_string();
    let seal =
        |column: &str, text: &str| vault().seal("connections", &row, column, text.as_bytes());
    client
        .execute(
            "INSERT INTO connections (connection_id, tenant_id, kind, access_token, verify_token,
                                      webhook_token, created_at, updated_at)
             VALUES ($1, $2, 'own_app', $3, $4, $5, $6, $6)",
            &[
                &connection_id.as_uuid(),
                &tenant_id.as_uuid(),
                &seal("access_token", &access_token),
                &seal("verify_token", &verify_token),
                &webhook_token,
                &now,
            ],
        )
        .await
        .unwrap();
    client
        .execute(
            "INSERT INTO wabas (waba_id, tenant_id, connection_id, created_at)
             VALUES ($1, $2, $3, $4)",
            &[&waba_id.as_str(), &tenant_id.as_uuid(), &connection_id.as_uuid(), &now],
        )
        .await
        .unwrap();
    client
        .execute(
            "INSERT INTO phone_numbers (phone_number_id, waba_id, tenant_id, connection_id, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                &phone_number_id.as_str(),
                &waba_id.as_str(),
                &tenant_id.as_uuid(),
                &connection_id.as_uuid(),
                &now,
            ],
        )
        .await
        .unwrap();
    let sender = Sender { tenant_id, connection_id, waba_id, phone_number_id };
    OwnApp { sender, webhook_token, verify_token, access_token }
}
