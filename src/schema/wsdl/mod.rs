//! WSDL 1.1: service descriptions with what they import.

mod action;
mod model;
mod nodes;
mod ports;
mod read;
mod references;
mod violation;

pub use model::{
    BoundFault, BoundMessage, Description, DescriptionError, DescriptionFile, FileRole, HeaderPart, Operation,
    OwnedName, Part, Port, Soap, Style,
};
pub(crate) use nodes::{BindingNode, Components, Kind, MessageNode, OperationNode, embedded_schemas};
pub use references::{references, written_references};
pub use violation::{AddedFile, Edit, ViolationFault, WsdlViolation, clean_documents};

/// Namespace of WSDL 1.1.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
/// Namespace of the SOAP 1.1 binding of WSDL.
pub const SOAPBIND: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
/// Namespace of the SOAP 1.2 binding of WSDL.
pub const SOAPBIND12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
/// Transport of SOAP over HTTP.
pub const SOAP_HTTP: &str = "http://schemas.xmlsoap.org/soap/http";
/// Namespace of XML Schema.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
