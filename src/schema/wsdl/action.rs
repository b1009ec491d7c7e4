//! `wsa:Action` of messages, as WS-Addressing 1.0 Metadata (clause 4.4) and the SOAP binding tell it.

use super::{Description, Operation};
use crate::soap::addressing::{default_fault_action, default_input_action, default_output_action};

impl Description {
    /// Action of a request: as the description states it; else the `soapAction`, which the two headers have to share
    /// where it is not empty; else the default pattern.
    pub fn request_action(&self, operation: &Operation) -> String {
        let stated = operation.input.as_ref().and_then(|input| input.action.clone());
        let soap_action = operation.soap_action.clone().filter(|action| !action.is_empty());
        stated.or(soap_action).unwrap_or_else(|| {
            let port_type = &operation.port_type.local;
            default_input_action(
                &self.target_namespace,
                port_type,
                &operation.name,
                None,
                operation.is_one_way(),
            )
        })
    }

    /// Action of a normal answer.
    pub fn answer_action(&self, operation: &Operation) -> String {
        let stated = operation.output.as_ref().and_then(|output| output.action.clone());
        stated.unwrap_or_else(|| {
            default_output_action(
                &self.target_namespace,
                &operation.port_type.local,
                &operation.name,
                None,
            )
        })
    }

    /// Actions of the declared faults.
    pub fn fault_actions(&self, operation: &Operation) -> Vec<String> {
        let port_type = &operation.port_type.local;
        let of_fault = |name: &str| default_fault_action(&self.target_namespace, port_type, &operation.name, name);
        operation.faults.iter().map(|fault| of_fault(&fault.name)).collect()
    }
}
