//! The rules for Prometheus against what a running process exports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use test_support::{eventually, sender};

use crate::process::Up;
use crate::world::World;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// The lines of each rule, by the name of its alert.
fn rules() -> Vec<(String, Vec<String>)> {
    let file = file("deploy/alerts.yml");
    let rules = file.split("- alert: ").skip(1).map(|rule| {
        let lines: Vec<String> = rule.lines().map(|line| line.trim().to_owned()).collect();
        (lines[0].clone(), lines)
    });
    rules.collect()
}

/// What a rule asks for: metrics with what stands in their braces.
fn selectors(expression: &str) -> Vec<(String, Option<String>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = expression.match_indices("waypost_").map(|(at, _)| &expression[at..]);
    begins
        .map(|rest| {
            let (name, rest) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
            let braces = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            (name.to_owned(), braces.map(|(labels, _)| labels.to_owned()))
        })
        .collect()
}

/// Whether the metrics have the one that is asked for; `!=` wants only that the label is there.
fn is_exported(metrics: &str, name: &str, labels: Option<&str>) -> bool {
    let wanted = labels.map(|labels| match labels.split_once("!=") {
        Some((label, _)) => format!("{label}=\""),
        None => labels.to_owned(),
    });
    metrics.lines().any(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']));
        rest.is_some_and(|rest| wanted.as_ref().is_none_or(|wanted| rest.contains(wanted)))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_a_rule_names_is_exported() {
    let world = World::with_number().await;
    world.done(&["migrate"]).await;
    let client = world.db.client().await.unwrap();
    let acme = sender(&client, "acme", 1).await;
    let at = runtime::now();
    let message = acme.message(at);
    store::messages::insert(&client, &[message], at).await.unwrap();
    // It has reached the one person whom it may.
    client
        .batch_execute(
            "UPDATE wabas SET tier = '1';
             UPDATE messages SET stage = 'unknown', claim_no = 1, begun_claim_no = 1;
             INSERT INTO attempts (message_id, attempt_no, begun_at, counted_waba_id)
             SELECT message_id, 1, now(), '10001' FROM messages",
        )
        .await
        .unwrap();
    let up = Up::start(&world, &["--with-sim"]).await;
    let metrics = async || {
        let request = up.client.get(up.url("url.api", "/metrics"));
        request.send().await.unwrap().text().await.unwrap()
    };
    let wanted: BTreeSet<_> = rules()
        .iter()
        .flat_map(|(_, lines)| lines.iter().filter_map(|line| line.strip_prefix("expr: ")))
        .flat_map(selectors)
        .collect();
    assert!(wanted.len() > 10, "{wanted:?}");

    let measured = [
        "waypost_queue_unrouted",
        "waypost_portfolio_room",
        "waypost_limits_shared",
        "waypost_webhooks_sealed",
    ];
    eventually("everything has been measured once", async || {
        let metrics = metrics().await;
        measured.iter().all(|name| is_exported(&metrics, name, None))
    })
    .await;

    let metrics = metrics().await;
    let is_missing = |(name, labels): &&(String, Option<String>)| {
        !is_exported(&metrics, name, labels.as_deref())
    };
    let missing: Vec<_> = wanted.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "nobody exports {missing:?}");
    for line in [
        r#"waypost_messages_waiting{status="unknown"} 1"#,
        r#"waypost_portfolio_people{portfolio="10001"} 1"#,
        r#"waypost_portfolio_room{portfolio="10001"} 0"#,
    ] {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, label) = name.split_once('{').unwrap();
        let label = label.trim_end_matches('}');
        let told = metrics.lines().find(|line| line.starts_with(name) && line.contains(label));
        assert!(told.is_some_and(|told| told.ends_with(&format!(" {value}"))), "{line}: {told:?}");
    }
}

#[test]
fn every_alert_says_what_it_means_and_what_to_do_and_the_readme_has_it() {
    let readme = file("README.md");
    for (name, lines) in rules() {
        for field in ["expr: ", "labels: ", "summary: ", "runbook: "] {
            assert!(lines.iter().any(|line| line.starts_with(field)), "{name} lacks {field}");
        }
        assert!(readme.contains(&format!("`{name}`")), "README does not know {name}");
    }
}

#[test]
fn a_selector_is_a_name_with_its_labels() {
    let found = selectors(r#"max by (x) (waypost_a{b="c"}) / waypost_d_total[10m] > 0"#);

    let expected = [("waypost_a", Some(r#"b="c""#)), ("waypost_d_total", None)];
    assert_eq!(found, expected.map(|(name, labels)| (name.to_owned(), labels.map(str::to_owned))));
    assert!(is_exported("waypost_a{b=\"c\"} 1", "waypost_a", Some("b=\"c\"")));
    assert!(is_exported("waypost_a{b=\"c\"} 1", "waypost_a", Some("b!=\"c\"")));
    assert!(!is_exported("waypost_ab{b=\"c\"} 1", "waypost_a", None));
    assert!(!is_exported("waypost_a{b=\"d\"} 1", "waypost_a", Some("b=\"c\"")));
}
