// The tables of the SQLite store. A change here is a new kSchemaVersion and a migration from the one before.
#pragma once

namespace ccp::control {

inline constexpr int kApplicationId = 0x43435031;  // "CCP1": tells our files from others.
inline constexpr int kSchemaVersion = 1;

inline constexpr const char* kSchema = R"sql(
CREATE TABLE identity(
  id           INTEGER PRIMARY KEY CHECK(id = 1),
  lineage      BLOB NOT NULL,
  fleet_secret BLOB NOT NULL
) STRICT;

-- The head is the greatest revision: inserting the next number is the compare-and-swap.
CREATE TABLE revision(
  revision    INTEGER PRIMARY KEY,
  digest      BLOB NOT NULL,
  catalog     BLOB NOT NULL,
  source      TEXT NOT NULL,
  file_name   TEXT NOT NULL,
  message     TEXT NOT NULL,
  rollback_of INTEGER NOT NULL,
  created_us  INTEGER NOT NULL
) STRICT;

CREATE TABLE answer(
  idempotency_key TEXT PRIMARY KEY,
  answer          BLOB NOT NULL,
  created_us      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge(
  edge_id          TEXT PRIMARY KEY,
  name             TEXT NOT NULL,
  build            TEXT NOT NULL,
  http_address     TEXT NOT NULL,
  first_seen_us    INTEGER NOT NULL,
  last_seen_us     INTEGER NOT NULL,
  applied_revision INTEGER NOT NULL,
  rejected_digest  BLOB NOT NULL,
  rejected_build   TEXT NOT NULL,
  nack_reason      TEXT NOT NULL,
  usage_pending    INTEGER NOT NULL,
  usage_current_us INTEGER NOT NULL,
  draining         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a journal of an edge. acked_seq is all the deduplication there is: it moves in the transaction that adds the
-- rows.
CREATE TABLE usage_cursor(
  edge_id    TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  journal_id BLOB NOT NULL,
  acked_seq  INTEGER NOT NULL,
  lost       INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  PRIMARY KEY(edge_id, epoch),
  UNIQUE(edge_id, journal_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_ledger(
  edge_id             TEXT NOT NULL,
  epoch               INTEGER NOT NULL,
  seq                 INTEGER NOT NULL,
  request_id          TEXT NOT NULL,
  attempt             INTEGER NOT NULL,
  winner              INTEGER NOT NULL,
  model               TEXT NOT NULL,
  provider            TEXT NOT NULL,
  upstream_model      TEXT NOT NULL,
  requested_model     TEXT NOT NULL,
  route               TEXT NOT NULL,
  input               INTEGER NOT NULL,
  cache_read          INTEGER NOT NULL,
  cache_write         INTEGER NOT NULL,
  output              INTEGER NOT NULL,
  reasoning           INTEGER NOT NULL,
  quality             INTEGER NOT NULL,
  outcome             INTEGER NOT NULL,
  started_us          INTEGER NOT NULL,
  duration_us         INTEGER NOT NULL,
  first_byte_us       INTEGER NOT NULL,
  config_revision     INTEGER NOT NULL,
  cost_nano_usd       INTEGER,           -- NULL: the model has no price.
  http_status         INTEGER NOT NULL,
  error               TEXT NOT NULL,
  streamed            INTEGER NOT NULL,
  losses              TEXT NOT NULL,     -- Codes, separated by a space.
  session             TEXT NOT NULL,
  upstream_request_id TEXT NOT NULL,
  PRIMARY KEY(edge_id, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_ledger_started ON usage_ledger(started_us);
CREATE INDEX usage_ledger_request ON usage_ledger(request_id);
)sql";

}  // namespace ccp::control
