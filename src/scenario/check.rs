//! The named checks: their parameters and what they ask. How they are decided: `judge::checks`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check_names::CheckDoc;
use super::check_rules::{AddressingRule, FileRule, Place, SecurityRule};
use crate::standard::OneOrMany;
use crate::text::Text;

/// Which half of an exchange a check looks at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What the called side sent back.
    #[default]
    Response,
    /// What the calling side sent.
    Request,
}

/// Declares the checks once: variant, name in scenario files, documentation, parameters.
macro_rules! checks {
    ($(
        $(#[doc = $doc:literal])+
        #[texts(ja = $ja:literal, en = $en:literal)]
        $variant:ident as $name:literal { $( $(#[doc = $field_doc:literal])+ $(#[serde($($serde:tt)*)])? $field:ident : $ty:ty, )* }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields, rename_all = "kebab-case")]
            pub struct $variant { $( $(#[doc = $field_doc])+ $(#[serde($($serde)*)])? pub $field: $ty, )* }
        )*

        /// One named question about recorded evidence, with its parameters.
        #[derive(Clone, Debug)]
        pub enum Check { $( $(#[doc = $doc])+ $variant(Box<$variant>), )* }

        impl Check {
            /// Name in scenario files and reports.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name, )* }
            }

            /// Parses the parameters of a named check; `None` if there is no check of that name.
            pub fn parse(name: &str, parameters: toml::Table) -> Option<Result<Self, String>> {
                match name {
                    $( $name => Some(
                        $variant::deserialize(toml::Value::Table(parameters))
                            .map(|parameters| Self::$variant(Box::new(parameters)))
                            .map_err(|error| error.message().trim_end().replace('\n', "; ")),
                    ), )*
                    _ => None,
                }
            }
        }

        /// Documentation of every check, in the order of this file.
        pub fn check_docs() -> Vec<CheckDoc> {
            vec![ $( CheckDoc {
                name: $name,
                text: Text::new($ja, $en),
                parameters: schemars::schema_for!($variant).to_value(),
            }, )* ]
        }
    };
}

checks! {
    /// HTTP status of the response.
    #[texts(ja = "応答の HTTP ステータスが期待どおりか。", en = "Is the HTTP status of the response as expected?")]
    Status as "status" {
        /// Accepted: exact statuses (`"400"`) or classes (`"4xx"`).
        of: Vec<String>,
    }
    /// Some complete HTTP response came, within the time limit.
    #[texts(ja = "切断・無応答・不正な応答でなく、完全な HTTP 応答が返ったか。", en = "Did a complete HTTP response come, without reset, hang or garbage?")]
    Answered as "answered" {}
    /// Content-Type of the message.
    #[texts(ja = "Content-Type が期待どおりか。", en = "Is the Content-Type as expected?")]
    MediaType as "media-type" {
        /// Media type.
        media: String,
        /// Value of the charset parameter, compared without regard to case.
        #[serde(default)]
        charset: Option<String>,
        /// Which message.
        #[serde(default)]
        of: Message,
    }
    /// The body is one JSON object: UTF-8, no byte order mark, no duplicate names.
    #[texts(ja = "本文が JSON オブジェクト（UTF-8、BOM なし、名前の重複なし）か。", en = "Is the body one JSON object in UTF-8, without byte order mark and duplicate names?")]
    Json as "json" {
        /// Which message.
        #[serde(default)]
        of: Message,
    }
    /// The body is not JSON.
    #[texts(ja = "本文が JSON でないか。", en = "Is the body something other than JSON?")]
    NotJson as "not-json" {}
    /// The body follows the response table of its status.
    #[texts(ja = "応答本文が応答仕様の表（必須・null 不可・型・桁数・固定値）に従うか。", en = "Does the body follow the response table (presence, no null, type, length, fixed text)?")]
    ResponseTable as "response-table" {
        /// The table of this status.
        status: u16,
    }
    /// One row of the response table holds.
    #[texts(ja = "応答仕様の一行（必須・null 不可・型・桁数・固定値）が守られるか。", en = "Does one row of the response table hold (presence, no null, type, length, fixed text)?")]
    ResponseItem as "response-item" {
        /// The table of this status.
        status: u16,
        /// JSON Pointer of the row, `*` for every element.
        at: String,
    }
    /// The body has no members beyond the table.
    #[texts(ja = "応答本文に表にない項目がないか。", en = "Has the body no members beyond the response table?")]
    NoExtraMembers as "no-extra-members" {
        /// The table of this status.
        status: u16,
    }
    /// The value at a place of the JSON body.
    #[texts(ja = "JSON 本文の値が期待どおりか。", en = "Is a value of the JSON body as expected?")]
    Value as "value" {
        /// JSON Pointer.
        at: String,
        /// Exactly this value.
        #[serde(default)]
        equals: Option<serde_json::Value>,
        /// This text, without regard to case.
        #[serde(default)]
        equals_ignoring_case: Option<String>,
        /// One of these values.
        #[serde(default)]
        one_of: Option<Vec<serde_json::Value>>,
        /// The value of this request parameter.
        #[serde(default)]
        as_sent: Option<String>,
        /// The value at `step:/pointer`.
        #[serde(default)]
        as_in: Option<String>,
        /// Not the value at `step:/pointer`.
        #[serde(default)]
        not_as_in: Option<String>,
        /// Not the value of this request parameter.
        #[serde(default)]
        not_as_sent: Option<String>,
        /// A text in which one of these words, separated by spaces, stands.
        #[serde(default)]
        has_word: Option<String>,
        /// A text that ends like this.
        #[serde(default)]
        ends_with: Option<String>,
    }
    /// A member is there, or is not.
    #[texts(ja = "JSON 本文に項目があるか（ないか）。", en = "Is a member of the JSON body there (or not)?")]
    Member as "member" {
        /// JSON Pointer.
        at: String,
        /// Whether it has to be there.
        present: bool,
    }
    /// A JSON number within limits.
    #[texts(ja = "JSON の数値が範囲内か。", en = "Is a JSON number within its limits?")]
    Number as "number" {
        /// JSON Pointer.
        at: String,
        /// Smallest value.
        #[serde(default)]
        min: Option<i64>,
        /// Largest value.
        #[serde(default)]
        max: Option<i64>,
    }
    /// A text of at least so many characters.
    #[texts(ja = "文字列が十分に長いか。", en = "Is a text long enough?")]
    LongEnough as "long-enough" {
        /// JSON Pointer.
        at: String,
        /// Characters.
        min: usize,
    }
    /// The `exp` of an introspection agrees with the `expires_in` of the token response.
    #[texts(ja = "イントロスペクションの exp が発行時刻と expires_in に合うか。", en = "Does the exp of the introspection agree with the time of issue and expires_in?")]
    ExpiryAgrees as "expiry-agrees" {
        /// Step that got the token.
        token: String,
        /// Seconds that they may differ.
        tolerance: i64,
    }
    /// A scope was not granted: the request was refused, or the token lacks the scope.
    #[texts(ja = "求めたスコープが与えられなかったか（拒否、又はスコープを持たないトークン）。", en = "Was the scope withheld: the request refused, or a token without the scope?")]
    ScopeWithheld as "scope-withheld" {
        /// The scope that was asked for.
        scope: String,
    }
    /// The token opens one provider at most.
    #[texts(ja = "トークンが開く提供側業務システムが一つ以下か（又は拒否されたか）。", en = "Does the token open one provider at most (or was the request refused)?")]
    OneProvider as "one-provider" {}
    /// No member of the body is null.
    #[texts(ja = "応答本文に null がないか。", en = "Is no member of the body null?")]
    NoNulls as "no-nulls" {}
    /// All values at a place, over repetitions and steps, differ.
    #[texts(ja = "すべての応答で値が互いに異なるか。", en = "Do the values of all responses differ from each other?")]
    Unique as "unique" {
        /// JSON Pointer.
        at: String,
        /// Further steps whose values count.
        #[serde(default)]
        with: Vec<String>,
    }
    /// Serial numbers without their check digit rise over repetitions.
    #[texts(ja = "番号（検査数字を除く）が昇順か。", en = "Do the numbers without their check digit rise?")]
    Rising as "rising" {
        /// JSON Pointer.
        at: String,
    }
    /// The number is none of a resident.
    #[texts(ja = "番号が住民の宛名番号と重複しないか。", en = "Is the number none of a resident's numbers?")]
    NotResident as "not-resident" {
        /// JSON Pointer.
        at: String,
    }
    /// The last digit is the check digit (modulus 11, weights 2 to 7).
    #[texts(ja = "末尾がモジュラス 11 ウェイト 2〜7 の検査数字か。", en = "Is the last digit the check digit of modulus 11, weights 2 to 7?")]
    CheckDigit as "check-digit" {
        /// JSON Pointer.
        at: String,
    }
    /// The error list has an entry with one of these codes.
    #[texts(ja = "エラーリストに期待したコードの項目があるか。", en = "Has the error list an entry with one of the expected codes?")]
    ErrorCode as "error-code" {
        /// Accepted codes.
        any_of: Vec<String>,
        /// The entry's message has to name this parameter's item.
        #[serde(default)]
        parameter: Option<String>,
    }
    /// Every error code is one of the list.
    #[texts(ja = "エラーコードがすべて一覧にあるか。", en = "Is every error code one of the official list?")]
    ErrorCodesKnown as "error-codes-known" {}
    /// Every message follows the template of its code, with the item names filled in.
    #[texts(ja = "エラーメッセージが各コードの定型文（項目名を埋めたもの）に従うか。", en = "Does every message follow the template of its code, with item names filled in?")]
    ErrorMessages as "error-messages" {}
    /// A message names a length.
    #[texts(ja = "E0003 のメッセージが表の桁数を示すか。", en = "Does the E0003 message name the length of the table?")]
    ErrorNamesLength as "error-names-length" {
        /// The parameter.
        parameter: String,
    }
    /// A message names the characters that are allowed.
    #[texts(ja = "E0002 のメッセージが許される文字種を示すか。", en = "Does the E0002 message name the allowed kind of characters?")]
    ErrorNamesCharacters as "error-names-characters" {
        /// The parameter.
        parameter: String,
    }
    /// A message names the condition first and the missing item second.
    #[texts(ja = "E0004 のメッセージが条件の項目、設定されていない項目の順に示すか。", en = "Does the E0004 message name the condition first and the missing item second?")]
    ErrorCorrelation as "error-correlation" {
        /// The parameter that is the condition.
        condition: String,
        /// The parameter that is missing.
        missing: String,
    }
    /// All wrong parameters are named.
    #[texts(ja = "誤りのあるすべての項目がエラーリストに示されるか。", en = "Are all wrong parameters named in the error list?")]
    ErrorsCover as "errors-cover" {
        /// The parameters.
        parameters: Vec<String>,
    }
    /// No personal or secret value of the request comes back.
    #[texts(ja = "要求の値（個人番号など）が応答に現れないか。", en = "Does no value of the request (such as the 個人番号) come back?")]
    NoEcho as "no-echo" {
        /// Parameters whose values must not appear.
        parameters: Vec<String>,
        /// Only look at status line and headers.
        #[serde(default)]
        head_only: bool,
    }
    /// No internals of the program show.
    #[texts(ja = "スタックトレース・SQL・内部パスなどが応答に現れないか。", en = "Do no stack trace, SQL or internal path show in the response?")]
    NoInternals as "no-internals" {}
    /// A header is there, is not, or has a value.
    #[texts(ja = "ヘッダーが期待どおりか。", en = "Is a header as expected?")]
    Header as "header" {
        /// Name.
        name: String,
        /// Whether it has to be there.
        #[serde(default)]
        present: Option<bool>,
        /// Its value.
        #[serde(default)]
        equals: Option<String>,
        /// A part of its value, without regard to case.
        #[serde(default)]
        contains: Option<String>,
        /// Which message.
        #[serde(default)]
        of: Message,
    }
    /// HTTP version of the message.
    #[texts(ja = "HTTP/1.1 以上か。", en = "Is it HTTP/1.1 or later?")]
    HttpVersionAtLeast as "http-version" {
        /// Which message.
        #[serde(default)]
        of: Message,
    }
    /// The length of the body is what the head says.
    #[texts(ja = "本文の長さがヘッダーの示すとおりか。", en = "Is the length of the body what the head says?")]
    Framing as "framing" {}
    /// No content coding that was not asked for.
    #[texts(ja = "要求していない圧縮がされていないか。", en = "Is the body free of a content coding that was not asked for?")]
    NoContentCoding as "no-content-coding" {}
    /// TLS version of the connection.
    #[texts(ja = "TLS 1.2 以上で通信したか。", en = "Was the connection TLS 1.2 or later?")]
    TlsVersion as "tls-version" {
        /// Exactly or at least: `1.2` or `1.3`.
        at_least: String,
    }
    /// The server certificate is valid for the host.
    #[texts(ja = "サーバ証明書が有効でホスト名と一致するか。", en = "Is the server certificate valid and made for the host?")]
    Certificate as "certificate" {}
    /// The connection offer was refused.
    #[texts(ja = "古い・弱い TLS の接続要求が拒否されたか。", en = "Was the offer of an old or weak TLS refused?")]
    TlsRefused as "tls-refused" {}
    /// All repetitions used one connection.
    #[texts(ja = "一つの接続で複数の要求に応じたか。", en = "Were several requests answered over one connection?")]
    SameConnection as "same-connection" {}
    /// The response came within a time.
    #[texts(ja = "時間内に応答したか。", en = "Did the response come in time?")]
    Within as "within" {
        /// Milliseconds.
        ms: u64,
    }
    /// Requests of a consumer that arrived.
    #[texts(ja = "利用側から届いた要求の数が期待どおりか。", en = "Did the expected number of requests of the consumer arrive?")]
    Arrived as "arrived" {
        /// `api`, `token`, `callback` or `elsewhere`.
        at: String,
        /// At least.
        #[serde(default)]
        min: usize,
        /// At most.
        #[serde(default)]
        max: Option<usize>,
    }
    /// Method and path of what arrived.
    #[texts(ja = "届いた要求のメソッドとパスが正しいか。", en = "Are method and path of what arrived right?")]
    RequestLine as "request-line" {
        /// Method.
        #[serde(default)]
        method: Option<String>,
        /// End of the path.
        #[serde(default)]
        path: Option<String>,
    }
    /// The token came as Bearer in the Authorization header.
    #[texts(ja = "トークンが Authorization ヘッダーの Bearer で届いたか。", en = "Did the token come as Bearer in the Authorization header?")]
    BearerHeader as "bearer-header" {}
    /// The token came in no other place.
    #[texts(ja = "トークンが Authorization ヘッダー以外で送られていないか。", en = "Did the token come in no other place than the Authorization header?")]
    TokenNowhereElse as "token-nowhere-else" {}
    /// The token is one that the platform issued for this scope and that is alive.
    #[texts(ja = "届いたトークンが発行済みで有効か。", en = "Is the token one that the platform issued and that is alive?")]
    TokenIssued as "token-issued" {}
    /// After a 401 another token came.
    #[texts(ja = "401 の後に新しいトークンを取得して使ったか。", en = "Did another token come after the 401?")]
    TokenRenewed as "token-renewed" {}
    /// The form of the token request.
    #[texts(ja = "トークン要求のパラメータが正しいか。", en = "Are the parameters of the token request right?")]
    TokenRequest as "token-request" {
        /// Which part: `grant`, `scope`, `media-type`, `no-secret`.
        part: String,
    }
    /// A part of the client assertion.
    #[texts(ja = "クライアントアサーション（JWT）が正しいか。", en = "Is the client assertion (JWT) right?")]
    ClientAssertion as "client-assertion" {
        /// Which part: `present`, `algorithm`, `signature`, `claims`, `lifetime`, `fresh-id`, `no-personal-data`.
        part: String,
    }
    /// What a consumer sent follows the request table.
    #[texts(ja = "送られた要求がリクエスト仕様の表（必須・型・桁数・コード・条件）に従うか。", en = "Does what was sent follow the request table (required, type, length, code, condition)?")]
    RequestTable as "request-table" {
        /// Which rules: `required`, `null`, `form`, `condition`, `unknown`.
        rule: String,
    }
    /// One parameter follows its row and arrives as it was told.
    #[texts(ja = "パラメータが表の一行に従い、指示した値のまま届いたか。", en = "Does a parameter follow its row and arrive as it was told?")]
    RequestItem as "request-item" {
        /// The parameter.
        parameter: String,
    }
    /// A value does not stand in the URL or the headers of the request.
    #[texts(ja = "値が要求の URL・ヘッダーに現れないか。", en = "Does a value not stand in the URL or the headers of the request?")]
    NotInRequestHead as "not-in-request-head" {
        /// The parameter whose value is looked for.
        parameter: String,
        /// `url` or `headers`.
        place: String,
    }
    /// Time between one request and the next.
    #[texts(ja = "再送までの間隔が十分か。", en = "Was there enough time before the request was sent again?")]
    Gap as "gap" {
        /// Milliseconds, at least.
        #[serde(default)]
        min_ms: u64,
        /// At least this part of the time that the product was told to wait (limits.retry-wait-ms).
        #[serde(default)]
        part_of_retry_wait: f64,
    }
    /// What the product says of the outcome.
    #[texts(ja = "製品が報告した処理結果が正しいか。", en = "Is the outcome that the product reports right?")]
    Reported as "reported" {
        /// It reports success (a registered number) or failure.
        success: bool,
        /// The number it reports is the one that was sent.
        #[serde(default)]
        number: bool,
    }
    /// One assertion of WS-I Basic Profile 1.1 or Simple SOAP Binding Profile 1.0. In reports it has the assertion's id.
    #[texts(ja = "WS-I プロファイルのアサーションが成り立つか。", en = "Does an assertion of the WS-I profiles hold?")]
    WsI as "ws-i" {
        /// Its id, such as `BP1306`.
        assertion: String,
        /// Which message, for assertions about messages and envelopes.
        #[serde(default)]
        of: Message,
        /// Which exchanges of the step.
        #[serde(default)]
        on: Place,
    }
    /// A normal answer: an envelope with the response element of the operation, no fault; or nothing, for one-way operations.
    #[texts(ja = "フォルトでなく、操作の正常な応答か。", en = "Is it a normal answer of the operation, not a fault?")]
    SoapAnswer as "soap-answer" {}
    /// A normal answer or a fault that the description declares: the message itself was accepted.
    #[texts(ja = "電文が受け付けられたか（正常な応答、または WSDL で宣言されたフォルト）。", en = "Was the message accepted (a normal answer or a declared fault)?")]
    SoapAccepted as "soap-accepted" {}
    /// A SOAP fault.
    #[texts(ja = "期待した SOAP フォルトか。", en = "Is it the expected SOAP fault?")]
    SoapFault as "soap-fault" {
        /// Accepted fault codes: local names of the SOAP namespace (`Client`) or prefixed names (`wsa:ActionNotSupported`).
        #[serde(default)]
        code: Vec<String>,
        /// Element in the detail, with a prefix of the service.
        #[serde(default)]
        detail: Option<String>,
    }
    /// The body's content and the bound header blocks are valid against the schemas of the description.
    #[texts(ja = "本文（とヘッダーブロック）が WSDL のスキーマに対して妥当か。", en = "Are body and header blocks valid against the schemas of the description?")]
    SchemaValid as "schema-valid" {
        /// Which message.
        #[serde(default)]
        of: Message,
        /// Which exchanges of the step.
        #[serde(default)]
        on: Place,
    }
    /// A value of an XML message.
    #[texts(ja = "XML 電文の値が期待どおりか。", en = "Is a value of the XML message as expected?")]
    XmlValue as "xml-value" {
        /// Path with the prefixes of the service, such as `//m:pollExtractResponse/m:state` or `//t:resident/@version`.
        path: String,
        /// Which message.
        #[serde(default)]
        of: Message,
        /// Which exchanges of the step.
        #[serde(default)]
        on: Place,
        /// Exactly this text.
        #[serde(default)]
        equals: Option<String>,
        /// One of these.
        #[serde(default)]
        one_of: Option<Vec<String>>,
        /// The text at this path of the request.
        #[serde(default)]
        as_sent: Option<String>,
        /// Whether it is there at all.
        #[serde(default)]
        present: Option<bool>,
        /// How many there are.
        #[serde(default)]
        count: Option<usize>,
    }
    /// A rule of WS-Addressing 1.0.
    #[texts(ja = "WS-Addressing の規則が守られるか。", en = "Is a rule of WS-Addressing kept?")]
    Addressing as "addressing" {
        /// The rule; `junkyo explain addressing` names them.
        rule: AddressingRule,
        /// Which message.
        #[serde(default)]
        of: Message,
        /// Which exchanges of the step.
        #[serde(default)]
        on: Place,
    }
    /// A rule of WS-Security.
    #[texts(ja = "WS-Security の規則が守られるか。", en = "Is a rule of WS-Security kept?")]
    Security as "security" {
        /// The rule; `junkyo explain security` names them.
        rule: SecurityRule,
        /// Which message.
        #[serde(default)]
        of: Message,
        /// Which exchanges of the step.
        #[serde(default)]
        on: Place,
    }
    /// The description that was fetched names the address at which the service is.
    #[texts(ja = "公開された WSDL の soapbind:address が、実際の接続先を指すか。", en = "Does soapbind:address of the published description name the place where the service is?")]
    PublishedAddress as "published-address" {}
    /// What the product's driver reports.
    #[texts(ja = "製品のドライバーの報告が期待どおりか。", en = "Is what the product's driver reports as expected?")]
    DriverValue as "driver-value" {
        /// JSON Pointer into the report.
        at: String,
        /// Exactly this value; strings may not hold `${…}`.
        #[serde(default)]
        equals: Option<serde_json::Value>,
        /// One of these values.
        #[serde(default)]
        one_of: Option<Vec<serde_json::Value>>,
    }
    /// Rows of a unit's answer to an inquiry. Values may be `@name`: the number of somebody of the story.
    #[texts(ja = "照会の応答の記録（件数と値）が期待どおりか。", en = "Are the rows of the answer to the inquiry as expected, in number and values?")]
    Records as "records" {
        /// Exactly so many rows that fit `where`.
        #[serde(default)]
        count: Option<usize>,
        /// At least so many.
        #[serde(default)]
        min: Option<usize>,
        /// At most so many.
        #[serde(default)]
        max: Option<usize>,
        /// Only rows with these values count.
        #[serde(default, rename = "where")]
        only: BTreeMap<String, String>,
        /// Values that each of them has.
        #[serde(default)]
        equals: BTreeMap<String, String>,
        /// Items that none of them has.
        #[serde(default)]
        absent: Vec<String>,
    }
    /// A refusal of a unit: a `Client` fault whose detail is a `Refusal`.
    #[texts(ja = "業務ユニットの拒否（Clientフォルト、Refusal のコード）が期待どおりか。", en = "Was the request refused with a Client fault and the expected code?")]
    Refusal as "refusal" {
        /// Accepted codes.
        code: OneOrMany,
    }
    /// What a unit tells others, in its answer to `Changes` or in a delivery.
    #[texts(ja = "業務ユニットが他ユニットへ知らせる内容と宛先が期待どおりか。", en = "Is what the unit tells others, and whom, as expected?")]
    Told as "told" {
        /// Id of the event.
        event: String,
        /// Only events of this unit, two digits.
        #[serde(default)]
        from: Option<String>,
        /// Exactly so many; absent: at least one.
        #[serde(default)]
        count: Option<usize>,
        /// Units that are told, two digits each.
        #[serde(default)]
        to: Vec<String>,
        /// Units that must not be told.
        #[serde(default)]
        not_to: Vec<String>,
        /// Exactly these units are told.
        #[serde(default)]
        only_to: Option<Vec<String>>,
        /// Only events with these values count.
        #[serde(default, rename = "where")]
        only: BTreeMap<String, String>,
        /// Values that each of them has.
        #[serde(default)]
        equals: BTreeMap<String, String>,
        /// Items that none of them has.
        #[serde(default)]
        absent: Vec<String>,
    }
    /// Events come in an order.
    #[texts(ja = "異動の知らせが期待した順序で届くか。", en = "Do the events come in the expected order?")]
    ToldInOrder as "told-in-order" {
        /// Ids of events; others may stand between them.
        events: Vec<String>,
    }
    /// Nothing is told, or nothing to some units.
    #[texts(ja = "知らせるべきでないものを知らせていないか。", en = "Is nothing told that must not be told?")]
    TellsNothing as "tells-nothing" {
        /// Only to these units; empty: to nobody.
        #[serde(default)]
        to: Vec<String>,
        /// Only events of this kind; absent: of every kind.
        #[serde(default)]
        event: Option<String>,
    }
    /// An event is told soon after what it is about, and says truly when it happened.
    #[texts(ja = "異動は決められた時間内に、正しい発生日時で知らされたか。", en = "Was the change told in time, with the time at which it happened?")]
    ToldWithin as "told-within" {
        /// Id of the event; the newest one counts.
        event: String,
        /// Only events of this unit, two digits.
        #[serde(default)]
        from: Option<String>,
        /// Step with the procedure that it is about.
        after: String,
        /// Seconds from the answer to the procedure.
        seconds: u64,
    }
    /// Every unit that was called in a delivery took the call: no fault.
    #[texts(ja = "知らせを受けたすべての業務ユニットが受理したか。", en = "Did every unit that was told accept it?")]
    Delivered as "delivered" {}
    /// Name, marker and place of a file that the product laid down.
    #[texts(ja = "ファイルの名前、完了標識、伝送が規則どおりか。", en = "Are name, marker and transport of the file as the rules have it?")]
    FileRules as "file-rules" {
        /// `name`, `marker`, `encrypted`, or `sequence` (higher than that of the file before).
        rule: FileRule,
    }
    /// A file follows the table of its group.
    #[texts(ja = "ファイルがグループの項目表（文字、桁数、コード、必須、キー）に従うか。", en = "Does the file follow the table of its group (characters, lengths, codes, presence, keys)?")]
    FileForm as "file-form" {}
    /// Rows of a file that the product laid down.
    #[texts(ja = "ファイルの行（件数と値）が期待どおりか。", en = "Are the rows of the file as expected, in number and values?")]
    FileRows as "file-rows" {
        /// Exactly so many rows that fit `where`.
        #[serde(default)]
        count: Option<usize>,
        /// Only rows with these values count.
        #[serde(default, rename = "where")]
        only: BTreeMap<String, String>,
        /// Values that each of them has.
        #[serde(default)]
        equals: BTreeMap<String, String>,
    }
    /// Rows of a full file lead to rows of the full file of another group, where the records say so.
    #[texts(ja = "ほかのグループのファイルへの参照がすべて解決するか。", en = "Does every reference to the file of another group lead to a row of it?")]
    FileReferences as "file-references" {
        /// Step with the file of the other group.
        of: String,
        /// Record of the other group.
        record: String,
    }
    /// The full file of an earlier step with the changes of this delta file gives the full file of a later step.
    #[texts(ja = "全件＋差分が新しい全件に一致するか。", en = "Do an earlier full file and the delta give the new full file?")]
    FileDelta as "file-delta" {
        /// Step with the earlier full file.
        from: String,
        /// Step with the delta file.
        with: String,
    }
    /// Items of the request that a consumer product sent to a unit.
    #[texts(ja = "利用側の製品が送った照会の項目が指示どおりか。", en = "Are the items that the product sent to the unit as it was told?")]
    Sent as "sent" {
        /// Items and their values.
        items: BTreeMap<String, String>,
        /// And no others.
        #[serde(default)]
        only: bool,
    }
}
