/* SPDX-License-Identifier: Apache-2.0
 * One operation of the exchange service with gSOAP's generated client, from the WSDL alone.
 *   client ENDPOINT OPERATION FIELDS
 * FIELDS is JSON with the names of the schema; `caller` is the header block of GetResident. */
#include "ExchangeSoap.nsmap"
#include "json.h"
#include "soapH.h"

static const char *fields;

static char *text(const char *key) { return json_text(json_member(fields, key)); }

/* The place of a word in a list of words, as gSOAP numbers enumerations. */
static int place(const char *word, const char *const *words) {
  for (int i = 0; words[i]; i++)
    if (word && !strcmp(word, words[i])) return i;
  return 0;
}

static void member(const char *name, const char *value) {
  printf(",\"%s\":", name);
  json_put(stdout, value);
}

static void show_resident(const struct ns4__resident *resident) {
  printf("{\"residentNumber\":");
  json_put(stdout, resident->residentNumber);
  member("name", resident->name);
  if (resident->kana) member("kana", resident->kana);
  member("birthDate", resident->birthDate);
  printf(",\"sex\":\"%d\"", resident->sex);
  if (resident->address) {
    printf(",\"address\":{\"text\":");
    json_put(stdout, resident->address->text);
    if (resident->address->postcode) member("postcode", *resident->address->postcode);
    printf("}");
  }
  if (resident->householdNumber) member("householdNumber", resident->householdNumber);
  printf(",\"version\":%s}", resident->version);
}

static void show_extract(const struct ns4__extract *extract) {
  printf(",\"extract\":{\"resident\":[");
  for (int i = 0; i < extract->__sizeresident; i++) {
    if (i) printf(",");
    show_resident(&extract->resident[i]);
  }
  printf("]}");
}

static void get_resident(struct soap *soap, const char *endpoint) {
  static const char *const words[] = {"name", "address", "household", NULL};
  static enum ns4__field wanted[5];
  struct _ns3__getResident request;
  struct __ns1__GetResidentResponse response;
  const char *caller = json_member(fields, "caller");
  soap_default__ns3__getResident(soap, &request);
  request.residentNumber = text("residentNumber");
  request.asOf = text("asOf");
  request.field = wanted;
  for (const char *at = json_first(json_member(fields, "field")); at && request.__sizefield < 5; at = json_next(at))
    wanted[request.__sizefield++] = (enum ns4__field)place(json_text(at), words);
  if (caller) {
    soap_header(soap);
    soap->header->ns3__caller = soap_new__ns3__caller(soap, 1);
    soap->header->ns3__caller->municipality = json_text(json_member(caller, "municipality"));
    soap->header->ns3__caller->system = json_text(json_member(caller, "system"));
  }
  if (soap_call___ns1__GetResident(soap, endpoint, NULL, &request, &response)) return;
  printf("{\"outcome\":\"done\",\"resident\":");
  show_resident(response.ns3__getResidentResponse->resident);
  if (soap->header && soap->header->ns3__responder) {
    printf(",\"responder\":{\"system\":");
    json_put(stdout, soap->header->ns3__responder->system);
    member("answeredAt", soap_dateTime2s(soap, soap->header->ns3__responder->answeredAt));
    printf("}");
  }
}

static void notify_change(struct soap *soap, const char *endpoint) {
  static const char *const reasons[] = {"moved-in", "moved-within", "moved-out", "born", "died", NULL};
  struct _ns3__notifyChange change;
  const char *address = json_member(fields, "newAddress");
  soap_default__ns3__notifyChange(soap, &change);
  change.changeId = text("changeId");
  change.sequence = text("sequence");
  change.residentNumber = text("residentNumber");
  change.reason = (enum ns4__changeReason)place(text("reason"), reasons);
  change.changedOn = text("changedOn");
  change.__union_notifyChange = SOAP_UNION__ns3__union_notifyChange_removed;
  if (address) {
    struct ns4__address *moved = soap_new_ns4__address(soap, 1);
    char *postcode = json_text(json_member(address, "postcode"));
    moved->text = json_text(json_member(address, "text"));
    if (postcode) {
      moved->postcode = (char **)soap_malloc(soap, sizeof(char *));
      *moved->postcode = postcode;
    }
    change.__union_notifyChange = SOAP_UNION__ns3__union_notifyChange_newAddress;
    change.union_notifyChange.newAddress = moved;
  }
  if (soap_send___ns1__NotifyChange(soap, endpoint, NULL, &change)) return;
  if (soap_recv_empty_response(soap)) return;
  printf("{\"outcome\":\"done\"");
}

static void request_extract(struct soap *soap, const char *endpoint) {
  struct _ns3__requestExtract request = {text("extractId"), text("area"), text("bornFrom"), text("bornTo")};
  struct _ns3__requestExtractResponse response;
  if (soap_call___ns1__RequestExtract(soap, endpoint, NULL, &request, &response)) return;
  printf("{\"outcome\":\"done\"");
  member("extractId", response.extractId);
  show_extract(response.extract);
}

static void poll_extract(struct soap *soap, const char *endpoint) {
  static const char *const states[] = {"pending", "done", "unknown"};
  struct _ns3__pollExtract request = {text("extractId")};
  struct _ns3__pollExtractResponse response;
  if (soap_call___ns1__PollExtract(soap, endpoint, NULL, &request, &response)) return;
  printf("{\"outcome\":\"done\"");
  member("extractId", response.extractId);
  member("state", states[response.state]);
  if (response.extract) show_extract(response.extract);
}

static void count_residents(struct soap *soap, const char *endpoint) {
  struct ns5__CountResidentsResponse response;
  if (soap_call_ns5__CountResidents(soap, endpoint, NULL, text("area"), text("asOf"), &response)) return;
  printf("{\"outcome\":\"done\",\"count\":%d,\"households\":%d", response._count, response._households);
}

static void ping(struct soap *soap, const char *endpoint) {
  struct __ns1__PingResponse response;
  if (!soap_call___ns1__Ping(soap, endpoint, NULL, &response)) printf("{\"outcome\":\"done\"");
}

static void refresh(struct soap *soap, const char *endpoint) {
  struct ns5__RefreshResponse response;
  if (!soap_call_ns5__Refresh(soap, endpoint, NULL, &response)) printf("{\"outcome\":\"done\"");
}

static int show_failure(struct soap *soap) {
  char why[1024];
  soap_sprint_fault(soap, why, sizeof why);
  printf("{\"outcome\":\"failed\"");
  member("error", why);
  puts("}");
  return 1;
}

static int show_fault(struct soap *soap) {
  const char **code = soap_faultcode(soap), **string = soap_faultstring(soap);
  struct SOAP_ENV__Detail *detail = soap->fault->detail;
  printf("{\"outcome\":\"fault\",\"faultcode\":");
  json_put(stdout, *code);
  member("faultstring", *string);
  if (detail && detail->ns3__residentNotFound) {
    printf(",\"detail\":{\"residentNotFound\":{\"residentNumber\":");
    json_put(stdout, detail->ns3__residentNotFound->residentNumber);
    member("reason", detail->ns3__residentNotFound->reason);
    printf("}}");
  } else if (detail && detail->__any && *detail->__any) {
    member("detail", detail->__any);
  }
  puts("}");
  return 0;
}

int main(int count, char **arguments) {
  static const struct { const char *name; void (*call)(struct soap *, const char *); } OPERATIONS[] = {
      {"GetResident", get_resident}, {"NotifyChange", notify_change},     {"RequestExtract", request_extract},
      {"PollExtract", poll_extract}, {"CountResidents", count_residents}, {"Ping", ping},
      {"Refresh", refresh},
  };
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING | SOAP_XML_STRICT);
  soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 10;
  if (count < 3) return fprintf(stderr, "client ENDPOINT OPERATION FIELDS\n"), 2;
  fields = count > 3 ? arguments[3] : "{}";
  soap->error = SOAP_NO_METHOD;
  for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
    if (!strcmp(OPERATIONS[i].name, arguments[2])) soap->error = SOAP_OK, OPERATIONS[i].call(soap, arguments[1]);
  if (!soap->error) return puts("}"), 0;
  /* gSOAP turns the codes of a fault with its own prefix into these; other errors are its own. */
  switch (soap->error) {
    case SOAP_FAULT: case SOAP_CLI_FAULT: case SOAP_SVR_FAULT: return show_fault(soap);
    case SOAP_MUSTUNDERSTAND: case SOAP_VERSIONMISMATCH:
      if (soap->fault && soap->fault->faultcode) return show_fault(soap);
  }
  return show_failure(soap);
}
