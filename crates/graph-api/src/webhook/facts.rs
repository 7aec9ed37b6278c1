//! What a status proves about a message.

use domain::delivery::{Facts, Failure, cut_detail};

use super::{Status, StatusUpdate};

impl StatusUpdate {
    /// The facts to merge into the message's own. A word that means nothing to us proves nothing.
    pub fn facts(&self) -> Facts {
        let at = Some(self.at);
        match &self.status {
            Status::Sent => Facts { sent_at: at, ..Facts::default() },
            Status::Delivered => Facts { delivered_at: at, ..Facts::default() },
            // Meta may leave `delivered` out: who has read a message has got it.
            Status::Read => Facts { opened_at: at, delivered_at: at, ..Facts::default() },
            Status::Played => Facts { played_at: at, ..Facts::default() },
            Status::Failed { code, detail, .. } => Facts {
                failed: Some(Failure { at: self.at, code: *code, detail: cut_detail(detail) }),
                ..Facts::default()
            },
            Status::Other(_) => Facts::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn facts(status: Status) -> Facts {
        let at = DateTime::from_timestamp(1_790_000_005, 0).unwrap();
        let update = StatusUpdate {
            waba_id: "100".parse().unwrap(),
            phone_number_id: "200".parse().unwrap(),
            wamid: "wamid.OUT=".parse().unwrap(),
            opaque: None,
            status,
            at,
            recipient_wa_id: None,
            pricing_category: None,
        };
        update.facts()
    }

    #[test]
    fn a_status_proves_its_own_fact_and_read_proves_the_delivery_too() {
        let at = DateTime::from_timestamp(1_790_000_005, 0);

        assert_eq!(facts(Status::Sent), Facts { sent_at: at, ..Facts::default() });
        assert_eq!(facts(Status::Delivered), Facts { delivered_at: at, ..Facts::default() });
        assert_eq!(
            facts(Status::Read),
            Facts { opened_at: at, delivered_at: at, ..Facts::default() }
        );
        assert_eq!(facts(Status::Played), Facts { played_at: at, ..Facts::default() });
        assert_eq!(facts(Status::Other("warning".into())), Facts::default());
    }

    #[test]
    fn a_failure_keeps_its_code_and_a_text_that_fits_the_column() {
        let detail = "é".repeat(1_000) + "\0";
        let failed = facts(Status::Failed { code: 131_049, title: "t".into(), detail });

        let failure = failed.failed.unwrap();

        assert_eq!(failure.code, 131_049);
        assert_eq!(failure.detail, cut_detail(&"é".repeat(1_000)));
    }
}
