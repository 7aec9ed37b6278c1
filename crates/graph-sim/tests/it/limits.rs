use futures::future::join_all;
use serde_json::json;

use crate::support::{NUMBER, Receiver, Running, at_once};

#[tokio::test]
async fn a_number_answers_130429_above_its_rate_and_not_before() {
    let limits = json!({"throughput": {"slack_messages": 0, "slack_percent": 0}});
    let sim = Running::new(&json!({"limits": limits, "open_number": {"mps": 5}}), None).await;
    let people: Vec<String> = (0..8).map(|person| format!("+1415555{person:04}")).collect();

    let codes = join_all(people.iter().map(|to| sim.code(to, to))).await;

    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 5, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 130_429).count(), 3, "{codes:?}");
    let stats = sim.control.stats();
    assert_eq!((stats.refused[&130_429], stats.violations["throughput"]), (3, 3));
    let busiest = stats.numbers[NUMBER];
    assert_eq!((busiest.accepted_per_second, busiest.arrived_per_second), (5, 8));
}

#[tokio::test]
async fn what_people_write_takes_of_the_rate() {
    let limits = json!({"throughput": {"slack_messages": 0, "slack_percent": 0}});
    let sim = Running::new(&json!({"limits": limits, "open_number": {"mps": 2}}), None).await;
    for _ in 0..2 {
        let inbound = json!({"phone_number_id": NUMBER, "from": "14155550101"});
        sim.control.receive(&serde_json::from_value(inbound).unwrap()).unwrap();
    }

    assert_eq!(sim.code("+14155550102", "1").await, 130_429);
}

#[tokio::test]
async fn one_person_answers_131056_above_the_burst_and_others_do_not() {
    let sim = Running::new(&json!({"limits": {"pair": {"burst": 3}}}), None).await;

    let mut codes = Vec::new();
    for message in 0..4 {
        codes.push(sim.code("+14155550101", &message.to_string()).await);
    }

    assert_eq!(codes, [0, 0, 0, 131_056]);
    assert_eq!(sim.code("+14155550102", "other").await, 0);
}

#[tokio::test]
async fn a_portfolio_beyond_its_budget_fails_later_with_131048() {
    let receiver = Receiver::new(&[]);
    let scenario = json!({"open_number": {"tier": 2}, "fates": at_once()});
    let sim = Running::new(&scenario, Some(&receiver)).await;

    for person in 0..3 {
        assert_eq!(sim.code(&format!("+1415555010{person}"), &person.to_string()).await, 0);
    }
    sim.idle().await;

    let failed: Vec<_> =
        receiver.statuses().into_iter().filter(|status| status["status"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["biz_opaque_callback_data"], "2");
    assert_eq!(failed[0]["errors"][0]["code"], 131_048);
    assert_eq!(sim.control.stats().violations["portfolio"], 1);
    assert_eq!(sim.control.stats().portfolios["100000000000001"], 2);
}

#[tokio::test]
async fn an_open_service_window_costs_no_budget_and_a_refusing_portfolio_says_so_at_once() {
    let scenario =
        json!({"open_number": {"tier": 0}, "limits": {"portfolio": {"exceeded": "refuse"}}});
    let sim = Running::new(&scenario, None).await;
    let inbound = json!({"phone_number_id": NUMBER, "from": "+14155550101"});
    sim.control.receive(&serde_json::from_value(inbound).unwrap()).unwrap();

    assert_eq!(sim.code("+14155550101", "1").await, 0);
    assert_eq!(sim.code("+14155550102", "2").await, 131_048);
}

#[tokio::test]
async fn a_number_in_maintenance_answers_131057() {
    let number = json!({"phone_number_id": NUMBER, "waba_id": "100", "maintenance": true});
    let sim = Running::new(&json!({"numbers": [number]}), None).await;

    let (status, body) = sim.text("+14155550101", "1").await;

    assert_eq!((status, body["error"]["code"].as_i64()), (500, Some(131_057)));
}

#[tokio::test]
async fn a_limit_that_is_off_refuses_nothing() {
    let limits =
        json!({"throughput": {"enabled": false, "mps": 1}, "pair": {"enabled": false, "burst": 1}});
    let sim = Running::new(&json!({"limits": limits}), None).await;

    for message in 0..50 {
        assert_eq!(sim.code("+14155550101", &message.to_string()).await, 0, "{message}");
    }
}
