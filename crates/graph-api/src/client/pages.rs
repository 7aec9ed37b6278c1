//! Lists, read to their end.

use domain::ids::WabaId;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::GraphClient;
use super::call::Call;
use super::limit::Counts;
use crate::error::ApiFailure;
use crate::wire::Page;

/// How many items a page is asked for.
const PAGE: &str = "100";

/// A list with more pages does not end; Meta's longest has 6,000 templates.
const MOST_PAGES: usize = 500;

impl GraphClient {
    /// Reads a list of an account's page after page. One refused page refuses the whole: half a list would look like
    /// a whole one.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        waba_id: &WabaId,
        edge: &str,
        fields: Option<&str>,
        token: &SecretString,
    ) -> Result<Vec<T>, ApiFailure> {
        let path = format!("{waba_id}/{edge}");
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut call = Call::get(Counts::Waba(waba_id), &path).query("limit", PAGE);
            if let Some(fields) = fields {
                call = call.query("fields", fields);
            }
            if let Some(cursor) = &after {
                call = call.query("after", cursor);
            }
            let page: Page<T> = self.ask(call.token(token)).await?;
            let next = page.next_cursor().map(ToOwned::to_owned);
            items.extend(page.data.ok_or_else(|| broken_list("a page of a list without data"))?);
            match next {
                None => return Ok(items),
                Some(cursor) if after.as_ref() == Some(&cursor) => break,
                Some(cursor) => after = Some(cursor),
            }
        }
        Err(broken_list("a list whose pages do not end"))
    }
}

fn broken_list(detail: &str) -> ApiFailure {
    ApiFailure { http_status: Some(200), ..ApiFailure::local("unreadable answer", detail) }
}
