// Shared memory for the rings of [pystream~] (see ring.h). Pd's thread.

#include "ring.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <new>
#include <stdexcept>

namespace pyext {

namespace {

// Returns the descriptor of new memory that no process can make shorter or longer: a page that Pd has mapped
// cannot be taken away. It has no name in any folder, and goes with the last process that has it.
int sealed_memory(size_t size) {
    const int file = memfd_create("pystream", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        throw std::runtime_error(std::string("no shared memory: ") + std::strerror(errno));
    if (posix_fallocate(file, 0, static_cast<off_t>(size)) != 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(file);
        throw std::runtime_error("no room for " + std::to_string(size >> 20) + " MB of shared memory");
    }
    return file;
}

}  // namespace

Ring::Ring(uint32_t inputs, uint32_t outputs)
    : inputs_(inputs), size_(channels_at + size_t(inputs + outputs) * capacity * sizeof(float)),
      file_(sealed_memory(size_)),
      memory_(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file_, 0)) {
    if (memory_ == MAP_FAILED) {
        close(file_);
        throw std::runtime_error("no room for " + std::to_string(size_ >> 20) + " MB of shared memory");
    }
    RingHeader *header = new (memory_) RingHeader{};
    std::memcpy(header->magic, "pystrm02", sizeof header->magic);
    header->inputs = inputs;
    header->outputs = outputs;
    header->capacity = capacity;
}

Ring::~Ring() {
    munmap(memory_, size_);
    close(file_);
}

// The worker writes `wake_at` and then sleeps unless `blocks` has changed, which the kernel compares behind a
// barrier: either it sees the new number, or its `wake_at` is seen here.
void Ring::publish(uint64_t captured) {
    RingHeader &shared = header();
    shared.captured.store(captured, std::memory_order_release);
    shared.blocks.fetch_add(1, std::memory_order_seq_cst);
    const uint64_t wake_at = shared.wake_at.load(std::memory_order_seq_cst);
    if (wake_at == 0 || captured < wake_at)
        return;
    shared.wake_at.store(0, std::memory_order_relaxed);
    syscall(SYS_futex, &shared.blocks, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::string Ring::path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_);
}

}  // namespace pyext
