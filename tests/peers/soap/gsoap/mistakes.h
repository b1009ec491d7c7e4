/* SPDX-License-Identifier: Apache-2.0
 * One mistake of a vendor, put into what gSOAP has written before it goes out. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soapH.h"

#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define EMPTY "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"" SOAP11 "\"><SOAP-ENV:Body/></SOAP-ENV:Envelope>"

/* What to do: `from` becomes `to` as often as it is there; with `until`, all from `from` to `until` does, once.
 * The part of the answer: the body, the headers of HTTP, or the one or the other of a fault or a one-way only. */
static const struct mistake { const char *name, *part, *from, *until, *to; } MISTAKES[] = {
    {"fault-200", "fault headers", "500 Internal Server Error", NULL, "200 OK"},
    {"charset-wrong", "headers", "charset=utf-8", NULL, "charset=Shift_JIS"},
    {"charset-missing", "headers", "text/xml; charset=utf-8", NULL, "text/xml"},
    {"media-type", "headers", "text/xml;", NULL, "application/soap+xml;"},
    {"fault-child", "body", "</faultstring>", NULL, "</faultstring><errno>12</errno>"},
    {"faultcode-dotted", "body", ":Client</faultcode>", NULL, ":Client.NotFound</faultcode>"},
    {"responder-missing", "body", "<SOAP-ENV:Header>", "</SOAP-ENV:Header>", ""},
    {"body-unqualified", "body", "ns3:getResidentResponse>", NULL, "getResidentResponse>"},
    {"encoding-style", "body", "<SOAP-ENV:Body>", NULL,
     "<SOAP-ENV:Body SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"},
    {"rpc-wrapper", "body", "ns5:CountResidentsResponse>", NULL, "ns5:CountResidents>"},
    {"accessor-nil", "body", "<households>", "</households>", "<households xsi:nil=\"true\"/>"},
    {"oneway-envelope", "one-way", "202 Accepted", NULL, "200 OK"},
    {"oneway-204", "one-way", "202 Accepted", NULL, "204 No Content"},
    {"processing-instruction", "body", "<SOAP-ENV:Body>", NULL, "<?gsoap trace?><SOAP-ENV:Body>"},
    {"trailing-element", "body", "</SOAP-ENV:Body>", NULL, "</SOAP-ENV:Body><t:trace xmlns:t=\"urn:vendor\">1</t:trace>"},
    {"enumeration-wrong", "body", "<ns4:sex>", "</ns4:sex>", "<ns4:sex>3</ns4:sex>"},
    {"element-missing", "body", "<ns4:name>", "</ns4:name>", ""},
    {"version-missing", "body", "resident version=\"", "\"", "resident"},
    {"detail-undeclared", "body", "<detail>", "</detail>", "<detail><v:error xmlns:v=\"urn:vendor\">12</v:error></detail>"},
    {"doctype", "body", "<SOAP-ENV:Envelope", NULL, "<!DOCTYPE SOAP-ENV:Envelope>\n<SOAP-ENV:Envelope"},
    {"envelope-soap12", "body", SOAP11, NULL, "http://www.w3.org/2003/05/soap-envelope"},
    {"must-understand-true", "body", "<ns3:responder>", NULL, "<ns3:responder SOAP-ENV:mustUnderstand=\"true\">"},
};

static const struct mistake *planted;
static char *written;
static size_t written_size;

static int mistake_keep(struct soap *soap, const char *data, size_t size) {
  (void)soap;
  written = realloc(written, written_size + size + 1);
  if (!written) return SOAP_EOM;
  memcpy(written + written_size, data, size);
  written[written_size += size] = 0;
  return SOAP_OK;
}

static char *mistake_edit(const struct mistake *mistake, const char *text) {
  char *edited;
  size_t size;
  FILE *out = open_memstream(&edited, &size);
  for (const char *at; (at = strstr(text, mistake->from));) {
    fprintf(out, "%.*s%s", (int)(at - text), text, mistake->to);
    text = at + strlen(mistake->from);
    if (mistake->until) {
      const char *until = strstr(text, mistake->until);
      if (until) text = until + strlen(mistake->until);
      break;
    }
  }
  fputs(text, out);
  fclose(out);
  return edited;
}

static int mistake_applies(const char *headers, const char *body) {
  if (strstr(planted->part, "fault")) return strstr(body, ":Fault>") != NULL;
  if (strstr(planted->part, "one-way")) return strstr(headers, " 202 ") != NULL;
  return 1;
}

static void mistake_send(int socket) {
  char *end = written ? strstr(written, "\r\n\r\n") : NULL;
  char *headers, *body, *line;
  if (!end) return;
  *end = 0;
  headers = written, body = end + 4;
  if (mistake_applies(headers, body)) {
    if (strcmp(planted->part, "body")) headers = mistake_edit(planted, headers);
    else body = mistake_edit(planted, body);
    if (!strcmp(planted->name, "oneway-envelope")) body = EMPTY;
  }
  for (line = strtok(headers, "\r\n"); line; line = strtok(NULL, "\r\n"))
    if (strncmp(line, "Content-Length:", 15)) dprintf(socket, "%s\r\n", line);
  if (body == (char *)EMPTY) dprintf(socket, "Content-Type: text/xml; charset=utf-8\r\n");
  dprintf(socket, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
  free(written);
  written = NULL;
  written_size = 0;
}

static int mistake_close(struct soap *soap, SOAP_SOCKET socket) {
  (void)soap;
  mistake_send(socket);
  return close(socket);
}

static int mistake_shutdown(struct soap *soap, SOAP_SOCKET socket, int how) {
  (void)soap;
  mistake_send(socket);
  return shutdown(socket, how);
}

static void mistake_list(void) {
  for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) puts(MISTAKES[i].name);
}

/* Whether there is such a mistake; from now on it is made. */
static int mistake_plant(struct soap *soap, const char *name) {
  for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++)
    if (!strcmp(MISTAKES[i].name, name)) planted = &MISTAKES[i];
  if (!planted) return 0;
  signal(SIGPIPE, SIG_IGN);
  soap->fsend = mistake_keep;
  soap->fclosesocket = mistake_close;
  soap->fshutdownsocket = mistake_shutdown;
  return 1;
}
