//! Who asks, and whether it may.

use std::sync::Arc;

use crate::errors::GraphError;
use crate::scenario::NumberSpec;
use crate::world::{Number, Standing, World};

use super::Token;

/// What a request needs a permission for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Sending.
    Messaging,
    /// Everything else about an account.
    Management,
    /// Reading what either permission lets read.
    Either,
}

/// A request that may go on.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The app of its token; `0` where no apps are listed.
    pub(crate) app_id: String,
    /// The account it is about.
    pub(crate) waba_id: String,
}

impl World {
    /// Whether apps are listed, so that a token must be known and webhooks go to apps.
    pub(crate) fn has_apps(standing: &Standing) -> bool {
        !standing.scenario.accounts.apps.is_empty()
    }

    /// The number, if the token may use it. Errors: 104 without a token, 190 for one that nobody knows or that has
    /// ended, 100 with subcode 33 for a number that does not exist, 200 for an account the token does not reach, 10
    /// for a permission it does not have.
    pub(crate) fn access_to_number(
        &self,
        standing: &Standing,
        token: Option<&str>,
        phone_number_id: &str,
        need: Need,
        now_us: u64,
    ) -> Result<(Arc<Number>, Access), GraphError> {
        let letters = some(token)?;
        let Some(token) = self.living(standing, letters, now_us)? else {
            let number = self.listed_number(standing, letters, phone_number_id)?;
            let waba_id = number.spec.waba_id.clone();
            return Ok((number, Access { app_id: "0".to_owned(), waba_id }));
        };
        let number = self.number(standing, phone_number_id);
        let number = number.ok_or_else(|| GraphError::unknown_object(phone_number_id))?;
        let waba_id = number.spec.waba_id.clone();
        permit(&token, &waba_id, need)?;
        Ok((number, Access { app_id: token.spec.app_id, waba_id }))
    }

    /// The account, if the token may see it. Errors as for a number.
    pub(crate) fn access_to_waba(
        &self,
        standing: &Standing,
        token: Option<&str>,
        waba_id: &str,
        now_us: u64,
    ) -> Result<Access, GraphError> {
        let letters = some(token)?;
        let known = || {
            // An open scenario has every account, as it has every number.
            let is_id = waba_id.len() <= 32 && waba_id.bytes().all(|byte| byte.is_ascii_digit());
            let has = Self::has_waba(standing, waba_id) || (standing.scenario.open && is_id);
            if has { Ok(()) } else { Err(GraphError::unknown_object(waba_id)) }
        };
        let app_id = match self.living(standing, letters, now_us)? {
            Some(token) => {
                known()?;
                permit(&token, waba_id, Need::Management)?;
                token.spec.app_id
            }
            None => {
                let mut own = standing.scenario.numbers.iter().filter(|n| n.waba_id == waba_id);
                let is_own = own.clone().any(|number| admits(standing, number, letters));
                if !is_own && (own.next().is_some() || !takes_any(standing)) {
                    return Err(Self::stranger(standing, letters, waba_id));
                }
                known()?;
                "0".to_owned()
            }
        };
        Ok(Access { app_id, waba_id: waba_id.to_owned() })
    }

    /// Whether an account exists: it is listed, or a number is in it.
    pub(crate) fn has_waba(standing: &Standing, waba_id: &str) -> bool {
        let scenario = &standing.scenario;
        scenario.accounts.wabas.iter().any(|waba| waba.waba_id == waba_id)
            || scenario.numbers.iter().any(|number| number.waba_id == waba_id)
            || (scenario.open && scenario.open_number.waba_id == waba_id)
    }

    /// The token that an app holds with these letters; `None` when it is none of an app's.
    fn living(
        &self,
        standing: &Standing,
        letters: &str,
        now_us: u64,
    ) -> Result<Option<Token>, GraphError> {
        // Sends come this way too: where nobody lists apps, no lock is taken.
        if !Self::has_apps(standing) {
            return Ok(None);
        }
        let Some(token) = self.accounts.token(letters) else { return Ok(None) };
        match token.end(now_us, |at_us| self.show(at_us)) {
            Some(ended) => Err(ended),
            None => Ok(Some(token)),
        }
    }

    /// The number, if it lists the token, or takes any.
    fn listed_number(
        &self,
        standing: &Standing,
        letters: &str,
        phone_number_id: &str,
    ) -> Result<Arc<Number>, GraphError> {
        match self.number(standing, phone_number_id) {
            Some(number) if admits(standing, &number.spec, letters) => Ok(number),
            None if takes_any(standing) => Err(GraphError::unknown_object(phone_number_id)),
            Some(_) | None => Err(Self::stranger(standing, letters, phone_number_id)),
        }
    }

    /// A token that is listed elsewhere does not see the object; one that nobody knows is none.
    fn stranger(standing: &Standing, letters: &str, id: &str) -> GraphError {
        let mut listed = standing.scenario.numbers.iter().flat_map(|number| &number.tokens);
        if listed.any(|known| known == letters) {
            GraphError::unknown_object(id)
        } else {
            GraphError::unknown_token()
        }
    }

    /// A time of the simulator's clock, as Meta writes it into its sentences.
    pub(crate) fn show(&self, at_us: u64) -> String {
        self.time_of_day(at_us).format("%A, %d-%b-%y %H:%M:%S UTC").to_string()
    }
}

fn some(token: Option<&str>) -> Result<&str, GraphError> {
    token.filter(|token| !token.is_empty()).ok_or_else(GraphError::no_token)
}

/// Whether a number takes a token. Where apps are listed, it must name it.
fn admits(standing: &Standing, number: &NumberSpec, letters: &str) -> bool {
    number.admits(letters) && !(World::has_apps(standing) && number.tokens.is_empty())
}

/// Whether any token may ask for what is not listed.
fn takes_any(standing: &Standing) -> bool {
    let scenario = &standing.scenario;
    let any = scenario.open || scenario.numbers.iter().any(|number| number.tokens.is_empty());
    any && !World::has_apps(standing)
}

fn permit(token: &Token, waba_id: &str, need: Need) -> Result<(), GraphError> {
    if !token.reaches(waba_id) {
        return Err(GraphError::no_access());
    }
    let (manages, messages) =
        (token.may("whatsapp_business_management"), token.may("whatsapp_business_messaging"));
    let may = match need {
        Need::Messaging => messages,
        Need::Management => manages,
        Need::Either => manages || messages,
    };
    if may { Ok(()) } else { Err(GraphError::no_permission()) }
}
