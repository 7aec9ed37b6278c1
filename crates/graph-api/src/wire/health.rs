//! Whether something can send now, and what stands in the way.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/health-status>.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::loose;

/// A node with its health.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Health {
    #[serde(default, deserialize_with = "loose::optional_object")]
    pub(crate) health_status: Option<HealthStatus>,
}

/// The health of a WABA, number or template. Words are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthStatus {
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`: the worst of the entities.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub can_send_message: Option<String>,
    /// Everything that takes part in a send.
    #[serde(default, deserialize_with = "loose::objects")]
    pub entities: Vec<HealthEntity>,
}

/// One of the things that take part in a send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `MESSAGE_TEMPLATE`, `WABA`, `BUSINESS` or `APP`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub entity_type: Option<String>,
    /// Its id.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub can_send_message: Option<String>,
    /// What limits it, in sentences.
    #[serde(default, deserialize_with = "loose::texts", skip_serializing_if = "Vec::is_empty")]
    pub additional_info: Vec<String>,
    /// What blocks it.
    #[serde(default, deserialize_with = "loose::objects", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<HealthError>,
}

/// What blocks an entity. `Debug` shows the code alone: Meta's words may quote phone numbers.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthError {
    /// Meta's code.
    #[serde(default, deserialize_with = "loose::optional_integer")]
    pub error_code: Option<i32>,
    /// What is wrong.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub error_description: Option<String>,
    /// What its owner can do.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub possible_solution: Option<String>,
}

impl fmt::Debug for HealthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthError").field("error_code", &self.error_code).finish_non_exhaustive()
    }
}
