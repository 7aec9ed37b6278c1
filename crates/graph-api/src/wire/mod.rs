//! The shapes of the Graph API's answers, the same for who reads them and who stands in for Meta.

mod error;
mod health;
mod page;
mod phone_number;
mod send;
mod subscription;
mod template;
mod token;
mod waba;

pub use self::error::{ErrorBody, ErrorData, ErrorResponse};
pub(crate) use self::health::Health;
pub use self::health::{HealthEntity, HealthError, HealthStatus};
pub use self::page::{Cursors, Page, Paging};
pub use self::phone_number::{PhoneNumber, Throughput, WebhookConfiguration};
pub use self::send::{MessageStatus, ResponseContact, SendResponse, SentMessage};
pub use self::subscription::{AppInfo, SubscribedApp, hears};
pub use self::template::{MessageTemplate, QualityScore};
pub use self::token::{
    Expiry, GranularScope, IssuedToken, PERMISSIONS, TokenError, TokenInfo, TokenInfoResponse,
};
pub use self::waba::{BusinessInfo, Waba};
