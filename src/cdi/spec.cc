// SPDX-License-Identifier: Apache-2.0
#include "cdi/spec.h"

namespace jcb::cdi {
namespace {

template <typename T>
void append_all(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

bool ContainerEdits::is_empty() const { return *this == ContainerEdits(); }

void ContainerEdits::append(const ContainerEdits& other) {
  append_all(env, other.env);
  append_all(device_nodes, other.device_nodes);
  append_all(net_devices, other.net_devices);
  append_all(mounts, other.mounts);
  append_all(hooks, other.hooks);
  append_all(additional_gids, other.additional_gids);
  if (other.intel_rdt) intel_rdt = other.intel_rdt;
}

}  // namespace jcb::cdi
