// SPDX-License-Identifier: Apache-2.0
package consumer;

import consumer.generated.Address;
import consumer.generated.Caller;
import consumer.generated.ChangeReason;
import consumer.generated.Exchange;
import consumer.generated.Extract;
import consumer.generated.ExtractState;
import consumer.generated.Field;
import consumer.generated.GetResident;
import consumer.generated.GetResidentResponse;
import consumer.generated.NotifyChange;
import consumer.generated.PollExtract;
import consumer.generated.PollExtractResponse;
import consumer.generated.ReferenceExchange;
import consumer.generated.RequestExtract;
import consumer.generated.RequestExtractResponse;
import consumer.generated.Resident;
import consumer.generated.ResidentNotFound_Exception;
import consumer.generated.Responder;
import consumer.generated.Statistics;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.Holder;
import javax.xml.ws.soap.SOAPFaultException;

/**
 * One operation of the exchange service with wsimport's client: {@code Client ENDPOINT OPERATION FIELDS}.
 * FIELDS is JSON with the names of the schema; {@code caller} is the header block of GetResident.
 */
public final class Client {
    private final ReferenceExchange service;
    private final String endpoint;
    private final Map<String, Object> fields;
    private final Map<String, Object> out = new LinkedHashMap<>(Map.of("outcome", "done"));

    private Client(String endpoint, String fields) throws Exception {
        this.service = new ReferenceExchange(Path.of(System.getProperty("junkyo.wsdl")).toUri().toURL());
        this.endpoint = endpoint;
        this.fields = Json.object(fields);
    }

    public static void main(String[] arguments) {
        Logger.getLogger("com.sun.xml.ws").setLevel(Level.OFF);
        Logger.getLogger("javax.xml.soap").setLevel(Level.OFF);
        Map<String, Object> out = new LinkedHashMap<>();
        try {
            out = new Client(arguments[0], arguments.length > 2 ? arguments[2] : "{}").call(arguments[1]);
        } catch (Exception error) {
            out.put("outcome", "failed");
            out.put("error", error.toString());
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8).println(Json.write(out));
        System.exit("failed".equals(out.get("outcome")) ? 1 : 0);
    }

    private Map<String, Object> call(String operation) throws Exception {
        try {
            switch (operation) {
                case "GetResident": getResident(); break;
                case "NotifyChange": at(service.getExchange()).notifyChange(change()); break;
                case "RequestExtract": requestExtract(); break;
                case "PollExtract": pollExtract(); break;
                case "Ping": at(service.getExchange()).ping(); break;
                case "CountResidents": countResidents(); break;
                case "Refresh": at(service.getStatistics()).refresh(); break;
                default: throw new IllegalArgumentException("no such operation: " + operation);
            }
        } catch (ResidentNotFound_Exception fault) {
            out.put("outcome", "fault");
            // The class made from the WSDL keeps the text and the detail, not the code.
            out.put("faultstring", fault.getMessage());
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("residentNumber", fault.getFaultInfo().getResidentNumber());
            detail.put("reason", fault.getFaultInfo().getReason());
            out.put("detail", Map.of("residentNotFound", detail));
        } catch (SOAPFaultException fault) {
            out.put("outcome", "fault");
            out.put("faultcode", fault.getFault().getFaultCode());
            out.put("faultstring", fault.getFault().getFaultString());
        }
        return out;
    }

    private <T> T at(T port) {
        Map<String, Object> context = ((BindingProvider) port).getRequestContext();
        context.put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, endpoint);
        context.put("com.sun.xml.ws.connect.timeout", 10_000);
        context.put("com.sun.xml.ws.request.timeout", 10_000);
        return port;
    }

    private void getResident() throws Exception {
        GetResident request = new GetResident();
        request.setResidentNumber(text("residentNumber"));
        request.setAsOf(date("asOf"));
        if (fields.get("field") != null) {
            ((List<?>) fields.get("field")).forEach(each -> request.getField().add(Field.fromValue((String) each)));
        }
        Caller caller = null;
        if (fields.get("caller") instanceof Map) {
            caller = new Caller();
            caller.setMunicipality((String) ((Map<?, ?>) fields.get("caller")).get("municipality"));
            caller.setSystem((String) ((Map<?, ?>) fields.get("caller")).get("system"));
        }
        Holder<GetResidentResponse> response = new Holder<>();
        Holder<Responder> responder = new Holder<>();
        at(service.getExchange()).getResident(request, caller, response, responder);
        out.put("resident", shown(response.value.getResident()));
        if (responder.value != null) {
            Map<String, Object> header = new LinkedHashMap<>();
            header.put("system", responder.value.getSystem());
            header.put("answeredAt", String.valueOf(responder.value.getAnsweredAt()));
            out.put("responder", header);
        }
    }

    private NotifyChange change() throws Exception {
        NotifyChange change = new NotifyChange();
        change.setChangeId(text("changeId"));
        change.setSequence(new BigInteger(text("sequence")));
        change.setResidentNumber(text("residentNumber"));
        change.setReason(ChangeReason.fromValue(text("reason")));
        change.setChangedOn(date("changedOn"));
        if (fields.get("newAddress") instanceof Map) {
            Address address = new Address();
            address.setPostcode((String) ((Map<?, ?>) fields.get("newAddress")).get("postcode"));
            address.setText((String) ((Map<?, ?>) fields.get("newAddress")).get("text"));
            change.setNewAddress(address);
        } else {
            change.setRemoved(new NotifyChange.Removed());
        }
        return change;
    }

    private void requestExtract() throws Exception {
        RequestExtract request = new RequestExtract();
        request.setExtractId(text("extractId"));
        request.setArea(text("area"));
        request.setBornFrom(date("bornFrom"));
        request.setBornTo(date("bornTo"));
        RequestExtractResponse response = at(service.getExchange()).requestExtract(request);
        out.put("extractId", response.getExtractId());
        out.put("extract", shown(response.getExtract()));
    }

    private void pollExtract() {
        PollExtract request = new PollExtract();
        request.setExtractId(text("extractId"));
        PollExtractResponse response = at(service.getExchange()).pollExtract(request);
        out.put("extractId", response.getExtractId());
        ExtractState state = response.getState();
        out.put("state", state == null ? null : state.value());
        if (response.getExtract() != null) {
            out.put("extract", shown(response.getExtract()));
        }
    }

    private void countResidents() throws Exception {
        // parameterOrder leaves out `count`, so that is the return value; the other part of the answer is a holder.
        Holder<Integer> households = new Holder<>();
        Statistics port = at(service.getStatistics());
        int count = port.countResidents(text("area"), date("asOf"), households);
        out.put("count", count);
        out.put("households", households.value);
    }

    private String text(String key) {
        return (String) fields.get(key);
    }

    private XMLGregorianCalendar date(String key) throws Exception {
        return fields.get(key) == null ? null : DatatypeFactory.newInstance().newXMLGregorianCalendar(text(key));
    }

    private static Map<String, Object> shown(Extract extract) {
        List<Object> residents = new ArrayList<>();
        extract.getResident().forEach(each -> residents.add(shown(each)));
        return Map.of("resident", residents);
    }

    private static Map<String, Object> shown(Resident resident) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("residentNumber", resident.getResidentNumber());
        shown.put("name", resident.getName());
        putSome(shown, "kana", resident.getKana());
        shown.put("birthDate", resident.getBirthDate() == null ? null : resident.getBirthDate().toString());
        putSome(shown, "sex", resident.getSex());
        if (resident.getAddress() != null) {
            Map<String, Object> address = new LinkedHashMap<>();
            putSome(address, "postcode", resident.getAddress().getPostcode());
            address.put("text", resident.getAddress().getText());
            shown.put("address", address);
        }
        putSome(shown, "householdNumber", resident.getHouseholdNumber());
        shown.put("version", resident.getVersion());
        return shown;
    }

    private static void putSome(Map<String, Object> into, String key, Object value) {
        if (value != null) {
            into.put(key, value);
        }
    }
}
