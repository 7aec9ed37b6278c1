//! Breaking a connection: the client sees it end without a byte of an answer.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream as Accepted;
use actix_web::{HttpRequest, HttpResponse};

/// A second handle to the socket of a connection.
struct Socket(TcpStream);

/// Keeps a handle to the socket of a new connection, for `HttpServer::on_connect`.
pub(crate) fn keep(connection: &dyn Any, data: &mut Extensions) {
    let handle =
        connection.downcast_ref::<Accepted>().map(|stream| stream.as_fd().try_clone_to_owned());
    if let Some(Ok(handle)) = handle {
        data.insert(Socket(TcpStream::from(handle)));
    }
}

/// Closes the connection of a request. What is answered afterwards goes nowhere.
pub(crate) fn close(request: &HttpRequest) -> HttpResponse {
    if let Some(Socket(stream)) = request.conn_data() {
        // It fails when the client has closed first, which is as good.
        let _ = stream.shutdown(Shutdown::Both);
    }
    HttpResponse::ServiceUnavailable().force_close().finish()
}
