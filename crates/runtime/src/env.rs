//! The environment: every setting is read here, and every error names its variable.

mod error;
mod kinds;

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::error::ConfigError;

/// The variables of a process. A variable that is set to nothing counts as unset.
#[derive(Clone)]
pub struct Env {
    values: Arc<BTreeMap<String, String>>,
    read: Arc<Mutex<BTreeSet<String>>>,
}

impl Env {
    /// The variables of this process; one that is not Unicode is left out.
    pub fn process() -> Self {
        let readable = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::of(std::env::vars_os().filter_map(readable))
    }

    /// Exactly these variables.
    pub fn of<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values: Arc::new(values), read: Arc::default() }
    }

    /// The same variables with `name` set to `value`, whatever it was.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut values = BTreeMap::clone(&self.values);
        values.insert(name.to_owned(), value.into());
        Self { values: Arc::new(values), read: Arc::clone(&self.read) }
    }

    /// The same variables with `name` set to `value` if it was unset.
    #[must_use]
    pub fn with_default(&self, name: &str, value: impl Into<String>) -> Self {
        if self.optional(name).is_some() { self.clone() } else { self.with(name, value) }
    }

    /// The text of `name`.
    ///
    /// # Errors
    /// When it is not set. [`ConfigError::meaning`] adds what the variable is for.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::missing(name))
    }

    /// The text of `name`, or `None` when it is unset or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        self.values.get(name).map(|value| value.trim()).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    /// The value of `name`, or `default` when it is unset.
    ///
    /// # Errors
    /// When the text is not a `T`.
    pub fn parsed<T>(&self, name: &'static str, default: T) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        Ok(self.optional_parsed(name)?.unwrap_or(default))
    }

    /// The value of `name`, or `None` when it is unset.
    ///
    /// # Errors
    /// When the text is not a `T`.
    pub fn optional_parsed<T>(&self, name: &'static str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.optional(name).map(|text| parse(name, &text)).transpose()
    }

    /// The value of `name` if it lies in `allowed`, or `default` when it is unset.
    ///
    /// # Errors
    /// When the text is not a `T` or lies outside.
    pub fn bounded<T>(
        &self,
        name: &'static str,
        default: T,
        allowed: RangeInclusive<T>,
    ) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + Display,
        T::Err: Display,
    {
        Ok(self.optional_bounded(name, allowed)?.unwrap_or(default))
    }

    /// The value of `name` if it lies in `allowed`, or `None` when it is unset.
    ///
    /// # Errors
    /// When the text is not a `T` or lies outside.
    pub fn optional_bounded<T>(
        &self,
        name: &'static str,
        allowed: RangeInclusive<T>,
    ) -> Result<Option<T>, ConfigError>
    where
        T: FromStr + PartialOrd + Display,
        T::Err: Display,
    {
        let must = || format!("from {} to {}", allowed.start(), allowed.end());
        let within = |text: String| match text.parse() {
            Ok(value) if allowed.contains(&value) => Ok(value),
            Ok(_) | Err(_) => Err(ConfigError::must(name, must())),
        };
        self.optional(name).map(within).transpose()
    }

    /// A yes or no: `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`.
    ///
    /// # Errors
    /// When the text is another one.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        self.optional(name).map_or(Ok(default), |text| kinds::flag(name, &text))
    }

    /// A duration given in seconds; a fraction such as `0.5` is allowed.
    ///
    /// # Errors
    /// When the text is not a number of seconds.
    pub fn seconds(&self, name: &'static str, default: Duration) -> Result<Duration, ConfigError> {
        self.optional(name).map_or(Ok(default), |text| kinds::seconds(name, &text))
    }

    /// Durations given in seconds and parted by commas: `1,5,30`.
    ///
    /// # Errors
    /// When one of them is not a number of seconds.
    pub fn seconds_list(
        &self,
        name: &'static str,
        default: &[Duration],
    ) -> Result<Vec<Duration>, ConfigError> {
        let Some(text) = self.optional(name) else { return Ok(default.to_vec()) };
        kinds::items(&text).map(|item| kinds::seconds(name, item)).collect()
    }

    /// Values parted by commas; empty items are left out; nothing when unset.
    ///
    /// # Errors
    /// When one of them is not a `T`.
    pub fn list<T>(&self, name: &'static str) -> Result<Vec<T>, ConfigError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.optional(name).unwrap_or_default();
        kinds::items(&text).map(|item| parse(name, item)).collect()
    }

    /// A socket address, such as `127.0.0.1:8080`; port 0 lets the system choose.
    ///
    /// # Errors
    /// When the text (or the default) is not an address with a port.
    pub fn address(&self, name: &'static str, default: &str) -> Result<SocketAddr, ConfigError> {
        parse(name, self.optional(name).as_deref().unwrap_or(default))
    }

    /// An `http` or `https` URL.
    ///
    /// # Errors
    /// When the text (or the default) is not such a URL.
    pub fn url(&self, name: &'static str, default: &str) -> Result<Url, ConfigError> {
        kinds::url(name, self.optional(name).as_deref().unwrap_or(default))
    }

    /// The secret in `name`, or in the file that `name_FILE` names.
    ///
    /// # Errors
    /// As [`Env::optional_secret`], and when neither is set.
    pub fn secret(&self, name: &'static str) -> Result<SecretString, ConfigError> {
        self.optional_secret(name)?.ok_or(ConfigError::missing(name))
    }

    /// The secret in `name`, or in the file that `name_FILE` names (its last line break is
    /// dropped), so that secrets mounted by a container platform work.
    ///
    /// # Errors
    /// When both are set, or the file cannot be read or is empty.
    pub fn optional_secret(&self, name: &'static str) -> Result<Option<SecretString>, ConfigError> {
        match (self.optional(name), self.optional(&format!("{name}_FILE"))) {
            (None, None) => Ok(None),
            (Some(value), None) => Ok(Some(value.into())),
            (None, Some(path)) => kinds::secret_file(name, &path).map(Some),
            (Some(_), Some(_)) => Err(ConfigError::twice(name)),
        }
    }

    /// The variables that begin with `WAYPOST_` and that nobody has asked for so far: misspelt
    /// ones, or ones of a service that does not run in this process.
    pub fn unread(&self) -> Vec<String> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let names = self.values.keys().filter(|name| name.starts_with("WAYPOST_"));
        names.filter(|name| !read.contains(*name)).cloned().collect()
    }
}

/// Shows how many variables there are, and none of them: some are secrets.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("variables", &self.values.len()).finish_non_exhaustive()
    }
}

fn parse<T>(name: &'static str, text: &str) -> Result<T, ConfigError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| {
        let must =
            kinds::allowed(type_name::<T>()).map_or_else(|| error.to_string(), str::to_owned);
        ConfigError::must(name, must)
    })
}

#[cfg(test)]
mod tests;
