//! Steps in which the harness calls a SOAP service, and takes its callbacks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::body::in_chunks;
use super::provider::Story;
use super::service::{Published, ServiceUnderTest};
use super::session::micros;
use super::soap_reply::encode;
use super::template::TemplateError;
use crate::evidence::{Blocked, Channel, Exchange, Initiator, Note};
use crate::scenario::{HttpVersion, ReplyKind, Soap, Step};
use crate::schema::wsdl;
use crate::schema::wsdl::{Operation, Port};
use crate::soap::Envelope;
use crate::text::Text;
use crate::wire::{Outgoing, Served, Url, parse_response};

/// Files of a description that are fetched at the most.
const MOST_FILES: usize = 100;

impl Story<'_> {
    pub(super) fn service(&self, step: &Step) -> Result<Arc<ServiceUnderTest>, Blocked> {
        let id = step
            .act
            .service()
            .or(self.scenario.interface.as_deref())
            .unwrap_or_default();
        self.services.get(id).cloned().ok_or_else(|| Blocked {
            step: step.id.to_string(),
            reason: Text::new(
                format!("ターゲットファイルの [endpoints] に SOAP サービス {id} がありません。"),
                format!("the target file names no endpoint for the SOAP service {id}"),
            ),
            blame: "configuration".into(),
        })
    }

    /// Calls an operation, once or several times, and waits for callbacks.
    pub(super) async fn soap(&mut self, step: &Step, act: &Soap) -> Result<(), Blocked> {
        let service = self.service(step)?;
        let Some((port, operation)) = service.pick(&act.operation) else {
            return Err(no_operation(step, &act.operation));
        };
        let Some(endpoint) = service.endpoint(port) else {
            return Err(no_address(step, port));
        };
        let token = self.open_callback(act);
        let callback = token.as_deref().map(|token| self.session.listener_url(token));
        let mut requests = Vec::with_capacity(act.repeat as usize);
        for index in 0..act.repeat {
            let target = Target {
                service: &service,
                operation,
                endpoint,
                callback: callback.as_deref(),
                index,
            };
            let outgoing = self.soap_request(step, act, &target)?;
            self.sent.insert(step.id.to_string(), outgoing.clone());
            requests.push(outgoing);
        }
        let result = self.send_all(step, act, requests).await;
        if let Ok(Some(body)) = &result
            && service.id.starts_with("unit.")
        {
            self.keep_answer(step, body);
        }
        let result = result.map(|_| ());
        if let Some(token) = &token {
            self.await_callbacks(act, token).await;
            self.record_calls(step, token, Channel::Callback);
        }
        result
    }

    fn open_callback(&self, act: &Soap) -> Option<String> {
        let listener = self.session.listener.as_ref()?;
        let addressing = act.addressing.as_ref()?;
        let wants = |to: &Option<String>| to.as_deref() == Some("callback");
        let wanted = wants(&addressing.reply_to) || wants(&addressing.fault_to);
        let limits = self.session.limits;
        let replies: Vec<_> = if act.callback_replies.is_empty() {
            vec![crate::scenario::SoapReply {
                kind: ReplyKind::Accepted,
                ..Default::default()
            }]
        } else {
            act.callback_replies.clone()
        };
        wanted.then(|| listener.arm(&replies, limits.consumer_timeout * 3, self.delay_scale()))
    }

    /// Part of a delay written for a product that waits 30 seconds.
    pub(super) fn delay_scale(&self) -> f64 {
        self.session.limits.consumer_timeout.as_secs_f64() / 30.0
    }

    /// Sends all requests. Gives the body of the answer to the last one, where they go one after the other.
    async fn send_all(&self, step: &Step, act: &Soap, requests: Vec<Outgoing>) -> Result<Option<Vec<u8>>, Blocked> {
        let (session, attempt) = (self.session, self.attempt);
        let own;
        let client = if act.repeat > 1 && !act.concurrent {
            own = session.own_client();
            &own
        } else {
            &session.client
        };
        let send = |index: usize, outgoing| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            async move {
                session
                    .send_over(client, attempt, (&step.id, index, Channel::Api), outgoing)
                    .await
            }
        };
        let all = requests
            .into_iter()
            .enumerate()
            .map(|(index, outgoing)| send(index, outgoing));
        if act.concurrent {
            let sent: Result<Vec<_>, _> = join_all(all).await.into_iter().collect();
            return sent.map(|_| None);
        }
        let mut last = None;
        for one in all {
            last = Some(one.await?);
        }
        let response = last.and_then(|sent| parse_response(&sent.response, "POST", sent.fault.is_none()).ok());
        Ok(response.map(|response| response.body))
    }

    /// The bytes of one request.
    fn soap_request(&self, step: &Step, act: &Soap, target: &Target<'_>) -> Result<Outgoing, Blocked> {
        if let Some(from) = &act.replay {
            let earlier = self.sent.get(from).cloned();
            return earlier.ok_or_else(|| suite(step, &format!("step `{from}` sent nothing")));
        }
        let text = match &act.envelope {
            Some(envelope) => self.fill(step, envelope)?,
            None => self.envelope(step, act, target)?,
        };
        let mut text = text;
        for edit in &act.edit {
            let (find, replace) = (self.fill(step, &edit.find)?, self.fill(step, &edit.replace)?);
            if !text.contains(&find) {
                return Err(suite(
                    step,
                    &format!("the envelope has no {find:?} to be changed: {text}"),
                ));
            }
            text = text.replacen(&find, &replace, 1);
        }
        if let Some(security) = &act.security {
            text = self
                .session
                .security
                .security
                .dress(&text, security)
                .map_err(|why| suite(step, &why))?;
        }
        let mut body = encode(&text, act.encoding);
        let mut headers: Vec<(String, String)> = Vec::new();
        let content_type = match &act.content_type {
            Some(given) => given.clone(),
            None => format!(
                "text/xml; charset={}",
                act.charset.as_deref().unwrap_or_else(|| act.encoding.name())
            ),
        };
        if !content_type.is_empty() {
            headers.push(("Content-Type".into(), content_type));
        }
        let action = match &act.soap_action {
            Some(given) => self.fill(step, given)?,
            None => format!("\"{}\"", target.operation.soap_action.as_deref().unwrap_or_default()),
        };
        if !action.is_empty() {
            headers.push(("SOAPAction".into(), action));
        }
        for (name, value) in &act.http_headers {
            headers.push((name.clone(), self.fill(step, value)?));
        }
        if act.chunked {
            headers.push(("Transfer-Encoding".into(), "chunked".into()));
            body = in_chunks(&body);
        }
        let method = act.method.as_deref().unwrap_or("POST");
        let mut outgoing = Outgoing::new(method, target.endpoint, &headers, &body);
        if act.http_version == HttpVersion::Http10 {
            let line = format!("{method} {} HTTP/1.", target.endpoint.target).len();
            if let Some(minor) = outgoing.bytes.get_mut(line) {
                *minor = b'0';
            }
        }
        Ok(outgoing)
    }

    fn envelope(&self, step: &Step, act: &Soap, target: &Target<'_>) -> Result<String, Blocked> {
        let name = &target.operation.name;
        let body = match (&act.body, &act.message) {
            (Some(body), _) => self.fill(step, body)?,
            (None, Some(file)) => {
                let folder = self
                    .scenario
                    .location
                    .file
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                let path = if folder.is_empty() {
                    file.clone()
                } else {
                    format!("{folder}/{file}")
                };
                let text = self.session.texts.get(&path);
                text.ok_or_else(|| suite(step, &format!("the corpus has no file {path}")))?
                    .trim()
                    .to_owned()
            }
            (None, None) => match target.service.sample(name) {
                Some(sample) => self.fill(step, sample)?,
                None if target.operation.request_element().is_none() => String::new(),
                None => return Err(no_sample(step, &target.service.id, name)),
            },
        };
        let mut blocks = Vec::new();
        match &act.headers {
            Some(given) => {
                for block in given {
                    blocks.push(self.fill(step, block)?);
                }
            }
            None => {
                for block in target.service.sample_headers(name) {
                    blocks.push(self.fill(step, block)?);
                }
            }
        }
        for block in &act.more_headers {
            blocks.push(self.fill(step, block)?);
        }
        if let Some(addressing) = &act.addressing {
            blocks.extend(self.addressing_blocks(step, addressing, target)?);
        }
        Ok(Envelope::new(without_declaration(&body)).with_header(blocks).write())
    }

    pub(super) fn fill(&self, step: &Step, text: &str) -> Result<String, Blocked> {
        self.scope()
            .text(text)
            .map_err(|error: TemplateError| suite(step, &error.to_string()))
    }

    async fn await_callbacks(&self, act: &Soap, token: &str) {
        let Some(listener) = &self.session.listener else {
            return;
        };
        let limits = self.session.limits;
        let begun = Instant::now();
        while listener.seen(token).0 < act.callbacks as usize && begun.elapsed() < limits.callback_patience {
            tokio::time::sleep(limits.settle / 10).await;
        }
        if act.settle || act.callbacks == 0 {
            self.until_quiet(token).await;
        }
    }

    /// Waits until no call came for as long as a retry may take. Pauses between retries grow, so the longest one that
    /// was seen tells how long the next may be.
    pub(super) async fn until_quiet(&self, token: &str) {
        let Some(listener) = &self.session.listener else {
            return;
        };
        let limits = self.session.limits;
        let shortest = limits.settle + limits.retry_wait * 2;
        let begun = Instant::now();
        let mut longest = Duration::ZERO;
        let mut known = begun;
        loop {
            tokio::time::sleep((shortest / 10).max(Duration::from_millis(1))).await;
            let last = listener.seen(token).1.unwrap_or(begun);
            if last > known {
                longest = longest.max(last - known);
                known = last;
            }
            let quiet = shortest.max(longest * 3);
            if last.elapsed() >= quiet || begun.elapsed() > limits.consumer_patience {
                return;
            }
        }
    }

    pub(super) fn record_calls(&self, step: &Step, token: &str, channel: Channel) {
        let Some(listener) = &self.session.listener else { return };
        for (index, served) in listener.take(token).into_iter().enumerate() {
            self.attempt
                .exchange(self.call_of_product(step, index, served, channel));
        }
    }

    fn call_of_product(&self, step: &Step, index: usize, served: Served, channel: Channel) -> Exchange {
        Exchange {
            step: Arc::clone(&step.id),
            index: u32::try_from(index).unwrap_or(u32::MAX),
            channel,
            initiator: Initiator::Product,
            started_us: micros(served.started.saturating_duration_since(self.session.started)),
            elapsed_us: micros(served.elapsed),
            connection: served.connection,
            peer: served.peer.to_string(),
            tls: served.tls,
            request: served.request,
            response: served.response,
            fault: None,
        }
    }

    /// Fetches the description with everything that it refers to on the same host, or notes the files that were given.
    pub(super) async fn describe(&mut self, step: &Step) -> Result<(), Blocked> {
        let service = self.service(step)?;
        let start = match &service.published {
            Published::Given(files) => {
                self.attempt.note(Note::Documents {
                    step: step.id.to_string(),
                    files: files.clone(),
                });
                return Ok(());
            }
            Published::At(url) => url.clone(),
        };
        let mut wanted = vec![start.clone()];
        let mut next = 0;
        while let Some(url) = wanted.get(next).cloned() {
            let outgoing = Outgoing::new("GET", &url, &[], b"");
            let index = u32::try_from(next).unwrap_or(u32::MAX);
            let sent = self
                .session
                .send(self.attempt, (&step.id, index, Channel::Description), outgoing)
                .await?;
            next += 1;
            let Ok(response) = parse_response(&sent.response, "GET", sent.fault.is_none()) else {
                continue;
            };
            let address = url.to_string();
            let references = wsdl::references(&address, &response.body);
            for reference in references {
                let same_host = Url::parse(&reference)
                    .ok()
                    .filter(|other| other.authority() == start.authority());
                if let Some(other) = same_host.filter(|other| !wanted.contains(other))
                    && wanted.len() < MOST_FILES
                {
                    wanted.push(other);
                }
            }
        }
        Ok(())
    }
}

/// Where one request goes.
pub(super) struct Target<'t> {
    pub(super) service: &'t ServiceUnderTest,
    pub(super) operation: &'t Operation,
    pub(super) endpoint: &'t Url,
    /// Address on which the harness takes callbacks.
    pub(super) callback: Option<&'t str>,
    /// Number of the repetition, from 0.
    pub(super) index: u32,
}

/// Sample files may begin with an XML declaration, which has no place inside an envelope.
fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(text, |(_, rest)| rest.trim_start()),
        None => text,
    }
}

pub(super) fn suite(step: &Step, why: &str) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(
            format!("シナリオの誤り: {why}"),
            format!("fault of the scenario: {why}"),
        ),
        blame: "suite".into(),
    }
}

fn no_operation(step: &Step, selector: &str) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(
            format!("WSDL に SOAP 1.1 の操作 {selector} がありません。"),
            format!("the description has no SOAP 1.1 operation {selector}"),
        ),
        blame: "configuration".into(),
    }
}

fn no_address(step: &Step, port: &Port) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(
            format!(
                "ポート {} のアドレスが分かりません（endpoints の ports に書いてください）。",
                port.name
            ),
            format!(
                "the address of port {} is not known; name it in `ports` of the endpoint",
                port.name
            ),
        ),
        blame: "configuration".into(),
    }
}

fn no_sample(step: &Step, id: &str, operation: &str) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(
            format!(
                "操作 {operation} の見本電文がありません。endpoints.\"{id}\".samples にファイルを指定してください。"
            ),
            format!("there is no sample for operation {operation}; name a file in endpoints.\"{id}\".samples"),
        ),
        blame: "configuration".into(),
    }
}
