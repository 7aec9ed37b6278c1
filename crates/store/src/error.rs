use std::fmt;

use tokio_postgres::error::SqlState;

/// Why the store could not do it, by what the caller can do about it.
///
/// None of them shows a value: Postgres quotes whole rows in the details of its errors, and the
/// rows hold what people write and their numbers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Postgres is away, overloaded or had to break a deadlock: the same call may go through later.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// A value in this call can never be stored; other rows are not to blame.
    #[error("the database refuses a value")]
    Unstorable(#[source] Cause),
    /// Another row already has what must be unique.
    #[error("already exists ({constraint})")]
    Duplicate {
        /// The name of the unique constraint.
        constraint: String,
    },
    /// A row holds what this version cannot read.
    #[error("cannot read {table}.{column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The database's schema is not the one this build was made for.
    #[error("{0}")]
    Schema(String),
    /// Anything else: a bug of ours, or a broken database.
    #[error("database error")]
    Database(#[source] Cause),
}

impl Error {
    /// Whether the same call may go through later without any change.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// What lies behind an error of the database, without any value of a row.
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    /// Of an error about a value, only the code and the names; of others the server's one line.
    fn of(error: &tokio_postgres::Error) -> Self {
        let Some(server) = error.as_db_error() else { return Self::chain(error) };
        let code = server.code().code();
        let names = [server.table(), server.column(), server.constraint()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        match (&code[..2], names.join(" ")) {
            ("22" | "23", names) if names.is_empty() => Self::new(format_args!("SQL state {code}")),
            ("22" | "23", names) => Self::new(format_args!("SQL state {code}, {names}")),
            (_, _) => Self::new(format_args!("{} (SQL state {code})", server.message())),
        }
    }

    /// An error of the driver, with its causes: sockets and names, no values.
    fn chain(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Self(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let cause = Cause::of(&error);
        let Some(state) = error.code() else {
            // No SQL state: the connection broke, or a value could not be converted.
            let is_ours = error.to_string().contains("serializ");
            return if is_ours { Self::Database(cause) } else { Self::Unavailable(cause) };
        };
        if *state == SqlState::UNIQUE_VIOLATION {
            let constraint = error.as_db_error().and_then(|error| error.constraint());
            return Self::Duplicate { constraint: constraint.unwrap_or_default().to_owned() };
        }
        // https://www.postgresql.org/docs/15/errcodes-appendix.html: 08 connection, 40 rollback
        // (deadlock), 53 resources, 55 lock not available, 57 operator intervention, 58 system,
        // 22 data exception, 23 constraint violation.
        match &state.code()[..2] {
            "08" | "40" | "53" | "55" | "57" | "58" => Self::Unavailable(cause),
            "22" | "23" => Self::Unstorable(cause),
            _ => Self::Database(cause),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(Cause::chain(&other)),
        }
    }
}
