/* SPDX-License-Identifier: MIT */
/*
 * Section TABL of the model file: the counts of a class model and what its
 * prediction adds up, as they are in memory, so that a file that is mapped
 * needs no reading. All of it follows from the texts and from CLAS; where it is
 * missing, the texts are counted again, and so they are on machines whose
 * numbers are not little-endian, which neither write nor read it.
 */
#ifndef NCD_MODEL_CLASS_TABLE_H
#define NCD_MODEL_CLASS_TABLE_H

#include "classmodel/classmodel.h"
#include "model/wire.h"

/* Where the section's bytes begin in the file, a multiple of this. */
#define NCD_TABLE_ALIGNMENT 64

/* Whether this machine writes and reads the section. */
int ncd_class_table_is_native(void);

uint64_t ncd_class_table_nbytes(const struct ncd_classmodel *model);

/* Gives the section's bytes to `put`, in pieces. */
ncd_status ncd_put_class_table(const struct ncd_classmodel *model,
                               ncd_status (*put)(void *to, const void *bytes,
                                                 size_t n),
                               void *to);

/*
 * Makes `model_out` one whose tables lie in `section`, which must outlive it.
 * Every number is checked that could lead out of the tables, or to numbers
 * that are none. Statuses: MODEL (malformed).
 */
ncd_status ncd_get_class_table(ncd_text section, unsigned threads,
                               struct ncd_classmodel *model_out);

#endif
