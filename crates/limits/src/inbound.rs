//! What a number receives.

use domain::ids::PhoneNumberId;

use crate::shared::{InvalidRedisUrl, RedisConfig, Shared};

/// Takes what numbers receive off what they may send: Meta counts both
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview/#throughput>).
#[derive(Debug)]
pub struct Inbound(Shared);

impl Inbound {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// When that is no URL of Redis.
    pub fn new(redis: RedisConfig) -> Result<Self, InvalidRedisUrl> {
        Shared::new(redis).map(Self)
    }

    /// Notes that a number, which Meta allows so many messages per second, has just received
    /// `count`. Without Redis nobody learns of it; Meta then says so, and the number slows down.
    pub async fn received(
        &self,
        phone_number_id: &PhoneNumberId,
        messages_per_second: u32,
        count: u32,
    ) {
        let number = self.0.number(phone_number_id, messages_per_second);
        let _ = self.0.received(&number, count).await;
    }
}
