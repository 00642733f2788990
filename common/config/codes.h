// The codes of findings in models.yaml: stable, never reused. `ccpctl explain CCP1204` prints one.
//
// 10xx the text is not YAML as we accept it, 11xx keys, 12xx references and names, 13xx values and types,
// 14xx something is missing, 15xx warnings, 20xx what an edge lacks for it. Immutable, thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace ccp::config::code {

inline constexpr std::string_view kSyntax = "CCP1001";
inline constexpr std::string_view kEmptyFile = "CCP1002";
inline constexpr std::string_view kTooLarge = "CCP1003";
inline constexpr std::string_view kTooDeep = "CCP1004";
inline constexpr std::string_view kAlias = "CCP1005";
inline constexpr std::string_view kOpenQuote = "CCP1006";
inline constexpr std::string_view kTag = "CCP1007";
inline constexpr std::string_view kSeveralDocuments = "CCP1008";
inline constexpr std::string_view kNotUtf8 = "CCP1009";

inline constexpr std::string_view kUnknownKey = "CCP1101";
inline constexpr std::string_view kDuplicateKey = "CCP1102";
inline constexpr std::string_view kKeyNotText = "CCP1103";

inline constexpr std::string_view kUnknownModel = "CCP1201";
inline constexpr std::string_view kNameTaken = "CCP1202";
inline constexpr std::string_view kUnknownProvider = "CCP1204";

inline constexpr std::string_view kWrongType = "CCP1301";
inline constexpr std::string_view kBadTokens = "CCP1302";
inline constexpr std::string_view kBadDuration = "CCP1303";
inline constexpr std::string_view kOutOfRange = "CCP1304";
inline constexpr std::string_view kBadChoice = "CCP1305";
inline constexpr std::string_view kBadPattern = "CCP1306";
inline constexpr std::string_view kBadUrl = "CCP1307";
inline constexpr std::string_view kSecretInFile = "CCP1308";
inline constexpr std::string_view kBadVariable = "CCP1309";
inline constexpr std::string_view kPassthroughHost = "CCP1310";
inline constexpr std::string_view kBadHeader = "CCP1311";
inline constexpr std::string_view kBadTokenCondition = "CCP1312";
inline constexpr std::string_view kBadName = "CCP1313";
inline constexpr std::string_view kReservedField = "CCP1314";
inline constexpr std::string_view kMixedChain = "CCP1315";

inline constexpr std::string_view kNoApiBase = "CCP1401";
inline constexpr std::string_view kNoModels = "CCP1402";
inline constexpr std::string_view kMissingKey = "CCP1403";
inline constexpr std::string_view kEmptyChain = "CCP1404";

inline constexpr std::string_view kPlainHttp = "CCP1501";
inline constexpr std::string_view kReplacedKey = "CCP1502";
inline constexpr std::string_view kNoDefault = "CCP1503";
inline constexpr std::string_view kNoEffect = "CCP1504";
inline constexpr std::string_view kCatchAllRule = "CCP1505";
inline constexpr std::string_view kTwiceInChain = "CCP1506";
inline constexpr std::string_view kNoCredential = "CCP1507";

inline constexpr std::string_view kEdgeLacksKey = "CCP2001";

}  // namespace ccp::config::code

namespace ccp::config {

struct CodeInfo {
  std::string_view code;
  std::string_view title;    // A few words, no full stop.
  std::string_view meaning;  // Why it is so, and what to do: a short paragraph.
};

std::span<const CodeInfo> Codes();                    // In ascending order.
const CodeInfo* FindCode(std::string_view code);      // "CCP1204" or "ccp1204"; nullptr if there is none.

}  // namespace ccp::config
