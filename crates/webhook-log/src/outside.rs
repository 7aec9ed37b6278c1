//! What a proved POST names beyond what its signature reaches: nobody takes it, and the log says so.

use std::collections::HashSet;

use domain::scope::Scope;
use graph_api::webhook::{self, Place};
use serde_json::{Value, json};
use store::GenericClient;
use store::webhook_events::{self, Reach};

const DETAIL: &str = "names an account or number that the app which signed does not reach; nothing \
                      of it was taken";

/// What stands outside in each of these bodies, as it is written beside their unreadable items.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn outside(
    client: &impl GenericClient,
    posts: impl Iterator<Item = Option<(Scope, &[u8])>>,
) -> store::Result<Vec<Vec<Value>>> {
    let places = |(scope, body)| {
        webhook::places(body).into_iter().map(|place| (reach(scope, &place), place)).collect()
    };
    let named: Vec<Vec<(Reach, Place)>> =
        posts.map(|post| post.map(places).unwrap_or_default()).collect();
    let reaches: HashSet<Reach> = named.iter().flatten().map(|(reach, _)| reach.clone()).collect();
    let outside = webhook_events::outside(client, reaches).await?;
    let told = |named: &Vec<(Reach, Place)>| {
        let places = named.iter().filter(|(reach, _)| outside.contains(reach));
        places.map(|(_, place)| json!({"pointer": place.pointer, "detail": DETAIL})).collect()
    };
    Ok(named.iter().map(told).collect())
}

fn reach(scope: Scope, place: &Place) -> Reach {
    let Place { waba_id, phone_number_id, .. } = place;
    Reach { scope, waba_id: waba_id.clone(), phone_number_id: phone_number_id.clone() }
}

/// Adds what stands outside to the items that could not be read.
pub(crate) fn add(poison: &mut Value, outside: Vec<Value>) {
    if let Some(items) = poison.as_array_mut() {
        items.extend(outside);
    }
}
