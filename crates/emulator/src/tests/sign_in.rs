//! The token endpoint.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::client::Org;
use crate::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn the_right_client_gets_a_bearer_token() {
    let org = Org::sample().await;
    let answer = org.sign_in().await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["token_type"], &body["expires_in"]),
        (200, &"bearer".into(), &86_400.into())
    );
    assert!(answer.headers.contains_key("inin-correlation-id"), "{answer:?}");
    assert_eq!(
        org.emulator.issued_tokens(),
        [&*org.token, body["access_token"].as_str().unwrap()]
    );
}

#[tokio::test]
async fn faults_are_told_in_the_words_of_the_rfc() {
    let org = Org::sample().await;
    let right = format!(
        "Basic {}",
        STANDARD.encode(format!("{SANDBOX_CLIENT_ID}:{SANDBOX_CLIENT_SECRET}"))
    );
    let wrong = format!("Basic {}", STANDARD.encode(format!("{SANDBOX_CLIENT_ID}:guess")));
    let unknown_client = format!("Basic {}", STANDARD.encode(format!("nobody:{SANDBOX_CLIENT_SECRET}")));
    for (authorization, media_type, body, status, error) in [
        (&*wrong, FORM, GRANT, 401, "invalid_client"),
        (&*unknown_client, FORM, GRANT, 401, "invalid_client"),
        ("Basic !", FORM, GRANT, 401, "invalid_client"),
        ("Bearer x", FORM, GRANT, 401, "invalid_client"),
        (&*right, FORM, "", 400, "invalid_request"),
        (
            &*right,
            FORM,
            "grant_type=client_credentials&grant_type=client_credentials",
            400,
            "invalid_request",
        ),
        (&*right, "application/json", GRANT, 400, "invalid_request"),
        (&*right, FORM, "grant_type=password", 400, "unsupported_grant_type"),
    ] {
        let headers = [("Authorization", authorization), ("Content-Type", media_type)];
        let answer = org
            .ask("POST", "/oauth/token", &headers, body.as_bytes())
            .await
            .unwrap();
        let refusal = answer.json();
        assert_eq!(
            (answer.status, refusal["error"].as_str()),
            (status, Some(error)),
            "{authorization} {body}"
        );
        assert!(
            refusal["description"].is_string() && refusal["error_description"].is_string(),
            "{refusal}"
        );
        assert!(answer.headers.contains_key("inin-correlation-id"), "{answer:?}");
    }
    assert_eq!(org.emulator.issued_tokens().len(), 1);
}

#[tokio::test]
async fn its_own_rate_limit_is_a_bad_request_for_so_many_times() {
    let org = Org::sample().await;
    org.emulator.limit_sign_ins(2);
    for _ in 0..2 {
        let answer = org.sign_in().await;
        let refusal = answer.json();
        assert_eq!((answer.status, &refusal["error"]), (400, &"invalid_request".into()));
        assert!(
            refusal["description"]
                .as_str()
                .unwrap()
                .starts_with("rate limit exceeded;"),
            "{refusal}"
        );
    }
    assert_eq!(org.sign_in().await.status, 200);
}

#[tokio::test]
async fn the_log_never_holds_the_secret_or_a_token() {
    let org = Org::sample().await;
    org.get().await;
    let seen = org.emulator.requests();
    let kinds: Vec<_> = seen.iter().map(|seen| (seen.is_token_request(), seen.status)).collect();
    assert_eq!(kinds, [(true, Some(200)), (false, Some(200))]);
    let shown = format!("{seen:?} {:?}", org.emulator);
    for secret in [
        SANDBOX_CLIENT_SECRET,
        &*org.token,
        &*STANDARD.encode(SANDBOX_CLIENT_SECRET),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
