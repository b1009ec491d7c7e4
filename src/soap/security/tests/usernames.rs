//! UsernameTokens.

use super::*;

#[test]
fn user_names_and_passwords() {
    let mut policy = SecurityPolicy {
        require_signature: false,
        require_timestamp: false,
        username: Some(UsernamePolicy {
            username: "利用者".into(),
            password: "ひみつ".into(),
            required: true,
        }),
        ..SecurityPolicy::new(NOW)
    };
    let token = UsernameToken {
        username: "利用者".into(),
        password: "ひみつ".into(),
        kind: PasswordKind::Digest,
        nonce: Some(vec![1, 2, 3]),
        created: Some("2026-11-22T09:00:00Z".into()),
    };
    let judge = |token: UsernameToken, policy: &SecurityPolicy| {
        let options = SignOptions {
            created: None,
            username: Some(token),
            ..SignOptions::new(NOW)
        };
        verify(&secure(&envelope(), &options).expect("secured"), policy)
    };
    let right = judge(token.clone(), &policy);
    assert_eq!(
        (names(&right), right.nonce.as_deref()),
        (vec![], Some([1, 2, 3].as_slice()))
    );
    let change = |change: &dyn Fn(&mut UsernameToken), policy: &SecurityPolicy| {
        let mut token = token.clone();
        change(&mut token);
        names(&judge(token, policy))
    };
    assert_eq!(
        change(&|token| token.password = "x".into(), &policy),
        ["password-wrong"]
    );
    assert_eq!(
        change(&|token| token.username = "x".into(), &policy),
        ["password-wrong"]
    );
    assert_eq!(change(&|token| token.nonce = None, &policy), ["nonce-missing"]);
    assert_eq!(change(&|token| token.created = None, &policy), ["nonce-missing"]);
    assert_eq!(
        change(&|token| token.created = Some("2026-11-22T08:00:00Z".into()), &policy),
        ["timestamp-expired"]
    );
    assert_eq!(
        change(&|token| token.nonce = Some(vec![0; 5000]), &policy),
        ["limit-exceeded", "nonce-missing", "password-wrong"]
    );
    let plain = |token: &mut UsernameToken| token.kind = PasswordKind::Text;
    assert_eq!(change(&plain, &policy), ["password-plain-without-tls"]);
    policy.over_tls = true;
    assert_eq!(change(&plain, &policy), Vec::<&str>::new());
    let nobody = secure(&envelope(), &SignOptions::new(NOW)).expect("secured");
    assert_eq!(names(&verify(&nobody, &policy)), ["username-missing"]);
}

/// The example of Username Token Profile 1.0 is not complete, so this one was computed with Python's hashlib.
#[test]
fn password_digests_as_others_compute_them() {
    let token = UsernameToken {
        username: "u".into(),
        password: "secret".into(),
        nonce: Some(b"0123456789abcdef".to_vec()),
        created: Some("2026-11-22T09:00:00Z".into()),
        ..UsernameToken::default()
    };
    assert!(
        token.write().contains(">LTLYHPLAEDYkNU/vm0U+UdIN7rg=<"),
        "{}",
        token.write()
    );
}
