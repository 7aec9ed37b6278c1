//! What Meta tells about an account: the WABA, its numbers, its templates, their health.

use domain::ids::{PhoneNumberId, WabaId};
use domain::management::Told;
use secrecy::SecretString;

use super::call::Call;
use super::limit::Counts;
use super::{GraphClient, GraphPath};
use crate::error::ApiFailure;
use crate::wire::{Health, HealthStatus, MessageTemplate, PhoneNumber, Waba};

const WABA_FIELDS: &str = "id,name,owner_business_info,currency,timezone_id,\
     account_review_status,business_verification_status,whatsapp_business_manager_messaging_limit";

const PHONE_NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,quality_rating,status,\
     name_status,code_verification_status,platform_type,account_mode,throughput,\
     whatsapp_business_manager_messaging_limit,is_pin_enabled,is_on_biz_app,health_status,\
     webhook_configuration";

/// Without `health_status`, which Meta works out for each number.
const LISTED_NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,quality_rating,status,\
     name_status,code_verification_status,platform_type,account_mode,throughput,\
     whatsapp_business_manager_messaging_limit,is_pin_enabled,is_on_biz_app";

const TEMPLATE_FIELDS: &str =
    "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason";

impl GraphClient {
    /// Reads what Meta tells about an account: its name, owner, reviews and messaging limit.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn waba(&self, waba_id: &WabaId, token: &SecretString) -> Result<Waba, ApiFailure> {
        let call = Call::get(Counts::Waba(waba_id), waba_id.as_str())
            .query("fields", WABA_FIELDS)
            .token(token);
        self.ask(call).await
    }

    /// Reads all numbers of an account, page after page.
    ///
    /// # Errors
    /// Meta's refusal of any page, or that no readable answer came. Asking again is always safe.
    pub async fn phone_numbers(
        &self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<Vec<PhoneNumber>, ApiFailure> {
        let numbers: Vec<PhoneNumber> =
            self.list(waba_id, "phone_numbers", Some(LISTED_NUMBER_FIELDS), token).await?;
        // An account with a registered number may be asked more often.
        let is_active = numbers.iter().any(PhoneNumber::is_registered);
        let told = Told { is_active: Some(is_active), ..Told::default() };
        self.tell_limit(self.subject(Counts::Waba(waba_id)).as_ref(), told).await;
        Ok(numbers)
    }

    /// Reads what Meta tells about a number of an account: name, quality, throughput, messaging limit,
    /// health.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn phone_number(
        &self,
        waba_id: &WabaId,
        phone_number_id: &PhoneNumberId,
        token: &SecretString,
    ) -> Result<PhoneNumber, ApiFailure> {
        let call = Call::get(Counts::Waba(waba_id), phone_number_id.as_str());
        self.ask(call.query("fields", PHONE_NUMBER_FIELDS).token(token)).await
    }

    /// Reads all templates of an account in all languages, page after page.
    ///
    /// # Errors
    /// Meta's refusal of any page, or that no readable answer came. Asking again is always safe.
    pub async fn message_templates(
        &self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<Vec<MessageTemplate>, ApiFailure> {
        self.list(waba_id, "message_templates", Some(TEMPLATE_FIELDS), token).await
    }

    /// Asks whether an account, or a number or a template of it, can send now, and what stands in the
    /// way.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn health_status(
        &self,
        waba_id: &WabaId,
        node: &GraphPath,
        token: &SecretString,
    ) -> Result<HealthStatus, ApiFailure> {
        let call = Call::get(Counts::Waba(waba_id), node.as_str());
        let health: Health = self.ask(call.query("fields", "health_status").token(token)).await?;
        Ok(health.health_status.unwrap_or_default())
    }
}
