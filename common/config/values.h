// One value of the file <-> one member of the catalog, as its row in the field table says. Private to common/config.
// Pure. A value that cannot be read is reported in `findings` and leaves the member as it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/config/fields.h"
#include "common/config/findings.h"
#include "common/config/yaml_tree.h"

namespace ccp::config {

inline constexpr double kPicoUsdPerMillionUsd = 1e6;  // 1 USD per million tokens, in pico-USD per token.

// What a value is read by: its row, where it stands, and where complaints go.
struct Reading {
  const Field& field;
  const YamlNode& node;   // Not null.
  std::string path;
  Findings& findings;
};

void Read(const Reading& reading, std::string& out);
void Read(const Reading& reading, bool& out);
void Read(const Reading& reading, int& out);
void Read(const Reading& reading, std::int64_t& out);
void Read(const Reading& reading, std::optional<std::int64_t>& out);
void Read(const Reading& reading, std::optional<double>& out);
void Read(const Reading& reading, std::optional<bool>& out);
void Read(const Reading& reading, std::chrono::milliseconds& out);
void Read(const Reading& reading, std::map<std::string, std::string>& out);  // Adds to what is there.
void Read(const Reading& reading, std::vector<std::string>& out);            // Replaces it.
void Read(const Reading& reading, Auth& out);

// ">=60k" into operator and number.
void ReadTokenCondition(const Reading& reading, Condition& out);

// Says that the node has the wrong type for the field.
void ReportType(const Reading& reading);

// The value as models.yaml would write it; "" when it is not set. What looks like a credential is masked.
std::string Show(const Field& field, const std::string& value);
std::string Show(const Field& field, bool value);
std::string Show(const Field& field, int value);
std::string Show(const Field& field, std::int64_t value);
std::string Show(const Field& field, const std::optional<std::int64_t>& value);
std::string Show(const Field& field, const std::optional<double>& value);
std::string Show(const Field& field, const std::optional<bool>& value);
std::string Show(const Field& field, std::chrono::milliseconds value);
std::string Show(const Field& field, const std::map<std::string, std::string>& value);
std::string Show(const Field& field, const std::vector<std::string>& value);
std::string Show(const Field& field, Auth value);

std::string ShowUsd(std::int64_t pico_usd_per_token);  // 270000 -> "0.27"

}  // namespace ccp::config
