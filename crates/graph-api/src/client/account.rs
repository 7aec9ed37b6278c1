//! What Meta tells about an account: the WABA, its numbers, its templates, their health.

use domain::ids::{PhoneNumberId, WabaId};
use secrecy::SecretString;

use super::call::Call;
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
        let call = Call::get(waba_id.as_str()).query("fields", WABA_FIELDS).token(token);
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
        self.list(&format!("{waba_id}/phone_numbers"), Some(LISTED_NUMBER_FIELDS), token).await
    }

    /// Reads what Meta tells about a number: name, quality, throughput, messaging limit, health.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn phone_number(
        &self,
        phone_number_id: &PhoneNumberId,
        token: &SecretString,
    ) -> Result<PhoneNumber, ApiFailure> {
        let call =
            Call::get(phone_number_id.as_str()).query("fields", PHONE_NUMBER_FIELDS).token(token);
        self.ask(call).await
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
        self.list(&format!("{waba_id}/message_templates"), Some(TEMPLATE_FIELDS), token).await
    }

    /// Asks whether a WABA, a number or a template can send now, and what stands in the way.
    ///
    /// # Errors
    /// Meta's refusal, or that no readable answer came. Asking again is always safe.
    pub async fn health_status(
        &self,
        node: &GraphPath,
        token: &SecretString,
    ) -> Result<HealthStatus, ApiFailure> {
        let call = Call::get(node.as_str()).query("fields", "health_status").token(token);
        let health: Health = self.ask(call).await?;
        Ok(health.health_status.unwrap_or_default())
    }
}
