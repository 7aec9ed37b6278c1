//! The demo itself: services and simulator up, messages in, everything final, the summary.

use std::time::Duration;

use admin_api::keys::{self, Scope};
use amqp::Queue;
use anyhow::{Context, anyhow, bail, ensure};
use backbone::Backbone;
use domain::ids::TenantId;
use domain::tier::Tier;
use runtime::{Stop, service};
use tokio::time::{Instant, sleep};

use super::Demo;
use super::enqueue::{Doors, enqueue, ready};
use super::fate::Fate;
use super::laws::{self, Outside};
use super::plan::{Planned, plan};
use super::progress::Progress;
use super::report::{Report, Took};
use super::scenario::{ACCESS_TOKEN, NUMBERS, WABA_ID, simulator};
use super::seen::{Seen, look};
use super::world::World;
use crate::api::Api;
use crate::host::{self, Hosted};
use crate::number::{self, Sender};
use crate::{output, timeline};

/// The demo's only tenant.
const TENANT: &str = "demo";

/// How often the rows are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The parts of a running demo.
struct Stage<'a> {
    demo: &'a Demo,
    plan: Vec<Planned>,
    backbone: Backbone,
    tenant_id: TenantId,
    doors: Doors,
    meta: graph_sim::Control,
}

/// Shows everything, until it is over or somebody stops.
///
/// # Errors
/// When a law was broken, or a part of the demo failed.
pub(super) async fn show(demo: &Demo, world: &World, stop: &Stop) -> anyhow::Result<()> {
    let plan = plan(usize::try_from(demo.messages)?, demo.seed);
    let simulator = simulator(demo.seed, &plan)?;
    let backbone = Backbone::connect(&world.config, "waypost demo", stop);
    let backbone = super::told_if_slow("RabbitMQ", backbone).await?;
    let (tenant_id, key) = tenant(&backbone).await?;
    // The services end after the demo, and before a signal's drain time is over.
    let services_stop = Stop::new();
    let hosted = host::start(&world.env, &backbone, Some(simulator), &services_stop).await?;
    let Hosted { services, admin, simulator, .. } = hosted;
    let (_, meta) = simulator.context("the demo has no simulator")?;
    let api = Api::new(format!("http://{admin}").parse()?, key.into())?;
    let doors = Doors { api, publisher: backbone.bus.publisher(), tenant: TENANT };
    let stage = Stage { demo, plan, backbone: backbone.clone(), tenant_id, doors, meta };

    let shown = async {
        let shown = tokio::select! {
            shown = stage.show() => shown,
            () = stop.stopped() => Err(anyhow!("stopped before the end")),
            () = services_stop.stopped() => Err(anyhow!("a service ended before the demo")),
        };
        services_stop.stop();
        shown
    };
    let mut no_signals = futures::stream::pending();
    let running = service::run_with(services, services_stop.clone(), super::DRAIN, &mut no_signals);
    let (ran, shown) = tokio::join!(running, shown);
    backbone.close().await;
    ran.and(shown)
}

/// Makes the tenant with its numbers and a key.
async fn tenant(backbone: &Backbone) -> anyhow::Result<(TenantId, String)> {
    let mut client = backbone.db.client().await?;
    let tenant_id = store::tenants::create(&client, TENANT, runtime::now()).await?;
    for number in NUMBERS {
        let sender = Sender {
            tenant_id,
            waba_id: WABA_ID.parse()?,
            phone_number_id: number.phone_number_id.parse()?,
            access_token: ACCESS_TOKEN.into(),
            messages_per_second: Some(number.rate),
            portfolio_id: None,
            tier: Some(Tier::Unlimited),
        };
        number::add(&mut client, &backbone.vault, sender).await?;
    }
    let key = keys::issue(&client, tenant_id, TENANT, &Scope::OF_A_NEW_KEY, runtime::now()).await?;
    Ok((tenant_id, key))
}

impl Stage<'_> {
    async fn show(&self) -> anyhow::Result<()> {
        let ready = ready(&self.plan, &self.meta)?;
        output::line(format_args!("{} messages for tenant {TENANT}", self.plan.len()))?;
        let begun = Instant::now();
        let enqueue = async {
            enqueue(&self.doors, &ready).await?;
            Ok(begun.elapsed())
        };
        let (enqueue, total) = tokio::try_join!(enqueue, self.until_final(begun))?;
        self.until_quiet(begun).await?;

        let seen = self.look().await?;
        let outside = Outside { meta: self.meta.clone(), set_aside: self.set_aside().await? };
        let broken = laws::broken(&self.plan, &seen, &outside);
        let took = Took { enqueue, total };
        let report = Report::new(self.demo.seed, &self.plan, &seen, &outside, took, broken);
        self.tell(&report, &seen).await?;
        ensure!(report.broken().is_empty(), "the demo failed: {}", report.broken().join("; "));
        Ok(())
    }

    /// Looks until every message is where its fate leads, or the time is over: what is missing
    /// then is told by the laws.
    async fn until_final(&self, begun: Instant) -> anyhow::Result<Duration> {
        let mut progress = Progress::begin(self.plan.len());
        loop {
            let looked = Instant::now();
            let seen = self.look().await?;
            progress.show(&seen)?;
            if seen.arrived == self.plan.len() || begun.elapsed() > self.deadline() {
                progress.end();
                return Ok(begun.elapsed());
            }
            // A look at very many messages must not be what the machine is busy with.
            sleep(LOOK.max(looked.elapsed() * 4)).await;
        }
    }

    /// Waits until no webhook is under way: none of those that come late may change anything.
    async fn until_quiet(&self, begun: Instant) -> anyhow::Result<()> {
        let queues = [Queue::StatusMapper, Queue::WebhookLog];
        loop {
            let mut quiet = self.meta.stats().webhooks.is_idle();
            for queue in queues {
                quiet = quiet && self.backbone.bus.depth(queue).await? == 0;
            }
            if quiet {
                return Ok(());
            }
            if begun.elapsed() > self.deadline() {
                bail!("webhooks are still under way");
            }
            sleep(LOOK).await;
        }
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(60) + Duration::from_millis(20) * self.demo.messages
    }

    async fn look(&self) -> anyhow::Result<Seen> {
        let client = self.backbone.db.client().await?;
        Ok(look(&client, self.tenant_id, &self.plan).await?)
    }

    async fn set_aside(&self) -> anyhow::Result<u32> {
        let mut set_aside = self.backbone.bus.unrouted_depth().await?;
        for queue in Queue::ALL {
            set_aside += self.backbone.bus.parked_depth(queue).await?;
        }
        Ok(set_aside)
    }

    async fn tell(&self, report: &Report, seen: &Seen) -> anyhow::Result<()> {
        output::line(report.tables())?;
        let doubtful = self.plan.iter().find(|planned| planned.fate == Fate::Retried);
        if let Some(message_id) = doubtful.and_then(|planned| seen.id_of(planned)) {
            let message = self.doors.api.get(&format!("/v1/messages/{message_id}")).await?;
            output::line(format_args!("\nThe way of message {message_id}:\n"))?;
            timeline::lines(&message).iter().try_for_each(output::line)?;
        }
        if let Some(file) = &self.demo.json {
            let json = serde_json::to_vec_pretty(report)?;
            std::fs::write(file, json)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}
