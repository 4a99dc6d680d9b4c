#include "transfer.h"

#include <dlfcn.h>
#include <stdio.h>

// The layout of CURLMsg in multi.h.
struct message {
  int kind;
  void *easy;
  union {
    void *pointer;
    int result;
  } data;
};

enum { MESSAGE_DONE = 1, GLOBAL_DEFAULT = 3 };

#define FUNCTIONS(X)                                                                       \
  X(int, curl_global_init, (long))                                                         \
  X(const char *, curl_version, (void))                                                    \
  X(void *, curl_easy_init, (void))                                                        \
  X(void, curl_easy_cleanup, (void *))                                                     \
  X(int, curl_easy_setopt, (void *, int, ...))                                             \
  X(int, curl_easy_getinfo, (void *, int, ...))                                            \
  X(const char *, curl_easy_strerror, (int))                                               \
  X(void *, curl_slist_append, (void *, const char *))                                     \
  X(void, curl_slist_free_all, (void *))                                                   \
  X(void *, curl_multi_init, (void))                                                       \
  X(int, curl_multi_cleanup, (void *))                                                     \
  X(int, curl_multi_add_handle, (void *, void *))                                          \
  X(int, curl_multi_remove_handle, (void *, void *))                                       \
  X(int, curl_multi_perform, (void *, int *))                                              \
  X(int, curl_multi_poll, (void *, void *, unsigned, int, int *))                          \
  X(struct message *, curl_multi_info_read, (void *, int *))                               \
  X(const char *, curl_multi_strerror, (int))

static struct {
#define DECLARE(result, name, parameters) result(*name) parameters;
  FUNCTIONS(DECLARE)
} library;

int qkz_curl_load(const char *name, char *message, size_t size) {
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    const char *reason = dlerror();
    snprintf(message, size, "%s", reason == NULL ? "not loaded" : reason);
    return 1;
  }
#define LOAD(result, name, parameters)                    \
  *(void **)&library.name = dlsym(handle, #name);         \
  if (library.name == NULL) {                             \
    snprintf(message, size, "it has no function " #name); \
    return 1;                                             \
  }
  FUNCTIONS(LOAD)
  int code = library.curl_global_init(GLOBAL_DEFAULT);
  if (code != QKZ_CURLE_OK) snprintf(message, size, "curl_global_init: code %d", code);
  return code != QKZ_CURLE_OK;
}

const char *qkz_curl_version(void) { return library.curl_version(); }

void *qkz_curl_easy_init(void) { return library.curl_easy_init(); }

void qkz_curl_easy_cleanup(void *easy) { library.curl_easy_cleanup(easy); }

int qkz_curl_easy_setopt_long(void *easy, int option, long value) {
  return library.curl_easy_setopt(easy, option, value);
}

int qkz_curl_easy_setopt_string(void *easy, int option, const char *value) {
  return library.curl_easy_setopt(easy, option, value);
}

int qkz_curl_easy_setopt_pointer(void *easy, int option, void *value) {
  return library.curl_easy_setopt(easy, option, value);
}

int qkz_curl_easy_setopt_sink(void *easy, int option, qkz_curl_sink value) {
  return library.curl_easy_setopt(easy, option, value);
}

int qkz_curl_easy_getinfo_long(void *easy, int info, long *value) {
  return library.curl_easy_getinfo(easy, info, value);
}

int qkz_curl_easy_getinfo_string(void *easy, int info, const char **value) {
  return library.curl_easy_getinfo(easy, info, value);
}

const char *qkz_curl_easy_strerror(int code) { return library.curl_easy_strerror(code); }

void *qkz_curl_slist_append(void *list, const char *text) {
  return library.curl_slist_append(list, text);
}

void qkz_curl_slist_free_all(void *list) { library.curl_slist_free_all(list); }

void *qkz_curl_multi_init(void) { return library.curl_multi_init(); }

int qkz_curl_multi_cleanup(void *multi) { return library.curl_multi_cleanup(multi); }

int qkz_curl_multi_add_handle(void *multi, void *easy) {
  return library.curl_multi_add_handle(multi, easy);
}

int qkz_curl_multi_remove_handle(void *multi, void *easy) {
  return library.curl_multi_remove_handle(multi, easy);
}

int qkz_curl_multi_perform(void *multi, int *running) {
  return library.curl_multi_perform(multi, running);
}

int qkz_curl_multi_poll(void *multi, int milliseconds) {
  return library.curl_multi_poll(multi, NULL, 0, milliseconds, NULL);
}

const char *qkz_curl_multi_strerror(int code) { return library.curl_multi_strerror(code); }

void *qkz_curl_multi_info_read(void *multi, int *result) {
  int left;
  struct message *message;
  while ((message = library.curl_multi_info_read(multi, &left)) != NULL) {
    if (message->kind != MESSAGE_DONE) continue;
    *result = message->data.result;
    return message->easy;
  }
  return NULL;
}
