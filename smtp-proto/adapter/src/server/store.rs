//! A handler that keeps what it gets.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use smtp_proto::{
    command::{ReceivedMail, ReceivedRecipient},
    reply::{Code, EnhancedCode},
    sasl::server::{Accounts as _, Exchange, TlsExporter},
    server::{Answer, Credentials},
};

use super::{
    Handler,
    accounts::{self, Accounts},
};

/// A message that was accepted, with its envelope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Message {
    /// The sender, empty for `<>`.
    pub from: String,
    /// The recipients that were accepted, in order.
    pub recipients: Vec<String>,
    /// The content, octet for octet, stuffed dots removed.
    pub content: Vec<u8>,
    /// The name that the client gave in `EHLO`, `HELO` or `LHLO`.
    pub hello: String,
    /// Set if the message arrived over TLS.
    pub tls: bool,
    /// The user that the client had authenticated as, if any.
    pub user: Option<String>,
}

/// Keeps messages in memory. Clones share them; `with_` methods configure before the server starts.
///
/// ```
/// use smtp_adapter::{proto::server::Answer, server::{ServerBuilder, Store}};
/// let store = Store::new()
///     .with_user("alice", "s3cret")
///     .with_refusal("nobody@example.org", Answer::NO_SUCH_MAILBOX);
/// let session =
///     ServerBuilder::default().conversation(store.clone(), 0, ([127, 0, 0, 1], 25).into());
/// assert!(store.messages().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Store {
    rules: Arc<Rules>,
    messages: Arc<Mutex<Vec<Message>>>,
    /// The current message of one connection.
    draft: Message,
    /// LMTP: the recipients for which the core wants a reply.
    asked: Vec<String>,
}

#[derive(Clone, Default)]
struct Rules {
    accounts: Arc<Accounts>,
    senders: HashMap<String, OwnedAnswer>,
    recipients: HashMap<String, OwnedAnswer>,
    content: Option<OwnedAnswer>,
    verdicts: HashMap<String, OwnedAnswer>,
}

impl Rules {
    /// Returns the configured reply to the content for one recipient.
    fn verdict(&self, recipient: &str) -> Option<Answer<'_>> {
        self.verdicts.get(recipient).or(self.content.as_ref()).map(OwnedAnswer::answer)
    }
}

/// An [`Answer`] that owns its text.
#[derive(Clone)]
struct OwnedAnswer {
    code: Code,
    enhanced: Option<EnhancedCode>,
    text: String,
}

impl OwnedAnswer {
    fn new(answer: Answer<'_>) -> Self {
        Self { code: answer.code(), enhanced: answer.enhanced(), text: answer.text().to_owned() }
    }

    fn answer(&self) -> Answer<'_> {
        // It was an answer before.
        Answer::with_lines(self.code, self.enhanced, &self.text).unwrap_or(Answer::LOCAL_ERROR)
    }
}

impl Store {
    /// A store that accepts every message, and no credentials.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this user in by PLAIN, LOGIN and, where the core has them and
    /// [`Config::with_mechanisms`](smtp_proto::server::Config::with_mechanisms) offers them, CRAM-MD5
    /// and SCRAM. Nobody may act as another user.
    ///
    /// ```
    /// use smtp_adapter::{proto, server::{ServerBuilder, Store}};
    /// use proto::{hello::EhloName, sasl::server::MECHANISMS, server::{AuthPolicy, Config}};
    /// let config = Config::new(EhloName::LOCALHOST)
    ///     .with_auth(AuthPolicy::Required)
    ///     .with_plaintext_auth(true)
    ///     .with_mechanisms(MECHANISMS);
    /// let store = Store::new().with_user("alice", "s3cret").with_token("bob", "t0ken");
    /// let builder = ServerBuilder::default().with_config(config);
    /// let session = builder.conversation(store, 0, ([127, 0, 0, 1], 25).into());
    /// ```
    #[must_use]
    pub fn with_user(mut self, user: &str, password: &str) -> Self {
        self.accounts().add_password(user, password);
        self
    }

    /// Lets this user in by OAUTHBEARER and XOAUTH2, where they are offered. A token is one user's; a
    /// user may have several.
    #[must_use]
    pub fn with_token(mut self, user: &str, token: &str) -> Self {
        self.accounts().add_token(user, token);
        self
    }

    fn accounts(&mut self) -> &mut Accounts {
        Arc::make_mut(&mut Arc::make_mut(&mut self.rules).accounts)
    }

    /// Answers this to the recipient, written as in RCPT between its brackets.
    #[must_use]
    pub fn with_refusal(mut self, recipient: &str, answer: Answer<'_>) -> Self {
        let rules = Arc::make_mut(&mut self.rules);
        rules.recipients.insert(recipient.to_owned(), OwnedAnswer::new(answer));
        self
    }

    /// Answers this to the sender, written as in MAIL between its brackets.
    #[must_use]
    pub fn with_refused_sender(mut self, sender: &str, answer: Answer<'_>) -> Self {
        let rules = Arc::make_mut(&mut self.rules);
        rules.senders.insert(sender.to_owned(), OwnedAnswer::new(answer));
        self
    }

    /// Answers this to every message's content, and keeps none if it is a refusal.
    #[must_use]
    pub fn with_verdict(mut self, answer: Answer<'_>) -> Self {
        Arc::make_mut(&mut self.rules).content = Some(OwnedAnswer::new(answer));
        self
    }

    /// Answers this to every message's content for this recipient, where LMTP asks for each. What is
    /// kept has the recipients for whom it was accepted, if there are any.
    #[must_use]
    pub fn with_verdict_for(mut self, recipient: &str, answer: Answer<'_>) -> Self {
        let rules = Arc::make_mut(&mut self.rules);
        rules.verdicts.insert(recipient.to_owned(), OwnedAnswer::new(answer));
        self
    }

    /// The messages so far. A message is there before its client hears that it was accepted.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().clone()
    }

    /// The messages so far, which are forgotten.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        core::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Store {
    fn secured(&mut self) {
        self.draft = Message { tls: true, ..Message::default() };
    }

    fn hello(&mut self, name: &str, _: bool) -> Option<Answer<'_>> {
        name.clone_into(&mut self.draft.hello);
        None
    }

    fn authenticate(&mut self, credentials: Credentials<'_>) -> Option<Answer<'_>> {
        let password = self.rules.accounts.password(credentials.user());
        if !password.is_some_and(|password| credentials.are(credentials.user(), password)) {
            return Some(Answer::BAD_CREDENTIALS);
        }
        self.draft.user = Some(credentials.user().to_owned());
        None
    }

    fn exchange(
        &mut self,
        mechanism: &str,
        channel: Option<&TlsExporter>,
    ) -> Option<Box<dyn Exchange + Send>> {
        accounts::exchange(&self.rules.accounts, mechanism, channel)
    }

    fn authenticated(&mut self, user: &str) {
        self.draft.user = Some(user.to_owned());
    }

    fn mail(&mut self, mail: ReceivedMail<'_>) -> Option<Answer<'_>> {
        mail.from().as_str().clone_into(&mut self.draft.from);
        self.rules.senders.get(&self.draft.from).map(OwnedAnswer::answer)
    }

    fn recipient(&mut self, recipient: ReceivedRecipient<'_>) -> Option<Answer<'_>> {
        let address = recipient.address().as_str();
        let answer = self.rules.recipients.get(address).map(OwnedAnswer::answer);
        if is_yes(answer) {
            self.draft.recipients.push(address.to_owned());
        }
        answer
    }

    fn content(&mut self, piece: &[u8]) {
        self.draft.content.extend_from_slice(piece);
    }

    fn message(&mut self, _: u64) -> Option<Answer<'_>> {
        let answer = self.rules.content.as_ref().map(OwnedAnswer::answer);
        if is_yes(answer) {
            self.lock().push(self.draft.clone());
        }
        clear(&mut self.draft);
        answer
    }

    /// The message is kept at the first recipient, for all of them: the replies leave together.
    fn message_for(&mut self, recipient: u32, _: u64) -> Option<Answer<'_>> {
        if recipient == 0 {
            self.asked = core::mem::take(&mut self.draft.recipients);
            let taken = self.asked.iter().filter(|&to| is_yes(self.rules.verdict(to)));
            self.draft.recipients = taken.cloned().collect();
            if !self.draft.recipients.is_empty() {
                self.lock().push(self.draft.clone());
            }
            clear(&mut self.draft);
        }
        let recipient = self.asked.get(usize::try_from(recipient).ok()?)?;
        self.rules.verdict(recipient)
    }

    fn reset(&mut self) {
        clear(&mut self.draft);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("messages", &self.lock().len()).finish_non_exhaustive()
    }
}

fn is_yes(answer: Option<Answer<'_>>) -> bool {
    answer.is_none_or(|answer| answer.code().is_completion())
}

/// Forgets the transaction and keeps the session.
fn clear(draft: &mut Message) {
    draft.from.clear();
    draft.recipients.clear();
    draft.content.clear();
}
