//! What Meta's headers and codes say of the limits on management calls.
//!
//! Source: <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/>: percentages of
//! what may be used in an hour, and minutes until a call is taken again. Throttled is who gets one of
//! the codes, whatever the HTTP status and subcode. What cannot be read says nothing.

use std::time::Duration;

use domain::ids::WabaId;
use domain::management::{Told, Usage};
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::error::codes;

const BUSINESS: &str = "x-business-use-case-usage";
const APP: &str = "x-app-usage";

/// Of the use cases that the first header may name, the one that is meant here.
const USE_CASE: &str = "whatsapp_business_management";

/// For how long a limit takes no call when Meta does not say: a part of the hour that it looks back
/// upon. Who asks again too soon is told so again.
const UNTOLD: Duration = Duration::from_secs(10 * 60);

/// No longer than this is believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The headers of one answer, not read yet: sends have them too, and nobody looks.
#[derive(Clone, Debug, Default)]
pub(super) struct UsageHeaders {
    business: Option<HeaderValue>,
    app: Option<HeaderValue>,
}

impl UsageHeaders {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { business: headers.get(BUSINESS).cloned(), app: headers.get(APP).cloned() }
    }

    /// What the answer to a call on this account says, together with the code of a refusal.
    pub(super) fn read(&self, waba_id: Option<&WabaId>, code: Option<i32>) -> Told {
        let is_in = |list: &[i32]| code.is_some_and(|code| list.contains(&code));
        let business =
            waba_id.and_then(|waba_id| business(&json(self.business.as_ref())?, waba_id));
        let app = json(self.app.as_ref()).map(|app| usage(&app));
        let is_app = is_in(codes::THROTTLED_APP)
            // Nothing else is known to be full.
            || (is_in(codes::THROTTLED_WABA) && waba_id.is_none());
        let is_waba = is_in(codes::THROTTLED_WABA) && waba_id.is_some();
        Told {
            app: closed_if(is_app, app.unwrap_or_default()),
            waba: closed_if(is_waba, business.unwrap_or_default()),
            is_active: None,
        }
    }
}

/// For how long the answer to a refused call says that it is of no use to ask again.
pub(super) fn closed_for(told: &Told) -> Option<Duration> {
    told.app.closed_for.max(told.waba.closed_for)
}

fn closed_if(throttled: bool, usage: Usage) -> Usage {
    let untold = throttled.then_some(UNTOLD);
    Usage { closed_for: usage.closed_for.or(untold), ..usage }
}

fn json(header: Option<&HeaderValue>) -> Option<Value> {
    serde_json::from_slice(header?.as_bytes()).ok()
}

/// The entries under the account's own id; or under any, since Meta names the portfolio as well.
fn business(header: &Value, waba_id: &WabaId) -> Option<Usage> {
    let entries = match header.get(waba_id.as_str()) {
        Some(own) => vec![own],
        None => header.as_object()?.values().collect(),
    };
    let entries = entries.into_iter().filter_map(Value::as_array).flatten();
    let is_meant = |entry: &&Value| entry.get("type").and_then(Value::as_str) == Some(USE_CASE);
    entries.filter(is_meant).map(usage).reduce(|one, other| Usage {
        percent: one.percent.max(other.percent),
        closed_for: one.closed_for.max(other.closed_for),
    })
}

/// The highest percentage counts: whichever reaches 100 first closes.
fn usage(entry: &Value) -> Usage {
    let number = |name: &str| number(entry.get(name)?);
    let percent = ["call_count", "total_cputime", "total_time"].into_iter().filter_map(number);
    let minutes = number("estimated_time_to_regain_access").filter(|minutes| *minutes > 0);
    let closed_for = minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    Usage { percent: percent.max(), closed_for: closed_for.map(|time| time.min(LONGEST)) }
}

/// A number of Meta's, which may be written as a text, with a fraction, or below zero.
fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number >= 0.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
    let whole = number.ceil() as u32;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(business: &str, app: &str, code: Option<i32>) -> Told {
        let mut headers = HeaderMap::new();
        headers.insert(BUSINESS, HeaderValue::from_bytes(business.as_bytes()).unwrap());
        headers.insert(APP, HeaderValue::from_bytes(app.as_bytes()).unwrap());
        UsageHeaders::of(&headers).read(Some(&"100".parse().unwrap()), code)
    }

    fn minutes(minutes: u64) -> Option<Duration> {
        Some(Duration::from_secs(minutes * 60))
    }

    #[test]
    fn the_headers_tell_how_much_is_used_and_how_long_no_call_is_taken() {
        let business = r#"{"100":[{"type":"whatsapp_business_management","call_count":28,
            "total_cputime":95,"total_time":25,"estimated_time_to_regain_access":7},
            {"type":"messenger","call_count":100,"estimated_time_to_regain_access":60}]}"#;
        let app = r#"{"call_count":12,"total_time":3,"total_cputime":4}"#;

        let told = told(&business.replace('\n', ""), app, None);

        assert_eq!(told.waba, Usage { percent: Some(95), closed_for: minutes(7) });
        assert_eq!(told.app, Usage { percent: Some(12), closed_for: None });
    }

    #[test]
    fn the_accounts_own_entry_counts_and_a_portfolios_where_there_is_none() {
        let entry =
            |count| format!(r#"[{{"type":"whatsapp_business_management","call_count":{count}}}]"#);
        let both = format!(r#"{{"100":{},"200":{}}}"#, entry(5), entry(99));
        let portfolio = format!(r#"{{"777":{}}}"#, entry(40));

        assert_eq!(told(&both, "", None).waba.percent, Some(5));
        assert_eq!(told(&portfolio, "", None).waba.percent, Some(40));
    }

    #[test]
    fn a_bad_header_says_nothing_and_a_bad_value_leaves_the_others() {
        for bad in ["", "{", "null", "7", "[]", r#"{"100":7}"#, r#"{"100":[7,null]}"#, "\u{e9}"] {
            assert!(told(bad, bad, None).is_empty(), "{bad}");
        }
        let odd = |count: &str, minutes: &str| {
            let header = format!(
                r#"{{"100":[{{"type":"whatsapp_business_management","call_count":{count},
                "total_time":3,"estimated_time_to_regain_access":{minutes}}}]}}"#
            );
            told(&header.replace('\n', ""), "", None).waba
        };
        assert_eq!(odd("\"9\"", "\"2\""), Usage { percent: Some(9), closed_for: minutes(2) });
        assert_eq!(odd("-9", "-1"), Usage { percent: Some(3), closed_for: None });
        assert_eq!(odd("null", "{}"), Usage { percent: Some(3), closed_for: None });
        assert_eq!(odd("8.2", "1e300").closed_for, Some(LONGEST));
    }

    #[test]
    fn a_code_closes_whom_it_concerns_whatever_the_headers_say() {
        for (code, app, waba) in [
            (80_007, None, Some(UNTOLD)),
            (80_008, None, Some(UNTOLD)),
            (4, Some(UNTOLD), None),
            (17, Some(UNTOLD), None),
            (100, None, None),
        ] {
            let told = told("", "", Some(code));
            assert_eq!((told.app.closed_for, told.waba.closed_for), (app, waba), "{code}");
        }
        let nowhere = UsageHeaders::default().read(None, Some(80_007));
        assert_eq!(nowhere.app.closed_for, Some(UNTOLD));
    }
}
