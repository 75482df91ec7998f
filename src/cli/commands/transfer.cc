// SPDX-License-Identifier: Apache-2.0
// copy, save, load, import, export and unpack.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/commands/commands.h"
#include "cli/commands/registry_options.h"
#include "jcbuild/images.h"
#include "jcbuild/registry.h"

namespace jcb::cli {
namespace {

// A file to read, or standard input for "-".
class Input {
 public:
  explicit Input(const std::string& path) : m_name(path == "-" ? "standard input" : path) {
    m_fd = path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (m_fd < 0) throw_errno("open", m_name);
    if (path == "-" && is_terminal(STDIN_FILENO))
      throw Error(ErrorKind::usage, "standard input is a terminal", "name a file, or pipe the archive in");
  }
  ~Input() { ::close(m_fd); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  int fd() const { return m_fd; }
  const std::string& name() const { return m_name; }

 private:
  std::string m_name;
  int m_fd;
};

// A file to write, complete or not at all, or standard output when no path (or "-") was given. What is no regular file,
// such as a pipe or a device, is written as it is: nobody wants it replaced.
class Output {
 public:
  explicit Output(const std::string& path) : m_path(path == "-" ? "" : path) {
    if (m_path.empty() && is_terminal(STDOUT_FILENO))
      throw Error(ErrorKind::usage, "standard output is a terminal", "name a file with -o FILE");
    m_fd = m_path.empty() ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open_file();
    if (m_fd < 0) throw_errno("write", m_path.empty() ? "standard output" : m_path);
  }
  ~Output() {
    ::close(m_fd);
    if (!m_temporary.empty()) ::unlink(m_temporary.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  int fd() const { return m_fd; }
  void commit() {
    if (m_temporary.empty()) return;
    if (::fsync(m_fd) != 0 || std::rename(m_temporary.c_str(), m_path.c_str()) != 0) throw_errno("write", m_path);
    m_temporary.clear();
  }

 private:
  int open_file() {
    struct stat status {};
    if (::stat(m_path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return ::open(m_path.c_str(), O_WRONLY | O_CLOEXEC);
    m_temporary = m_path + ".XXXXXX";
    const int fd = ::mkostemp(m_temporary.data(), O_CLOEXEC);
    if (fd < 0) return m_temporary.clear(), fd;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(fd, 0666 & ~mask);
    return fd;
  }

  std::string m_path, m_temporary;
  int m_fd;
};

struct Words {
  std::string first, second, file, format = "docker-archive";
};

void add_copy(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("copy", "copy an image between the store, registries, layouts and archives");
  auto request = std::make_shared<CopyRequest>();
  command->add_option("SOURCE", request->source, "NAME, docker://REF, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:TAG]")
      ->required();
  command->add_option("DEST", request->target, "the same, or dir-rootfs:DIR")->required();
  command->add_option("--platform", request->platform, "of an image for several, such as linux/arm64")->option_text("OS/ARCH");
  command->add_flag("--all", request->all, "all platforms of an image for several");
  command->add_flag("--preserve-digests", request->preserve_digests, "fail where DEST cannot hold the image as it is");
  add_registry_options(*command, context);
  add_two_sided_options(*command, context);
  set_examples(
      *command,
      "  jcbuild copy my/torch oci-archive:torch.tar\n  jcbuild copy --all docker://ubuntu:22.04 docker://localhost:5000/ubuntu:22.04");
  command->callback([&context, request] {
    const auto digest = copy_image(context.session(), *request);
    context.close();
    print_result(digest + "\n");
  });
}

void add_save(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("save", "write an image as an archive that docker load reads");
  auto words = std::make_shared<Words>();
  command->add_option("IMAGE", words->first, "image of the store")->required();
  command->add_option("-o,--output", words->file, "file, if not standard output")->option_text("FILE");
  command->add_option("--format", words->format, "docker-archive or oci-archive")
      ->check(CLI::IsMember({"docker-archive", "oci-archive"}))
      ->option_text("FORM");
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild save my/torch -o torch.tar\n  jcbuild save my/torch | ssh jetson docker load");
  command->callback([&context, words] {
    Output output(words->file);
    save_image(context.session(), words->first, words->format, output.fd());
    output.commit();
  });
}

void add_load(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("load", "read the images of an archive into the store");
  auto words = std::make_shared<Words>();
  words->file = "-";
  command->add_option("-i,--input", words->file, "file, if not standard input")->option_text("FILE");
  set_examples(*command, "  jcbuild load -i torch.tar\n  docker save ubuntu:22.04 | jcbuild load");
  command->callback([&context, words] {
    const Input input(words->file);
    const auto names = load_images(context.session(), input.fd(), input.name());
    context.close();
    std::string text;
    for (const auto& name : names) text += escape(name) + "\n";
    print_result(text);
  });
}

void add_import(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("import", "make an image of a tar of a root file system");
  auto words = std::make_shared<Words>();
  command->add_option("TAR", words->first, "file, or - for standard input; plain, gzip or zstd")->required();
  command->add_option("NAME", words->second, "name of the image")->required();
  set_examples(*command, "  jcbuild import rootfs.tar.gz my/base\n  mmdebstrap bookworm | jcbuild import - debian:bookworm");
  command->callback([&context, words] {
    const Input input(words->first);
    const auto digest = import_tar(context.session(), input.fd(), input.name(), words->second);
    context.close();
    print_result(digest + "\n");
  });
}

void add_export(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("export", "write the root file system of an image as a tar");
  auto words = std::make_shared<Words>();
  command->add_option("NAME", words->first, "image of the store")->required();
  command->add_option("-o,--output", words->file, "file, if not standard output")->option_text("FILE");
  set_examples(*command, "  jcbuild export my/torch -o rootfs.tar\n  jcbuild export my/torch | tar tv");
  command->callback([&context, words] {
    Output output(words->file);
    export_tar(context.session(), words->first, output.fd());
    output.commit();
  });
}

void add_unpack(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("unpack", "write an image as DEST/rootfs and DEST/config.json");
  auto words = std::make_shared<Words>();
  command->add_option("SOURCE", words->first, "image of the store, docker://, oci:, oci-archive: or docker-archive:")->required();
  command->add_option("DEST", words->second, "directory, new or empty")->required();
  add_registry_options(*command, context);
  set_examples(*command, "  jcbuild unpack my/torch bundle\n  jcbuild unpack oci-archive:torch.tar bundle");
  command->callback([&context, words] { unpack_image(context.session(), words->first, words->second); });
}

}  // namespace

void add_transfer(CLI::App& app, Context& context) {
  add_copy(app, context);
  add_save(app, context);
  add_load(app, context);
  add_import(app, context);
  add_export(app, context);
  add_unpack(app, context);
}

}  // namespace jcb::cli
