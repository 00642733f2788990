#include "tools/ccpctl/remote_catalog.h"

#include "common/base/text.h"
#include "common/wire/convert.h"

namespace ccp::ctl {

absl::StatusOr<RemoteCatalog> FetchCatalog(AdminClient& client, std::uint64_t revision) {
  const auto response = client.GetConfig(revision);
  if (!response.ok()) return response.status();
  if (response->revision() == 0) {
    return NotFound("control at ", client.server(),
                    " has no configuration yet. Apply one: ccpctl apply -f models.yaml");
  }
  v1::Catalog proto;
  if (!proto.ParseFromString(response->snapshot().catalog())) {
    return Internal("control sent a configuration that cannot be read; is it of another version? See ccpctl version");
  }
  auto catalog = wire::FromProto(proto);
  if (!catalog.ok()) return catalog.status();
  return RemoteCatalog{response->revision(), *std::move(catalog), response->source()};
}

}  // namespace ccp::ctl
