//! Carrying out a plan: many scenarios at the same time, some alone, evidence as it comes.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use thiserror::Error;

use super::conditions::{PROVIDER_ACTIONS, inapplicable, is_clean_up, lacking, waits};
use super::consumer::Stand;
use super::driver::Driver;
use super::files::Files;
use super::listener::Listener;
use super::plan::Plan;
use super::provider::Story;
use super::receiver::ReceiverError;
use super::recorder::{Attempt, Recorder};
use super::reference::{INTERFACE, Reference};
use super::service::ServiceError;
use super::services::{Services, of_reference, of_target};
use super::session::{Credentials, Limits, Session};
use super::setup::{
    complete_facts, credentials_of, product_words, salt_of, start_receiver, started_instant, write_authority,
};
use super::soap_reply::Reworker;
use super::soap_security::{SecurityKit, settings_of_target};
use super::soap_setup::{note_services, start_listener};
use super::target::{AuthMethod, Target};
use crate::evidence::{
    Blocked, ChallengeFacts, FilePlaceFacts, Journal, JournalError, Note, RunEnd, RunFacts, ScenarioEvidence,
};
use crate::mock::exchange::{self, ExchangeConfig, KeyError, SecuritySettings};
use crate::mock::units::UnitClient;
use crate::mock::{Consumer, ConsumerConfig, DefectSet};
use crate::population::municipality::MunicipalityError;
use crate::scenario::{Act, Corpus, Scenario, Step};
use crate::standard::{Subject, UnknownReading};
use crate::text::Text;
use crate::wire::certificate::CertificateError;
use crate::wire::place::{Place, PlaceError};
use crate::wire::{Client, ClientOptions, ReadLimits, Url};

/// Why a run could not be started or had to stop.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The synthetic municipality cannot be of that size.
    #[error("{}", .0.text().en)]
    Municipality(#[from] MunicipalityError),
    /// The place for files of the target cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A SOAP service cannot be tested.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Evidence could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Keys for signatures could not be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// TLS could not be set up.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The receiver of consumer scenarios could not be started.
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
    /// A switched reading is not known.
    #[error(transparent)]
    Reading(#[from] UnknownReading),
    /// The corpus lacks what the reference platform offers.
    #[error("the corpus has no interface `{0}`, which the reference platform offers; give a target with --target")]
    NoInterface(&'static str),
    /// The reference platform cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A file beside the evidence could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The evidence to go on with belongs to another run.
    #[error("{path} was recorded {what}; run without --rerun to start anew")]
    OtherRun {
        /// The journal.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}

/// How a run is carried out.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Scenarios at the same time.
    pub jobs: usize,
    /// Where evidence goes; nowhere if absent.
    pub evidence: Option<PathBuf>,
    /// Go on with the journal there.
    pub resume: Option<Box<RunFacts>>,
    /// Attempts so far, by scenario, when going on.
    pub attempts: HashMap<String, u32>,
    /// The command that repeats the run, for reports.
    pub repeat: String,
    /// The challenge that the run answers; the seed of its data follows from it.
    pub challenge: Option<ChallengeFacts>,
}

/// What the two kinds of run are made of.
struct Parts {
    facts: RunFacts,
    client: Client,
    credentials: Option<Credentials>,
    endpoints: BTreeMap<String, Url>,
    limits: Limits,
    provider_driver: Option<Driver>,
    stands: Vec<Stand>,
    services: Services,
    listener: Option<Listener>,
    security: Arc<Reworker>,
    files: Option<Arc<Files>>,
}

/// How many reference consumers act at the same time.
const REFERENCE_STANDS: usize = 8;

/// A run, ready to be carried out.
pub struct Runner {
    session: Session,
    interfaces: BTreeMap<String, Arc<crate::standard::Interface>>,
    services: Services,
    provider_driver: Option<Driver>,
    stands: Vec<Stand>,
    jobs: usize,
    attempts: HashMap<String, u32>,
    stop: Arc<AtomicBool>,
}

impl Runner {
    /// Prepares a run against the reference platform.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn against_reference(
        corpus: &Corpus,
        plan: &Plan,
        reference: &Reference,
        options: RunOptions,
    ) -> Result<Self, RunError> {
        let limits = Limits {
            requests_per_second: 0,
            concurrency: 64,
            request_budget: 0,
            settle: Duration::from_millis(20),
            consumer_timeout: Duration::from_millis(600),
            consumer_patience: Duration::from_secs(20),
            callback_patience: Duration::from_secs(2),
            // Long enough that a retry without any pause is told from one with it on a busy machine.
            retry_wait: Duration::from_millis(50),
        };
        let running = &reference.running;
        let credentials = Credentials {
            token_endpoint: running.token_endpoint.clone(),
            introspection_endpoint: Some(running.introspection_endpoint.clone()),
            method: AuthMethod::ClientSecretJwt,
            client_id: reference.client_id.clone(),
            client_secret: reference.client_secret.clone(),
            audience: running.token_endpoint.to_string(),
        };
        let mut facts = RunFacts {
            product: product_words(None),
            seed: super::target::Data::default().seed,
            municipality: super::target::Municipality::default().code,
            offers: PROVIDER_ACTIONS
                .iter()
                .chain(&["number", "soap-call"])
                .map(|action| (*action).to_owned())
                .collect(),
            time_scale: Some(0.05),
            ..RunFacts::default()
        };
        complete_facts(&mut facts, corpus, plan, &BTreeMap::new(), limits.retry_wait, &options)?;
        let client = Client::new(ClientOptions {
            tls: Some(reference.authority.client()?),
            exchange_timeout: Duration::from_secs(5),
            ..ClientOptions::default()
        });
        let endpoints = BTreeMap::from([(INTERFACE.to_owned(), running.url.clone())]);
        let played = Arc::clone(&corpus.units);
        let needs_consumer = plan.scenarios.iter().any(|scenario| scenario.role == Subject::Consumer);
        let mut stands = Vec::new();
        // The reference consumer can be had several times over, so its scenarios need not wait for
        // each other. A real product is one.
        for _ in 0..if needs_consumer { REFERENCE_STANDS } else { 0 } {
            let receiver = start_receiver(corpus, &facts, "127.0.0.1:0", "127.0.0.1").await?;
            let exchange = exchange::Client::new(exchange::ClientConfig {
                security: Some(Arc::new(SecuritySettings::issued(
                    &reference.signing,
                    "exchange consumer",
                )?)),
                pace: limits.retry_wait,
                ..exchange::ClientConfig::new(reference.defects)
            });
            let consumer = Consumer::new(ConsumerConfig::new(
                receiver.authority.client()?,
                limits.consumer_timeout,
                reference.defects,
            ));
            let units = UnitClient::new(Arc::clone(&played), reference.defects);
            stands.push(Stand {
                receiver,
                driver: Driver::Consumer(Arc::new(consumer), Arc::new(exchange), Arc::new(units)),
                authority_file: None,
            });
        }
        let services = of_reference(corpus, plan, &running.url)?;
        note_services(&mut facts, plan, &services);
        if !facts.descriptions.is_empty() {
            facts.signature_authorities.clone_from(&reference.signing.pem);
        }
        let security = Arc::new(Reworker {
            security: SecurityKit::issued(&reference.signing)?,
        });
        let behind = ExchangeConfig::new(facts.seed, DefectSet::NONE).with_security(&reference.signing)?;
        let listener = start_listener(plan, "127.0.0.1:0", "127.0.0.1", behind, &security).await?;
        let parts = Parts {
            facts,
            client,
            credentials: Some(credentials),
            endpoints,
            limits,
            provider_driver: Some(Driver::Provider(Arc::clone(&reference.platform))),
            stands,
            services,
            listener,
            security,
            files: Some(Arc::new(Files::new(reference.place.clone(), Arc::clone(&played)))),
        };
        Self::assemble(corpus, parts, options)
    }

    /// Prepares a run against a product.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn against_target(
        corpus: &Corpus,
        plan: &Plan,
        target: &Target,
        options: RunOptions,
    ) -> Result<Self, RunError> {
        let file = &target.file;
        let limits = Limits {
            requests_per_second: file.limits.requests_per_second,
            concurrency: file.limits.concurrency,
            request_budget: file.limits.request_budget,
            settle: Duration::from_millis(file.limits.settle_ms),
            consumer_timeout: Duration::from_millis(file.limits.consumer_timeout_ms),
            consumer_patience: Duration::from_millis(file.limits.consumer_timeout_ms),
            callback_patience: Duration::from_millis(file.limits.consumer_timeout_ms),
            retry_wait: Duration::from_millis(file.limits.retry_wait_ms),
        };
        let drivers = [&file.driver.provider, &file.driver.consumer];
        let offers = drivers.into_iter().flatten().flat_map(|driver| driver.actions.clone());
        let mut facts = RunFacts {
            product: product_words(Some(target)),
            target: target.digest.clone(),
            seed: file.data.seed,
            municipality: file.municipality.code.clone(),
            residents: file.data.residents.clone().unwrap_or_default(),
            offers: offers
                .chain(file.driver.consumer.iter().map(|_| "number".to_owned()))
                .collect(),
            client_id: file
                .auth
                .as_ref()
                .map(|auth| auth.client_id.clone())
                .unwrap_or_default(),
            client_secret_length: target.client_secret.chars().count(),
            real_looking_data: file.evidence.allow_real_looking_data.clone(),
            ..RunFacts::default()
        };
        complete_facts(&mut facts, corpus, plan, &file.readings, limits.retry_wait, &options)?;
        let credentials = credentials_of(target);
        let client_options = ClientOptions {
            tls: Some(target.client_tls()?),
            connect_timeout: Duration::from_millis(file.limits.connect_timeout_ms),
            exchange_timeout: Duration::from_millis(file.limits.exchange_timeout_ms),
            limits: ReadLimits {
                message: file.limits.max_response_bytes,
                ..ReadLimits::default()
            },
        };
        let hooks = Arc::new(Client::new(client_options.clone()));
        let driver_of = |driver: &Option<super::target::DriverFile>| {
            driver.as_ref().and_then(|driver| Driver::from_file(driver, &hooks))
        };

        let needs_consumer = plan.scenarios.iter().any(|scenario| scenario.role == Subject::Consumer);
        let stands = match driver_of(&file.driver.consumer).filter(|_| needs_consumer) {
            None => Vec::new(),
            Some(driver) => {
                let listen = &file.receiver;
                let receiver = start_receiver(corpus, &facts, &listen.listen, &listen.host).await?;
                let authority_file = write_authority(&receiver, options.evidence.as_deref())?;
                vec![Stand {
                    receiver,
                    driver,
                    authority_file,
                }]
            }
        };
        let tls_of_places = client_options.tls.clone();
        let client = Client::new(client_options);
        let services = of_target(corpus, target, &client).await?;
        note_services(&mut facts, plan, &services);
        facts.signature_authorities.clone_from(&target.signature_authorities);
        let mut behind = ExchangeConfig::new(facts.seed, DefectSet::NONE);
        let mut kit = SecurityKit::default();
        if let Some(signing) = &target.signing {
            kit = SecurityKit::of_target(signing)?;
            behind.security = Some(Arc::new(settings_of_target(signing, &target.signature_authorities)?));
        }
        let security = Arc::new(Reworker { security: kit });
        let listen = &file.receiver;
        let listener = start_listener(plan, &listen.soap_listen, &listen.host, behind, &security).await?;
        let tls = tls_of_places;
        let files = match &file.files {
            Some(files) => Some(Place::open(files, &target.path, tls)?),
            None => None,
        };
        let parts = Parts {
            facts,
            client,
            credentials,
            endpoints: target.endpoints.clone(),
            limits,
            provider_driver: driver_of(&file.driver.provider),
            stands,
            services,
            listener,
            security,
            files: files.map(|place| Arc::new(Files::new(place, Arc::clone(&corpus.units)))),
        };
        Self::assemble(corpus, parts, options)
    }

    fn assemble(corpus: &Corpus, parts: Parts, options: RunOptions) -> Result<Self, RunError> {
        // The facts of the first start stay when a run goes on.
        let mut facts = options.resume.as_deref().cloned().unwrap_or(parts.facts);
        if let Some(files) = &parts.files {
            facts.files = Some(FilePlaceFacts {
                place: files.place.describe(),
                encrypted: files.place.is_encrypted(),
            });
        }
        let salt = salt_of(&facts);
        let journal = match (&options.evidence, &options.resume) {
            (None, _) => None,
            (Some(folder), None) => Some(Journal::create(folder, facts.clone())?),
            (Some(folder), Some(_)) => Some(Journal::reopen(folder)?),
        };
        let recorder = Arc::new(Recorder::new(journal, salt, &facts));
        let started = started_instant(facts.started_unix_ms);
        let mut session = Session::new(
            Arc::new(facts),
            parts.client,
            parts.credentials,
            parts.endpoints,
            recorder,
            parts.limits,
            started,
        );
        session.listener = parts.listener;
        session.security = parts.security;
        session.files = parts.files;
        session.texts.clone_from(&corpus.texts);
        Ok(Self {
            session,
            interfaces: corpus.interfaces.clone(),
            services: parts.services,
            provider_driver: parts.provider_driver,
            stands: parts.stands,
            jobs: options.jobs.max(1),
            attempts: options.attempts,
            stop: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The facts that judging needs.
    pub fn facts(&self) -> &RunFacts {
        &self.session.facts
    }

    /// Set it to end the run after the scenarios that are under way.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Carries out scenarios. Those that change the state of the whole product run one after the
    /// other, after all the others; those of a consumer product run one at a time beside them.
    ///
    /// # Errors
    /// [`RunError::Journal`] as soon as evidence cannot be written any more.
    pub async fn carry_out(
        &self,
        scenarios: &[Arc<Scenario>],
        mut on_finished: impl FnMut(&Scenario, ScenarioEvidence),
    ) -> Result<RunEnd, RunError> {
        let is_consumer = |scenario: &&Arc<Scenario>| scenario.role == Subject::Consumer;
        let (mut consumer, calls): (Vec<_>, Vec<_>) = scenarios.iter().partition(is_consumer);
        // What waits for real seconds begins first, so that the rest is done meanwhile.
        consumer.sort_by_key(|scenario| !waits(scenario));
        let (alone, together): (Vec<_>, Vec<_>) = calls.into_iter().partition(|scenario| scenario.exclusive);
        let stage = |group, jobs| {
            stream::iter::<Vec<&Arc<Scenario>>>(group)
                .take_while(|_| std::future::ready(!self.should_end()))
                .map(|scenario| async move { (scenario, self.scenario(scenario, None).await) })
                .buffer_unordered(jobs)
        };
        // The product as a provider, first all that can be together, then one by one; the product
        // as a consumer at the same time, each stand with one scenario.
        let provider = stage(together, self.jobs).chain(stage(alone, 1)).boxed_local();
        let queue = Mutex::new(consumer.into_iter());
        let consumer = stream::select_all(self.lanes().into_iter().map(|stand| {
            let queue = &queue;
            stream::unfold((), move |()| async move {
                let scenario = queue.lock().ok()?.next().filter(|_| !self.should_end())?;
                Some(((scenario, self.scenario(scenario, stand).await), ()))
            })
            .boxed_local()
        }));
        let mut running = stream::select(provider, consumer);
        while let Some((scenario, evidence)) = running.next().await {
            on_finished(scenario, evidence);
            if let Some(error) = self.session.recorder.take_failure() {
                return Err(error.into());
            }
        }
        let end = if self.stop.load(Ordering::Relaxed) {
            RunEnd::Interrupted
        } else if self.session.is_hopeless() {
            RunEnd::Unreachable
        } else {
            RunEnd::Complete
        };
        self.session.recorder.close(end);
        self.session
            .recorder
            .take_failure()
            .map_or(Ok(end), |error| Err(error.into()))
    }

    /// One lane for each stand, or one without, in which consumer scenarios are told to be blocked.
    fn lanes(&self) -> Vec<Option<&Stand>> {
        if self.stands.is_empty() {
            vec![None]
        } else {
            self.stands.iter().map(Some).collect()
        }
    }

    fn should_end(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.session.is_hopeless()
    }

    async fn scenario(&self, scenario: &Scenario, stand: Option<&Stand>) -> ScenarioEvidence {
        let attempt = self.attempts.get(&*scenario.id).copied().unwrap_or_default() + 1;
        let attempt = self.session.recorder.begin(Arc::clone(&scenario.id), attempt);
        let lacking = || lacking(scenario, &self.stands, &self.session.facts);
        let blocked = match inapplicable(scenario, &self.services, self.session.files.is_some()).or_else(lacking) {
            Some(blocked) => Some(blocked),
            None => self.story(scenario, stand, &attempt).await.err(),
        };
        attempt.end(blocked)
    }

    async fn story(&self, scenario: &Scenario, stand: Option<&Stand>, attempt: &Attempt) -> Result<(), Blocked> {
        let mut story = Story {
            session: &self.session,
            scenario,
            interface: scenario
                .interface
                .as_deref()
                .and_then(|id| self.interfaces.get(id))
                .cloned(),
            attempt,
            services: &self.services,
            sent: HashMap::new(),
            laid_down: HashMap::new(),
            elsewhere: stand.map_or_else(Default::default, |stand| {
                let receiver = &stand.receiver;
                (receiver.elsewhere().to_string(), receiver.elsewhere_plain().to_string())
            }),
            responses: HashMap::new(),
            tokens: HashMap::new(),
            assertions: HashMap::new(),
        };
        let mut result = Ok(());
        for (index, step) in scenario.steps.iter().enumerate() {
            result = self.step(&mut story, stand, step).await;
            if step.optional && result.as_ref().is_err_and(|blocked| blocked.blame == "product") {
                result = Ok(());
            }
            if result.is_err() {
                // Whatever happened, the product is not left in maintenance.
                for later in &scenario.steps[index + 1..] {
                    if matches!(&later.act, Act::Driver(act) if is_clean_up(&act.action)) {
                        self.step(&mut story, stand, later).await.ok();
                    }
                }
                break;
            }
        }
        result
    }

    async fn step(&self, story: &mut Story<'_>, stand: Option<&Stand>, step: &Step) -> Result<(), Blocked> {
        match &step.act {
            Act::Call(call) => story.call(step, call).await,
            Act::Token(token) => story.token(step, token).await,
            Act::Introspect(introspect) => story.introspect(step, introspect).await,
            Act::Deliver(deliver) => story.deliver(step, deliver).await,
            Act::FileExport(act) => story.file_export(step, act, self.provider_driver.as_ref()).await,
            Act::FileDeposit(act) => story.file_deposit(step, act, self.provider_driver.as_ref()).await,
            Act::Http(http) => story.http(step, http).await,
            Act::TlsProbe(probe) => story.tls_probe(step, probe).await,
            Act::Wait(wait) => {
                tokio::time::sleep(Duration::from_millis(wait.ms)).await;
                Ok(())
            }
            Act::Consume(consume) => match stand {
                Some(stand) => story.consume(step, consume, stand).await,
                None => Ok(()), // `lacking` has answered already.
            },
            Act::Driver(act) => self.drive(story, step, act).await,
            Act::Soap(act) => story.soap(step, act).await,
            Act::Describe(_) => story.describe(step).await,
            Act::Observe(_) => Ok(()), // no plan holds it
            Act::SoapConsume(act) => match stand {
                Some(stand) => story.soap_consume(step, act, stand).await,
                None => Ok(()), // `lacking` has answered already.
            },
        }
    }

    async fn drive(&self, story: &Story<'_>, step: &Step, act: &crate::scenario::DriverAct) -> Result<(), Blocked> {
        let blocked = |reason| Blocked {
            step: step.id.to_string(),
            reason,
            blame: "configuration".into(),
        };
        let Some(driver) = &self.provider_driver else {
            return Err(blocked(Text::new(
                "ターゲットファイルに [driver.provider] がありません。",
                "the target file has no [driver.provider]",
            )));
        };
        let mut with = serde_json::Map::new();
        for (name, value) in &act.with {
            let value = story
                .scope()
                .json(value)
                .map_err(|error| blocked(Text::new(format!("値を解決できません: {error}"), error.to_string())))?;
            with.insert(name.clone(), value);
        }
        let reply = driver.act(&act.action, with, Duration::from_secs(60)).await;
        story.attempt.note(Note::Driver {
            step: step.id.to_string(),
            action: act.action.clone(),
            outcome: reply.outcome.to_owned(),
            report: reply.report.clone(),
        });
        match reply.outcome {
            "done" | "accepted" => Ok(()),
            _ => Err(blocked(Text::new(
                format!("操作 {} を実行できません（{}）。", act.action, reply.outcome),
                format!("the driver could not do `{}` ({})", act.action, reply.outcome),
            ))),
        }
    }
}
