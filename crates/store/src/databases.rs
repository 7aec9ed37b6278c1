//! Whole databases: made for a demonstration, and removed after it.

use deadpool_postgres::GenericClient;

use crate::{Error, Result};

/// Makes an empty database on the server that `client` is connected to; not in a transaction.
///
/// # Errors
/// `Database` when the user may not; `Schema` when the name has other than `a-z`, `0-9` and `_`.
pub async fn create(client: &impl GenericClient, name: &str) -> Result<()> {
    client.batch_execute(&format!("CREATE DATABASE {}", checked(name)?)).await?;
    Ok(())
}

/// Removes a database with everything in it, and ends whoever is connected to it.
///
/// # Errors
/// As [`create`].
pub async fn remove(client: &impl GenericClient, name: &str) -> Result<()> {
    let name = checked(name)?;
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    Ok(())
}

/// A name cannot be a parameter of such a statement.
fn checked(name: &str) -> Result<&str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=63).contains(&name.len()) && name.bytes().all(is_plain) {
        Ok(name)
    } else {
        Err(Error::Schema("the name of a database has 1 to 63 of a-z, 0-9 and _".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_more_than_a_name_is_refused() {
        assert!(checked("waypost_demo_1").is_ok());
        for name in ["", "a b", "a;drop", "A", "\"a\"", &"a".repeat(64)] {
            assert!(checked(name).is_err(), "{name}");
        }
    }
}
