// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import java.util.List;
import java.util.stream.Collectors;
import javax.jws.Oneway;
import javax.jws.WebMethod;
import javax.jws.WebParam;
import javax.jws.WebResult;
import javax.jws.WebService;
import javax.jws.soap.SOAPBinding;
import javax.xml.datatype.DatatypeConstants;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPException;
import javax.xml.soap.SOAPFactory;
import javax.xml.ws.Holder;
import javax.xml.ws.WebServiceException;
import javax.xml.ws.soap.SOAPFaultException;

/** The exchange, code first; document/literal. BARE: the classes of wrappers cannot be made at run time here. */
@WebService(serviceName = "ExchangeService", portName = "ExchangePort", targetNamespace = ExchangeService.NAMESPACE)
@SOAPBinding(parameterStyle = SOAPBinding.ParameterStyle.BARE)
public class ExchangeService {
    static final String NAMESPACE = "http://vendor.example/jaxws/exchange";

    private final Register register;

    ExchangeService(Register register) {
        this.register = register;
    }

    @WebMethod(operationName = "GetResident", action = NAMESPACE + "/GetResident")
    @WebResult(name = "getResidentResponse", targetNamespace = NAMESPACE, partName = "body")
    public Types.Resident getResident(
            @WebParam(name = "getResident", targetNamespace = NAMESPACE, partName = "body") Types.GetResident request,
            @WebParam(name = "caller", targetNamespace = NAMESPACE, header = true, partName = "caller") Types.Caller caller,
            @WebParam(name = "responder", targetNamespace = NAMESPACE, header = true, partName = "responder",
                mode = WebParam.Mode.OUT) Holder<Types.Responder> responder) throws ResidentNotFound {
        if (caller == null) {
            throw refuse("the header block caller is missing");
        }
        if (request.residentNumber == null || !request.residentNumber.matches("[0-9]{15}")) {
            throw refuse("residentNumber is not fifteen digits");
        }
        Types.Resident resident = register.residents.get(request.residentNumber);
        if (resident == null) {
            Types.NotFound info = new Types.NotFound();
            info.residentNumber = request.residentNumber;
            info.reason = "該当する住民がいません";
            throw new ResidentNotFound("該当する住民がいません", info);
        }
        responder.value = new Types.Responder();
        responder.value.system = "001";
        responder.value.answeredAt = Register.now();
        return resident;
    }

    @Oneway
    @WebMethod(operationName = "NotifyChange", action = NAMESPACE + "/NotifyChange")
    public void notifyChange(
            @WebParam(name = "notifyChange", targetNamespace = NAMESPACE, partName = "body") Types.NotifyChange change) {
        register.changes.add(change);
    }

    @WebMethod(operationName = "RequestExtract", action = NAMESPACE + "/RequestExtract")
    @WebResult(name = "requestExtractResponse", targetNamespace = NAMESPACE, partName = "body")
    public Types.ExtractResponse requestExtract(
            @WebParam(name = "requestExtract", targetNamespace = NAMESPACE, partName = "body") Types.RequestExtract request) {
        List<Types.Resident> found = register.of(request.area).stream()
            .filter(each -> within(each.birthDate, request.bornFrom, request.bornTo))
            .collect(Collectors.toList());
        register.extracts.put(request.extractId, found);
        return extract(request.extractId);
    }

    @WebMethod(operationName = "PollExtract", action = NAMESPACE + "/PollExtract")
    @WebResult(name = "pollExtractResponse", targetNamespace = NAMESPACE, partName = "body")
    public Types.ExtractResponse pollExtract(
            @WebParam(name = "pollExtract", targetNamespace = NAMESPACE, partName = "body") String extractId) {
        return extract(extractId);
    }

    @WebMethod(operationName = "Ping")
    public void ping() {}

    private Types.ExtractResponse extract(String id) {
        List<Types.Resident> found = register.extracts.get(id);
        Types.ExtractResponse response = new Types.ExtractResponse();
        response.extractId = id;
        response.state = found == null ? Types.ExtractState.UNKNOWN : Types.ExtractState.DONE;
        if (found != null) {
            response.extract = new Types.Extract();
            response.extract.residents = found;
        }
        return response;
    }

    private static boolean within(XMLGregorianCalendar born, XMLGregorianCalendar from, XMLGregorianCalendar to) {
        return (from == null || (born != null && born.compare(from) != DatatypeConstants.LESSER))
            && (to == null || (born != null && born.compare(to) != DatatypeConstants.GREATER));
    }

    private static RuntimeException refuse(String why) {
        try {
            QName client = new QName("http://schemas.xmlsoap.org/soap/envelope/", "Client");
            return new SOAPFaultException(SOAPFactory.newInstance().createFault(why, client));
        } catch (SOAPException error) {
            return new WebServiceException(error);
        }
    }
}
