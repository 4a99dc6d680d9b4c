#pragma once

#include <stddef.h>

// libcurl, loaded when it is first needed, so that the program starts without it.
//
// Each function has the name of the one it calls; variadic ones have one form for each type of
// argument, because Swift cannot call them. Nothing may be called before qkz_curl_load has
// succeeded. The numbers are part of libcurl's binary interface, which has kept them since 7.1;
// each is named in curl.h and multi.h after its prefix. 7.66.0 (2019) is the oldest that will do.

enum {
  QKZ_CURLOPT_WRITEDATA = 10001,
  QKZ_CURLOPT_URL = 10002,
  QKZ_CURLOPT_RANGE = 10007,
  QKZ_CURLOPT_ERRORBUFFER = 10010,
  QKZ_CURLOPT_WRITEFUNCTION = 20011,
  QKZ_CURLOPT_USERAGENT = 10018,
  QKZ_CURLOPT_HTTPHEADER = 10023,
  QKZ_CURLOPT_HEADERDATA = 10029,
  QKZ_CURLOPT_SSLVERSION = 32,
  QKZ_CURLOPT_CAINFO = 10065,
  QKZ_CURLOPT_HEADERFUNCTION = 20079,
  QKZ_CURLOPT_HTTP_VERSION = 84,
  QKZ_CURLOPT_BUFFERSIZE = 98,
  QKZ_CURLOPT_NOSIGNAL = 99,
  QKZ_CURLOPT_CONNECTTIMEOUT_MS = 156,
  QKZ_CURLOPT_NOPROXY = 10177,
  QKZ_CURLOPT_PROTOCOLS = 181,
  QKZ_CURLOPT_PROXY_CAINFO = 10246,
  QKZ_CURLOPT_SUPPRESS_CONNECT_HEADERS = 265,

  QKZ_CURLPROTO_HTTP = 1,
  QKZ_CURLPROTO_HTTPS = 2,
  QKZ_CURL_HTTP_VERSION_1_1 = 2,
  QKZ_CURL_SSLVERSION_TLSv1_2 = 6,
  QKZ_CURL_ERROR_SIZE = 256,

  QKZ_CURLINFO_RESPONSE_CODE = 0x200002,
  QKZ_CURLINFO_REDIRECT_URL = 0x10001f,

  QKZ_CURLE_OK = 0,
  QKZ_CURLE_WRITE_ERROR = 23,
};

// libcurl's type of a callback for headers and for the body.
typedef size_t (*qkz_curl_sink)(char *bytes, size_t size, size_t count, void *context);

// Loads the library from a path or a name that the loader finds; 0 on success. On failure
// `message` holds what the loader said, cut to `size`.
int qkz_curl_load(const char *name, char *message, size_t size);

const char *qkz_curl_version(void);

void *qkz_curl_easy_init(void);
void qkz_curl_easy_cleanup(void *easy);
int qkz_curl_easy_setopt_long(void *easy, int option, long value);
int qkz_curl_easy_setopt_string(void *easy, int option, const char *value);
int qkz_curl_easy_setopt_pointer(void *easy, int option, void *value);
int qkz_curl_easy_setopt_sink(void *easy, int option, qkz_curl_sink value);
int qkz_curl_easy_getinfo_long(void *easy, int info, long *value);
int qkz_curl_easy_getinfo_string(void *easy, int info, const char **value);
const char *qkz_curl_easy_strerror(int code);

void *qkz_curl_slist_append(void *list, const char *text);
void qkz_curl_slist_free_all(void *list);

void *qkz_curl_multi_init(void);
int qkz_curl_multi_cleanup(void *multi);
int qkz_curl_multi_add_handle(void *multi, void *easy);
int qkz_curl_multi_remove_handle(void *multi, void *easy);
int qkz_curl_multi_perform(void *multi, int *running);
int qkz_curl_multi_poll(void *multi, int milliseconds);
const char *qkz_curl_multi_strerror(int code);

// The next transfer that has ended and its result code, or NULL.
void *qkz_curl_multi_info_read(void *multi, int *result);
