//! A stand-in for graph.facebook.com: accepts, limits, fails and calls back as Meta does.
//!
//! In: sends as the Cloud API takes them, and a [`Scenario`] (by file, by HTTP or by [`Control`]).
//! Out: Meta's answers, signed webhooks, and a record of every accepted send.
//!
//! A message's fate is drawn from the scenario's seed and the message's own key (its number and
//! `biz_opaque_callback_data`; without one, its number, its recipient and how many such messages were accepted for
//! that recipient before), so the order and concurrency of requests change nothing: same seed, same fates.
//!
//! [`Accounts`] are Meta's account side: apps with their secrets and callbacks, portfolios, accounts, the standing of
//! numbers, tokens with what they reach, codes of embedded sign-ups. Where a scenario lists no apps, nothing of it is
//! asked for: any token that its number takes will do, and webhooks go to the subscribers. Where it lists some, a token
//! must be known and alive and reach the account, management calls are counted, and webhooks go to the apps that have
//! subscribed (`POST /{waba_id}/subscribed_apps`), where the overrides of number and account say.
//!
//! While it runs, `/_sim/codes` finishes a sign-up, `/_sim/tokens` and `/_sim/tokens/end` give and end tokens,
//! `/_sim/profiles` sets how a number stands, `/_sim/numbers/{id}` and `/_sim/templates` change one and tell of it,
//! `/_sim/webhooks` posts any webhook of an account, and `/_sim/clock` sets the clock forward.
//!
//! It knows nothing of the gateway: no tenant, no row, no queue.

mod accept;
mod account_control;
mod account_pages;
mod accounts;
mod answer;
mod config;
mod connection;
mod control;
mod dice;
mod errors;
mod escape;
mod faults;
mod limits;
mod management;
mod number;
mod number_change;
mod outbox;
mod pages;
mod payload;
mod phone;
mod record;
mod routes;
mod scenario;
mod send;
mod start;
mod stats;
mod statuses;
mod sync;
mod template_change;
mod update;
mod validate;
mod wamid;
mod webhooks;
mod world;

pub use account_control::{AccountWebhook, TokenEnd};
pub use config::Config;
pub use control::{Control, Inbound, RawChange};
pub use errors::Ending;
pub use number_change::NumberChange;
pub use record::SendRecord;
pub use scenario::{
    AccountLimits, Accounts, AppSpec, Chance, CodeSpec, Delay, Exceeded, FailsAfter, Failure,
    Fates, Fault, FaultKind, Limits, NumberSpec, OpenNumber, OutOfRange, PairLimit,
    ParameterFormat, PortfolioLimit, PortfolioSpec, ProfileSpec, Redelivery, Rule, Scenario,
    ScenarioError, ServiceWindowLimit, Subscriber, SubscriptionSpec, Template, TemplateButton,
    TemplateCategory, TemplateComponent, TemplateStatus, ThroughputLimit, TokenSpec, WabaSpec,
    Webhooks,
};
pub use start::{Sim, restart, start};
pub use stats::{Busiest, Stats, WebhookStats};
pub use statuses::{Plan, Planned, StatusWord, Subject, plan};
pub use template_change::TemplateChange;
