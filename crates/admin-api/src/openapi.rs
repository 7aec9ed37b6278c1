//! The API document, made of the routes themselves.

mod callers;

use std::collections::BTreeMap;

use actix_web::App;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi};
use utoipa_actix_web::AppExt;

use self::callers::Schemes;
use crate::routes;
use crate::schema::GraphError;

/// The API document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let app = App::new().into_utoipa_app().openapi(Head::openapi()).configure(routes::guarded);
    let mut document = app.split_for_parts().1;
    document.paths.paths.values_mut().for_each(callers::members_too);
    document
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waypost",
        description = "Sends messages on the WhatsApp Business Platform through each tenant's own \
                       account: never lost, never twice, never over Meta's limits.\n\n\
                       Every error is `application/problem+json` (RFC 9457). `type` names the kind \
                       of problem and does not change; `errors` lists every place that is wrong. \
                       400: the request cannot be read; 422: it can be read, and says something \
                       that is not allowed. Every answer carries `x-request-id`.",
    ),
    tags(
        (name = "messages", description = "Outgoing messages."),
        (name = "graph", description = "Meta's own routes, for clients written for the Cloud API."),
        (name = "notify", description = "A template in a few fields, with plain answers."),
        (name = "connections", description = "With what and from where the tenant sends."),
        (name = "webhooks", description = "What Meta has posted, and what became of it."),
        (name = "callers", description = "Who may do what, and who did what."),
    ),
    components(schemas(GraphError)),
    modifiers(&Schemes),
)]
struct Head;

/// What every route can refuse.
pub(crate) struct ReadProblems;

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (
                401,
                "No API key or token came with the request, or one that is not valid.",
                CHALLENGE,
            ),
            (403, "The caller lacks the scope that the route needs.", CHALLENGE),
            (500, "Our fault; nothing was done.", None),
            (503, "Something that is needed is away; nothing was done. Ask again.", RETRY),
        ])
    }
}

/// What the routes that ask Meta about an account can refuse besides.
pub(crate) struct CallProblems;

impl IntoResponses for CallProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(
            429,
            "Meta limits how often an app may ask about an account, and no call is left. Sends of \
             messages are not concerned.",
            RETRY,
        )])
    }
}

/// What the routes that take messages can refuse besides.
pub(crate) struct EnqueueProblems;

impl IntoResponses for EnqueueProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadProblems::responses();
        responses.extend(problems(&[
            (400, "The body is not JSON, with line and column; or a header cannot be used.", None),
            (408, "The body did not arrive in time.", None),
            (409, "A request with the same Idempotency-Key is being worked on.", RETRY),
            (413, "The body is too large.", None),
            (415, "The body is not declared to be JSON, or it is compressed.", None),
            (
                422,
                "Fields are wrong, each with its JSON pointer; or the Idempotency-Key came with \
                 another request before.",
                None,
            ),
        ]));
        responses
    }
}

/// What the routes of Meta's can refuse, in Meta's shape.
pub(crate) struct GraphProblems;

impl IntoResponses for GraphProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let schema = || RefOr::Ref(Ref::from_schema_name("GraphError"));
        let response = |description: &str| {
            let content = Content::new(Some(schema()));
            let response = ResponseBuilder::new().description(description);
            RefOr::T(response.content("application/json", content).build())
        };
        [
            (400, "Fields are wrong (100, 131008, 131009), or the object is unknown (100, subcode 33)."),
            (401, "No valid API key (190), or Meta takes the connection's token no more."),
            (403, "The API key lacks the scope (10)."),
            (429, "No call about the account is left (80007). Ask again after `Retry-After`."),
            (500, "Our fault (131000)."),
            (502, "No answer came from Meta (2)."),
            (503, "Something that is needed is away (2). Ask again."),
        ]
        .into_iter()
        .map(|(status, description)| (status.to_string(), response(description)))
        .collect()
    }
}

/// What the routes that take a change refuse besides.
pub(crate) struct ChangeProblems;

impl IntoResponses for ChangeProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadProblems::responses();
        responses.extend(problems(&[
            (400, "The body is not JSON, with line and column.", None),
            (408, "The body did not arrive in time.", None),
            (413, "The body is too large.", None),
            (415, "The body is not declared to be JSON, or it is compressed.", None),
            (
                422,
                "Fields are wrong, each with its JSON pointer; or Meta does not bear out what they \
                 say.",
                None,
            ),
        ]));
        responses
    }
}

type Header = Option<(&'static str, &'static str)>;

const CHALLENGE: Header = Some(("WWW-Authenticate", "What is asked for."));
const RETRY: Header = Some(("Retry-After", "Seconds after which it is worth to ask again."));

fn problems(list: &[(u16, &str, Header)]) -> BTreeMap<String, RefOr<Response>> {
    let response = |(status, description, header): &(u16, &str, Header)| {
        let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
        let mut response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", Content::new(Some(schema)));
        if let Some((name, description)) = header {
            let header = HeaderBuilder::new().description(Some(*description)).build();
            response = response.header(*name, header);
        }
        (status.to_string(), RefOr::T(response.build()))
    };
    list.iter().map(response).collect()
}
