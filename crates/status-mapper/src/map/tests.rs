use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, MessageId};
use domain::scope::Scope;
use graph_api::webhook::parse;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Mapped;

const OURS: &str = "0199a000-0000-7000-8000-000000000001";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_100, 0).unwrap()
}

fn status(word: &str, second: i64, opaque: Option<&str>) -> Value {
    let mut status = json!({
        "id": "wamid.A", "status": word, "timestamp": (1_790_000_000 + second).to_string(),
        "recipient_id": "14155550101"
    });
    if let Some(opaque) = opaque {
        status["biz_opaque_callback_data"] = opaque.into();
    }
    status
}

fn post(statuses: &[Value]) -> Vec<u8> {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": "200"},
        "statuses": statuses,
    });
    let change = json!({"field": "messages", "value": value});
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "100", "changes": [change]}]
    });
    serde_json::to_vec(&body).unwrap()
}

fn map(scope: Scope, statuses: &[Value]) -> Mapped {
    let mut mapped = Mapped::default();
    mapped.add(scope, now(), &parse(&post(statuses)).unwrap());
    mapped
}

#[test]
fn all_statuses_of_one_message_become_one_piece_of_news() {
    let (news, orphans) = map(
        Scope::Platform,
        &[
            status("read", 9, Some(OURS)),
            status("sent", 1, Some(OURS)),
            status("sent", 2, Some(OURS)),
        ],
    )
    .into_parts();

    assert!(orphans.is_empty());
    assert_eq!(news.len(), 1);
    let second = |instant: Option<chrono::DateTime<chrono::Utc>>| {
        instant.map(|instant| instant.timestamp() - 1_790_000_000)
    };
    assert_eq!(second(news[0].facts.sent_at), Some(1));
    assert_eq!(second(news[0].facts.delivered_at), Some(9));
    assert_eq!(second(news[0].facts.opened_at), Some(9));
}

#[test]
fn a_status_without_an_id_of_ours_is_resolved_by_its_wamid_or_stays_a_stray() {
    let message_id: MessageId = OURS.parse().unwrap();
    let statuses = [status("sent", 1, None), status("delivered", 2, Some("order-17"))];

    let mut known = map(Scope::Platform, &statuses);
    assert_eq!(known.stray_wamids().len(), 1);
    known.resolve_strays(|_| Some(message_id));
    let (news, orphans) = known.into_parts();
    assert_eq!((news.len(), orphans.len()), (1, 0));

    let mut unknown = map(Scope::Platform, &statuses);
    unknown.resolve_strays(|_| None);
    let (news, orphans) = unknown.into_parts();
    assert_eq!((news.len(), orphans.len()), (0, 1));
    assert!(orphans[0].facts.sent_at.is_some() && orphans[0].facts.delivered_at.is_some());
}

#[test]
fn what_two_signatures_say_of_one_message_is_never_mixed() {
    let connection_id = ConnectionId::from_uuid(OURS.parse().unwrap());
    let mut mapped = map(Scope::Platform, &[status("sent", 1, Some(OURS))]);
    let forged = parse(&post(&[status("failed", 2, Some(OURS))])).unwrap();

    mapped.add(Scope::Connection(connection_id), now(), &forged);

    assert_eq!(mapped.into_parts().0.len(), 2);
}

#[test]
fn a_status_from_the_far_future_counts_as_of_now() {
    let (news, _) = map(Scope::Platform, &[status("sent", 400_000_000, Some(OURS))]).into_parts();

    assert_eq!(news[0].facts.sent_at, Some(now()));
}

#[test]
fn a_poison_item_leaves_its_neighbours_in_place() {
    let mut statuses: Vec<Value> = (0..999)
        .map(|nth| status("sent", nth, Some(&uuid::Uuid::from_u128(nth as u128 + 1).to_string())))
        .collect();
    statuses.insert(500, json!({"id": 7, "status": ["sent"], "timestamp": {}}));

    let mapped = map(Scope::Platform, &statuses);

    assert_eq!(mapped.poison, 1);
    assert_eq!(mapped.into_parts().0.len(), 999);
}

proptest! {
    #[test]
    fn any_order_of_statuses_in_any_number_of_posts_is_the_same_news(
        order in Just(vec!["sent", "delivered", "read", "played", "failed"]).prop_shuffle(),
        cuts in proptest::collection::vec(0..5_usize, 0..3),
    ) {
        let second = |word: &str| match word {
            "sent" => 1, "delivered" => 2, "failed" => 3, "read" => 4, _ => 5,
        };
        let all = |words: &[&str]| -> Vec<Value> {
            words.iter().map(|word| status(word, second(word), Some(OURS))).collect()
        };
        let expected = map(Scope::Platform, &all(&["sent", "delivered", "failed", "read", "played"]));

        let mut mapped = Mapped::default();
        let mut rest = &order[..];
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            mapped.add(Scope::Platform, now(), &parse(&post(&all(head))).unwrap());
            rest = tail;
        }
        mapped.add(Scope::Platform, now(), &parse(&post(&all(rest))).unwrap());

        prop_assert_eq!(&mapped.into_parts().0[0].facts, &expected.into_parts().0[0].facts);
    }
}
