//! Work that is done later, by any worker of any machine: judging a bundle again, sending mail, publishing the log.
//!
//! A job is done at least once. Whoever does it holds a lease, and only the holder's result counts; a worker that dies
//! loses the lease when its time is over, and the job is done again. Order is that of the queue, whatever clocks say.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Dialect, Row, Store, StoreError, Tx, fresh_id, values};

/// How often a job is tried.
const MOST_ATTEMPTS: i64 = 8;
/// Milliseconds before the second attempt; twice as long before each further one.
const FIRST_PAUSE: i64 = 2_000;
/// Milliseconds that a job waits, or is leased, at the most. A time further ahead was written by a clock that was wrong.
const LONGEST: i64 = 3_600_000;

const COLUMNS: &str = "id, kind, key, payload, state, attempts, result, error, created, changed, lease";

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// To be done.
    Waiting,
    /// A worker has it.
    Running,
    /// Done.
    Done,
    /// Given up after many attempts.
    Failed,
}

impl JobState {
    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "running" => Ok(Self::Running),
            "done" => Ok(Self::Done),
            "failed" => Ok(Self::Failed),
            other => Err(StoreError::Column {
                number: 4,
                expected: "the state of a job",
                found: other.to_owned(),
            }),
        }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number in the queue.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// What it is about: of one kind and key there is one job.
    pub key: String,
    /// What is needed to do it: JSON.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: i64,
    /// What came out: JSON.
    pub result: Option<String>,
    /// Why it failed the last time.
    pub error: Option<String>,
    /// Unix milliseconds.
    pub created: i64,
    /// Unix milliseconds.
    pub changed: i64,
    lease: Option<String>,
}

impl Job {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.int(0)?,
            kind: row.text(1)?,
            key: row.text(2)?,
            payload: row.text(3)?,
            state: JobState::read(row.str(4)?)?,
            attempts: row.int(5)?,
            result: row.opt_text(6)?,
            error: row.opt_text(7)?,
            created: row.int(8)?,
            changed: row.int(9)?,
            lease: row.opt_text(10)?,
        })
    }

    /// The payload as a value.
    ///
    /// # Errors
    /// [`StoreError::Json`].
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.payload).map_err(|error| StoreError::Json { why: error.to_string() })
    }
}

/// Puts a job into the queue, in the transaction that makes it necessary. Of one kind and key there is one job: its number
/// is told, whether it is new, running or done.
///
/// # Errors
/// Those of the database; [`StoreError::Json`].
pub fn enqueue(tx: &mut dyn Tx, kind: &str, payload: &impl Serialize, key: &str, at: i64) -> Result<i64, StoreError> {
    if let Some(row) = tx.one("SELECT id FROM job WHERE kind = ?1 AND key = ?2", &values![kind, key])? {
        return row.int(0);
    }
    let payload = serde_json::to_string(payload).map_err(|error| StoreError::Json { why: error.to_string() })?;
    let id = tx.next("job")?;
    // Due at once, whatever the clocks of other machines say.
    tx.execute(
        "INSERT INTO job (id, kind, key, payload, state, attempts, due, created, changed) \
         VALUES (?1, ?2, ?3, ?4, 'waiting', 0, 0, ?5, ?5)",
        &values![id, kind, key, payload, at],
    )?;
    Ok(id)
}

/// The job of a number.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut dyn Tx, id: i64) -> Result<Option<Job>, StoreError> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM job WHERE id = ?1"), &values![id])?;
    row.as_ref().map(Job::read).transpose()
}

/// The job of a kind and key.
///
/// # Errors
/// Those of the database.
pub fn find(tx: &mut dyn Tx, kind: &str, key: &str) -> Result<Option<Job>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE kind = ?1 AND key = ?2");
    let row = tx.one(&sql, &values![kind, key])?;
    row.as_ref().map(Job::read).transpose()
}

/// Ends a job with its result, in the transaction that writes what came out; only while the lease is held.
///
/// # Errors
/// [`StoreError::LeaseLost`], and then nothing of the transaction may stay; those of the database.
pub fn finish(tx: &mut dyn Tx, job: &Job, result: &impl Serialize, at: i64) -> Result<(), StoreError> {
    let result = serde_json::to_string(result).map_err(|error| StoreError::Json { why: error.to_string() })?;
    let touched = tx.execute(
        "UPDATE job SET state = 'done', result = ?3, error = NULL, lease = NULL, lease_until = NULL, changed = ?4 \
         WHERE id = ?1 AND lease = ?2 AND state = 'running'",
        &values![job.id, &job.lease, result, at],
    )?;
    held(touched, job)
}

/// The queue of a store.
#[derive(Debug)]
pub struct Jobs<'a>(&'a Store);

impl Store {
    /// The queue.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }
}

impl Jobs<'_> {
    /// Puts a job into the queue in a transaction of its own; see [`enqueue`].
    ///
    /// # Errors
    /// As [`enqueue`].
    pub fn enqueue(&self, kind: &str, payload: &impl Serialize, key: &str) -> Result<i64, StoreError> {
        self.0.write(|tx| enqueue(tx, kind, payload, key, self.0.clock().now()))
    }

    /// The next job of one of the kinds, leased for milliseconds (an hour at the most); `None` when there is nothing to do.
    ///
    /// # Errors
    /// Those of the database.
    pub fn claim(&self, worker: &str, kinds: &[&str], lease: i64) -> Result<Option<Job>, StoreError> {
        let now = self.0.clock().now();
        let until = now.saturating_add(lease.clamp(1, LONGEST));
        let token = fresh_id("lse");
        let marks: Vec<String> = (0..kinds.len()).map(|at| format!("?{}", at + 7)).collect();
        self.0.write(|tx| {
            // Those of other workers are not waited for.
            let skip = match tx.dialect() {
                Dialect::Sqlite => "",
                Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
            };
            let sql = format!(
                "UPDATE job SET state = 'running', attempts = attempts + 1, lease = ?1, lease_until = ?2, worker = ?3, \
                 changed = ?4 WHERE id = (SELECT id FROM job WHERE kind IN ({}) AND (\
                 (state = 'waiting' AND (due <= ?5 OR due > ?6)) OR \
                 (state = 'running' AND (lease_until <= ?5 OR lease_until > ?6))) ORDER BY id LIMIT 1{skip}) \
                 RETURNING {COLUMNS}",
                marks.join(", ")
            );
            let mut values = values![&token, until, worker, now, now, now.saturating_add(LONGEST)].to_vec();
            values.extend(kinds.iter().map(|kind| super::Value::from(*kind)));
            let row = tx.one(&sql, &values)?;
            row.as_ref().map(Job::read).transpose()
        })
    }

    /// Keeps a job for longer: milliseconds from now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]; those of the database.
    pub fn extend(&self, job: &Job, lease: i64) -> Result<(), StoreError> {
        let until = self.0.clock().now().saturating_add(lease.clamp(1, LONGEST));
        let touched = self.0.write(|tx| {
            let sql = "UPDATE job SET lease_until = ?3 WHERE id = ?1 AND lease = ?2 AND state = 'running'";
            tx.execute(sql, &values![job.id, &job.lease, until])
        })?;
        held(touched, job)
    }

    /// Ends a job in a transaction of its own; see [`finish`].
    ///
    /// # Errors
    /// As [`finish`].
    pub fn finish(&self, job: &Job, result: &impl Serialize) -> Result<(), StoreError> {
        self.0.write(|tx| finish(tx, job, result, self.0.clock().now()))
    }

    /// Says that a job failed: it is tried again later, unless `for_good` or after many attempts.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]; those of the database.
    pub fn fail(&self, job: &Job, why: &str, for_good: bool) -> Result<JobState, StoreError> {
        let now = self.0.clock().now();
        let given_up = for_good || job.attempts >= MOST_ATTEMPTS;
        let (state, text) = match given_up {
            true => (JobState::Failed, "failed"),
            false => (JobState::Waiting, "waiting"),
        };
        let pause = FIRST_PAUSE << (job.attempts - 1).clamp(0, 10);
        let touched = self.0.write(|tx| {
            tx.execute(
                "UPDATE job SET state = ?3, error = ?4, due = ?5, lease = NULL, lease_until = NULL, changed = ?6 \
                 WHERE id = ?1 AND lease = ?2 AND state = 'running'",
                &values![
                    job.id,
                    &job.lease,
                    text,
                    why.replace('\0', "\u{FFFD}"),
                    now.saturating_add(pause.min(LONGEST)),
                    now
                ],
            )
        })?;
        held(touched, job).map(|()| state)
    }

    /// Puts a job that was given up into the queue again; whether it was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn retry(&self, id: i64) -> Result<bool, StoreError> {
        let now = self.0.clock().now();
        let sql =
            "UPDATE job SET state = 'waiting', attempts = 0, due = 0, changed = ?2 WHERE id = ?1 AND state = 'failed'";
        Ok(self.0.write(|tx| tx.execute(sql, &values![id, now]))? == 1)
    }

    /// How many jobs are in each state: waiting, running, done, failed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn counts(&self) -> Result<[i64; 4], StoreError> {
        let rows = self
            .0
            .read(|tx| tx.query("SELECT state, COUNT(*) FROM job GROUP BY state", &[]))?;
        let mut counts = [0; 4];
        for row in &rows {
            counts[JobState::read(row.str(0)?)? as usize] = row.int(1)?;
        }
        Ok(counts)
    }
}

fn held(touched: u64, job: &Job) -> Result<(), StoreError> {
    match touched {
        0 => Err(StoreError::LeaseLost { id: job.id }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Scratch;
    use super::*;

    const KINDS: &[&str] = &["judge", "mail"];

    #[test]
    fn jobs_are_done_in_order_and_once_a_key() {
        let scratch = Scratch::new("jobs-order");
        let store = scratch.store();
        let jobs = store.jobs();
        assert_eq!(jobs.enqueue("judge", &"a", "1").unwrap(), 1);
        assert_eq!(jobs.enqueue("other", &"b", "1").unwrap(), 2);
        assert_eq!(jobs.enqueue("mail", &"c", "1").unwrap(), 3);
        assert_eq!(jobs.enqueue("judge", &"d", "1").unwrap(), 1);
        let first = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        assert_eq!((first.id, first.payload::<String>().unwrap()), (1, "a".into()));
        let second = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        assert_eq!(second.id, 3);
        assert_eq!(jobs.claim("w", KINDS, 1_000).unwrap(), None);
        jobs.finish(&first, &7).unwrap();
        assert_eq!(jobs.counts().unwrap(), [1, 1, 1, 0]);
        let done = store.read(|tx| find(tx, "judge", "1")).unwrap().unwrap();
        assert_eq!((done.state, done.result.as_deref()), (JobState::Done, Some("7")));
        assert!(matches!(jobs.finish(&first, &8), Err(StoreError::LeaseLost { id: 1 })));
    }

    #[test]
    fn a_worker_that_is_gone_loses_its_job_and_its_result_does_not_count() {
        let scratch = Scratch::new("jobs-lease");
        let store = scratch.store();
        let jobs = store.jobs();
        jobs.enqueue("judge", &1, "1").unwrap();
        let lost = jobs.claim("first", KINDS, 1_000).unwrap().unwrap();
        store.clock().advance(999);
        assert_eq!(jobs.claim("second", KINDS, 1_000).unwrap(), None);
        jobs.extend(&lost, 1_000).unwrap();
        store.clock().advance(999);
        assert_eq!(jobs.claim("second", KINDS, 1_000).unwrap(), None);
        store.clock().advance(1);
        let held = jobs.claim("second", KINDS, 1_000).unwrap().unwrap();
        assert_eq!((held.id, held.attempts), (lost.id, 2));
        assert!(matches!(jobs.finish(&lost, &1), Err(StoreError::LeaseLost { .. })));
        assert!(matches!(jobs.extend(&lost, 1), Err(StoreError::LeaseLost { .. })));
        assert!(matches!(
            jobs.fail(&lost, "late", false),
            Err(StoreError::LeaseLost { .. })
        ));
        jobs.finish(&held, &2).unwrap();
    }

    #[test]
    fn what_fails_is_tried_again_later_and_not_forever() {
        let scratch = Scratch::new("jobs-retry");
        let store = scratch.store();
        let jobs = store.jobs();
        let id = jobs.enqueue("judge", &1, "1").unwrap();
        for attempt in 1..=MOST_ATTEMPTS {
            let job = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
            assert_eq!(job.attempts, attempt);
            let state = jobs.fail(&job, "why\0", false).unwrap();
            assert_eq!(state == JobState::Failed, attempt == MOST_ATTEMPTS);
            assert_eq!(jobs.claim("w", KINDS, 1_000).unwrap(), None);
            store.clock().advance(FIRST_PAUSE << (attempt - 1));
        }
        let failed = store.read(|tx| get(tx, id)).unwrap().unwrap();
        assert_eq!(
            (failed.state, failed.error.as_deref()),
            (JobState::Failed, Some("why\u{FFFD}"))
        );
        assert!(jobs.retry(id).unwrap() && !jobs.retry(id).unwrap());
        let job = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        assert_eq!(jobs.fail(&job, "no", true).unwrap(), JobState::Failed);
    }

    #[test]
    fn a_clock_that_was_far_ahead_holds_nothing_up() {
        let scratch = Scratch::new("jobs-clock");
        let store = scratch.store();
        let jobs = store.jobs();
        let year = 365 * 86_400_000;
        store.clock().advance(year);
        for key in ["fresh", "failing", "leased"] {
            jobs.enqueue("judge", &key, key).unwrap();
        }
        let fresh = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        jobs.finish(&fresh, &0).unwrap();
        let failing = jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        jobs.fail(&failing, "why", false).unwrap();
        jobs.claim("w", KINDS, 1_000).unwrap().unwrap();
        jobs.enqueue("judge", &"late", "late").unwrap();
        store.clock().advance(-year);
        let mut keys = Vec::new();
        while let Some(job) = jobs.claim("w", KINDS, 1_000).unwrap() {
            keys.push(job.key);
        }
        assert_eq!(keys, ["failing", "leased", "late"]);
    }
}
