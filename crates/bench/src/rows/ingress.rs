//! Signed webhooks, 200 only after the broker's confirm, beside bare publishes with confirms.

use std::sync::Arc;
use std::time::Duration;

use amqp::Queue;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use graph_api::signature::{HEADER, sign};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueuePurgeOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

use super::RATIO;
use crate::load::{client, closed, open_p99};
use crate::report::Sample;
use crate::world::{APP_SECRET, World};

const CONNECTIONS: usize = 64;
const TIME: Duration = Duration::from_secs(5);

/// A status of 1.5 KiB.
fn body(world: &World) -> Bytes {
    let filler = "x".repeat(1_180);
    let (waba, number) = (&world.sender.waba_id, &world.sender.phone_number_id);
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{waba}","changes":[{{"field":"messages",
        "value":{{"metadata":{{"phone_number_id":"{number}"}},"statuses":[{{"id":"wamid.{filler}",
        "status":"sent","timestamp":"1790000000","recipient_id":"14155550101"}}]}}}}]}}]}}"#
    );
    body.into()
}

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let mut world = World::new().await;
    let body = body(&world);
    let bare = Bare::new(&world, &body).await?;
    let raw = closed(TIME, bare.publishers()).await;
    bare.empty_queues().await?;
    let addr = world.ingress().await?;
    let url: Arc<str> = format!("http://{addr}/webhooks/whatsapp").into();
    let signature: Arc<str> = sign(&APP_SECRET.into(), &body).into();
    let post = || {
        let (client, url, body, signature) =
            (client(), Arc::clone(&url), body.clone(), Arc::clone(&signature));
        move || {
            let request = client.post(&*url).header(HEADER, &*signature).body(body.clone());
            async move { assert_eq!(request.send().await.unwrap().status(), 200) }
        }
    };
    let posts = || (0..CONNECTIONS).map(|_| post()).collect::<Vec<_>>();
    let ours = closed(TIME, posts()).await;
    bare.empty_queues().await?;
    let p99 = open_p99(TIME, ours / 2.0, posts()).await;
    bare.empty_queues().await?;
    let bare_p99 = open_p99(TIME, ours / 2.0, bare.publishers()).await;
    let challenge = format!("{url}?hub.mode=subscribe&hub.verify_token=t&hub.challenge=42");
    let asking = client();
    let ask = move || {
        let request = asking.get(&challenge);
        async move { assert_eq!(request.send().await.unwrap().status(), 200) }
    };
    let challenge = open_p99(Duration::from_secs(5), 200.0, vec![ask]).await;
    bare.end().await;
    world.end().await?;
    Ok(vec![
        ("bare publishes per second", raw),
        ("webhooks per second", ours),
        (RATIO, ours / raw),
        ("p99 at half load, ms", p99),
        ("p99 of bare publishes at the same rate, ms", bare_p99),
        ("challenge p99, ms", challenge),
    ])
}

/// The same body to the same queues by as many publishers, on one connection.
struct Bare {
    connection: Connection,
    channels: Vec<Channel>,
    /// Stands before the names of queues and exchanges.
    prefix: Arc<str>,
    body: Bytes,
}

impl Bare {
    async fn new(world: &World, body: &Bytes) -> anyhow::Result<Self> {
        let config = world.bus.config();
        let connection = Connection::connect(&config.url, ConnectionProperties::default()).await?;
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            channels.push(channel);
        }
        Ok(Self { connection, channels, prefix: config.prefix.as_str().into(), body: body.clone() })
    }

    /// Each publishes and waits for the confirm.
    fn publishers(&self) -> Vec<impl Fn() -> BoxFuture<'static, ()> + Send + use<>> {
        let publisher = |channel: &Channel| {
            let (channel, body) = (channel.clone(), self.body.clone());
            let exchange: Arc<str> = format!("{}.waypost.webhooks", self.prefix).into();
            move || publish(channel.clone(), Arc::clone(&exchange), body.clone()).boxed()
        };
        self.channels.iter().map(publisher).collect()
    }

    /// Nobody consumes here, and a broker that holds a hundred thousand messages is slow: each part
    /// begins with empty queues, as they are where webhooks are read.
    async fn empty_queues(&self) -> anyhow::Result<()> {
        for queue in Queue::ALL {
            let name = format!("{}.{queue}", self.prefix);
            self.channels[0].queue_purge(name.into(), QueuePurgeOptions::default()).await?;
        }
        Ok(())
    }

    async fn end(self) {
        // Its channels are being closed already, by their publishers' end.
        let _ = self.connection.close(200, "done".into()).await;
    }
}

async fn publish(channel: Channel, exchange: Arc<str>, body: Bytes) {
    let properties = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let published =
        channel.basic_publish((&*exchange).into(), "statuses".into(), options, &body, properties);
    let confirm = published.await.unwrap().await.unwrap();
    assert!(matches!(confirm, Confirmation::Ack(None)), "{confirm:?}");
}
