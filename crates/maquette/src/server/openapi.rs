//! The description of the API: drawn from the routes, read by people, scripts and the pages' types.

use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, PathItem},
    },
};

/// What the description starts from; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Maquette",
        description = "A local studio for small models. The same verbs as the pages and the command. \
                       Every error is a Problem: what happened, why, and what to do."
    ),
    components(schemas(
        api::Problem,
        api::Live,
        // What goes over the socket of a session.
        api::SessionCommand,
        api::SessionHello,
        api::SessionNotice
    ))
)]
pub(crate) struct Head;

/// The whole description, as `/api/openapi.json` and `maquette openapi` give it.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = super::routes().split_for_parts();
    // OpenAPI has no name for a variable part with slashes in it.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths =
        paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = "It was done.".to_owned();
                }
            }
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .flatten()
}

/// The answer to everything that cannot be done.
fn problem() -> Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description("It could not be done.")
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
