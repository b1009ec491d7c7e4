// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import javax.xml.ws.Endpoint;

/**
 * The exchange as a vendor with JAX-WS would write it: {@code Server PORT [--mistake NAME]} or
 * {@code Server --mistakes}; the environment's RESIDENTS is the file of the residents. Port 0 picks a free one. Prints {@code ready http://127.0.0.1:PORT}; /exchange and /statistics each
 * have their own WSDL at ?wsdl, the stored changes are JSON at /changes.
 */
public final class Server {
    private Server() {}

    public static void main(String[] arguments) throws IOException {
        // The reference implementation puts a stack trace into a fault unless told not to, and complains at start.
        System.setProperty("com.sun.xml.ws.fault.SOAPFaultBuilder.disableCaptureStackTrace", "true");
        Logger.getLogger("com.sun.xml.ws").setLevel(Level.OFF);
        Logger.getLogger("javax.xml.soap").setLevel(Level.OFF);
        Logger.getLogger("javax.enterprise.resource.webservices.jaxws").setLevel(Level.OFF);
        if (arguments[0].equals("--mistakes")) {
            Mistakes.NAMES.forEach(System.out::println);
            return;
        }
        String mistake = arguments.length > 2 && arguments[1].equals("--mistake") ? arguments[2] : null;
        if (mistake != null && !Mistakes.NAMES.contains(mistake)) {
            System.err.println("no such mistake: " + mistake);
            System.exit(2);
        }
        Register register = new Register(Path.of(System.getenv("RESIDENTS")));
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        HttpServer server = HttpServer.create(address, 50);
        server.setExecutor(Executors.newFixedThreadPool(4));
        publish(server, "/exchange", new ExchangeService(register), mistake);
        publish(server, "/statistics", new StatisticsService(register), mistake);
        server.createContext("/changes", exchange -> show(exchange, register));
        server.start();
        System.out.println("ready http://127.0.0.1:" + server.getAddress().getPort());
    }

    private static void publish(HttpServer server, String path, Object service, String mistake) {
        HttpContext context = server.createContext(path);
        Endpoint.create(service).publish(context);
        if (mistake != null) {
            context.getFilters().add(new Mistakes(mistake));
        }
    }

    private static void show(HttpExchange exchange, Register register) throws IOException {
        String json = register.changes.stream().map(Server::json).collect(Collectors.joining(",", "[", "]"));
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static String json(Types.NotifyChange change) {
        String address = change.newAddress == null ? "" : ",\"newAddress\":{\"text\":" + quoted(change.newAddress.text) + "}";
        return "{\"changeId\":" + quoted(change.changeId) + ",\"sequence\":" + change.sequence
            + ",\"residentNumber\":" + quoted(change.residentNumber)
            + ",\"reason\":" + quoted(change.reason.name().toLowerCase().replace('_', '-'))
            + ",\"changedOn\":" + quoted(change.changedOn.toString()) + address + "}";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
