/* Counts what may make Pd's audio wait: memory, locks, sleep and files, in the DSP routines between two objects.
 *
 * `[audio_watch~ begin]` stands before, `[audio_watch~ end]` behind the objects to look at, in one line of cords. A bang
 * makes `begin` send `led CALL PLACE...`, what led to the first calls, and `watched BLOCKS CALLS`; then it counts anew.
 * The library is an external of Pd, and in LD_PRELOAD of that Pd: see audio_path.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <linux/futex.h>
#include <m_pd.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TOLD = 5, DEPTH = 16 };

typedef struct {
    t_object object;
    t_float scalar;
    t_outlet *outlet;
    int begins;
    unsigned blocks, calls;
    struct {
        const char *call;
        void *places[DEPTH];
        int depth;
    } told[TOLD];
} t_watch;

static t_class *watch_class;
static __thread t_watch *watching; /* in Pd's thread, between `begin` and `end` */

static void note(const char *call) {
    t_watch *x = watching;
    if (!x) return;
    watching = NULL;
    if (x->calls < TOLD) {
        x->told[x->calls].call = call;
        x->told[x->calls].depth = backtrace(x->told[x->calls].places, DEPTH);
    }
    ++x->calls;
    watching = x;
}

/* --- calls that may wait ------------------------------------------------------------------------------------------ */

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t), __libc_free(void *);

void *malloc(size_t size) { return note("malloc"), __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return note("calloc"), __libc_calloc(number, size); }
void *realloc(void *memory, size_t size) { return note("realloc"), __libc_realloc(memory, size); }
void *aligned_alloc(size_t to, size_t size) { return note("aligned_alloc"), __libc_memalign(to, size); }
void free(void *memory) {
    if (memory) note("free"), __libc_free(memory);
}

#define WATCH(type, name, parameters, ...)                                  \
    type name parameters {                                                  \
        static __typeof__(name) *real;                                      \
        if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);      \
        note(#name);                                                        \
        return real(__VA_ARGS__);                                           \
    }

WATCH(int, pthread_mutex_lock, (pthread_mutex_t *lock), lock)
WATCH(int, pthread_rwlock_rdlock, (pthread_rwlock_t *lock), lock)
WATCH(int, pthread_rwlock_wrlock, (pthread_rwlock_t *lock), lock)
WATCH(int, sem_wait, (sem_t *lock), lock)
WATCH(int, nanosleep, (const struct timespec *time, struct timespec *left), time, left)
WATCH(int, usleep, (useconds_t time), time)
WATCH(int, poll, (struct pollfd *files, nfds_t number, int time), files, number, time)
WATCH(ssize_t, read, (int file, void *data, size_t size), file, data, size)
WATCH(ssize_t, write, (int file, const void *data, size_t size), file, data, size)
WATCH(int, close, (int file), file)

/* To wake another process does not wait. */
long syscall(long number, ...) {
    static __typeof__(syscall) *real;
    va_list rest;
    long words[6];
    va_start(rest, number);
    for (int i = 0; i < 6; ++i) words[i] = va_arg(rest, long);
    va_end(rest);
    if (!real) real = (__typeof__(syscall) *)dlsym(RTLD_NEXT, "syscall");
    if (number != SYS_futex || (words[1] & FUTEX_CMD_MASK) != FUTEX_WAKE) note("syscall");
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static t_int *watch_perform(t_int *w) {
    t_watch *x = (t_watch *)w[1];
    size_t size = (size_t)w[4] * sizeof(t_sample);
    watching = NULL;
    memmove((void *)w[3], (void *)w[2], size);
    if (x->begins) {
        ++x->blocks;
        watching = x;
    }
    return w + 5;
}

static void watch_dsp(t_watch *x, t_signal **signals) {
    dsp_add(watch_perform, 4, x, signals[0]->s_vec, signals[1]->s_vec, (t_int)signals[0]->s_n);
}

static void watch_bang(t_watch *x) {
    t_atom counts[2], words[DEPTH];
    for (unsigned i = 0; i < TOLD && i < x->calls; ++i) {
        char **names = backtrace_symbols(x->told[i].places, x->told[i].depth);
        SETSYMBOL(words, gensym(x->told[i].call));
        for (int place = 1; place < x->told[i].depth; ++place) SETSYMBOL(words + place, gensym(names[place]));
        outlet_anything(x->outlet, gensym("led"), x->told[i].depth, words);
        free(names);
    }
    SETFLOAT(counts, (t_float)x->blocks);
    SETFLOAT(counts + 1, (t_float)x->calls);
    x->blocks = x->calls = 0;
    outlet_anything(x->outlet, gensym("watched"), 2, counts);
}

static void *watch_new(t_symbol *word) {
    t_watch *x = (t_watch *)pd_new(watch_class);
    x->begins = word == gensym("begin");
    outlet_new(&x->object, gensym("signal"));
    x->outlet = outlet_new(&x->object, NULL);
    return x;
}

void audio_watch_tilde_setup(void) {
    void *places[1];
    backtrace(places, 1);   /* loads what it needs */
    unsetenv("LD_PRELOAD"); /* what Pd starts has no Pd to link with */
    watch_class = class_new(gensym("audio_watch~"), (t_newmethod)watch_new, NULL, sizeof(t_watch), CLASS_DEFAULT,
                            A_DEFSYM, A_NULL);
    CLASS_MAINSIGNALIN(watch_class, t_watch, scalar);
    class_addmethod(watch_class, (t_method)watch_dsp, gensym("dsp"), A_CANT, A_NULL);
    class_addbang(watch_class, watch_bang);
}
