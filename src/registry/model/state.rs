//! The state machines as tables: who may bring what from where to where. Nothing that is not in a table can happen.

use super::{RegistrationState, Role, SubmissionState};

words! {
    /// What can happen to a submission.
    SubmissionEvent {
        /// Judging again gave the same report.
        Confirmed = "confirmed", "再判定一致", "confirmed";
        /// Judging again did not.
        NotConfirmed = "not-confirmed", "再判定不一致", "not confirmed";
        /// The key that signed it turned out to be in other hands.
        Void = "void", "鍵の漏えいによる無効", "void";
        /// An examiner asks the vendor.
        AskBack = "ask-back", "照会", "ask back";
        /// The vendor answers.
        Answer = "answer", "回答", "answer";
        /// An examiner proposes a decision.
        Propose = "propose", "提案", "propose";
        /// An approver gives the proposal back.
        SendBack = "send-back", "差し戻し", "send back";
        /// An approver approves registration.
        Register = "register", "登録", "register";
        /// An approver approves rejection.
        Reject = "reject", "不登録", "reject";
        /// The vendor takes it back.
        Retract = "retract", "取り下げ", "take back";
    }
}

words! {
    /// What can happen to a registration.
    RegistrationEvent {
        /// Suspend.
        Suspend = "suspend", "停止", "suspend";
        /// Bring back into force.
        Reinstate = "reinstate", "再開", "reinstate";
        /// Take away.
        Withdraw = "withdraw", "取消し", "withdraw";
        /// Give back.
        GiveBack = "give-back", "取り下げ", "give back";
        /// Let another registration take its place.
        Supersede = "supersede", "後継版に移行", "supersede";
        /// Longer validity.
        Extend = "extend", "更新", "extend";
        /// Past its last day.
        Expire = "expire", "有効期限切れ", "expire";
        /// Record an interconnection.
        Interconnect = "interconnect", "相互接続確認", "interconnect";
        /// Flag after judging again.
        Flag = "flag", "再判定で差異", "flag";
    }
}

/// Who may do something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// An account of this role (a vendor only for what is its own).
    Role(Role),
    /// The service itself, by the clock or after a job.
    System,
}

/// A row of a state machine.
pub type Row<S, E> = (S, E, By, S);

use RegistrationEvent as R;
use RegistrationState as RS;
use SubmissionEvent as E;
use SubmissionState as S;

const VENDOR: By = By::Role(Role::Vendor);
const EXAMINER: By = By::Role(Role::Examiner);
const APPROVER: By = By::Role(Role::Approver);

/// Submissions.
pub const SUBMISSION: &[Row<S, E>] = &[
    (S::Judging, E::Confirmed, By::System, S::UnderReview),
    (S::Judging, E::NotConfirmed, By::System, S::Refused),
    (S::Judging, E::Void, By::System, S::Refused),
    (S::Judging, E::Retract, VENDOR, S::Retracted),
    (S::UnderReview, E::Void, By::System, S::Refused),
    (S::UnderReview, E::AskBack, EXAMINER, S::ChangesRequested),
    (S::UnderReview, E::Propose, EXAMINER, S::Proposed),
    (S::UnderReview, E::Retract, VENDOR, S::Retracted),
    (S::ChangesRequested, E::Void, By::System, S::Refused),
    (S::ChangesRequested, E::Answer, VENDOR, S::UnderReview),
    (S::ChangesRequested, E::Retract, VENDOR, S::Retracted),
    (S::ChangesRequested, E::Propose, EXAMINER, S::Proposed),
    (S::Proposed, E::Void, By::System, S::Refused),
    (S::Proposed, E::Register, APPROVER, S::Registered),
    (S::Proposed, E::Reject, APPROVER, S::Rejected),
    (S::Proposed, E::SendBack, APPROVER, S::UnderReview),
    (S::Proposed, E::Retract, VENDOR, S::Retracted),
];

/// Registrations.
pub const REGISTRATION: &[Row<RS, R>] = &[
    (RS::Active, R::Suspend, APPROVER, RS::Suspended),
    (RS::Active, R::Withdraw, APPROVER, RS::WithdrawnByBody),
    (RS::Active, R::GiveBack, VENDOR, RS::WithdrawnByVendor),
    (RS::Active, R::Supersede, APPROVER, RS::Superseded),
    (RS::Active, R::Extend, APPROVER, RS::Active),
    (RS::Active, R::Expire, By::System, RS::Expired),
    (RS::Active, R::Interconnect, EXAMINER, RS::Active),
    (RS::Active, R::Flag, By::System, RS::Active),
    (RS::Suspended, R::Reinstate, APPROVER, RS::Active),
    (RS::Suspended, R::Withdraw, APPROVER, RS::WithdrawnByBody),
    (RS::Suspended, R::GiveBack, VENDOR, RS::WithdrawnByVendor),
    (RS::Suspended, R::Supersede, APPROVER, RS::Superseded),
    (RS::Suspended, R::Expire, By::System, RS::Expired),
    (RS::Suspended, R::Flag, By::System, RS::Suspended),
    (RS::Expired, R::Extend, APPROVER, RS::Active),
    (RS::Expired, R::Supersede, APPROVER, RS::Superseded),
];

/// Where an event leads, or `None` if it cannot happen in that state by that hand.
pub fn next<St: Copy + PartialEq, Ev: Copy + PartialEq>(
    table: &[Row<St, Ev>],
    from: St,
    event: Ev,
    by: By,
) -> Option<St> {
    table
        .iter()
        .find(|(state, what, who, _)| *state == from && *what == event && *who == by)
        .map(|(.., to)| *to)
}

/// What a hand can do in a state: for buttons.
pub fn possible<St: Copy + PartialEq, Ev: Copy + PartialEq>(table: &[Row<St, Ev>], from: St, by: By) -> Vec<Ev> {
    table
        .iter()
        .filter(|(state, _, who, _)| *state == from && *who == by)
        .map(|(_, event, ..)| *event)
        .collect()
}
