//! The control hook: what a test may do to the platform that no consumer could.

use serde_json::{Map, Value};

use super::envelope::Reply;
use super::platform::{Platform, Switches};
use crate::wire::HttpRequest;

/// What became of an action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DriverOutcome {
    /// Done.
    Done,
    /// Done, and this is what it tells: an object.
    Told(Value),
    /// The platform does not know such an action.
    Unsupported,
    /// The action is known, but what came with it is wrong.
    Wrong(String),
}

impl Platform {
    /// Does what the control hook is asked for.
    ///
    /// Actions: `maintenance-on`/`-off`, `unexpected-on`/`-off`, `slow-on`/`-off`,
    /// `introspection-down`/`-up`, `expire-token` and `revoke-token` (`token`), `load-residents`
    /// (`numbers`, 15 digits each), `next-number` (`body`, 14 digits), `reset`; and those of
    /// [`Exchange::act`](super::exchange::Exchange::act).
    pub fn act(&self, action: &str, with: &Value) -> DriverOutcome {
        match action {
            "maintenance-on" => self.switch(|all| all.maintenance = true),
            "maintenance-off" => self.switch(|all| all.maintenance = false),
            "unexpected-on" => self.switch(|all| all.unexpected = true),
            "unexpected-off" => self.switch(|all| all.unexpected = false),
            "slow-on" => self.switch(|all| all.slow = true),
            "slow-off" => self.switch(|all| all.slow = false),
            "introspection-down" => self.switch(|all| all.introspection_down = true),
            "introspection-up" => self.switch(|all| all.introspection_down = false),
            "expire-token" | "revoke-token" => self.end_token(with),
            "load-residents" => self.load_residents(with),
            "next-number" => self.set_next_number(with),
            "reset" => {
                self.exchange.act("exchange-reset", with);
                self.register().forget_residents();
                self.provider.recover();
                self.switch(|all| *all = Switches::default())
            }
            _ => self.exchange.act(action, with),
        }
    }

    fn switch(&self, change: impl FnOnce(&mut Switches)) -> DriverOutcome {
        change(&mut self.switches_mut());
        DriverOutcome::Done
    }

    fn end_token(&self, with: &Value) -> DriverOutcome {
        match with.get("token").and_then(Value::as_str) {
            Some(token) if self.authorization.tokens.end(token) => DriverOutcome::Done,
            Some(_) => DriverOutcome::Wrong("this token was not issued here".into()),
            None => DriverOutcome::Wrong("`token` is missing".into()),
        }
    }

    fn load_residents(&self, with: &Value) -> DriverOutcome {
        let numbers: Option<Vec<String>> = with.get("numbers").and_then(Value::as_array).and_then(|numbers| {
            numbers
                .iter()
                .map(|number| {
                    number
                        .as_str()
                        .filter(|number| is_digits(number, 15))
                        .map(str::to_owned)
                })
                .collect()
        });
        match numbers {
            Some(numbers) => {
                self.register().add_residents(numbers);
                DriverOutcome::Done
            }
            None => DriverOutcome::Wrong("`numbers` is no list of texts of 15 digits".into()),
        }
    }

    fn set_next_number(&self, with: &Value) -> DriverOutcome {
        let body = with
            .get("body")
            .and_then(Value::as_str)
            .filter(|body| is_digits(body, 14))
            .and_then(|body| body.parse().ok());
        match body {
            Some(body) => {
                self.register().continue_from(body);
                DriverOutcome::Done
            }
            None => DriverOutcome::Wrong("`body` is no text of 14 digits".into()),
        }
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an action is about files of the business units.
pub fn is_about_files(action: &str) -> bool {
    matches!(action, "export-group" | "import-group")
}

/// Answers a request to the control hook.
pub(super) async fn driver_reply(platform: &Platform, request: &HttpRequest) -> Reply {
    if request.method != "POST" {
        return Reply::text(405, "POST only").with("Allow", "POST");
    }
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(&request.body) else {
        return Reply::text(400, "the body is no JSON object");
    };
    let Some(action) = members.get("action").and_then(Value::as_str).map(str::to_owned) else {
        return Reply::text(400, "`action` is missing");
    };
    let order = Value::Object(members);
    if is_about_files(&action) {
        return match platform.units.file_act(&action, &order).await {
            Some(report) => Reply::json(200, &report),
            None => Reply::text(400, "no such `unit` or `group`, or there is no place for files"),
        };
    }
    match platform.act(&action, &order) {
        DriverOutcome::Done => Reply::empty(204),
        DriverOutcome::Told(told) => Reply::json(200, &told),
        DriverOutcome::Unsupported => Reply::text(501, "no such action"),
        DriverOutcome::Wrong(why) => Reply::text(400, &why),
    }
}
