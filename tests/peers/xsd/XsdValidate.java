// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Validates instance files with Xerces: {@code XsdValidate SCHEMA PATH...}, or {@code XsdValidate --pairs} with
 * lines {@code SCHEMA<TAB>FILE} on standard input. A path may be a folder: all files below it, by name. One
 * line of JSON a file: {@code {"file":…,"valid":true|false,"error":null|"LINE:COLUMN: text"}}. A schema that
 * cannot be used is said as {@code {"schema":…,"file":…,"valid":null,"error":…}}. Exit 0 when all was read.
 */
public final class XsdValidate {
    private final SchemaFactory factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
    private final Map<String, Object> schemas = new HashMap<>();
    private final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private XsdValidate() throws SAXException {
        factory.setErrorHandler(new Strict());
        // The JDK's Xerces otherwise has limits of its own, such as 5000 for maxOccurs.
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, false);
    }

    public static void main(String[] arguments) throws IOException, SAXException {
        XsdValidate validate = new XsdValidate();
        if (arguments.length == 1 && arguments[0].equals("--pairs")) {
            validate.pairs();
        } else if (arguments.length > 1) {
            for (int i = 1; i < arguments.length; i++) {
                validate.path(arguments[0], Path.of(arguments[i]));
            }
        } else {
            System.err.println("XsdValidate SCHEMA PATH... | XsdValidate --pairs");
            System.exit(2);
        }
        validate.out.flush();
    }

    private void pairs() throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] pair = line.split("\t", 2);
            if (pair.length == 2) {
                file(pair[0], pair[1]);
            }
        }
    }

    private void path(String schema, Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            file(schema, path.toString());
            return;
        }
        try (Stream<Path> below = Files.walk(path)) {
            below.filter(Files::isRegularFile).sorted().forEach(each -> file(schema, each.toString()));
        }
    }

    private void file(String schema, String file) {
        Object compiled = schemas.computeIfAbsent(schema, this::compiled);
        if (compiled instanceof String) {
            out.println("{\"schema\":" + quoted(schema) + ",\"file\":" + quoted(file) + ",\"valid\":null,\"error\":" + quoted((String) compiled) + "}");
            return;
        }
        String error = null;
        try {
            Validator validator = ((Schema) compiled).newValidator();
            validator.setErrorHandler(new Strict());
            validator.validate(new StreamSource(new File(file)));
        } catch (SAXException | IOException problem) {
            error = said(problem);
        }
        out.println("{\"file\":" + quoted(file) + ",\"valid\":" + (error == null) + ",\"error\":" + quoted(error) + "}");
    }

    /** The schema, or why there is none. */
    private Object compiled(String schema) {
        try {
            return factory.newSchema(new File(schema));
        } catch (SAXException problem) {
            return said(problem);
        }
    }

    private static String said(Exception problem) {
        if (problem instanceof SAXParseException) {
            SAXParseException at = (SAXParseException) problem;
            return at.getLineNumber() + ":" + at.getColumnNumber() + ": " + at.getMessage();
        }
        return String.valueOf(problem.getMessage());
    }

    private static String quoted(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20 || Character.isSurrogate(c)) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /** The first error ends it; a warning does not. */
    private static final class Strict implements ErrorHandler {
        @Override
        public void warning(SAXParseException problem) {}

        @Override
        public void error(SAXParseException problem) throws SAXException {
            throw problem;
        }

        @Override
        public void fatalError(SAXParseException problem) throws SAXException {
            throw problem;
        }
    }
}
