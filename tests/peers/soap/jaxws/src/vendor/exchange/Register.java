// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.datatype.DatatypeConfigurationException;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;

/** The residents, and what was sent in. */
final class Register {
    private static final DatatypeFactory DATES = dates();

    final Map<String, Types.Resident> residents;
    final Map<String, List<Types.Resident>> extracts = new ConcurrentHashMap<>();
    final List<Types.NotifyChange> changes = new CopyOnWriteArrayList<>();
    private final Map<String, String> areas = new ConcurrentHashMap<>();

    Register(Path path) throws IOException {
        try (Stream<String> lines = Files.lines(path, StandardCharsets.UTF_8)) {
            residents = lines.filter(line -> !line.startsWith("#"))
                .map(line -> resident(line.split("\t", -1)))
                .collect(Collectors.toMap(each -> each.residentNumber, each -> each));
        }
    }

    private Types.Resident resident(String[] columns) {
        Types.Resident resident = new Types.Resident();
        resident.residentNumber = columns[0];
        resident.name = columns[1];
        resident.kana = some(columns[2]);
        resident.birthDate = columns[3].isEmpty() ? null : DATES.newXMLGregorianCalendar(columns[3]);
        resident.sex = Map.of("0", Types.Sex.NOT_KNOWN, "1", Types.Sex.MALE, "2", Types.Sex.FEMALE)
            .getOrDefault(columns[4], Types.Sex.NOT_APPLICABLE);
        if (!columns[6].isEmpty()) {
            resident.address = new Types.Address();
            resident.address.postcode = some(columns[5]);
            resident.address.text = columns[6];
        }
        resident.householdNumber = some(columns[7]);
        resident.version = Integer.parseInt(columns[8]);
        areas.put(resident.residentNumber, columns[9]);
        return resident;
    }

    List<Types.Resident> of(String area) {
        return residents.values().stream()
            .filter(each -> areas.get(each.residentNumber).equals(area))
            .sorted(Comparator.comparing((Types.Resident each) -> each.residentNumber))
            .collect(Collectors.toList());
    }

    static XMLGregorianCalendar now() {
        return DATES.newXMLGregorianCalendar(ZonedDateTime.now().toOffsetDateTime().toString());
    }

    private static String some(String text) {
        return text.isEmpty() ? null : text;
    }

    private static DatatypeFactory dates() {
        try {
            return DatatypeFactory.newInstance();
        } catch (DatatypeConfigurationException error) {
            throw new IllegalStateException(error);
        }
    }
}
