/* SPDX-License-Identifier: MIT */
/* Reading ahead; see stream.h. */
#include "stream.h"

#include <pthread.h>
#include <stdlib.h>

#include "cli.h"

/* The reader pauses at whichever comes first: as much as an evaluation takes at
 * a time, enough to keep all cores busy. */
#define MAX_TEXTS 1024
#define MAX_NBYTES (4u << 20)

struct stream {
    ncd_reader_options options;
    ncd_reader *reader;
    pthread_t thread;
    int thread_began;
    struct batch taken; /* the caller's */

    /* What follows is shared, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t came, went;
    struct batch coming;
    size_t coming_nbytes;
    int begun;         /* the reader is open, or never will be */
    ncd_status status; /* NCD_OK: there may be more */
    ncd_error err;
};

/* --- The thread that reads --- */

static ncd_status add(struct stream *s, const ncd_record *r, ncd_error *err)
{
    static const ncd_text none;
    ncd_status status = ncd_dataset_add(s->coming.texts, none, r->text,
                                        r->source, r->line, err);
    if (status == NCD_OK && s->coming.records)
        status = ncd_dataset_add(s->coming.records, none, r->raw, r->source,
                                 r->line, err);
    s->coming_nbytes += r->text.nbytes + r->raw.nbytes;
    return status;
}

static int is_full(const struct stream *s)
{
    return ncd_dataset_n_texts(s->coming.texts) >= MAX_TEXTS ||
           s->coming_nbytes >= MAX_NBYTES;
}

/* Tells the caller what came: under the lock. */
static void tell(struct stream *s, ncd_status status, const ncd_error *err)
{
    if (status != NCD_OK && status != NCD_END)
        s->err = *err;
    s->status = status;
    s->begun = 1;
    pthread_cond_signal(&s->came);
}

static ncd_status open_reader(struct stream *s)
{
    ncd_error err;
    ncd_status status = ncd_reader_open("-", &s->options, &s->reader, &err);
    pthread_mutex_lock(&s->lock);
    tell(s, status, &err);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static void *read_ahead(void *arg)
{
    struct stream *s = arg;
    ncd_status status = open_reader(s);
    while (status == NCD_OK) {
        ncd_record record;
        ncd_error err;
        status = ncd_reader_next(s->reader, &record, &err);
        pthread_mutex_lock(&s->lock);
        while (is_full(s))
            pthread_cond_wait(&s->went, &s->lock);
        if (status == NCD_OK)
            status = add(s, &record, &err);
        tell(s, status, &err);
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

/* --- The caller's side --- */

ncd_status stream_begin(struct stream *s, ncd_error *err)
{
    pthread_mutex_lock(&s->lock);
    while (!s->begun)
        pthread_cond_wait(&s->came, &s->lock);
    /* Whatever else has happened since is stream_take's to tell. */
    ncd_status status = s->reader ? NCD_OK : s->status;
    if (status != NCD_OK)
        *err = s->err;
    pthread_mutex_unlock(&s->lock);
    return status;
}

ncd_status stream_take(struct stream *s, const struct batch **batch_out,
                       ncd_error *err)
{
    ncd_dataset_clear(s->taken.texts);
    if (s->taken.records)
        ncd_dataset_clear(s->taken.records);
    pthread_mutex_lock(&s->lock);
    while (s->status == NCD_OK && ncd_dataset_n_texts(s->coming.texts) == 0)
        pthread_cond_wait(&s->came, &s->lock);
    struct batch swapped = s->coming;
    s->coming = s->taken;
    s->taken = swapped;
    s->coming_nbytes = 0;
    ncd_status status = s->status;
    if (status != NCD_OK && status != NCD_END)
        *err = s->err;
    pthread_cond_signal(&s->went);
    pthread_mutex_unlock(&s->lock);
    *batch_out = &s->taken;
    return ncd_dataset_n_texts(s->taken.texts) ? NCD_OK : status;
}

const char *stream_format(const struct stream *s)
{
    return ncd_reader_format(s->reader);
}

ncd_text stream_header(const struct stream *s)
{
    return ncd_reader_header(s->reader);
}

uint64_t stream_skipped(const struct stream *s)
{
    return ncd_reader_skipped(s->reader);
}

/* --- Its life --- */

static int new_batch(struct batch *batch, int keep_records)
{
    return ncd_dataset_new(&batch->texts) == NCD_OK &&
           (!keep_records || ncd_dataset_new(&batch->records) == NCD_OK);
}

static void free_batch(struct batch *batch)
{
    ncd_dataset_free(batch->texts);
    ncd_dataset_free(batch->records);
}

ncd_status stream_open(const ncd_reader_options *options, int keep_records,
                       struct stream **stream_out, ncd_error *err)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(err);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->came, NULL);
    pthread_cond_init(&s->went, NULL);
    s->options = *options;
    s->thread_began = new_batch(&s->taken, keep_records) &&
                      new_batch(&s->coming, keep_records) &&
                      pthread_create(&s->thread, NULL, read_ahead, s) == 0;
    if (s->thread_began) {
        *stream_out = s;
        return NCD_OK;
    }
    stream_close(s);
    return no_memory(err);
}

void stream_close(struct stream *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    int reading = s->thread_began && s->status == NCD_OK;
    pthread_mutex_unlock(&s->lock);
    if (reading)
        return;
    if (s->thread_began)
        pthread_join(s->thread, NULL);
    ncd_reader_close(s->reader);
    free_batch(&s->taken);
    free_batch(&s->coming);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->came);
    pthread_cond_destroy(&s->went);
    free(s);
}
