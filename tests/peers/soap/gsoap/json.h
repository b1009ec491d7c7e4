/* SPDX-License-Identifier: Apache-2.0
 * As much JSON as the client and the server need: values looked up in a text, strings written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *json_blank(const char *at) { return at + strspn(at, " \t\r\n"); }

static const char *json_skip(const char *at) {
  int depth = 0;
  at = json_blank(at);
  do {
    if (*at == '"') {
      for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1]) at++;
      if (*at) at++;
    } else if (*at == '{' || *at == '[') {
      depth++, at++;
    } else if (*at == '}' || *at == ']') {
      depth--, at++;
    } else if (depth) {
      at++;
    } else {
      at += strcspn(at, ",]} \t\r\n");
    }
  } while (depth > 0 && *at);
  return json_blank(at);
}

/* The value of a member, or NULL. */
static const char *json_member(const char *object, const char *key) {
  size_t length = strlen(key);
  if (!object || *(object = json_blank(object)) != '{') return NULL;
  for (object = json_blank(object + 1); *object == '"';) {
    int same = !strncmp(object + 1, key, length) && object[1 + length] == '"';
    object = json_blank(json_skip(object) + 1);
    if (same) return object;
    object = json_skip(object);
    if (*object == ',') object = json_blank(object + 1);
  }
  return NULL;
}

static const char *json_first(const char *array) {
  if (!array || *(array = json_blank(array)) != '[') return NULL;
  array = json_blank(array + 1);
  return *array == ']' ? NULL : array;
}

static const char *json_next(const char *value) {
  value = json_skip(value);
  return *value == ',' ? json_blank(value + 1) : NULL;
}

static char *json_utf8(char *to, unsigned long c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xC0 | c >> 6), *to++ = (char)(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *to++ = (char)(0xE0 | c >> 12), *to++ = (char)(0x80 | (c >> 6 & 0x3F)), *to++ = (char)(0x80 | (c & 0x3F));
  } else {
    *to++ = (char)(0xF0 | c >> 18), *to++ = (char)(0x80 | (c >> 12 & 0x3F));
    *to++ = (char)(0x80 | (c >> 6 & 0x3F)), *to++ = (char)(0x80 | (c & 0x3F));
  }
  return to;
}

static unsigned long json_hex(const char *at) {
  char digits[5] = {0};
  memcpy(digits, at, 4);
  return strtoul(digits, NULL, 16);
}

/* A string or a number as text, to be kept for the life of the program; NULL stays NULL. */
static char *json_text(const char *value) {
  char *text, *to;
  if (!value || !strncmp(value, "null", 4)) return NULL;
  to = text = malloc(strlen(value) + 1);
  if (!text) exit(1);
  if (*value != '"') {
    size_t length = strcspn(value, ",]} \t\r\n");
    memcpy(text, value, length);
    text[length] = 0;
    return text;
  }
  for (value++; *value && *value != '"'; value++) {
    if (*value != '\\') {
      *to++ = *value;
    } else if (*++value == 'u') {
      unsigned long c = json_hex(value + 1);
      value += 4;
      if (c >> 10 == 0x36 && value[1] == '\\' && value[2] == 'u') {
        c = 0x10000 + ((c & 0x3FF) << 10) + (json_hex(value + 3) & 0x3FF);
        value += 6;
      }
      to = json_utf8(to, c);
    } else {
      *to++ = *value == 'n' ? '\n' : *value == 't' ? '\t' : *value;
    }
  }
  *to = 0;
  return text;
}

static void json_put(FILE *out, const char *text) {
  if (!text) {
    fputs("null", out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    if ((unsigned char)*text < 0x20) fprintf(out, "\\u%04x", *text);
    else fputc(*text, out);
  }
  fputc('"', out);
}
