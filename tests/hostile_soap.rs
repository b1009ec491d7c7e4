//! Bad input on the side of XML, WSDL and SOAP: documents made to exhaust or to deceive a reader, descriptions that
//! refer to what is not theirs, services that answer what no client expects. Whatever comes is refused by name, in
//! bounded time and memory, without a panic, without a connection, and without reading a file of somebody else.

#[path = "hostile/process.rs"]
mod process;
#[path = "hostile/servers.rs"]
mod servers;

#[path = "hostile_soap/doors.rs"]
mod doors;

#[path = "hostile_soap/descriptions.rs"]
mod descriptions;
#[path = "hostile_soap/documents.rs"]
mod documents;
#[path = "hostile_soap/encodings.rs"]
mod encodings;
#[path = "hostile_soap/files.rs"]
mod files;
#[path = "hostile_soap/schemas.rs"]
mod schemas;
#[path = "hostile_soap/service.rs"]
mod service;
