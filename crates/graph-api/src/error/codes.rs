//! Meta's error codes by what they mean for a send.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/> (page of
//! September 2026) and, where that page is silent, the lists of the open-source clients pywa 4.4,
//! courier (`handlers/meta`) and meta-whatsapp-rs, which talk to production.

/// The number sends faster than its throughput. Meta did nothing with the message.
pub const THROTTLED_NUMBER: &[i32] = &[130_429];

/// Too many messages from one number to one recipient in a short time. Nothing was sent.
pub const THROTTLED_PAIR: &[i32] = &[131_056];

/// The WABA is over its rate of calls (80007), or the app over that of its management calls on the
/// WABA (80008). Nothing was sent.
pub const THROTTLED_WABA: &[i32] = &[80_007, 80_008];

/// The app, its user or a custom rule is over its rate of calls. Graph refuses such a call before
/// it does any of it (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting/>).
pub const THROTTLED_APP: &[i32] = &[4, 17, 341, 613];

/// The account is in maintenance, as a rule while its throughput is raised (at most a minute).
pub const MAINTENANCE: &[i32] = &[131_057];

/// Meta had trouble, and may or may not have taken the message: 1 unknown error, 2 service,
/// 131000 something went wrong, 131016 service unavailable, 133004 server unavailable.
pub const AMBIGUOUS: &[i32] = &[1, 2, 131_000, 131_016, 133_004];

/// The token is missing, expired or invalid, or lacks a permission (0, 3, 10, 104, 190, 131005), or
/// cannot see the phone number id (33). All of [`PERMISSION_RANGE`] belongs here too.
pub const CREDENTIAL: &[i32] = &[0, 3, 10, 33, 104, 190, 131_005];

/// Graph's permission errors.
pub const PERMISSION_RANGE: std::ops::RangeInclusive<i32> = 200..=299;

/// With code 100: the object does not exist or the token cannot see it, which for a send is the
/// phone number id.
pub const UNKNOWN_OBJECT_SUBCODE: i32 = 33;

/// The account or number is kept from sending until its owner or Meta acts: 368 blocked for policy,
/// 131031 locked, 131037 display name, 131042 and 131044 payment, 131045 certificate, 131048 spam
/// limit, 131064 template misuse, 133006 not verified, 133010 not registered, 133015 recently
/// deleted, 134011 payment terms, 134102 and 139200 feature withdrawn, 141010 not eligible.
pub const ACCOUNT: &[i32] = &[
    368, 131_031, 131_037, 131_042, 131_044, 131_045, 131_048, 131_064, 133_006, 133_010, 133_015,
    134_011, 134_102, 139_200, 141_010,
];

/// Marketing templates are refused on this endpoint (131063), or still being copied (134101). All of
/// [`TEMPLATE_RANGE`] belongs here too.
pub const TEMPLATE: &[i32] = &[131_063, 134_101];

/// Everything Meta says about a template or its flow: missing, paused, disabled, wrong parameters.
pub const TEMPLATE_RANGE: std::ops::RangeInclusive<i32> = 132_000..=132_999;

/// This message will not reach this recipient: 1026 incapable, 130403 blocked by the business,
/// 130472 experiment, 130497 country, 131026 undeliverable, 131036 retry receipt, 131047 window
/// closed, 131049 marketing limit, 131050 marketing stopped, 137000 identity changed.
pub const RECIPIENT: &[i32] =
    &[1_026, 130_403, 130_472, 130_497, 131_026, 131_036, 131_047, 131_049, 131_050, 137_000];

/// Refusals that Meta documents with a status of 500, although they are no trouble of the server's.
/// Any other code under a 5xx leaves open what happened.
pub const REFUSED_UNDER_5XX: &[i32] = &[3, 131_045, 134_102];
