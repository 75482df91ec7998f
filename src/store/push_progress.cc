// SPDX-License-Identifier: Apache-2.0
#include "store/push_progress.h"

namespace jcb::store {
namespace {

std::string make_name(const PushBlob& blob) { return (blob.is_layer ? "layer " : "config ") + blob.descriptor.digest.short_text(); }

}  // namespace

PushProgress::PushProgress(Progress& progress, TaskId parent, std::string_view name, const PushPlan& plan)
    : m_progress(progress), m_plan(plan), m_task(progress, parent, name), m_total(plan.total_bytes()) {}

void PushProgress::move(std::uint64_t from, std::uint64_t to) {
  const std::lock_guard guard(m_mutex);
  m_done += to - from;
  m_task.bytes(m_done, m_total);
}

PushProgress::Blob::Blob(PushProgress& whole, std::size_t number)
    : m_whole(whole),
      m_blob(whole.m_plan.blobs.at(number).descriptor),
      m_task(whole.m_progress, whole.m_task.id(), make_name(whole.m_plan.blobs[number])) {}

void PushProgress::Blob::bytes(std::uint64_t done_bytes) {
  m_task.bytes(done_bytes, m_blob.size_bytes);
  m_whole.move(m_done, done_bytes);
  m_done = done_bytes;
}

void PushProgress::Blob::finish(TaskResult result) {
  bytes(m_blob.size_bytes);
  m_task.finish(result);
}

}  // namespace jcb::store
