//! `report.json`: the report model, one scenario a line, so that it stays small and can still be
//! read, searched and compared line by line.

use std::io;

use serde::{Serialize, de::Error as _};
use serde_json::ser::Formatter;

use super::model::{Report, SCHEMA};

/// Writes a report as JSON without building it in memory.
pub fn write_json(report: &Report, out: &mut impl io::Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    report.serialize(&mut serde_json::Serializer::with_formatter(
        &mut buffered,
        Lines::default(),
    ))?;
    io::Write::write_all(&mut buffered, b"\n")?;
    io::Write::flush(&mut buffered)
}

/// Reads a report back. A file of another format is refused.
pub fn read_json(input: impl io::Read) -> io::Result<Report> {
    let report: Report = serde_json::from_reader(io::BufReader::new(input))?;
    if report.schema != SCHEMA {
        let found = format!("the format is {}, not {SCHEMA}", report.schema);
        return Err(serde_json::Error::custom(found).into());
    }
    Ok(report)
}

/// Compact, with a line break before every member of the report and every element of its lists.
#[derive(Default)]
struct Lines {
    depth: usize,
}

impl Lines {
    const MEMBER: usize = 1;
    const ELEMENT: usize = 2;

    fn open(&mut self, out: &mut (impl io::Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        out.write_all(bracket)
    }

    fn close(&mut self, out: &mut (impl io::Write + ?Sized), bracket: &[u8], broken: bool) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if broken {
            out.write_all(b"\n")?;
        }
        out.write_all(bracket)
    }

    fn separate(out: &mut (impl io::Write + ?Sized), first: bool, broken: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if broken {
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl Formatter for Lines {
    fn begin_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        let broken = self.depth == Self::MEMBER;
        self.close(out, b"}", broken)
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        Self::separate(out, first, self.depth == Self::MEMBER)
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]", false)
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        Self::separate(out, first, self.depth == Self::ELEMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_report_survives_the_round_trip() {
        let report = sample::report();
        let mut first = Vec::new();
        write_json(&report, &mut first).unwrap();
        let mut second = Vec::new();
        write_json(&read_json(first.as_slice()).unwrap(), &mut second).unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn every_scenario_has_its_own_line() {
        let report = sample::report();
        let mut bytes = Vec::new();
        write_json(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for scenario in &report.scenarios {
            let start = format!("{{\"id\":\"{}\"", scenario.id);
            assert_eq!(
                text.lines().filter(|line| line.starts_with(&start)).count(),
                1,
                "{start}"
            );
        }
    }

    #[test]
    fn another_format_is_refused() {
        let mut report = sample::report();
        report.schema = "junkyo-report/v9".to_owned();
        let mut bytes = Vec::new();
        write_json(&report, &mut bytes).unwrap();
        assert!(read_json(bytes.as_slice()).is_err());
    }
}
