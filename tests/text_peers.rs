//! The text room against libraries of others, on a million values each: python-stdnum and npm's stdnum (個人番号, 法人番号),
//! jpdatetime (和暦), CPython's calendar and its codecs of JIS X 0213.
//!
//! `ci/install-peers` installs them; what is not installed is ignored, and said so. `JUNKYO_PEER_VALUES` changes the number.
//! No value is written to a file: valid numbers exist only in the pipe.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use junkyo::text::characters::{is_jis_x_0213, is_jis_x_0213_sequence};
use junkyo::text::date::{Day, Era, Wareki, age};
use junkyo::text::identifiers::{CorporateNumber, IndividualNumber, corporate_check_digit, individual_check_digit};
use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    type Check = fn(&Peer) -> Result<(), String>;
    let trials: [(&str, &str, Option<Peer>, Check); 8] = [
        ("stdnum.jp.in_", "python-stdnum", python("stdnum"), individual_numbers),
        (
            "stdnum.jp.in_::mutant",
            "python-stdnum",
            python("stdnum"),
            a_mutant_is_noticed,
        ),
        ("stdnum.jp.cn", "python-stdnum", python("stdnum"), corporate_numbers),
        ("stdnum.JP.cn", "npm's stdnum", node(), corporate_numbers_of_node),
        ("jpdatetime", "jpdatetime", python("jpdatetime"), eras),
        (
            "jpdatetime::outside",
            "jpdatetime",
            python("jpdatetime"),
            days_outside_their_era,
        ),
        ("calendar", "Python's calendar", python("jpdatetime"), calendar),
        ("codecs", "Python's codecs", python("stdnum"), jis_x_0213),
    ];
    let trials = trials
        .into_iter()
        .map(|(name, package, peer, check)| {
            let missing = peer.is_none();
            if missing && !skip {
                eprintln!("SKIPPED {name}: {package} is not installed; run ci/install-peers");
            }
            Trial::test(name, move || {
                check(&peer.ok_or_else(|| format!("{package} is not installed"))?).map_err(Into::into)
            })
            .with_ignored_flag(skip || missing)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A program that answers one line for each line.
struct Peer {
    program: PathBuf,
    script: PathBuf,
    peers: PathBuf,
}

fn peers() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    target.parent().map(|target| target.join("peers")).unwrap_or_default()
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/text_peers")
        .join(name)
}

/// The Python of the peers, if it has a package and the two that the script needs.
fn python(package: &str) -> Option<Peer> {
    let program = peers().join("venv/bin/python");
    let has = Command::new(&program)
        .args(["-c", &format!("import stdnum.jp.in_, jpdatetime, {package}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    has.then(|| Peer {
        program,
        script: script("answer.py"),
        peers: peers(),
    })
}

fn node() -> Option<Peer> {
    peers()
        .join("node/node_modules/stdnum/package.json")
        .is_file()
        .then(|| Peer {
            program: "node".into(),
            script: script("answer.mjs"),
            peers: peers(),
        })
}

impl Peer {
    /// Asks all questions and gives each with its answer to `check`; an error names at most the first ten that differ.
    fn ask(
        &self,
        questions: impl Iterator<Item = (&'static str, String)> + Clone + Send + 'static,
        mut check: impl FnMut(&str, &str, &str) -> Result<(), String>,
    ) -> Result<usize, String> {
        let mut child = Command::new(&self.program)
            .arg(&self.script)
            .env("PEERS", &self.peers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).ok_or("no pipes")?;
        let asked = questions.clone();
        let writer = thread::spawn(move || -> std::io::Result<()> {
            let mut stdin = BufWriter::new(stdin);
            for (kind, value) in asked {
                writeln!(stdin, "{kind}\t{value}")?;
            }
            stdin.flush()
        });
        let mut answers = BufReader::new(stdout).lines();
        let (mut count, mut differing) = (0, Vec::new());
        for (kind, value) in questions {
            let answer = answers
                .next()
                .ok_or("the peer stopped answering")?
                .map_err(|error| error.to_string())?;
            count += 1;
            if differing.len() < 10
                && let Err(error) = check(kind, &value, &answer)
            {
                differing.push(error);
            }
        }
        writer
            .join()
            .map_err(|_| "the writer stopped")?
            .map_err(|error| error.to_string())?;
        child.wait().map_err(|error| error.to_string())?;
        if differing.is_empty() {
            Ok(count)
        } else {
            Err(differing.join("\n"))
        }
    }
}

fn how_many() -> u64 {
    std::env::var("JUNKYO_PEER_VALUES")
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(1_000_000)
}

/// The same numbers in every run (splitmix64).
fn random(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Random digits of about a length, one value in four with a right check digit put in by `complete`.
fn values(
    kind: &'static str,
    length: u32,
    complete: fn(String) -> String,
) -> impl Iterator<Item = (&'static str, String)> + Clone + Send {
    (0..how_many()).map(move |index| {
        let number = random(index);
        let digits = |length: u32| {
            format!(
                "{:0width$}",
                random(number) % 10u64.pow(length),
                width = length as usize
            )
        };
        let value = match number % 8 {
            0 | 1 => complete(digits(length - 1)),
            2 => digits(length - 1),
            3 => digits(length + 1),
            _ => digits(length),
        };
        (kind, value)
    })
}

/// Compares verdicts without showing a value that may be valid.
fn same(value: &str, ours: &str, theirs: &str) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    let shown: String = value.chars().take(4).chain("…".chars()).collect();
    Err(format!(
        "{shown} ({} characters): ours {ours}, theirs {theirs}",
        value.len()
    ))
}

fn verdict(valid: bool) -> &'static str {
    if valid { "1" } else { "0" }
}

fn individual_numbers(peer: &Peer) -> Result<(), String> {
    let with_digit = |body: String| {
        let digit = individual_check_digit(&body).unwrap_or_default();
        format!("{body}{digit}")
    };
    let mut valid = 0;
    peer.ask(values("individual", 12, with_digit), |_, value, answer| {
        let ours = IndividualNumber::parse(value).is_ok();
        valid += u64::from(ours);
        same(value, verdict(ours), answer)
    })?;
    enough(valid)?;
    // The other direction: their digit for our body.
    let bodies = (0..how_many()).map(|index| ("individual-digit", format!("{:011}", random(index) % 10u64.pow(11))));
    peer.ask(bodies, |_, body, answer| {
        let ours = individual_check_digit(body)
            .map(|digit| digit.to_string())
            .unwrap_or_default();
        same(body, &ours, answer)
    })
    .map(|_| ())
}

/// A validator that forgets that remainder 1 gives 0 differs from the peer: the comparison can fail.
fn a_mutant_is_noticed(peer: &Peer) -> Result<(), String> {
    let mutant = |body: &str| {
        let digits = body.chars().rev().filter_map(|c| c.to_digit(10));
        let sum: u32 = digits.zip([2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]).map(|(d, w)| d * w).sum();
        ((11 - sum % 11) % 11).to_string()
    };
    let bodies = (0..10_000).map(|index| ("individual-digit", format!("{:011}", random(index) % 10u64.pow(11))));
    match peer.ask(bodies, |_, body, answer| same(body, &mutant(body), answer)) {
        Err(_) => Ok(()),
        Ok(count) => Err(format!("a wrong rule agrees with the peer on {count} values")),
    }
}

fn complete_corporate(body: String) -> String {
    format!("{}{body}", corporate_check_digit(&body).unwrap_or_default())
}

fn corporate_numbers(peer: &Peer) -> Result<(), String> {
    corporate_numbers_of_node(peer)?;
    let bodies = (0..how_many()).map(|index| ("corporate-digit", format!("{:012}", random(index) % 10u64.pow(12))));
    peer.ask(bodies, |_, body, answer| {
        let ours = corporate_check_digit(body)
            .map(|digit| digit.to_string())
            .unwrap_or_default();
        same(body, &ours, answer)
    })
    .map(|_| ())
}

fn corporate_numbers_of_node(peer: &Peer) -> Result<(), String> {
    let mut valid = 0;
    peer.ask(values("corporate", 13, complete_corporate), |_, value, answer| {
        let ours = CorporateNumber::parse(value).is_ok();
        valid += u64::from(ours);
        same(value, verdict(ours), answer)
    })?;
    enough(valid)
}

/// Agreement on refusals alone would prove little.
fn enough(valid: u64) -> Result<(), String> {
    if valid * 5 > how_many() {
        Ok(())
    } else {
        Err(format!("only {valid} of {} values were valid", how_many()))
    }
}

/// Every day from 1873 to 2099 into its era and back.
fn eras(peer: &Peer) -> Result<(), String> {
    let days = || {
        let first = Era::Meiji.first_day().number();
        (first..first + 82_900).filter_map(Day::from_number)
    };
    let count = peer.ask(days().map(|day| ("wareki", day.to_string())), |_, value, answer| {
        let ours = Day::parse(value).ok().and_then(Wareki::of).map(|day| day.to_string());
        same(value, &ours.unwrap_or_default(), answer)
    })?;
    let written = days().flat_map(Wareki::all_of).map(|day| ("western", day.to_string()));
    let back = peer.ask(written, |_, value, answer| {
        let ours = Wareki::parse(value).map(|day| day.day().to_string());
        same(value, &ours.unwrap_or_default(), answer)
    })?;
    if count == 82_900 && back == count + 2 {
        Ok(())
    } else {
        Err(format!("{count} days, {back} back"))
    }
}

/// A known difference: jpdatetime reads days that their era does not have.
fn days_outside_their_era(peer: &Peer) -> Result<(), String> {
    const DAYS: [(&str, &str); 3] = [
        ("平成31年5月1日", "2019-05-01"),
        ("昭和64年1月8日", "1989-01-08"),
        ("明治45年7月31日", "1912-07-31"),
    ];
    peer.ask(
        DAYS.iter().map(|(day, _)| ("western", (*day).to_owned())),
        |_, value, answer| {
            let expected = DAYS
                .iter()
                .find(|(day, _)| *day == value)
                .map_or("", |(_, western)| western);
            let instead =
                Wareki::parse(value).is_err() && Day::parse(answer).is_ok_and(|day| Wareki::of(day).is_some());
            if instead && answer == expected {
                Ok(())
            } else {
                Err(format!(
                    "{value}: {answer}; the difference is gone, so correct this trial"
                ))
            }
        },
    )
    .map(|_| ())
}

/// Number, day of the week and age against Python's datetime; days that do not exist are refused by both.
fn calendar(peer: &Peer) -> Result<(), String> {
    let today = Day::new(2026, 11, 22).map_err(|error| error.to_string())?;
    let dates = (0..how_many()).map(|index| {
        let number = random(index);
        let (year, month, day) = (number % 2026 + 1, number / 4096 % 12 + 1, number / 65_536 % 31 + 1);
        ("calendar", format!("{year:04}-{month:02}-{day:02}"))
    });
    let mut refused = 0;
    peer.ask(dates, |_, value, answer| {
        let ours = match Day::parse(value) {
            Ok(day) if day > today => return Ok(()),
            Ok(day) => format!(
                "{} {} {}",
                day.number(),
                day.weekday() as u8,
                age::age_on(day, today).unwrap_or_default()
            ),
            Err(_) => {
                refused += 1;
                "-".into()
            }
        };
        same(value, &ours, answer)
    })?;
    if refused > 0 {
        Ok(())
    } else {
        Err("every day existed".into())
    }
}

/// Membership of every code point, and the sequences.
fn jis_x_0213(peer: &Peer) -> Result<(), String> {
    let all = || (0..=0x0010_FFFFu32).filter_map(char::from_u32);
    let mut members = 0;
    peer.ask(all().map(|c| ("jis", format!("{:X}", c as u32))), |_, value, answer| {
        let ours = u32::from_str_radix(value, 16)
            .ok()
            .and_then(char::from_u32)
            .is_some_and(is_jis_x_0213);
        members += u32::from(ours);
        same(value, verdict(ours), answer)
    })?;
    let mut sequences = 0;
    peer.ask(std::iter::once(("sequences", String::new())), |_, _, answer| {
        for sequence in answer.split(',') {
            let both: Vec<char> = sequence
                .split(' ')
                .filter_map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?))
                .collect();
            if both.len() != 2 || !is_jis_x_0213_sequence(both[0], both[1]) {
                return Err(format!("{sequence} is not known here"));
            }
            sequences += 1;
        }
        Ok(())
    })?;
    if (members, sequences) == (11_208, 25) {
        Ok(())
    } else {
        Err(format!("{members} members, {sequences} sequences"))
    }
}
