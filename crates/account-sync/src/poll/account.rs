//! One account: itself, its numbers, who hears of it, its health and its templates.

use domain::ids::{AppId, PhoneNumberId, WabaId};
use graph_api::client::GraphPath;
use graph_api::error::{Obstacle, obstacle};
use graph_api::wire::hears;
use runtime::Stopped;
use secrecy::SecretString;
use store::connections::Kind;

use super::row::Row;
use super::turn::Turn;
use super::words::{self, Asked};

impl Turn<'_> {
    /// Asks everything about an account that the token reaches.
    pub(super) async fn ask_about_account(
        &mut self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<(), Stopped> {
        let (graph, asked) = (self.graph.clone(), self.asked(waba_id));
        match self.call("an account", graph.waba(waba_id, token)).await {
            None => return Ok(()),
            Some(Err(failure)) if obstacle(&failure) == Obstacle::Reach => {
                return self.put("a grant", vec![asked.granted(false)]).await;
            }
            Some(Err(_)) => {}
            Some(Ok(told)) => {
                self.write(&asked, Row::Account(words::account(&told))).await?;
                let mut parts = asked.account(&told);
                parts.push(asked.granted(true));
                self.put("an account", parts).await?;
            }
        }
        let numbers = self.ask_for_numbers(waba_id, token).await?;
        self.ask_who_hears(waba_id, token).await?;
        self.ask_for_health(waba_id, &numbers, token).await?;
        self.ask_for_templates(waba_id, token).await
    }

    fn asked(&self, waba_id: &WabaId) -> Asked {
        Asked {
            connection_id: self.due.connection_id,
            waba_id: waba_id.clone(),
            at: self.asked_at(),
        }
    }

    /// Answers the ids of the numbers that Meta lists.
    async fn ask_for_numbers(
        &mut self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<Vec<PhoneNumberId>, Stopped> {
        let (graph, asked) = (self.graph.clone(), self.asked(waba_id));
        let answer = self.call("the numbers", graph.phone_numbers(waba_id, token)).await;
        let Some(Ok(told)) = answer else { return Ok(Vec::new()) };
        let rows = words::numbers(&told);
        let listed = rows.iter().map(|row| row.phone_number_id.clone()).collect();
        self.write(&asked, Row::Numbers(rows)).await?;
        self.put("the numbers", asked.numbers(&told)).await?;
        Ok(listed)
    }

    async fn ask_who_hears(
        &mut self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<(), Stopped> {
        let (graph, asked) = (self.graph.clone(), self.asked(waba_id));
        let answer = self.call("who hears", graph.subscribed_apps(waba_id, token)).await;
        let Some(Ok(apps)) = answer else { return Ok(()) };
        let app_id = match self.due.kind {
            Kind::OwnApp => self.due.app_id.as_ref(),
            Kind::Platform => self.shared.config.platform.app_id.as_ref(),
        };
        let subscribed = hears(&apps, app_id.map(AppId::as_str));
        self.write(&asked, Row::Subscribed(subscribed)).await
    }

    async fn ask_for_health(
        &mut self,
        waba_id: &WabaId,
        numbers: &[PhoneNumberId],
        token: &SecretString,
    ) -> Result<(), Stopped> {
        let (graph, asked) = (self.graph.clone(), self.asked(waba_id));
        let node = GraphPath::from(waba_id);
        if let Some(Ok(told)) =
            self.call("health", graph.health_status(waba_id, &node, token)).await
        {
            self.write(&asked, Row::Health(words::account_health(&told))).await?;
        }
        for number in numbers {
            let node = GraphPath::from(number);
            let answer = self.call("health", graph.health_status(waba_id, &node, token)).await;
            if let Some(Ok(told)) = answer {
                let health = words::number_health(&told);
                self.write(&asked, Row::NumberHealth(number.clone(), health)).await?;
            }
        }
        Ok(())
    }

    async fn ask_for_templates(
        &mut self,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<(), Stopped> {
        let (graph, asked) = (self.graph.clone(), self.asked(waba_id));
        let answer = self.call("the templates", graph.message_templates(waba_id, token)).await;
        let Some(Ok(told)) = answer else { return Ok(()) };
        self.put("the templates", asked.templates(&told)).await?;
        self.write(&asked, Row::Templates(words::formats(&told))).await
    }
}
