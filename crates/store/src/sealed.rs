//! Every sealed value, wherever it stands: to be sealed again when the key changes.

use deadpool_postgres::GenericClient;

use crate::{Result, Vault};

/// A column of sealed values. The associated data of each is table, row id and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub name: &'static str,
    /// What names the row.
    id: &'static str,
    id_type: &'static str,
    /// Whether it holds bodies of webhooks: many, large, and dropped with their month.
    pub is_events: bool,
}

/// All of them.
pub const COLUMNS: [Column; 7] = [
    Column::new("connections", "access_token", "connection_id", "uuid"),
    Column::new("connections", "verify_token", "connection_id", "uuid"),
    Column::new("app_secrets", "secret", "secret_id", "uuid"),
    Column::new("phone_numbers", "pin", "phone_number_id", "text"),
    Column::new("account_events", "sealed", "event_key", "text"),
    Column::new("webhook_spool", "envelope", "event_id", "uuid"),
    Column { is_events: true, ..Column::new("webhook_events", "body", "event_id", "uuid") },
];

/// A sealed value and its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The row, as text.
    pub row: String,
    /// The value as it stands there.
    pub value: Vec<u8>,
}

impl Sealed {
    /// The same secret under the vault's first key; `None` when no key opens it.
    pub fn resealed(&self, vault: &Vault, column: Column) -> Option<Vec<u8>> {
        let Column { table, name, .. } = column;
        let secret = vault.open(table, &self.row, name, &self.value).ok()?;
        Some(vault.seal(table, &self.row, name, &secret))
    }
}

impl Column {
    const fn new(
        table: &'static str,
        name: &'static str,
        id: &'static str,
        id_type: &'static str,
    ) -> Self {
        Self { table, name, id, id_type, is_events: false }
    }

    /// How many values there are under each id of a key; `None` in the place of an id: values that
    /// have not the layout of a sealed one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn key_ids(self, client: &impl GenericClient) -> Result<Vec<(Option<String>, i64)>> {
        let Self { table, name, .. } = self;
        // The layout is the vault's: version, length of the id, id.
        let sql = format!(
            "-- sealed::key_ids
             SELECT CASE WHEN octet_length({name}) > 2 AND get_byte({name}, 0) = 1
                         THEN encode(substring({name} FROM 3 FOR get_byte({name}, 1)), 'escape')
                    END AS key_id,
                    count(*) AS values
             FROM   {table}
             WHERE  {name} IS NOT NULL
             GROUP BY 1
             ORDER BY 1"
        );
        let statement = client.prepare_cached(&sql).await?;
        let rows = client.query(&statement, &[]).await?;
        Ok(rows.iter().map(|row| (row.get("key_id"), row.get("values"))).collect())
    }

    /// The next values behind the row `after`, in the order of their rows.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn next(
        self,
        client: &impl GenericClient,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Sealed>> {
        let Self { table, name, id, id_type, .. } = self;
        let sql = format!(
            "-- sealed::next
             SELECT {id}::text AS row, {name} AS value
             FROM   {table}
             WHERE  {name} IS NOT NULL
               AND  ($1::text IS NULL OR {id} > ($1::text)::{id_type})
             ORDER BY {id}
             LIMIT  $2"
        );
        let statement = client.prepare_cached(&sql).await?;
        let rows = client.query(&statement, &[&after, &limit]).await?;
        Ok(rows.iter().map(|row| Sealed { row: row.get("row"), value: row.get("value") }).collect())
    }

    /// Puts new values in the place of old ones, and leaves alone what somebody has changed since it
    /// was read. Answers how many were put.
    ///
    /// # Errors
    /// `Unavailable`; then none was put.
    pub async fn replace(
        self,
        client: &impl GenericClient,
        changes: &[(Sealed, Vec<u8>)],
    ) -> Result<u64> {
        let Self { table, name, id, id_type, .. } = self;
        let sql = format!(
            "-- sealed::replace
             WITH change AS (
                 SELECT (u.row)::{id_type} AS row, u.old, u.new
                 FROM   UNNEST($1::text[], $2::bytea[], $3::bytea[]) AS u (row, old, new)
             ),
             locked AS (
                 SELECT {id} AS row
                 FROM   {table} t
                 JOIN   change ON change.row = {id}
                 ORDER BY {id}
                 FOR NO KEY UPDATE OF t
             )
             UPDATE {table} t
             SET    {name} = change.new
             FROM   change JOIN locked USING (row)
             WHERE  {id} = change.row AND {name} = change.old"
        );
        let rows: Vec<&str> = changes.iter().map(|(old, _)| old.row.as_str()).collect();
        let olds: Vec<&[u8]> = changes.iter().map(|(old, _)| old.value.as_slice()).collect();
        let news: Vec<&[u8]> = changes.iter().map(|(_, new)| new.as_slice()).collect();
        let statement = client.prepare_cached(&sql).await?;
        Ok(client.execute(&statement, &[&rows, &olds, &news]).await?)
    }
}
