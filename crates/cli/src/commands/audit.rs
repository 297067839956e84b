//! `audit`: proves the record, prints it, or brings it up to date.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use ledger_adapter::{AuditReport, Upgraded, verify_export};
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::{ERROR, FORMAT_VERSION, SUCCESS, visible};
use crate::record::{self, Record, unusable};
use crate::request::AuditCommand;

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    /// The subject of the proof: the address of the ledger, or the file of the export.
    of: String,
    entries: u64,
    documents: u64,
    head: Option<String>,
    faults: Vec<FaultDocument>,
}

#[derive(Serialize)]
struct FaultDocument {
    entry: Option<u64>,
    message: String,
}

pub(super) async fn run(context: &Context<'_>, command: &AuditCommand) -> Result<Exit, CliError> {
    match command {
        AuditCommand::Verify { head, export } => verify(context, head.as_deref(), export.as_deref()).await,
        AuditCommand::Export => export(context).await,
        AuditCommand::Upgrade => upgrade(context).await,
    }
}

async fn verify(context: &Context<'_>, head: Option<&str>, export: Option<&Path>) -> Result<Exit, CliError> {
    let head = head.map(|head| head.trim().to_lowercase());
    if let Some(head) = &head
        && !(head.len() == 64 && head.chars().all(|c| c.is_ascii_hexdigit()))
    {
        let message = format!("`--head {head}` is no head: it has 64 hexadecimal digits");
        return Err(CliError::new(ErrorCode::Usage, message));
    }
    let (of, report) = match export {
        Some(file) => (file.display().to_string(), of_export(file, head.as_deref())?),
        None => of_ledger(context, head.as_deref()).await?,
    };
    let exit = if report.faults.is_empty() {
        Exit::Done
    } else {
        Exit::Findings
    };
    if context.output.format == Format::Human {
        context.output.document(&human(&of, &report))?;
    } else {
        context.output.data(&document(of, report, exit))?;
    }
    Ok(exit)
}

async fn of_ledger(context: &Context<'_>, head: Option<&str>) -> Result<(String, AuditReport), CliError> {
    let settings = context.settings()?;
    let record = Record::open_to_read(settings).await?;
    let store = record.store(settings)?;
    let report = store.verify(head).await.map_err(|failure| unusable(&failure));
    record.close().await;
    Ok((settings.ledger.to_string(), report?))
}

fn of_export(file: &Path, head: Option<&str>) -> Result<AuditReport, CliError> {
    let unreadable = |error: io::Error| {
        let message = format!("cannot read `{}`: {error}", file.display());
        CliError::new(ErrorCode::UnreadableFile, message)
    };
    let reader: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(std::fs::File::open(file).map_err(unreadable)?))
    };
    verify_export(reader, head).map_err(unreadable)
}

async fn export(context: &Context<'_>) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let record = Record::open_to_read(settings).await?;
    let mut stdout = io::BufWriter::new(io::stdout());
    let mut unwritten = None;
    let exported = record
        .store(settings)?
        .export(|line| writeln!(stdout, "{line}").inspect_err(|error| unwritten = Some(error.kind())));
    let exported = exported.await;
    let flushed = stdout.flush();
    record.close().await;
    // A reader who went away has seen enough.
    let change = unwritten.or(flushed.as_ref().err().map(io::Error::kind));
    if change == Some(io::ErrorKind::BrokenPipe) {
        return Ok(Exit::Done);
    }
    exported.map_err(|failure| unusable(&failure))?;
    flushed.map_err(|error| CliError::new(ErrorCode::Usage, format!("cannot write to stdout: {error}")))?;
    Ok(Exit::Done)
}

/// An upgrade of the ledger's format, as a document.
#[derive(Serialize)]
struct UpgradeDocument {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    /// The address of the ledger.
    of: String,
    from: i64,
    to: i64,
}

async fn upgrade(context: &Context<'_>) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let Upgraded { from, to } = record::upgrade(settings).await?;
    let of = settings.ledger.to_string();
    if context.output.format == Format::Human {
        let done = if from == to {
            format!("has the format {to} already")
        } else {
            format!("brought from the format {from} to {to}")
        };
        let line = format!("{SUCCESS}{done}{SUCCESS:#}  {}\n", visible(&of));
        context.output.document(&line)?;
    } else {
        context.output.data(&UpgradeDocument {
            format_version: FORMAT_VERSION,
            kind: "upgrade",
            exit_code: Exit::Done.code(),
            of,
            from,
            to,
        })?;
    }
    Ok(Exit::Done)
}

fn document(of: String, report: AuditReport, exit: Exit) -> Document {
    let faults = report.faults.into_iter().map(|fault| FaultDocument {
        entry: fault.entry,
        message: fault.what,
    });
    Document {
        format_version: FORMAT_VERSION,
        kind: "audit",
        exit_code: exit.code(),
        of,
        entries: report.entries,
        documents: report.documents,
        head: report.head,
        faults: faults.collect(),
    }
}

fn human(of: &str, report: &AuditReport) -> String {
    let mut text = String::new();
    let (word, style) = if report.faults.is_empty() {
        ("proved", SUCCESS)
    } else {
        ("broken", ERROR)
    };
    let (entries, documents) = (report.entries, report.documents);
    let _ = writeln!(
        text,
        "{style}{word}{style:#}  {}: {entries} entries, {documents} documents",
        visible(of)
    );
    for fault in &report.faults {
        let place = fault.entry.map_or_else(String::new, |entry| format!("entry {entry}: "));
        let _ = writeln!(text, "  {place}{}", visible(&fault.what));
    }
    if let Some(head) = &report.head {
        let _ = writeln!(text, "  head  {}", visible(head));
    }
    text
}
