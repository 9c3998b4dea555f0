// Ring: the memory that Pd and a worker process share for a stream of audio. Pd's thread. The worker's end is
// pdworker/serving/audio_stream.py, which depends on this layout.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

namespace pyext {

// Positions count frames since the object was made. Frame p is stored at p % capacity in each channel. The
// worker can write anything here: nothing that Pd reads from it may be trusted as a place in memory.
struct RingHeader {
    char magic[8];
    uint32_t inputs, outputs;
    uint32_t capacity;  // frames, a power of two
    std::atomic<uint32_t> sample_rate, block_size;
    std::atomic<uint32_t> latency;   // frames from an input to the output that the worker computed from it
    std::atomic<uint32_t> restarts;  // of Pd's DSP with another rate or block size
    std::atomic<uint32_t> blocks;    // that Pd has played; a futex, on which the worker sleeps
    std::atomic<uint32_t> streams;   // that workers have begun; the last one counts
    alignas(64) std::atomic<uint64_t> captured;    // Pd has written the input up to here
    alignas(64) std::atomic<uint64_t> valid_from;  // the worker's output begins here
    std::atomic<uint64_t> rendered;                // and ends here
    std::atomic<uint64_t> wake_at;  // the worker sleeps until `captured` is here; 0: it does not
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

class Ring {
public:
    static constexpr uint32_t capacity = 1 << 18;
    static constexpr size_t channels_at = 256;

    // Throws std::runtime_error when the memory cannot be allocated.
    Ring(uint32_t inputs, uint32_t outputs);
    ~Ring();
    Ring(const Ring &) = delete;
    Ring &operator=(const Ring &) = delete;

    // Where a process of this user can open the memory, while the ring lives.
    std::string path() const;
    // Says that Pd has written up to `captured`, and wakes the worker where that is as far as it waits for.
    void publish(uint64_t captured);
    RingHeader &header() { return *static_cast<RingHeader *>(memory_); }

    void write(uint32_t input, uint64_t position, const float *from, uint32_t frames) {
        float *to = channel(input);
        const uint32_t start = position % capacity, first = std::min(frames, capacity - start);
        std::memcpy(to + start, from, first * sizeof(float));
        std::memcpy(to, from + first, (frames - first) * sizeof(float));
    }

    void read(uint32_t output, uint64_t position, float *to, uint32_t frames) {
        const float *from = channel(inputs_ + output);
        const uint32_t start = position % capacity, first = std::min(frames, capacity - start);
        std::memcpy(to, from + start, first * sizeof(float));
        std::memcpy(to + first, from, (frames - first) * sizeof(float));
    }

private:
    float *channel(uint32_t index) {
        return reinterpret_cast<float *>(static_cast<char *>(memory_) + channels_at) +
               size_t(index) * capacity;
    }

    const uint32_t inputs_;
    const size_t size_;
    const int file_;
    void *const memory_;
};

static_assert(sizeof(RingHeader) <= Ring::channels_at);

}  // namespace pyext
