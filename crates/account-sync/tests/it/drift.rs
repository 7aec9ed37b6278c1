//! What goes wrong at Meta is told once, with what to do, and ends when it is mended.

use domain::scope::Scope;
use graph_sim::{NumberSpec, OpenNumber};
use serde_json::json;

use crate::meta::{Meta, NUMBER, TOKEN, WABA};
use crate::posts::{post, publish};
use crate::world::World;

/// One thing that goes wrong: how, what is told of it, about what, and whether somebody has to act.
struct Fault {
    breaks: fn(&Meta),
    mends: fn(&Meta),
    kind: &'static str,
    subject: &'static str,
    needs_attention: bool,
}

const FAULTS: [Fault; 7] = [
    Fault {
        breaks: |meta| meta.profile(|it| it.status = Some("BANNED".into())),
        mends: |meta| meta.profile(|_| {}),
        kind: "number.status",
        subject: NUMBER,
        needs_attention: true,
    },
    Fault {
        breaks: |meta| meta.profile(|it| it.quality_rating = "RED".into()),
        mends: |meta| meta.profile(|_| {}),
        kind: "number.quality",
        subject: NUMBER,
        needs_attention: true,
    },
    Fault {
        breaks: |meta| meta.profile(|it| it.name_status = "DECLINED".into()),
        mends: |meta| meta.profile(|_| {}),
        kind: "number.name",
        subject: NUMBER,
        needs_attention: true,
    },
    Fault {
        breaks: |meta| {
            meta.sim.add_number(NumberSpec {
                waba_id: WABA.into(),
                display_phone_number: "15550002222".into(),
                ..OpenNumber::default().number("29999")
            });
        },
        mends: |meta| {
            meta.change(|scenario| scenario.numbers.retain(|it| it.phone_number_id == NUMBER));
        },
        kind: "waba.unlisted",
        subject: WABA,
        needs_attention: false,
    },
    Fault {
        breaks: |meta| {
            let number = OpenNumber::default().number("29999");
            meta.change(|it| it.numbers[0] = NumberSpec { waba_id: "19999".into(), ..number });
        },
        mends: |meta| {
            let scenario = serde_json::from_value(crate::meta::scenario()).unwrap();
            meta.sim.set_scenario(scenario).unwrap();
        },
        kind: "number.gone",
        subject: NUMBER,
        needs_attention: true,
    },
    Fault {
        breaks: |meta| {
            meta.change(|it| it.accounts.wabas[0].account_review_status = "REJECTED".into());
        },
        mends: |meta| {
            meta.change(|it| it.accounts.wabas[0].account_review_status = "APPROVED".into());
        },
        kind: "waba.stopped",
        subject: WABA,
        needs_attention: true,
    },
    Fault {
        breaks: |meta| meta.token(|token| token.waba_ids = vec!["19999".into()]),
        mends: |meta| meta.token(|_| {}),
        kind: "waba.grant",
        subject: WABA,
        needs_attention: true,
    },
];

#[tokio::test]
async fn each_fault_at_meta_is_told_once_and_ends_when_it_is_mended() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    for fault in FAULTS {
        (fault.breaks)(&meta);
        world.ask().await;
        world.ask().await;

        let (kinds, status) = world.standing().await;
        assert_eq!(kinds, [fault.kind], "one cause is told once");
        let expected = if fault.needs_attention { "NEEDS_ATTENTION" } else { "ACTIVE" };
        assert_eq!(status, json!(expected), "{}", fault.kind);
        let told = world.trouble(fault.kind).await.unwrap();
        assert_eq!((told.subject.as_str(), told.occurrences), (fault.subject, 1));
        assert!(!told.cause.is_empty() && !told.remedy.is_empty());

        (fault.mends)(&meta);
        world.ask().await;
        assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")), "{}", fault.kind);
    }
    running.end().await;
}

#[tokio::test]
async fn an_app_that_does_not_hear_of_an_account_is_told_until_it_does() {
    let (world, meta) = (World::new().await, Meta::new().await);
    let running = meta.start(&world, &[]);
    let (waba_id, token) = (&world.acme.waba_id, &TOKEN.into());

    meta.client().unsubscribe(waba_id, token).await.unwrap();
    world.ask().await;
    assert_eq!(world.standing().await.0, ["waba.unsubscribed"]);
    assert_eq!(world.value("SELECT subscribed_at FROM wabas").await, json!(null));

    meta.client().subscribe(waba_id, None, token).await.unwrap();
    world.ask().await;
    assert_eq!(world.standing().await, (Vec::new(), json!("ACTIVE")));
    running.end().await;
}

#[tokio::test]
async fn what_a_webhook_tells_is_judged_at_once_and_so_is_its_end() {
    let world = World::new().await;
    let running = world.start();
    let restricted = json!({"event": "ACCOUNT_RESTRICTION",
        "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}]});

    world.tell(10, "account_update", &restricted).await;
    world.becomes("SELECT status FROM connections", json!("NEEDS_ATTENTION")).await;
    let told = world.trouble("waba.stopped").await.unwrap();
    assert!(told.cause.contains("RESTRICTED_BIZ_INITIATED_MESSAGING"), "{}", told.cause);

    world.tell(20, "account_update", &json!({"event": "ACCOUNT_RESTRICTION"})).await;
    world.becomes("SELECT status FROM connections", json!("ACTIVE")).await;
    assert!(world.trouble("waba.stopped").await.is_none());
    running.end().await;
}

#[tokio::test]
async fn what_is_found_of_one_tenant_leaves_the_notifications_of_others() {
    let world = World::new().await;
    let globex = test_support::sender(&world.db.client().await.unwrap(), "globex", 2).await;
    let running = world.start();
    let removed =
        |waba_id: &str| json!({"event": "PARTNER_REMOVED", "waba_info": {"waba_id": waba_id}});
    let added =
        |waba_id: &str| json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": waba_id}});
    for waba_id in [WABA, "10002"] {
        let body = post("777", 10, "account_update", &removed(waba_id));
        publish(&world.bus, Some(Scope::Platform), body).await;
    }
    let open = "SELECT count(*) FROM notifications WHERE cleared_at IS NULL";
    world.becomes(open, json!(2)).await;

    let body = post("777", 20, "account_update", &added("10002"));
    publish(&world.bus, Some(Scope::Platform), body).await;

    world.becomes(open, json!(1)).await;
    assert!(world.open(globex.tenant_id).await.is_empty());
    assert!(world.trouble("waba.grant").await.is_some());
    running.end().await;
}
