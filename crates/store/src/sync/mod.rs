//! Whose turn it is to be asked about at Meta, what Meta answered, and what all of it says.
//!
//! Several may ask at once: a connection is taken under a lease, and every answer stands beside the
//! instant at which it was asked for, so that one that comes late changes nothing.

mod facts;
mod told;
mod turn;
mod watch;

pub use self::facts::{AccountFacts, Facts, NumberFacts, TokenFacts, Traffic, facts};
pub use self::told::{
    AccountTold, Health, NumberTold, TokenTold, put_account, put_health, put_number_health,
    put_numbers, put_subscribed, put_token,
};
pub use self::turn::{Due, claim, finish, soon};
pub use self::watch::{judge, open_by_kind, watch};
