// SPDX-License-Identifier: Apache-2.0
package vendor.exchange;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** One mistake of a vendor, put into the answers to SOAP messages. */
final class Mistakes extends Filter {
    static final List<String> NAMES = List.of("fault-200", "charset-wrong", "charset-missing", "media-type", "fault-child",
        "faultcode-dotted", "responder-missing", "body-unqualified", "encoding-style", "rpc-wrapper", "accessor-nil",
        "accessor-qualified", "oneway-envelope", "oneway-204", "oneway-200", "processing-instruction", "trailing-element",
        "enumeration-wrong", "element-missing", "version-missing", "detail-undeclared", "stack-trace", "doctype",
        "envelope-soap12", "must-understand-true", "fault-qualified", "utf-16");

    private static final String SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/";

    private final String name;

    Mistakes(String name) {
        this.name = name;
    }

    @Override
    public String description() {
        return name;
    }

    @Override
    public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            chain.doFilter(exchange);
            return;
        }
        Held held = new Held(exchange);
        chain.doFilter(held);
        held.send(this);
    }

    private void spoil(Held held, String request) {
        String body = held.written.toString(StandardCharsets.UTF_8);
        boolean fault = body.contains(":Fault");
        boolean notification = request.contains("notifyChange");
        switch (name) {
            case "fault-200": held.status = fault ? 200 : held.status; break;
            case "charset-wrong": held.type("text/xml; charset=Windows-31J"); break;
            case "charset-missing": held.type("text/xml"); break;
            case "media-type": held.type("application/soap+xml; charset=utf-8"); break;
            case "oneway-204": held.status = notification ? 204 : held.status; break;
            case "oneway-200": held.status = notification ? 200 : held.status; break;
            case "oneway-envelope":
                if (notification) {
                    held.status = 200;
                    held.getResponseHeaders().set("Content-Type", "text/xml; charset=utf-8");
                    body = "<S:Envelope xmlns:S=\"" + SOAP11 + "\"><S:Body/></S:Envelope>";
                }
                break;
            case "utf-16":
                held.type("text/xml; charset=utf-16");
                held.replace(body.replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\"").replace("encoding='UTF-8'", "encoding='UTF-16'")
                    .getBytes(StandardCharsets.UTF_16));
                return;
            default: body = edited(body);
        }
        held.replace(body.getBytes(StandardCharsets.UTF_8));
    }

    private String edited(String body) {
        switch (name) {
            case "fault-child": return body.replace("</faultstring>", "</faultstring><errorCode>E0012</errorCode>");
            case "faultcode-dotted": return body.replaceAll("<faultcode>(\\w+):\\w+<", "<faultcode>$1:Server.ResidentNotFound<");
            case "responder-missing": return body.replaceAll("(?s)<S:Header>.*?</S:Header>", "");
            case "body-unqualified": return body.replaceAll("<(/?)(?:\\w+:)?(getResidentResponse)\\b", "<$1$2")
                .replaceAll("(<getResidentResponse[^>]*?) xmlns=\"[^\"]*\"", "$1");
            case "encoding-style":
                return body.replace("<S:Body>", "<S:Body S:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">");
            case "rpc-wrapper": return body.replace("CountResidentsResponse", "CountResidentsResult");
            case "accessor-nil": return body.replaceAll("<households>\\d+</households>",
                "<households xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>");
            case "accessor-qualified":
                return body.replaceAll("<(count|households)>(\\d+)</\\1>", "<a:$1 xmlns:a=\"" + ExchangeService.NAMESPACE + "\">$2</a:$1>");
            case "processing-instruction": return body.replace("<S:Body>", "<?jaxws trace?><S:Body>");
            case "trailing-element":
                return body.replace("</S:Body>", "</S:Body><t:trace xmlns:t=\"urn:vendor\">1</t:trace>");
            case "enumeration-wrong": return body.replaceAll("(<(?:\\w+:)?sex>)\\d", "$13");
            case "element-missing": return body.replaceAll("<((?:\\w+:)?sex)>\\d</\\1>", "");
            case "version-missing": return body.replaceAll(" version=\"\\d+\"", "");
            case "detail-undeclared":
                return body.replaceAll("(?s)<detail>.*</detail>", "<detail><v:error xmlns:v=\"urn:vendor\">12</v:error></detail>");
            case "stack-trace":
                return body.replace("</detail>", "<e:exception xmlns:e=\"http://jax-ws.dev.java.net/\" class=\"vendor.exchange.ResidentNotFound\">"
                    + "<e:stackTrace><e:frame class=\"vendor.exchange.ExchangeService\" line=\"61\"/></e:stackTrace></e:exception></detail>");
            case "doctype": return body.replace("<S:Envelope", "<!DOCTYPE S:Envelope>\n<S:Envelope");
            case "envelope-soap12": return body.replace("\"" + SOAP11 + "\"", "\"http://www.w3.org/2003/05/soap-envelope\"");
            case "must-understand-true":
                return body.replaceFirst("<((?:\\w+:)?responder)\\b", "<$1 S:mustUnderstand=\"true\"");
            case "fault-qualified": return body.replaceAll("<(/?)(faultcode|faultstring|detail)\\b", "<$1S:$2");
            default: return body;
        }
    }

    /** An exchange whose answer is held back until the mistake is in it. */
    private static final class Held extends HttpExchange {
        private final HttpExchange real;
        private final byte[] request;
        private InputStream in;
        private OutputStream out;
        private ByteArrayOutputStream written = new ByteArrayOutputStream();
        private int status = -1;

        Held(HttpExchange real) throws IOException {
            this.real = real;
            this.request = real.getRequestBody().readAllBytes();
            this.in = new ByteArrayInputStream(request);
            this.out = written;
        }

        void send(Mistakes mistakes) throws IOException {
            mistakes.spoil(this, new String(request, StandardCharsets.UTF_8));
            byte[] body = written.toByteArray();
            real.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                real.getResponseBody().write(body);
            }
            real.close();
        }

        void type(String type) {
            if (written.size() > 0) {
                real.getResponseHeaders().set("Content-Type", type);
            }
        }

        void replace(byte[] body) {
            written = new ByteArrayOutputStream();
            written.writeBytes(body);
        }

        @Override public void sendResponseHeaders(int code, long length) { status = code; }
        @Override public OutputStream getResponseBody() { return out; }
        @Override public InputStream getRequestBody() { return in; }
        @Override public int getResponseCode() { return status; }
        @Override public void close() {}
        @Override public void setStreams(InputStream i, OutputStream o) { in = i; out = o; }
        @Override public Headers getRequestHeaders() { return real.getRequestHeaders(); }
        @Override public Headers getResponseHeaders() { return real.getResponseHeaders(); }
        @Override public URI getRequestURI() { return real.getRequestURI(); }
        @Override public String getRequestMethod() { return real.getRequestMethod(); }
        @Override public HttpContext getHttpContext() { return real.getHttpContext(); }
        @Override public InetSocketAddress getRemoteAddress() { return real.getRemoteAddress(); }
        @Override public InetSocketAddress getLocalAddress() { return real.getLocalAddress(); }
        @Override public String getProtocol() { return real.getProtocol(); }
        @Override public Object getAttribute(String key) { return real.getAttribute(key); }
        @Override public void setAttribute(String key, Object value) { real.setAttribute(key, value); }
        @Override public HttpPrincipal getPrincipal() { return real.getPrincipal(); }
    }
}
