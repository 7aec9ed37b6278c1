//! Registering a number for the Cloud API.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/registration>.

use std::str::FromStr;

use domain::ids::{PhoneNumberId, WabaId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::GraphClient;
use super::call::Call;
use super::limit::Counts;
use crate::error::ApiFailure;

/// The six digits of two-step verification.
#[derive(Clone, Debug)]
pub struct Pin(SecretString);

impl Pin {
    /// The digits, as they are kept.
    pub fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

/// Why a text is no PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has six digits")]
pub struct InvalidPin;

impl FromStr for Pin {
    type Err = InvalidPin;

    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidPin)
        }
    }
}

impl GraphClient {
    /// Registers a number, which sets its PIN or must bring the one it has. Not for numbers that
    /// stay in the WhatsApp Business app. Meta allows ten such calls, with [`Self::deregister`], in
    /// 72 hours, refused ones included; so do not repeat it blindly.
    ///
    /// # Errors
    /// Meta's refusal (133005 for a wrong PIN, 133015, 133016), or that no readable answer came.
    pub async fn register(
        &self,
        waba_id: &WabaId,
        phone_number_id: &PhoneNumberId,
        pin: &Pin,
        token: &SecretString,
    ) -> Result<(), ApiFailure> {
        let body = json!({ "messaging_product": "whatsapp", "pin": pin.0.expose_secret() });
        let call = Call::post(Counts::Waba(waba_id), format!("{phone_number_id}/register"), body);
        self.tell(call.token(token).hiding(&pin.0)).await
    }

    /// Takes a number off the Cloud API. It can send nothing until it is registered again.
    ///
    /// # Errors
    /// Meta's refusal (133016 after ten calls in 72 hours), or that no readable answer came.
    pub async fn deregister(
        &self,
        waba_id: &WabaId,
        phone_number_id: &PhoneNumberId,
        token: &SecretString,
    ) -> Result<(), ApiFailure> {
        let body = json!({ "messaging_product": "whatsapp" });
        let path = format!("{phone_number_id}/deregister");
        self.tell(Call::post(Counts::Waba(waba_id), path, body).token(token)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_six_digits_and_does_not_show_them() {
        let pin: Pin = "483921".parse().unwrap();

        assert!(!format!("{pin:?}").contains("483921"));
        for wrong in ["", "12345", "1234567", "12345a", "١٢٣"] {
            assert_eq!(wrong.parse::<Pin>().unwrap_err(), InvalidPin, "{wrong}");
        }
    }
}
