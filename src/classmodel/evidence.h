/* SPDX-License-Identifier: MIT */
/*
 * What a text's symbols say for each class: how many bits shorter the class's
 * model codes them than the model of the whole corpus does.
 *
 * For every kind of gram, with N the corpus's counts and n those of a class,
 * and s a symbol in a context x (x' being x without its first symbol), the
 * corpus predicts, backing off to the next shorter context,
 *
 *     P(s | x)  =  (N(xs) + b P(s | x')) / (N(x) + b)
 *
 * and a class backs off to the corpus at the same order,
 *
 *     p(s | x)  =  (n(xs) + a P(s | x)) / (n(x) + a)
 *
 * with masses a and b that belong to the kind: hierarchical Dirichlet models
 * (MacKay & Peto 1995). Both sum to 1 over the symbols. (Words that no text has
 * are not told apart: each has the same small probability, so those of words
 * rank classes and code nothing.) The evidence for a
 * class is the sum of ln p/P over a text, which is 0 wherever the class has not
 * seen the context:
 *
 *     ln p/P  =  ln(1 + n(xs) / (a P(s | x)))  -  ln(1 + n(x) / a)
 *
 * One pass over the postings of each node of a text, first as a symbol and then
 * as a context, gives it for all classes.
 *
 * Leaving a text out is taking its own counts away from n and N: exact, and no
 * dearer than scoring it.
 */
#ifndef NCD_CLASSMODEL_EVIDENCE_H
#define NCD_CLASSMODEL_EVIDENCE_H

#include "classmodel/counts.h"

/* Logarithms of the counts that most postings have. */
#define NCD_LOG_TABLE 512

struct ncd_smoothing {
    double class_mass[NCD_KINDS];          /* a */
    double corpus_mass[NCD_KINDS];         /* b */
    double logs[NCD_KINDS][NCD_LOG_TABLE]; /* ln(1 + n / a) */
};

void ncd_smoothing_init(struct ncd_smoothing *smoothing);

/* Code lengths of a text, bits. */
struct ncd_code_lengths {
    double corpus, class;
};

/* Memory of one thread, kept from text to text. */
struct ncd_reading {
    struct ncd_rows rows;
    uint32_t *tally; /* [n nodes of the table] all 0 between texts */
    size_t tally_n;
    /* Nodes of the text, each once, in order. */
    struct ncd_distinct {
        uint32_t *nodes;
        size_t n, capacity;
    } distinct[NCD_VIEWS];
    double *sums; /* [n classes] scratch of who reads */
    size_t sums_n;
    double *products; /* [NCD_KINDS][n classes] all 1 between texts */
    size_t n_products;
};

/* Finds a text's nodes and how often each occurs; must be ended. */
ncd_status ncd_reading_begin(struct ncd_reading *reading,
                             const struct ncd_counts *counts, ncd_text text);
/* The same without keeping the rows, which take 25 bytes for each of the text:
 * for who needs its nodes only. */
ncd_status ncd_reading_skim(struct ncd_reading *reading,
                            const struct ncd_counts *counts, ncd_text text);
void ncd_reading_end(struct ncd_reading *reading);
void ncd_reading_free(struct ncd_reading *reading);

/*
 * The evidence of the text that is being read, in natural logarithms,
 * evidence_out[NCD_KINDS][n_classes]. Where the counts hold the text itself
 * under the class `own`, it is left out; otherwise own is NCD_NO_CLASS.
 * lengths_out may be NULL; the class there is own.
 */
void ncd_evidence(const struct ncd_counts *counts,
                  const struct ncd_smoothing *smoothing,
                  struct ncd_reading *reading, uint32_t own,
                  double *evidence_out, struct ncd_code_lengths *lengths_out);

/* ln(1 + n / a) of a kind: what it costs a class to have seen a context n
 * times, wherever the context occurs. */
double ncd_context_cost(const struct ncd_smoothing *smoothing, int kind,
                        uint64_t n);

/*
 * The probability that the class (NCD_NO_CLASS: the corpus) gives to `symbol`
 * as the next one of a walk, at a kind below NCD_WINDOWS: what the evidence is
 * made of, for a coder and for tests.
 */
double ncd_symbol_probability(const struct ncd_counts *counts,
                              const struct ncd_smoothing *smoothing,
                              uint32_t class, unsigned kind,
                              const struct ncd_walk *walk, unsigned symbol);

/*
 * Notes the corpus's probabilities of the symbols and words of the text that is
 * being read, one of those counted: p_out[n nodes]. A key does not tell its
 * context, so it takes all texts to have those of all nodes. Threads may note
 * the same node at once, since they note the same value.
 */
void ncd_evidence_note(const struct ncd_counts *counts,
                       const struct ncd_smoothing *smoothing,
                       struct ncd_reading *reading, _Atomic float *p_out);

/*
 * The evidence of nodes, for prediction: value_out[p] is what one occurrence of
 * posting p's node, of the probability noted, adds to its class, each kind
 * taken times mix[kind]; and place_values_out[2][n_classes] what each place and
 * each word of a text adds.
 */
void ncd_evidence_values(const struct ncd_counts *counts,
                         const struct ncd_smoothing *smoothing,
                         const _Atomic float *p, const double *mix,
                         unsigned threads, float *value_out,
                         double *place_values_out);

#endif
