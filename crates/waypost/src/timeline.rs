//! A message's timeline, as lines of text.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// A line for each event of a message that the API showed, in its order.
pub(crate) fn lines(message: &Value) -> Vec<String> {
    let events = message["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().map(|event| format!("{}  {}", time(&event["at"]), words(event))).collect()
}

fn words(event: &Value) -> String {
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    let code = event["error_code"].as_i64().map(|code| format!(" {code}")).unwrap_or_default();
    let error = event["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
    match text("event") {
        "waiting" => format!("waiting for {} until {}", text("reason"), time(&event["until"])),
        "attempt" => {
            let outcome = event["outcome"].as_str().unwrap_or("in flight").replace('_', " ");
            let status = event["http_status"].as_i64();
            let status = status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
            format!("handed to Meta: {outcome}{status}{code}{error}")
        }
        "resolved" => {
            let reason = event["reason"].as_str().map(|reason| format!(": {reason}"));
            let (word, by) = (text("as").replace('_', " "), text("by").replace('_', " "));
            format!("resolved as {word} by {by}{}", reason.unwrap_or_default())
        }
        "status" => format!("{}{code}{error}", text("status")),
        other => other.to_owned(),
    }
}

/// The time of day in UTC; Meta's clock has whole seconds.
fn time(at: &Value) -> String {
    let parsed = at.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    match parsed {
        None => "-".to_owned(),
        Some(at) if at.timestamp_subsec_micros() == 0 => at.format("%H:%M:%S    ").to_string(),
        Some(at) => at.format("%H:%M:%S%.3f").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_event_is_a_line() {
        let message = json!({ "timeline": [
            { "event": "enqueued", "at": "2026-01-02T03:04:05.678Z" },
            { "event": "waiting", "at": "2026-01-02T03:04:05.7Z",
              "until": "2026-01-02T03:04:06.5Z", "reason": "throughput" },
            { "event": "attempt", "at": "2026-01-02T03:04:06.5Z", "outcome": "not_sent",
              "http_status": 400, "error_code": 130429, "error": "too fast" },
            { "event": "attempt", "at": "2026-01-02T03:04:07.5Z", "outcome": null },
            { "event": "resolved", "at": "2026-01-02T03:04:07.75Z", "as": "not_sent",
              "by": "api_key", "reason": "seen" },
            { "event": "status", "at": "2026-01-02T03:04:08Z", "status": "delivered" },
        ]});

        assert_eq!(
            lines(&message),
            [
                "03:04:05.678  enqueued",
                "03:04:05.700  waiting for throughput until 03:04:06.500",
                "03:04:06.500  handed to Meta: not sent, HTTP 400 130429: too fast",
                "03:04:07.500  handed to Meta: in flight",
                "03:04:07.750  resolved as not sent by api key: seen",
                "03:04:08      delivered",
            ]
        );
    }
}
