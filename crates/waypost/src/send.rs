//! `waypost send`: enqueues one message.

use std::process::ExitCode;

use anyhow::Context;
use clap::ArgGroup;
use domain::lane::Lane;
use runtime::{ConfigError, Env};
use serde_json::{Value, json};

use crate::api::Address;
use crate::{output, tool};

/// The message.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("content").required(true).args(["text", "template"]))]
pub(crate) struct Send {
    /// Whom it goes to: + and E.164 digits [default: `WHATSAPP_DEFAULT_RECIPIENT`]
    #[arg(long)]
    to: Option<String>,
    /// Meta's id of the number it is sent from [default: `WHATSAPP_PHONE_NUMBER_ID`]
    #[arg(long, value_name = "PHONE_NUMBER_ID")]
    from: Option<String>,
    /// A plain text
    #[arg(long)]
    text: Option<String>,
    /// An approved template's name
    #[arg(long, requires = "language")]
    template: Option<String>,
    /// The template's exact language code, such as `en_US`
    #[arg(long, requires = "template")]
    language: Option<String>,
    /// A text for the next placeholder of the template's body; may be repeated
    #[arg(long = "parameter", requires = "template", value_name = "TEXT")]
    parameters: Vec<String>,
    /// The queue it goes through: urgent, normal or bulk
    #[arg(long)]
    lane: Option<Lane>,
    /// Makes a repetition of this call harmless, for 24 hours
    #[arg(long)]
    idempotency_key: Option<String>,
    #[command(flatten)]
    address: Address,
    /// Prints the API's answer as JSON
    #[arg(long)]
    json: bool,
}

impl Send {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        tool::run(async move |env| {
            let body = self.body(&env)?;
            let api = self.address.api(&env)?;
            let key = self.idempotency_key.as_deref();
            let answer = api.post("/v1/messages", &body, key).await?;
            if self.json {
                return output::json(&answer);
            }
            output::line(answer["message_id"].as_str().context("the API's answer has no id")?)
        })
    }

    fn body(&self, env: &Env) -> Result<Value, ConfigError> {
        let mut body = json!({
            "to": or_variable(&self.to, env, "WHATSAPP_DEFAULT_RECIPIENT", "or use --to")?,
            "from": or_variable(&self.from, env, "WHATSAPP_PHONE_NUMBER_ID", "or use --from")?,
        });
        if let Some(text) = &self.text {
            body["type"] = json!("text");
            body["text"] = json!({ "body": text });
        } else {
            body["type"] = json!("template");
            body["template"] =
                json!({ "name": self.template, "language": { "code": self.language } });
        }
        if !self.parameters.is_empty() {
            let texts = self.parameters.iter().map(|text| json!({ "type": "text", "text": text }));
            let texts: Vec<Value> = texts.collect();
            body["template"]["components"] = json!([{ "type": "body", "parameters": texts }]);
        }
        if let Some(lane) = self.lane {
            body["lane"] = json!(lane);
        }
        Ok(body)
    }
}

fn or_variable(
    given: &Option<String>,
    env: &Env,
    name: &'static str,
    instead: &'static str,
) -> Result<String, ConfigError> {
    match given {
        Some(given) => Ok(given.clone()),
        None => env.required(name).map_err(|error| error.meaning(instead)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        send: Send,
    }

    fn body(arguments: &[&str]) -> Value {
        let line = [&["send", "--to", "+4915112345678"], arguments].concat();
        let env = Env::of([("WHATSAPP_PHONE_NUMBER_ID", "200")]);
        Line::parse_from(line).send.body(&env).unwrap()
    }

    #[test]
    fn a_text_and_a_template_become_metas_message_object() {
        let text = body(&["--text", "Hello", "--lane", "urgent"]);
        let template =
            body(&["--template", "t", "--language", "de", "--parameter", "a", "--parameter", "b"]);

        assert_eq!(
            text,
            json!({ "to": "+4915112345678", "from": "200", "lane": "urgent",
            "type": "text", "text": { "body": "Hello" } })
        );
        assert_eq!(
            template,
            json!({ "to": "+4915112345678", "from": "200", "type": "template",
            "template": { "name": "t", "language": { "code": "de" }, "components": [
                { "type": "body", "parameters": [
                    { "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }] } })
        );
    }

    #[test]
    fn one_kind_of_content_is_needed_and_not_two() {
        for arguments in [&["send"][..], &["send", "--text", "a", "--template", "t"]] {
            assert!(Line::try_parse_from(arguments).is_err(), "{arguments:?}");
        }
    }
}
