use actix_web::dev::ResourceDef;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::error::ApiError;
use crate::routes::OPEN_PATHS;

/// Every path that some method is taken at.
pub(crate) struct KnownPaths(Vec<(ResourceDef, String)>);

impl KnownPaths {
    pub(crate) fn of(document: &OpenApi) -> Self {
        let guarded = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (ResourceDef::new(pattern(path)), methods(item)));
        let open = OPEN_PATHS.into_iter().map(|path| (ResourceDef::new(path), "GET".to_owned()));
        Self(guarded.chain(open).collect())
    }

    /// The methods that some other request to the path could have.
    fn allowed(&self, path: &str) -> Option<String> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.is_match(path));
        let methods: Vec<&str> = matching.map(|(_, methods)| methods.as_str()).collect();
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

/// The document leaves out what a part of a path may be, and a version is not anything.
fn pattern(path: &str) -> String {
    path.replace("{version}", r"{version:v\d+\.\d+}")
}

fn methods(item: &PathItem) -> String {
    let operations = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    let present = operations.into_iter().filter(|(_, operation)| operation.is_some());
    present.map(|(method, _)| method).collect::<Vec<_>>().join(", ")
}

/// Whatever no route takes.
///
/// # Errors
/// Always.
pub(crate) async fn fallback(
    request: HttpRequest,
    known: Data<KnownPaths>,
) -> Result<HttpResponse, ApiError> {
    match known.allowed(request.path()) {
        Some(allow) => Err(ApiError::MethodNotAllowed { allow }),
        None => Err(ApiError::NoSuchPath),
    }
}
