/* SPDX-License-Identifier: Apache-2.0
 * The exchange service as a vendor with gSOAP would write it: wsdl2h, soapcpp2 and this file.
 *   server PORT [--mistake NAME]      server --mistakes
 * The environment's RESIDENTS is the file of the residents. Port 0 picks a free one. Prints `ready http://127.0.0.1:PORT` when it answers. One dispatcher serves both
 * ports of the WSDL, at /exchange and /statistics; the stored changes are JSON at /changes. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ExchangeSoap.nsmap"
#include "json.h"
#include "mistakes.h"
#include "soapH.h"

enum { NUMBER, NAME, KANA, BORN, SEX, POSTCODE, ADDRESS, HOUSEHOLD, VERSION, AREA, COLUMNS };

static char *residents[64][COLUMNS];
static int resident_count;

static struct { char *id, *area, *from, *to; } extracts[1024];
static int extract_count;

static char *changes;
static size_t changes_size;

static void read_residents(const char *path) {
  static char line[4096];
  FILE *file = fopen(path, "r");
  if (!file) perror(path), exit(2);
  while (resident_count < 64 && fgets(line, sizeof line, file)) {
    char *rest = strdup(line);
    if (*line == '#') continue;
    rest[strcspn(rest, "\n")] = 0;
    for (int column = 0; column < COLUMNS; column++) residents[resident_count][column] = strsep(&rest, "\t");
    resident_count++;
  }
  fclose(file);
}

static char *some(char *text) { return text && *text ? text : NULL; }

static void describe(struct soap *soap, struct ns4__resident *out, char **from, int address, int household) {
  soap_default_ns4__resident(soap, out);
  out->residentNumber = from[NUMBER];
  out->name = from[NAME];
  out->kana = some(from[KANA]);
  out->birthDate = some(from[BORN]);
  out->sex = (enum ns4__sex)atoi(from[SEX]);
  out->version = from[VERSION];
  if (address && *from[ADDRESS]) {
    out->address = soap_new_ns4__address(soap, 1);
    out->address->text = from[ADDRESS];
    if (*from[POSTCODE]) {
      out->address->postcode = (char **)soap_malloc(soap, sizeof(char *));
      *out->address->postcode = from[POSTCODE];
    }
  }
  if (household) out->householdNumber = some(from[HOUSEHOLD]);
}

static int asked_for(const struct _ns3__getResident *request, enum ns4__field field) {
  for (int i = 0; i < request->__sizefield; i++)
    if (request->field[i] == field) return 1;
  return request->__sizefield == 0;
}

int __ns1__GetResident(struct soap *soap, struct _ns3__getResident *request, struct __ns1__GetResidentResponse *out) {
  int called = soap->header && soap->header->ns3__caller;
  soap->header = NULL; /* what came in would go out again with an answer or a fault */
  if (!called) return soap_sender_fault(soap, "the header block caller is missing", NULL);
  if (strlen(request->residentNumber) != 15 || strspn(request->residentNumber, "0123456789") != 15)
    return soap_sender_fault(soap, "residentNumber is not fifteen digits", NULL);
  for (int i = 0; i < resident_count; i++) {
    if (strcmp(residents[i][NUMBER], request->residentNumber)) continue;
    soap_header(soap);
    soap->header->ns3__responder = (struct _ns3__responder *)soap_malloc(soap, sizeof(struct _ns3__responder));
    soap->header->ns3__responder->system = "001";
    soap->header->ns3__responder->answeredAt = time(NULL);
    out->ns3__getResidentResponse = soap_new__ns3__getResidentResponse(soap, 1);
    out->ns3__getResidentResponse->resident = soap_new_ns4__resident(soap, 1);
    describe(soap, out->ns3__getResidentResponse->resident, residents[i], asked_for(request, ns4__field__address),
             asked_for(request, ns4__field__household));
    return SOAP_OK;
  }
  soap_sender_fault(soap, "該当する住民がいません", NULL);
  soap->fault->detail = soap_new_SOAP_ENV__Detail(soap, 1);
  soap->fault->detail->ns3__residentNotFound = soap_new__ns3__residentNotFound(soap, 1);
  soap->fault->detail->ns3__residentNotFound->residentNumber = request->residentNumber;
  soap->fault->detail->ns3__residentNotFound->reason = "該当する住民がいません";
  return SOAP_FAULT;
}

int __ns1__NotifyChange(struct soap *soap, struct _ns3__notifyChange *change) {
  static const char *reasons[] = {"moved-in", "moved-within", "moved-out", "born", "died"};
  static FILE *stored;
  if (!stored) stored = open_memstream(&changes, &changes_size);
  fputs(changes_size ? ",{\"changeId\":" : "{\"changeId\":", stored);
  json_put(stored, change->changeId);
  fprintf(stored, ",\"sequence\":%s,\"residentNumber\":\"%s\",\"reason\":\"%s\",\"changedOn\":\"%s\"", change->sequence,
          change->residentNumber, reasons[change->reason], change->changedOn);
  if (change->__union_notifyChange == SOAP_UNION__ns3__union_notifyChange_newAddress) {
    struct ns4__address *address = change->union_notifyChange.newAddress;
    fputs(",\"newAddress\":{", stored);
    if (address->postcode) fprintf(stored, "\"postcode\":\"%s\",", *address->postcode);
    fputs("\"text\":", stored);
    json_put(stored, address->text);
    fputs("}}", stored);
  } else {
    fputs(",\"removed\":{}}", stored);
  }
  fflush(stored);
  return soap_send_empty_response(soap, 202);
}

static int born_within(const char *born, const char *from, const char *to) {
  return (!from || (*born && strcmp(born, from) >= 0)) && (!to || (*born && strcmp(born, to) <= 0));
}

/* The file is sorted by number, and so is every extract. */
static struct ns4__extract *extract_of(struct soap *soap, const char *area, const char *from, const char *to) {
  struct ns4__extract *extract = soap_new_ns4__extract(soap, 1);
  extract->resident = soap_new_ns4__resident(soap, resident_count);
  extract->__sizeresident = 0;
  for (int i = 0; i < resident_count; i++)
    if (!strcmp(residents[i][AREA], area) && born_within(residents[i][BORN], from, to))
      describe(soap, &extract->resident[extract->__sizeresident++], residents[i], 1, 1);
  return extract;
}

static char *kept(const char *text) { return text ? strdup(text) : NULL; }

int __ns1__RequestExtract(struct soap *soap, struct _ns3__requestExtract *in, struct _ns3__requestExtractResponse *out) {
  if (extract_count < 1024) {
    extracts[extract_count].id = kept(in->extractId);
    extracts[extract_count].area = kept(in->area);
    extracts[extract_count].from = kept(in->bornFrom);
    extracts[extract_count++].to = kept(in->bornTo);
  }
  out->extractId = in->extractId;
  out->extract = extract_of(soap, in->area, in->bornFrom, in->bornTo);
  return SOAP_OK;
}

int __ns1__PollExtract(struct soap *soap, struct _ns3__pollExtract *in, struct _ns3__pollExtractResponse *out) {
  out->extractId = in->extractId;
  out->state = ns4__extractState__unknown;
  for (int i = 0; i < extract_count; i++) {
    if (strcmp(extracts[i].id, in->extractId)) continue;
    out->state = ns4__extractState__done;
    out->extract = extract_of(soap, extracts[i].area, extracts[i].from, extracts[i].to);
  }
  return SOAP_OK;
}

int __ns1__Ping(struct soap *soap, struct __ns1__PingResponse *out) {
  (void)soap, (void)out;
  return SOAP_OK;
}

int ns5__CountResidents(struct soap *soap, char *area, char *as_of, struct ns5__CountResidentsResponse *out) {
  (void)soap, (void)as_of;
  out->_count = out->_households = 0;
  for (int i = 0; i < resident_count; i++) {
    int seen = !*residents[i][HOUSEHOLD];
    if (strcmp(residents[i][AREA], area)) continue;
    out->_count++;
    for (int k = 0; k < i; k++)
      seen |= !strcmp(residents[k][AREA], area) && !strcmp(residents[k][HOUSEHOLD], residents[i][HOUSEHOLD]);
    out->_households += !seen;
  }
  return SOAP_OK;
}

int ns5__Refresh(struct soap *soap, struct ns5__RefreshResponse *out) {
  (void)soap, (void)out;
  return SOAP_OK;
}

static int show_changes(struct soap *soap) {
  soap->http_content = "application/json; charset=utf-8";
  soap_response(soap, SOAP_FILE);
  soap_send_raw(soap, "[", 1);
  if (changes) soap_send_raw(soap, changes, changes_size);
  soap_send_raw(soap, "]", 1);
  return soap_end_send(soap);
}

int main(int count, char **arguments) {
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING | SOAP_XML_STRICT);
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  const char *path = getenv("RESIDENTS");
  if (count > 1 && !strcmp(arguments[1], "--mistakes")) return mistake_list(), 0;
  if (count < 2 || !path) return fprintf(stderr, "RESIDENTS=FILE server PORT [--mistake NAME]\n"), 2;
  if (count > 3 && !mistake_plant(soap, arguments[3])) return fprintf(stderr, "no such mistake: %s\n", arguments[3]), 2;
  read_residents(path);
  soap->fget = show_changes;
  soap->bind_flags = SO_REUSEADDR;
  soap->send_timeout = soap->recv_timeout = 5;
  if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", atoi(arguments[1]), 100))) return soap_print_fault(soap, stderr), 1;
  getsockname(soap->master, (struct sockaddr *)&address, &length);
  printf("ready http://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  while (soap_valid_socket(soap_accept(soap))) {
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
  }
  return soap_print_fault(soap, stderr), 1;
}
