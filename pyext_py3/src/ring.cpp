// Shared memory files for the rings of [pystream~] (see ring.h). Pd's thread.

#include "ring.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <set>
#include <stdexcept>

namespace pyext {

namespace {

constexpr char folder[] = "/dev/shm";

// Removes the files of processes that have ended: a Pd that is killed leaves its files.
void remove_files_of_ended_processes() {
    DIR *directory = opendir(folder);
    if (!directory)
        return;
    while (const dirent *entry = readdir(directory)) {
        int process;
        if (std::sscanf(entry->d_name, "pystream-%d-", &process) == 1 && kill(process, 0) != 0 &&
            errno == ESRCH)
            unlink((std::string(folder) + "/" + entry->d_name).c_str());
    }
    closedir(directory);
}

// The files of this process, removed when it exits: Pd does not free its objects then.
struct OwnFiles : std::set<std::string> {
    ~OwnFiles() {
        for (const std::string &path : *this)
            unlink(path.c_str());
    }
};

OwnFiles &own_files() {
    static OwnFiles files;
    return files;
}

}  // namespace

Ring::Ring(uint32_t inputs, uint32_t outputs) {
    static int count = 0;
    remove_files_of_ended_processes();
    path_ = std::string(folder) + "/pystream-" + std::to_string(getpid()) + "-" + std::to_string(++count);
    size_ = channels_at + size_t(inputs + outputs) * capacity * sizeof(float);
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        throw std::runtime_error("cannot make " + path_ + ": " + std::strerror(errno));
    const int full = posix_fallocate(file, 0, static_cast<off_t>(size_));
    memory_ =
        full ? MAP_FAILED : mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    close(file);
    if (memory_ == MAP_FAILED) {
        unlink(path_.c_str());
        throw std::runtime_error("no room for " + std::to_string(size_ >> 20) + " MB of shared memory in " +
                                 folder);
    }
    own_files().insert(path_);
    RingHeader *header = new (memory_) RingHeader{};
    std::memcpy(header->magic, "pystrm01", sizeof header->magic);
    header->inputs = inputs;
    header->outputs = outputs;
    header->capacity = capacity;
}

Ring::~Ring() {
    munmap(memory_, size_);
    unlink(path_.c_str());
    own_files().erase(path_);
}

}  // namespace pyext
