use std::ops::Deref;
use std::str::FromStr;

use runtime::Env;
use store::{Db, DbConfig};
use tokio::sync::OnceCell;
use tokio_postgres::{Config, NoTls};
use url::Url;
use uuid::Uuid;

use crate::proxy::Proxy;

/// Where tests find Postgres when `DATABASE_URL` does not say.
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// A migrated database of its own; dropped with this value.
pub struct TestDb {
    db: Db,
    server: String,
    name: String,
}

impl TestDb {
    /// Clones the template.
    ///
    /// # Panics
    /// When Postgres is not there.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let server = Env::process().optional("DATABASE_URL").unwrap_or(DEFAULT_URL.into());
        let template = TEMPLATE.get_or_init(|| make_template(server.clone())).await;
        let name = format!("waypost_test_{}", Uuid::now_v7().simple());
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let db = Db::new(&DbConfig::new(url(&server, &name))).unwrap();
        Self { db, server, name }
    }

    /// An empty database without a schema.
    ///
    /// # Panics
    /// When Postgres is not there.
    pub async fn empty() -> Self {
        let server = Env::process().optional("DATABASE_URL").unwrap_or(DEFAULT_URL.into());
        let name = format!("waypost_test_{}", Uuid::now_v7().simple());
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let db = Db::new(&DbConfig::new(url(&server, &name))).unwrap();
        Self { db, server, name }
    }

    /// A second pool to the same database, through a network that can fail.
    ///
    /// # Panics
    /// When `DATABASE_URL` does not name a host.
    pub async fn proxied(&self) -> (Db, Proxy) {
        let mut url = Url::parse(&self.url()).unwrap();
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap_or(5432));
        let proxy = Proxy::start(format!("{host}:{port}")).await;
        url.set_host(Some(&proxy.addr().ip().to_string())).unwrap();
        url.set_port(Some(proxy.addr().port())).unwrap();
        (Db::new(&DbConfig::new(url)).unwrap(), proxy)
    }

    /// Its `DATABASE_URL`.
    pub fn url(&self) -> String {
        url(&self.server, &self.name)
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for TestDb {
    /// A `Drop` cannot wait on the test's own runtime, hence the thread.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        self.db.close();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        });
        if dropping.join().is_err() && !std::thread::panicking() {
            panic!("a test database could not be dropped");
        }
    }
}

/// Makes the migrated template once for each state of the migrations; test binaries that start at
/// the same time wait for each other.
async fn make_template(server: String) -> String {
    let hash = store::schema::fingerprint();
    let name = format!("waypost_template_{hash}");
    let client = connect(&server).await;
    let lock = "SELECT pg_advisory_lock(hashtext('waypost.test-template'))";
    client.batch_execute(lock).await.unwrap();
    let exists = "SELECT FROM pg_database WHERE datname = $1";
    if client.query_opt(exists, &[&name]).await.unwrap().is_none() {
        // Built under another name, so that a half-made one is never taken for the template.
        let draft = format!("{name}_draft");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {draft}")).await.unwrap();
        client.batch_execute(&format!("CREATE DATABASE {draft}")).await.unwrap();
        let db = Db::new(&DbConfig::new(url(&server, &draft))).unwrap();
        let mut draft_client = db.client().await.unwrap();
        store::schema::migrate(&mut draft_client, runtime::now()).await.unwrap();
        drop(draft_client);
        db.close();
        let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        client.query(terminate, &[&draft]).await.unwrap();
        client.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).await.unwrap();
    }
    name
}

async fn execute(server: &str, sql: &str) {
    connect(server).await.batch_execute(sql).await.unwrap();
}

async fn connect(server: &str) -> tokio_postgres::Client {
    let (client, connection) = Config::from_str(server).unwrap().connect(NoTls).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with its client, within the test")]
    tokio::spawn(connection);
    client
}

fn url(server: &str, database: &str) -> String {
    let (head, query) = server.split_once('?').map_or((server, None), |(h, q)| (h, Some(q)));
    let slash = head.rfind('/').unwrap();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &head[..slash])
}
