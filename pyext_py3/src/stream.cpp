// The object [pystream~]: its audio routine, its latency and its reports (see stream.h). Pd's thread.

#include "stream.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "multichannel.h"
#include "pd.h"
#include "ring.h"

namespace pyext {

namespace {

constexpr int max_channels = 256;
constexpr int default_latency_blocks = 64;
constexpr int fade_frames = 64;
constexpr double report_ms = 100.;
constexpr double worker_timeout_s = 1.;  // without output from the worker until `alive 0`

t_class *stream_class;

struct Stream {
    Stream(t_object *owner, int inputs, int outputs, int latency_blocks, bool multichannel);
    ~Stream() { clock_free(clock); }

    void start(t_signal **signals);
    void set_latency(int blocks);
    void set_counts(int inputs, int outputs);
    void output_path();
    void report();
    void process(int frames);

    void capture(int frames);
    bool is_rendered(uint64_t position, int frames);
    void play(uint64_t position, int frames);
    void silence(int frames);
    void handle_late_output(int frames);
    void count_missed();

    t_object *object;
    const bool multichannel;  // one inlet and one outlet for all signals
    std::unique_ptr<Ring> ring;
    std::vector<t_sample *> in, out;
    std::vector<t_sample> last;  // of each output, to fade from
    t_outlet *info;
    t_clock *clock;
    int latency_blocks;
    int block_size = 64;
    float sample_rate = 44100;
    bool playing = false;
    bool alive = false;          // the worker has delivered within the last second
    uint64_t last_delivery = 0;  // the position at which it last delivered
    unsigned late = 0;
    unsigned missed = 0;    // silent blocks that are late if the same stream plays on
    uint32_t stream = 0;    // the one that has played
    uint64_t rendered = 0;  // up to where it had, when that was last looked at
    unsigned late_reported = 0;
    bool alive_reported = false;
};

struct t_stream {
    t_object object;
    t_float scalar;
    Stream *stream;
};

Stream::Stream(t_object *owner, int inputs, int outputs, int blocks, bool multi)
    : object(owner), multichannel(multi), ring(std::make_unique<Ring>(uint32_t(inputs), uint32_t(outputs))),
      in(size_t(inputs)), out(size_t(outputs)), last(size_t(outputs)), latency_blocks(blocks) {
    for (int i = 1; i < (multichannel ? 1 : inputs); ++i)
        inlet_new(object, &object->ob_pd, &s_signal, &s_signal);
    for (int i = 0; i < (multichannel ? 1 : outputs); ++i)
        outlet_new(object, &s_signal);
    info = outlet_new(object, &s_anything);
    clock = clock_new(this, reinterpret_cast<t_method>(+[](Stream *self) { self->report(); }));
}

void Stream::set_latency(int blocks) {
    const int max_blocks = int(Ring::capacity / 2) / block_size;
    latency_blocks = std::clamp(blocks, 1, max_blocks);
    ring->header().latency = uint32_t(latency_blocks * block_size);
    playing = false;
    t_atom frames;
    SETFLOAT(&frames, t_float(latency_blocks * block_size));
    outlet_anything(info, gensym("latency"), 1, &frames);
}

// With another number of signals the memory is another one, which the worker has to open anew.
void Stream::set_counts(int inputs, int outputs) {
    if (size_t(inputs) == in.size() && size_t(outputs) == out.size())
        return;
    ring = std::make_unique<Ring>(uint32_t(inputs), uint32_t(outputs));
    in.assign(size_t(inputs), nullptr);
    out.assign(size_t(outputs), nullptr);
    last.assign(size_t(outputs), 0);
    playing = alive = false;
    last_delivery = rendered = missed = stream = 0;
    canvas_update_dsp();
    output_path();
}

void Stream::start(t_signal **signals) {
    t_signal **outlets = signals + (multichannel ? 1 : in.size());
    const size_t given = size_t(channels_of(**signals));
    for (size_t i = 0; i < in.size(); ++i)  // of few channels the first come again
        in[i] = multichannel ? signals[0]->s_vec + i % given * size_t(signals[0]->s_n) : signals[i]->s_vec;
    for (size_t i = 0; i < (multichannel ? 1 : out.size()); ++i)
        set_channels(outlets + i, multichannel ? int(out.size()) : 1);
    for (size_t i = 0; i < out.size(); ++i)
        out[i] = multichannel ? outlets[0]->s_vec + i * size_t(outlets[0]->s_n) : outlets[i]->s_vec;
    const t_signal &first = **signals;
    RingHeader &header = ring->header();
    const bool changed = first.s_n != block_size || first.s_sr != sample_rate || header.sample_rate == 0;
    block_size = first.s_n;
    sample_rate = first.s_sr;
    header.block_size = uint32_t(block_size);
    header.sample_rate = uint32_t(sample_rate);
    if (changed)
        ++header.restarts;
    clock_delay(clock, 0);
}

// Sends the patch the path of the memory, for the worker process.
void Stream::output_path() {
    t_atom path;
    SETSYMBOL(&path, gensym(ring->path().c_str()));
    outlet_anything(info, gensym("stream"), 1, &path);
}

void Stream::report() {
    if (ring->header().latency != uint32_t(latency_blocks * block_size))
        set_latency(latency_blocks);
    if (late != late_reported) {
        t_atom count;
        SETFLOAT(&count, t_float(late_reported = late));
        outlet_anything(info, gensym("late"), 1, &count);
    }
    if (alive != alive_reported) {
        t_atom state;
        SETFLOAT(&state, t_float(alive_reported = alive));
        outlet_anything(info, gensym("alive"), 1, &state);
    }
    if (pd_getdspstate())
        clock_delay(clock, report_ms);
}

void Stream::process(int frames) {
    RingHeader &header = ring->header();
    const uint64_t now = header.captured.load(std::memory_order_relaxed);
    capture(frames);
    const uint64_t latency = header.latency;
    if (now >= latency && is_rendered(now - latency, frames))
        play(now - latency, frames);
    else
        handle_late_output(frames);
}

void Stream::capture(int frames) {
    RingHeader &header = ring->header();
    const uint64_t now = header.captured.load(std::memory_order_relaxed);
    for (size_t i = 0; i < in.size(); ++i)
        ring->write(uint32_t(i), now, in[i], uint32_t(frames));
    ring->publish(now + uint64_t(frames));
}

bool Stream::is_rendered(uint64_t position, int frames) {
    RingHeader &header = ring->header();
    const uint64_t end = header.rendered.load(std::memory_order_acquire);
    const uint64_t begin = header.valid_from.load(std::memory_order_acquire);
    return position >= begin && position + uint64_t(frames) <= end && end - position <= Ring::capacity;
}

void Stream::play(uint64_t position, int frames) {
    const int fade = playing ? 0 : std::min(frames, fade_frames);
    for (size_t i = 0; i < out.size(); ++i) {
        ring->read(uint32_t(i), position, out[i], uint32_t(frames));
        for (int n = 0; n < fade; ++n)
            out[i][n] *= t_sample(n) / t_sample(fade);
        last[i] = out[i][frames - 1];
    }
    count_missed();
    last_delivery = position;
    playing = alive = true;
}

// What was silent counts as late once the same stream goes on. Between two streams, and behind the last one,
// silence is intended.
void Stream::count_missed() {
    RingHeader &header = ring->header();
    const uint32_t now = header.streams;
    if (now == stream)
        late += missed;
    missed = 0;
    stream = now;
    rendered = header.rendered;
}

void Stream::silence(int frames) {
    const int fade = playing ? std::min(frames, fade_frames) : 0;
    for (size_t i = 0; i < out.size(); ++i) {
        for (int n = 0; n < fade; ++n)
            out[i][n] = last[i] * t_sample(fade - n) / t_sample(fade);
        std::fill(out[i] + fade, out[i] + frames, t_sample(0));
    }
    playing = false;
}

void Stream::handle_late_output(int frames) {
    RingHeader &header = ring->header();
    silence(frames);
    if (!alive)
        return;
    if (header.streams == stream) {
        ++missed;
        if (header.rendered != rendered)
            count_missed();
    } else
        missed = 0;
    const uint64_t silent_since = last_delivery + header.latency;
    if (double(header.captured - silent_since) > worker_timeout_s * double(sample_rate))
        alive = false;
}

t_int *perform(t_int *w) {
    reinterpret_cast<Stream *>(w[1])->process(int(w[2]));
    return w + 3;
}

// Returns a number of a patch as one between 1 and `max`.
int within(t_float number, int max) { return int(std::clamp(number, t_float(1), t_float(max))); }

// Returns a number of the box, which is between 1 and `max`.
int argument(int argc, const t_atom *argv, int index, int missing, int max) {
    return argc > index ? within(atom_getfloat(argv + index), max) : missing;
}

void *stream_new(t_symbol *, int argc, t_atom *argv) {
    auto *x = reinterpret_cast<t_stream *>(pd_new(stream_class));
    x->stream = nullptr;
    const bool wanted = argc > 0 && argv->a_type == A_SYMBOL && argv->a_w.w_symbol == gensym("-m");
    if (wanted) {
        --argc, ++argv;
        if (!has_multichannel())
            pd_error(x,
                     "pystream~: this Pd has no multichannel signals, 0.54 and later have: each signal "
                     "gets an inlet or outlet of its own");
    }
    try {
        x->stream = new Stream(
            &x->object, argument(argc, argv, 0, 1, max_channels), argument(argc, argv, 1, 1, max_channels),
            argument(argc, argv, 2, default_latency_blocks, Ring::capacity), wanted && has_multichannel());
    } catch (const std::exception &error) {
        pd_error(nullptr, "pystream~: %s", error.what());
        pd_free(&x->object.ob_pd);
        return nullptr;
    }
    return x;
}

void stream_free(t_stream *x) { delete x->stream; }

void stream_dsp(t_stream *x, t_signal **signals) {
    x->stream->start(signals);
    dsp_add(perform, 2, x->stream, t_int(signals[0]->s_n));
}

void stream_bang(t_stream *x) { x->stream->output_path(); }

void stream_latency(t_stream *x, t_float blocks) { x->stream->set_latency(within(blocks, Ring::capacity)); }

void stream_channels(t_stream *x, t_float inputs, t_float outputs) {
    if (!x->stream->multichannel)
        return pd_error(x, "pystream~: channels needs an object with -m");
    try {
        x->stream->set_counts(within(inputs, max_channels), within(outputs, max_channels));
    } catch (const std::exception &error) {
        pd_error(x, "pystream~: %s", error.what());
    }
}

}  // namespace

void define_stream_class() {
    stream_class = class_new(gensym("pystream~"), reinterpret_cast<t_newmethod>(stream_new),
                             reinterpret_cast<t_method>(stream_free), sizeof(t_stream),
                             CLASS_DEFAULT | multichannel_flag(), A_GIMME, A_NULL);
    CLASS_MAINSIGNALIN(stream_class, t_stream, scalar);
    class_addmethod(stream_class, reinterpret_cast<t_method>(stream_dsp), gensym("dsp"), A_CANT, A_NULL);
    class_addbang(stream_class, reinterpret_cast<t_method>(stream_bang));
    class_addmethod(stream_class, reinterpret_cast<t_method>(stream_latency), gensym("latency"), A_FLOAT,
                    A_NULL);
    class_addmethod(stream_class, reinterpret_cast<t_method>(stream_channels), gensym("channels"), A_FLOAT,
                    A_FLOAT, A_NULL);
}

}  // namespace pyext
