/* The part that mosquitto loads. Its callback for messages runs in the broker's only thread, after the access
 * check and before the message is queued and acknowledged (mosquitto 2.0.11, src/handle_publish.c: first
 * plugin__handle_message, then send__puback or send__pubrec). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#include "firmware-bridge/broker-journal/journal.h"

enum { kMostTopics = 64 };

struct plugin {
  mosquitto_plugin_id_t* id;
  struct lintel_journal* journal;
  const char* topics[kMostTopics];
  int topic_count;
};

struct settings {
  const char *directory, *confirmed;
  unsigned long limit_mb, sync_ms;
};

static void say(int is_error, const char* text) {
  mosquitto_log_printf(is_error ? MOSQ_LOG_ERR : MOSQ_LOG_NOTICE, "%s", text);
}

static int wanted(const struct plugin* plugin, const char* topic) {
  for (int i = 0; i < plugin->topic_count; ++i) {
    bool matches = false;
    if (mosquitto_topic_matches_sub(plugin->topics[i], topic, &matches) == MOSQ_ERR_SUCCESS && matches)
      return 1;
  }
  return 0;
}

/* Subscribers that speak MQTT 5 are told where in the journal the message is. */
static int on_message(int event, void* event_data, void* context) {
  struct plugin* plugin = context;
  struct mosquitto_evt_message* message = event_data;
  struct lintel_place place;
  struct timespec now;
  char text[40];
  (void)event;
  if (!wanted(plugin, message->topic)) return MOSQ_ERR_SUCCESS;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const char* client = mosquitto_client_id(message->client);
  const struct lintel_record record = {
      client != NULL ? client : "",
      message->topic,
      message->payload,
      message->payloadlen,
      message->qos,
      message->retain,
      (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
  };
  if (!lintel_journal_append(plugin->journal, &record, &place)) return MOSQ_ERR_SUCCESS;
  snprintf(text, sizeof text, "%08x %u %u", place.journal, place.segment, place.offset);
  return mosquitto_property_add_string_pair(&message->properties, MQTT_PROP_USER_PROPERTY, "lintel-journal",
                                            text);
}

/* --- settings -------------------------------------------------------------------------------------- */

static int whole(const char* key, const char* text, unsigned long least, unsigned long most,
                 unsigned long* value) {
  char* end = NULL;
  errno = 0;
  *value = strtoul(text, &end, 10);
  if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && *value >= least && *value <= most)
    return 1;
  mosquitto_log_printf(MOSQ_LOG_ERR, "lintel: plugin_opt_%s %s: a whole number from %lu to %lu is needed",
                       key, text, least, most);
  return 0;
}

static int add_topic(struct plugin* plugin, const char* filter) {
  if (mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "lintel: plugin_opt_topic %s: this is no topic filter", filter);
    return 0;
  }
  if (plugin->topic_count == kMostTopics) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "lintel: plugin_opt_topic: at most %d are possible", (int)kMostTopics);
    return 0;
  }
  plugin->topics[plugin->topic_count++] = filter;
  return 1;
}

static int read_setting(struct plugin* plugin, struct settings* settings,
                        const struct mosquitto_opt* option) {
  if (strcmp(option->key, "directory") == 0) {
    settings->directory = option->value;
  } else if (strcmp(option->key, "confirmed") == 0) {
    settings->confirmed = option->value;
  } else if (strcmp(option->key, "limit_mb") == 0) {
    return whole(option->key, option->value, 2, 65536, &settings->limit_mb);
  } else if (strcmp(option->key, "sync_ms") == 0) {
    return whole(option->key, option->value, 1, 60000, &settings->sync_ms);
  } else if (strcmp(option->key, "topic") == 0) {
    return add_topic(plugin, option->value);
  } else {
    mosquitto_log_printf(
        MOSQ_LOG_ERR,
        "lintel: plugin_opt_%s is not known; there are directory, topic, limit_mb, sync_ms and "
        "confirmed",
        option->key);
    return 0;
  }
  return 1;
}

/* Between half a megabyte and four, so that a full journal loses little when its oldest part goes. */
static uint32_t segment_bytes(uint64_t limit) {
  const uint64_t part = limit / 16, least = 512 << 10, most = 4 << 20;
  return (uint32_t)(part < least ? least : part > most ? most : part);
}

static struct lintel_journal* open_journal(struct plugin* plugin, const struct settings* settings) {
  char confirmed[4096];
  if (settings->directory == NULL || settings->directory[0] != '/') {
    say(1, "lintel: plugin_opt_directory is missing: the folder of the journal, from / on");
    return NULL;
  }
  if (plugin->topic_count == 0 && !add_topic(plugin, "#")) return NULL;
  snprintf(confirmed, sizeof confirmed, "%s/gateway/confirmed", settings->directory);
  const uint64_t limit = (uint64_t)settings->limit_mb << 20;
  const struct lintel_journal_options options = {
      settings->directory,
      settings->confirmed != NULL ? settings->confirmed : confirmed,
      limit,
      segment_bytes(limit),
      (uint32_t)settings->sync_ms,
      say,
  };
  return lintel_journal_open(&options);
}

/* --- what mosquitto calls -------------------------------------------------------------------------- */

int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  for (int i = 0; i < supported_version_count; ++i) {
    if (supported_versions[i] == 5) return 5;
  }
  return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** userdata, struct mosquitto_opt* options,
                          int option_count) {
  struct settings settings = {NULL, NULL, 64, 50};
  struct plugin* plugin = calloc(1, sizeof *plugin);
  if (plugin == NULL) return MOSQ_ERR_NOMEM;
  plugin->id = identifier;
  int good = 1;
  for (int i = 0; i < option_count; ++i) good &= read_setting(plugin, &settings, &options[i]);
  if (good) plugin->journal = open_journal(plugin, &settings);
  if (plugin->journal == NULL) {
    free(plugin);
    return MOSQ_ERR_INVAL;
  }
  *userdata = plugin;
  mosquitto_log_printf(MOSQ_LOG_NOTICE,
                       "lintel: messages of %d topic filters go to the journal %s, flushed every %lu ms",
                       plugin->topic_count, settings.directory, settings.sync_ms);
  return mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE, on_message, NULL, plugin);
}

int mosquitto_plugin_cleanup(void* userdata, struct mosquitto_opt* options, int option_count) {
  struct plugin* plugin = userdata;
  (void)options;
  (void)option_count;
  if (plugin == NULL) return MOSQ_ERR_SUCCESS;
  mosquitto_callback_unregister(plugin->id, MOSQ_EVT_MESSAGE, on_message, NULL);
  lintel_journal_close(plugin->journal);
  free(plugin);
  return MOSQ_ERR_SUCCESS;
}
