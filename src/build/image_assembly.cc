// SPDX-License-Identifier: Apache-2.0
#include "build/image_assembly.h"

#include <algorithm>

#include "build/history.h"
#include "build/step_key.h"
#include "util/text.h"

namespace jcb::build {
namespace {

class Assembly {
 public:
  Assembly(const store::Store& store, const Base& base, const CommitOptions& options, std::int64_t epoch, Task& task)
      : m_store(store), m_options(options), m_epoch(epoch), m_task(task) {
    for (const auto& layer : base.layers) m_below.push_back(layer.tree());
  }

  void add_stage(const StagePlan& plan, const SolvedStage& solved) {
    for (const auto& line : plan.history) {
      const auto layer = line.step ? commit(solved, *line.step) : std::nullopt;
      image.history.push_back({util::format_rfc3339(m_epoch), line.created_by, "", k_history_comment, !layer});
      if (layer) image.layers.push_back({*layer, {}});
    }
  }

  ImageParts image;

 private:
  std::optional<store::Layer> commit(const SolvedStage& solved, std::size_t step) {
    const auto& result = solved.results[step];
    if (!result.tree) return std::nullopt;
    // The state below says which deletions mean something.
    const auto& compression = m_options.compression;
    const auto key = make_key("layer", {solved.stacks[step].state, result.output, std::to_string(static_cast<int>(compression.method)),
                                        std::to_string(compression.level)});
    auto record = m_store.find_step(key);
    if (!record) {
      record.emplace();
      record->layer = commit_layer(m_store, {*result.tree}, m_below, m_options, m_task);
      m_store.put_step(key, *record);
    }
    if (record->layer) m_below.push_back(record->layer->tree());
    return record->layer;
  }

  const store::Store& m_store;
  const CommitOptions& m_options;
  std::int64_t m_epoch;
  Task& m_task;
  std::vector<std::string> m_below;
};

}  // namespace

oci::Descriptor assemble_image(const store::Store& store, const BuildPlan& plan, const std::map<std::size_t, SolvedStage>& solved,
                               const CommitOptions& options, const ImageLabels& labels, Task& task) {
  const auto chain = chain_of(plan);
  const auto& base = plan.stages.at(chain.front()).base;
  Assembly assembly(store, base, options, plan.epoch, task);
  for (const auto stage : chain) assembly.add_stage(plan.stages.at(stage), solved.at(stage));
  auto& image = assembly.image;
  const auto& target = plan.target_stage();
  image.base = &base;
  image.config = target.config;
  image.platform = target.platform;
  image.author = target.author;
  image.epoch = plan.epoch;
  image.annotations = labels.annotations;
  for (const auto& [name, value] : labels.labels) image.config.labels[name] = value;
  return write_image(store.layout(), image);
}

}  // namespace jcb::build
