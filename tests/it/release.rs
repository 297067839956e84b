//! The release workflow, each of whose steps that needs no GitHub is run here, on a development build.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    binary::{Ran, assist_rules, new_home, run},
    repository::{metadata, read, root},
};

const WORKFLOW: &str = ".github/workflows/release.yml";

/// Steps that are not run here, and why.
const NOT_RUN: [(&str, &str); 3] = [
    (
        "Keep Unix line ends",
        "it changes the settings of the person who runs the tests",
    ),
    ("Rust ${{ env.MSRV }}", "it installs a toolchain from the network"),
    ("Install the wheel on Windows", "it runs on Windows"),
];

/// Steps that are run here, the last one with a `gh` that only writes down what it is asked.
const RUN: [&str; 6] = [
    "Notes from the changelog",
    "maturin",
    "Wheel, archive and sums",
    "Install the wheel",
    "One list of sums",
    "Publish",
];

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn workflow() -> Value {
    serde_saphyr::from_str(&read(WORKFLOW)).unwrap()
}

/// The commands of each step that has some, by its name.
fn steps() -> BTreeMap<String, String> {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    steps
        .filter_map(|step| Some((step["name"].as_str()?.to_owned(), step["run"].as_str()?.to_owned())))
        .collect()
}

/// A step as the runner starts it, in a folder, for a tag; the build is one of contributors.
fn step(name: &str, folder: &Path, tag: &str) -> Command {
    assert!(RUN.contains(&name), "`{name}` is not in `RUN`");
    let steps = steps();
    let commands = steps
        .get(name)
        .unwrap_or_else(|| panic!("{WORKFLOW} has no step `{name}`"));
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", commands])
        .current_dir(folder);
    let workflow = workflow();
    let environment = workflow["env"].as_object().unwrap().iter();
    // Why: under other settings of cargo the program would be built once more.
    for (name, value) in environment.filter(|(name, _)| !name.starts_with("CARGO_")) {
        bash.env(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    bash.env("PROFILE", "dev")
        .env("GITHUB_REF_NAME", tag)
        .env("GITHUB_REPOSITORY", "someone/assist-rules");
    bash
}

/// Runs a step that must succeed.
fn succeed(step: &mut Command) -> Ran {
    let ran = run(step);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran
}

/// The folder of what the workflow builds, built once; none, and it says so, where a tool is missing.
fn built(test: &str) -> Option<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, &str>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let environment = run(Command::new("python3").args(["-c", "import ensurepip, venv"]));
        if environment.code != Some(0) {
            return Err("it needs python3 with venv (Debian: python3-venv)");
        }
        let folder = new_home();
        let ran = run(step("Wheel, archive and sums", root(), "").env("DIST", &folder));
        if ran.stderr.contains("maturin is not installed") {
            return Err("it needs maturin (cargo xtask tools maturin)");
        }
        assert_eq!(ran.code, Some(0), "{ran}");
        Ok(folder)
    });
    match built {
        Ok(folder) => Some(folder),
        Err(why) => {
            ports::testing::skip(test, why);
            None
        }
    }
}

/// The only file in a folder whose name ends so.
fn file(folder: &Path, suffix: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = files.filter(|path| path.to_str().unwrap().ends_with(suffix)).collect();
    assert_eq!(found.len(), 1, "{suffix} in {}", folder.display());
    found.remove(0)
}

#[test]
fn every_step_of_the_release_is_run_here_or_has_a_reason() {
    let named: Vec<String> = steps().into_keys().collect();
    let mut listed: Vec<&str> = NOT_RUN.iter().map(|(name, _)| *name).chain(RUN).collect();
    listed.sort_unstable();
    assert_eq!(named, listed, "the steps of {WORKFLOW}, and `RUN` and `NOT_RUN`");
    let text = read(WORKFLOW);
    let commands = text
        .lines()
        .filter(|line| line.trim_start().trim_start_matches("- ").starts_with("run: "));
    assert_eq!(
        commands.count(),
        named.len(),
        "a step of {WORKFLOW} has no name, or one has it twice"
    );
}

#[test]
fn the_wheel_installs_and_works_where_there_is_no_rust() {
    let test = "the_wheel_installs_and_works_where_there_is_no_rust";
    let Some(built) = built(test) else { return };
    // The workflow's own wheel, and one that is named.
    let ran = succeed(step("Install the wheel", root(), "").env("DIST", built));
    assert!(ran.stdout.contains("applied"), "{ran}");
    let wheel = file(built, ".whl");
    let ran = succeed(
        step("Install the wheel", &new_home(), "")
            .env("DIST", "there-is-none")
            .env("WHEEL", wheel),
    );
    assert!(ran.stdout.contains("applied"), "{ran}");
}

#[test]
fn the_wheel_says_what_the_manifests_say() {
    let test = "the_wheel_says_what_the_manifests_say";
    let Some(built) = built(test) else { return };
    let read_member = "import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); \
                       print(next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith('/METADATA')))";
    let ran = succeed(
        Command::new("python3")
            .args(["-c", read_member])
            .arg(file(built, ".whl")),
    );
    let mut packages = metadata().packages.iter();
    let cli = packages.find(|package| package.name == "assist-rules-cli").unwrap();
    for line in [
        "Name: assist-rules".to_owned(),
        format!("Version: {VERSION}"),
        format!("Summary: {}", cli.description.as_deref().unwrap()),
        format!("License-Expression: {}", cli.license.as_deref().unwrap()),
        // While the manifests have `publish = false`.
        "Classifier: Private :: Do Not Upload".to_owned(),
    ] {
        assert!(ran.stdout.lines().any(|other| other == line), "{line}: {ran}");
    }
}

#[test]
fn the_archive_has_the_program_its_pages_and_its_completions() {
    let test = "the_archive_has_the_program_its_pages_and_its_completions";
    let Some(built) = built(test) else { return };
    let home = new_home();
    succeed(
        Command::new("tar")
            .arg("-xzf")
            .arg(file(built, ".tar.gz"))
            .arg("-C")
            .arg(&home),
    );
    let folder = file(&home, "");
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("assist-rules-{VERSION}-")), "{name}");

    let program = folder.join("assist-rules");
    let is_in_the_wheel = "import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); \
                           name = next(name for name in wheel.namelist() if name.endswith('/scripts/assist-rules')); \
                           print(wheel.read(name) == open(sys.argv[2], 'rb').read())";
    let ran = succeed(
        Command::new("python3")
            .args(["-c", is_in_the_wheel])
            .args([&file(built, ".whl"), &program]),
    );
    assert_eq!(ran.stdout, "True\n", "the wheel has another program");
    let ran = succeed(Command::new(&program).arg("--version"));
    assert_eq!(ran.stdout, format!("assist-rules {VERSION}\n"));
    for document in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"] {
        assert_eq!(fs::read_to_string(folder.join(document)).unwrap(), read(document));
    }
    for (shell, file) in [
        ("bash", "assist-rules.bash"),
        ("elvish", "assist-rules.elv"),
        ("fish", "assist-rules.fish"),
        ("powershell", "_assist-rules.ps1"),
        ("zsh", "_assist-rules"),
    ] {
        let expected = run(assist_rules().args(["completions", shell])).stdout;
        assert!(!expected.is_empty(), "{shell}");
        assert_eq!(
            fs::read_to_string(folder.join("completions").join(file)).unwrap(),
            expected
        );
    }
    for page in ["assist-rules.1", "assist-rules-update.1"] {
        assert!(folder.join("man").join(page).is_file(), "{page}");
    }
}

#[test]
fn a_release_has_the_files_of_every_machine_under_one_list_of_sums() {
    let test = "a_release_has_the_files_of_every_machine_under_one_list_of_sums";
    let Some(built) = built(test) else { return };
    let home = new_home();
    // Another machine, whose files are made up.
    let (here, there) = (home.join("artifacts/dist-here"), home.join("artifacts/dist-there"));
    fs::create_dir_all(&there).unwrap();
    fs::write(there.join("assist-rules-there.zip"), "PK").unwrap();
    let sums = succeed(
        Command::new("sha256sum")
            .arg("assist-rules-there.zip")
            .current_dir(&there),
    );
    fs::write(there.join("SHA256SUMS"), sums.stdout).unwrap();
    succeed(Command::new("cp").arg("-R").arg(built).arg(&here));
    fs::create_dir(home.join("artifacts/notes")).unwrap();
    fs::write(home.join("artifacts/notes/notes.md"), "Notes\n").unwrap();

    let ran = succeed(&mut step("One list of sums", &home, ""));
    assert_eq!(ran.stdout.matches(": OK\n").count(), 3, "{ran}");

    let gh = home.join("bin/gh");
    fs::create_dir(gh.parent().unwrap()).unwrap();
    fs::write(&gh, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
    succeed(Command::new("chmod").arg("+x").arg(&gh));
    let path = format!("{}:{}", gh.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let ran = succeed(step("Publish", &home, "v1.2.3").env("PATH", &path));
    let asked: Vec<&str> = ran.stdout.lines().collect();
    assert!(asked.starts_with(&["release", "create", "v1.2.3"]), "{asked:?}");
    assert!(
        asked.contains(&"--verify-tag") && !asked.contains(&"--prerelease"),
        "{asked:?}"
    );
    let mut files: Vec<String> = fs::read_dir(home.join("release"))
        .unwrap()
        .map(|entry| format!("release/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    files.sort();
    assert!(
        asked.ends_with(&files.iter().map(String::as_str).collect::<Vec<_>>()),
        "{asked:?}"
    );
    assert_eq!(files.len(), 4, "{files:?}");

    let ran = succeed(step("Publish", &home, "v1.2.3-rc.1").env("PATH", &path));
    assert!(ran.stdout.contains("--prerelease"), "{ran}");
}

#[test]
fn files_that_are_not_what_was_built_are_no_release() {
    let home = new_home();
    let there = home.join("artifacts/dist-there");
    fs::create_dir_all(&there).unwrap();
    fs::write(there.join("assist-rules-there.zip"), "PK").unwrap();
    fs::write(
        there.join("SHA256SUMS"),
        format!("{}  assist-rules-there.zip\n", "0".repeat(64)),
    )
    .unwrap();
    let ran = run(&mut step("One list of sums", &home, ""));
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("assist-rules-there.zip: FAILED"), "{ran}");
}

#[test]
fn the_notes_are_the_entry_of_the_changelog_and_the_tag_is_the_version() {
    let changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n### Added\n\n- This.\n\n\
                     ## [1.2.30] - 2026-11-27\n\n- That.\n\n## [1.2.2]\n";
    for (version, tag, expected) in [
        ("1.2.3", "v1.2.3", Ok("\n### Added\n\n- This.\n\n")),
        ("1.2.30", "v1.2.30", Ok("\n- That.\n\n")),
        ("1.2.3", "v1.2.30", Err("Cargo.toml has another version")),
        ("1.2.3", "v1", Err("Cargo.toml has another version")),
        ("1.2.2", "v1.2.2", Err("CHANGELOG.md has no entry of 1.2.2")),
        ("1.2.4", "v1.2.4", Err("CHANGELOG.md has no entry of 1.2.4")),
    ] {
        let home = new_home();
        let manifest = read("Cargo.toml");
        let own = format!("\nversion = \"{VERSION}\"\n");
        assert_eq!(manifest.matches(&own).count(), 1, "the version has moved");
        fs::write(
            home.join("Cargo.toml"),
            manifest.replace(&own, &format!("\nversion = \"{version}\"\n")),
        )
        .unwrap();
        fs::write(home.join("CHANGELOG.md"), changelog).unwrap();
        let ran = run(&mut step("Notes from the changelog", &home, tag));
        match expected {
            Ok(notes) => {
                assert_eq!(ran.code, Some(0), "{tag}: {ran}");
                assert_eq!(fs::read_to_string(home.join("notes.md")).unwrap(), notes, "{tag}");
            }
            Err(why) => {
                assert_eq!(ran.code, Some(1), "{tag}: {ran}");
                assert!(ran.stdout.contains(why), "{tag}: {ran}");
            }
        }
    }
}

#[test]
fn the_tools_of_the_release_are_known_by_name() {
    let test = "the_tools_of_the_release_are_known_by_name";
    // Where it is not there, the step would fetch it.
    let Some(_) = built(test) else { return };
    let ran = succeed(&mut step("maturin", root(), ""));
    assert!(ran.stdout.contains("was there"), "{ran}");
}
