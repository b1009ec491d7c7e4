//! Making a product act: a program, an HTTP hook, a person at the terminal, or the reference
//! platform in the same process.

use std::io::{BufRead, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::target::DriverFile;
use crate::mock::units::UnitClient;
use crate::mock::{self, DriverOutcome, is_about_files};
use crate::wire::{Client, Outgoing, Url, parse_response};

/// What a driver said.
#[derive(Clone, Debug)]
pub struct DriverReply {
    /// `done`, `accepted` (it goes on by itself), `unsupported` or `failed`.
    pub outcome: &'static str,
    /// What the product reported, or why it failed.
    pub report: Option<Value>,
}

impl DriverReply {
    fn done(report: Option<Value>) -> Self {
        Self {
            outcome: "done",
            report,
        }
    }

    fn unsupported() -> Self {
        Self {
            outcome: "unsupported",
            report: None,
        }
    }

    fn failed(why: impl Into<String>) -> Self {
        Self {
            outcome: "failed",
            report: Some(Value::String(why.into())),
        }
    }
}

/// Exit code of a driver program that does not know the action (the convention of bogo).
const NOT_IMPLEMENTED: i32 = 89;

/// Bytes that a driver program may print.
const MOST_OUTPUT: u64 = 1 << 20;

/// A way to make a product act.
#[derive(Clone)]
pub enum Driver {
    /// HTTP hook.
    Hook(Url, Arc<Client>),
    /// Program and arguments.
    Command(Vec<String>),
    /// A person is asked.
    Operator,
    /// The reference provider in this process.
    Provider(Arc<mock::Platform>),
    /// The reference consumer in this process.
    Consumer(Arc<mock::Consumer>, Arc<mock::exchange::Client>, Arc<UnitClient>),
}

impl Driver {
    /// The driver of a target file.
    pub(super) fn from_file(file: &DriverFile, client: &Arc<Client>) -> Option<Self> {
        if let Some(url) = &file.url {
            return Some(Self::Hook(Url::parse(url).ok()?, Arc::clone(client)));
        }
        if let Some(command) = &file.command {
            return Some(Self::Command(command.clone()));
        }
        file.operator.then_some(Self::Operator)
    }

    /// Asks for an action and waits until the driver has answered, at most `limit`.
    pub async fn act(&self, action: &str, mut with: Map<String, Value>, limit: Duration) -> DriverReply {
        with.insert("action".into(), action.into());
        let order = Value::Object(with);
        let acting = async {
            match self {
                Self::Hook(url, client) => hook(url, client, &order).await,
                Self::Command(command) => run(command, &order).await,
                Self::Operator => ask(order).await,
                Self::Provider(platform) if is_about_files(action) => {
                    match platform.units.file_act(action, &order).await {
                        Some(report) => DriverReply::done(Some(report)),
                        None => DriverReply::unsupported(),
                    }
                }
                Self::Provider(platform) => match platform.act(action, &order) {
                    DriverOutcome::Done => DriverReply::done(None),
                    DriverOutcome::Told(told) => DriverReply::done(Some(told)),
                    DriverOutcome::Unsupported => DriverReply::unsupported(),
                    DriverOutcome::Wrong(why) => DriverReply::failed(why),
                },
                Self::Consumer(_, _, units) if action == "soap-call" && order.get("unit").is_some() => {
                    unit_call(units, &order).await
                }
                Self::Consumer(_, exchange, _) if action == "soap-call" => soap_call(exchange, &order).await,
                Self::Consumer(consumer, ..) => consume(consumer, action, &order).await,
            }
        };
        tokio::time::timeout(limit, acting)
            .await
            .unwrap_or_else(|_| DriverReply::failed(format!("the driver did not end within {} ms", limit.as_millis())))
    }
}

async fn consume(consumer: &mock::Consumer, action: &str, order: &Value) -> DriverReply {
    if action != "number" {
        return DriverReply::unsupported();
    }
    match serde_json::from_value::<mock::Order>(order.clone()) {
        Err(error) => DriverReply::failed(error.to_string()),
        Ok(order) => DriverReply::done(serde_json::to_value(consumer.act(&order).await).ok()),
    }
}

async fn unit_call(units: &UnitClient, order: &Value) -> DriverReply {
    match serde_json::from_value::<mock::units::Order>(order.clone()) {
        Err(error) => DriverReply::failed(error.to_string()),
        Ok(order) => DriverReply::done(Some(units.act(&order).await)),
    }
}

async fn soap_call(client: &mock::exchange::Client, order: &Value) -> DriverReply {
    match serde_json::from_value::<mock::exchange::Order>(order.clone()) {
        Err(error) => DriverReply::failed(error.to_string()),
        Ok(order) => {
            let report = client.act(&order).await;
            let outcome = match report.ending {
                mock::exchange::Ending::Answered | mock::exchange::Ending::Accepted => "done",
                mock::exchange::Ending::Fault => "fault",
                mock::exchange::Ending::Failed => "failed",
            };
            DriverReply::done(Some(serde_json::json!({
                "outcome": outcome,
                "values": report.values,
                "fault": report.fault_code,
                "error": report.error,
                "sent": report.sent,
            })))
        }
    }
}

async fn hook(url: &Url, client: &Client, order: &Value) -> DriverReply {
    let headers = [
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Accept".to_owned(), "application/json".to_owned()),
    ];
    let sent = client
        .send(&Outgoing::new("POST", url, &headers, order.to_string().as_bytes()))
        .await;
    let Ok(response) = parse_response(&sent.response, "POST", true) else {
        let why = sent
            .fault
            .map_or_else(|| "no HTTP response".to_owned(), |fault| fault.describe().en);
        return DriverReply::failed(format!("driver hook {url}: {why}"));
    };
    let report = serde_json::from_slice(&response.body).ok();
    match response.status {
        202 => DriverReply {
            outcome: "accepted",
            report,
        },
        200..=299 => DriverReply::done(report),
        404 | 501 => DriverReply::unsupported(),
        status => DriverReply::failed(format!("driver hook {url}: HTTP {status}")),
    }
}

async fn run(command: &[String], order: &Value) -> DriverReply {
    let [program, arguments @ ..] = command else {
        return DriverReply::failed("driver.command is empty");
    };
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return DriverReply::failed(format!("driver command `{program}`: {error}")),
    };
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input is free not to.
        input.write_all(format!("{order}\n").as_bytes()).await.ok();
    }
    let mut output = Vec::new();
    if let Some(out) = child.stdout.take() {
        // What a driver has to say is one line; one that never stops talking is stopped.
        let read = out.take(MOST_OUTPUT + 1).read_to_end(&mut output).await;
        if read.is_err() || output.len() as u64 > MOST_OUTPUT {
            child.kill().await.ok();
            return DriverReply::failed(format!(
                "driver command `{program}` printed more than {MOST_OUTPUT} bytes"
            ));
        }
    }
    match child.wait().await {
        Err(error) => DriverReply::failed(format!("driver command `{program}`: {error}")),
        Ok(status) if status.code() == Some(NOT_IMPLEMENTED) => DriverReply::unsupported(),
        Ok(status) if status.success() => {
            let text = String::from_utf8_lossy(&output);
            let last = text.lines().rev().find(|line| !line.trim().is_empty());
            DriverReply::done(last.and_then(|line| serde_json::from_str(line).ok()))
        }
        Ok(status) => DriverReply::failed(format!("driver command `{program}` ended with {status}")),
    }
}

/// Asks the person at the terminal.
async fn ask(order: Value) -> DriverReply {
    let asked = tokio::task::spawn_blocking(move || {
        let pretty = serde_json::to_string_pretty(&order).unwrap_or_default();
        let mut error = std::io::stderr().lock();
        writeln!(
            error,
            "\nPlease let the product do this, then press Enter (or type `no` if it cannot):\n{pretty}"
        )
        .ok();
        drop(error);
        let mut answer = String::new();
        match std::io::stdin().lock().read_line(&mut answer) {
            Ok(0) | Err(_) => DriverReply::failed("nobody is at the terminal to act as operator"),
            Ok(_) if answer.trim().eq_ignore_ascii_case("no") => DriverReply::unsupported(),
            Ok(_) => DriverReply::done(None),
        }
    });
    asked
        .await
        .unwrap_or_else(|error| DriverReply::failed(error.to_string()))
}
