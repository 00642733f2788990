#include "common/config/codes.h"

#include <array>

#include "common/base/text.h"

namespace ccp::config {
namespace {

constexpr std::array kCodes{
    CodeInfo{code::kSyntax, "not valid YAML",
             "The YAML parser stopped here, so nothing behind this place was checked. The usual reasons: a tab in the "
             "indentation (YAML wants spaces), a bracket or quote that is not closed, two keys on one line, or text "
             "with \": \" in it that needs quotes."},
    CodeInfo{code::kEmptyFile, "the file is empty",
             "A configuration without any model would make every request fail, so it is refused. Add at least one "
             "entry under models."},
    CodeInfo{code::kTooLarge, "the file is too large", "A configuration file may have up to 8 MiB."},
    CodeInfo{code::kTooDeep, "nested too deeply", "Maps and lists may be nested 64 levels deep."},
    CodeInfo{code::kAlias, "anchors, aliases and merge keys are not accepted",
             "A few lines of aliases can stand for gigabytes, and merged keys hide where a value comes from. Move what "
             "several models share into an entry of providers and name it with provider."},
    CodeInfo{code::kOpenQuote, "a quote is not closed",
             "The text that begins here runs to the end of the file. Close the quote. Inside double quotes a quote is "
             "written \\\", inside single quotes it is doubled."},
    CodeInfo{code::kTag, "tags are not accepted", "Leave out the !tag. Text that looks like a number may be quoted."},
    CodeInfo{code::kSeveralDocuments, "more than one YAML document",
             "The file holds a second document behind \"---\". One file is one configuration: join them."},
    CodeInfo{code::kNotUtf8, "not UTF-8", "Save the file as UTF-8. The position is that of the first wrong byte."},
    CodeInfo{code::kUnknownKey, "unknown key",
             "Nothing reads this key. Unknown keys are errors because a mistyped one would silently not apply. "
             "\"ccpctl explain models\" lists the keys of a model."},
    CodeInfo{code::kDuplicateKey, "the key stands here twice",
             "The same key appears twice in one map, and only one of the values could count. Remove one."},
    CodeInfo{code::kKeyNotText, "a key is not plain text", "Keys are names: not lists, maps or nothing."},
    CodeInfo{code::kUnknownModel, "a route names a model that does not exist",
             "Routes name a model of this file, or one of its aliases."},
    CodeInfo{code::kNameTaken, "a name is used twice",
             "Model names and aliases share one namespace, since a request may name either; rules have one of their "
             "own. Rename one of the two."},
    CodeInfo{code::kUnknownProvider, "a model names a provider that does not exist",
             "provider names an entry under providers of this file. A model that shares nothing needs no provider: "
             "give it api_base and api_key_name directly."},
    CodeInfo{code::kWrongType, "a value of another type is wanted",
             "Booleans are true and false (yes, no, on and off are text). Quoted values are always text."},
    CodeInfo{code::kBadTokens, "not a number of tokens",
             "Write a whole number, or a shorthand: 8k is 8 * 1024, 1m is 1024 * 1024."},
    CodeInfo{code::kBadDuration, "not a duration", "Write a whole number and a unit: 250ms, 5s, 2m, 1h or 7d."},
    CodeInfo{code::kOutOfRange, "out of range", "The number is outside of what can work. The message names the range."},
    CodeInfo{code::kBadChoice, "not one of the allowed values", "The message lists what is allowed."},
    CodeInfo{code::kBadPattern, "the regular expression does not compile",
             "Patterns are RE2: no look-around and no back references. In a double-quoted YAML text a backslash is "
             "written twice; single quotes keep it as it is."},
    CodeInfo{code::kBadUrl, "not a usable URL",
             "api_base is what stands before /chat/completions (or before /v1/messages of a direct model): http or "
             "https, a host, perhaps a port and a path; no user, no query, no fragment."},
    CodeInfo{code::kSecretInFile, "this looks like a key itself",
             "Configuration is stored, shown and sent to every edge, so it names keys and never holds one. Put the key "
             "into the edge's environment or its --env-file and write the variable's name here. A key that has stood "
             "in a file should be replaced at the provider."},
    CodeInfo{code::kBadVariable, "not the name of a variable",
             "Names of variables consist of letters, digits and underscores and do not begin with a digit."},
    CodeInfo{code::kPassthroughHost, "a client's credential may only go to its own provider",
             "auth: passthrough forwards the credential that the client sent. That is only safe towards the host that "
             "issued it, in the protocol it is meant for: direct: true and https://api.anthropic.com."},
    CodeInfo{code::kBadHeader, "a header that cannot be set",
             "Header names are tokens, values visible text on one line. Credentials, framing and host headers are "
             "written by the edge alone: use api_key_name for the key."},
    CodeInfo{code::kBadTokenCondition, "not a condition on tokens",
             "Write an operator and a number of tokens: \">=60k\", \"<2000\". Operators are >= > <= < and =."},
    CodeInfo{code::kBadName, "a name that cannot be used",
             "Names may have up to 200 visible characters without spaces. A comma separates provider and model in a "
             "request and so cannot be part of a name."},
    CodeInfo{code::kReservedField, "a field the translation owns",
             "model, messages and stream are what the edge translates; replacing them would break every request."},
    CodeInfo{code::kMixedChain, "a chain mixes plain and weighted models",
             "Either every entry is a name (tried in order) or every entry has model and weight (drawn by weight)."},
    CodeInfo{code::kNoApiBase, "a model has no api_base",
             "Nothing says where to send its requests. Give it api_base, or provider with one."},
    CodeInfo{code::kNoModels, "no models", "Without a model every request would fail, so the file is refused."},
    CodeInfo{code::kMissingKey, "a required key is missing", "The message names it."},
    CodeInfo{code::kEmptyChain, "a route leads nowhere", "Name at least one model, or leave the route out."},
    CodeInfo{code::kPlainHttp, "plain http to another machine",
             "Keys and prompts can be read on the way. Use https, unless the network in between is yours."},
    CodeInfo{code::kReplacedKey, "an older key", "It still works. The message names what replaced it."},
    CodeInfo{code::kNoDefault, "no default route",
             "A request that names no configured model, as Claude Code's do, is refused unless a rule takes it. Add "
             "routing: { default: NAME }."},
    CodeInfo{code::kNoEffect, "a setting without effect", "The message says why. It is safe to remove it."},
    CodeInfo{code::kCatchAllRule, "a rule without conditions hides those behind it",
             "Rules are checked in order and the first match wins; a rule without when matches every request."},
    CodeInfo{code::kTwiceInChain, "a model stands in a chain twice",
             "The second place is never reached. To retry the same model, raise its attempts."},
    CodeInfo{code::kNoCredential, "requests go out without a key",
             "The host is not this machine and api_key_name is not set, so no credential is sent."},
    CodeInfo{code::kEdgeLacksKey, "an edge lacks a provider key",
             "Keys never leave the machine that uses them, so each edge needs its own: in its environment, or in its "
             "--env-file, which is read again when it changes. Until then requests for that model fail at that edge, or go "
             "to the next of their chain."},
};

}  // namespace

std::span<const CodeInfo> Codes() { return kCodes; }

const CodeInfo* FindCode(std::string_view code) {
  for (const CodeInfo& info : kCodes) {
    if (EqualsIgnoreCase(info.code, code)) return &info;
  }
  return nullptr;
}

}  // namespace ccp::config
