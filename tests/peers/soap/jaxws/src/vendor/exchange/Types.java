// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import java.util.ArrayList;
import java.util.List;
import javax.xml.bind.annotation.XmlAccessType;
import javax.xml.bind.annotation.XmlAccessorType;
import javax.xml.bind.annotation.XmlAttribute;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.bind.annotation.XmlEnum;
import javax.xml.bind.annotation.XmlEnumValue;
import javax.xml.bind.annotation.XmlSchemaType;
import javax.xml.bind.annotation.XmlType;
import javax.xml.datatype.XMLGregorianCalendar;

/** The messages, as JAXB sees them: it has enumerations and lists, but no patterns. */
final class Types {
    private Types() {}

    @XmlEnum
    @XmlType(name = "changeReason")
    public enum ChangeReason {
        @XmlEnumValue("moved-in") MOVED_IN,
        @XmlEnumValue("moved-within") MOVED_WITHIN,
        @XmlEnumValue("moved-out") MOVED_OUT,
        @XmlEnumValue("born") BORN,
        @XmlEnumValue("died") DIED,
    }

    @XmlEnum
    @XmlType(name = "extractState")
    public enum ExtractState {
        @XmlEnumValue("pending") PENDING,
        @XmlEnumValue("done") DONE,
        @XmlEnumValue("unknown") UNKNOWN,
    }

    @XmlEnum
    @XmlType(name = "sex")
    public enum Sex {
        @XmlEnumValue("0") NOT_KNOWN,
        @XmlEnumValue("1") MALE,
        @XmlEnumValue("2") FEMALE,
        @XmlEnumValue("9") NOT_APPLICABLE,
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "caller", propOrder = {"municipality", "system"})
    public static class Caller {
        @XmlElement(required = true) public String municipality;
        @XmlElement(required = true) public String system;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "responder", propOrder = {"system", "answeredAt"})
    public static class Responder {
        @XmlElement(required = true) public String system;
        @XmlElement(required = true) @XmlSchemaType(name = "dateTime") public XMLGregorianCalendar answeredAt;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "address", propOrder = {"postcode", "text"})
    public static class Address {
        public String postcode;
        @XmlElement(required = true) public String text;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "resident",
        propOrder = {"residentNumber", "name", "kana", "birthDate", "sex", "address", "householdNumber"})
    public static class Resident {
        @XmlElement(required = true) public String residentNumber;
        @XmlElement(required = true) public String name;
        public String kana;
        @XmlElement(required = true, nillable = true) @XmlSchemaType(name = "date") public XMLGregorianCalendar birthDate;
        @XmlElement(required = true) public Sex sex;
        public Address address;
        public String householdNumber;
        @XmlAttribute(required = true) public int version;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "extract")
    public static class Extract {
        @XmlElement(name = "resident") public List<Resident> residents = new ArrayList<>();
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "getResidentType", propOrder = {"residentNumber", "asOf"})
    public static class GetResident {
        @XmlElement(required = true) public String residentNumber;
        @XmlSchemaType(name = "date") public XMLGregorianCalendar asOf;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "residentNotFoundType", propOrder = {"residentNumber", "reason"})
    public static class NotFound {
        @XmlElement(required = true) public String residentNumber;
        @XmlElement(required = true) public String reason;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "notifyChangeType",
        propOrder = {"changeId", "sequence", "residentNumber", "reason", "changedOn", "newAddress"})
    public static class NotifyChange {
        @XmlElement(required = true) public String changeId;
        public long sequence;
        @XmlElement(required = true) public String residentNumber;
        @XmlElement(required = true) public ChangeReason reason;
        @XmlElement(required = true) @XmlSchemaType(name = "date") public XMLGregorianCalendar changedOn;
        public Address newAddress;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "requestExtractType", propOrder = {"extractId", "area", "bornFrom", "bornTo"})
    public static class RequestExtract {
        @XmlElement(required = true) public String extractId;
        @XmlElement(required = true) public String area;
        @XmlSchemaType(name = "date") public XMLGregorianCalendar bornFrom;
        @XmlSchemaType(name = "date") public XMLGregorianCalendar bornTo;
    }

    @XmlAccessorType(XmlAccessType.FIELD)
    @XmlType(name = "extractResponse", propOrder = {"extractId", "state", "extract"})
    public static class ExtractResponse {
        @XmlElement(required = true) public String extractId;
        @XmlElement(required = true) public ExtractState state;
        public Extract extract;
    }
}
