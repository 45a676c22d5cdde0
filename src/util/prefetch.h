/* SPDX-License-Identifier: MIT */
/* Asks for memory that will soon be read, where the compiler can. */
#ifndef NCD_UTIL_PREFETCH_H
#define NCD_UTIL_PREFETCH_H

/* The empty assembly keeps a function that does nothing but ask: gcc takes such
 * a function for one without effect, and leaves its calls out. */
#ifdef __GNUC__
#define NCD_PREFETCH(address)                                                  \
    do {                                                                       \
        __builtin_prefetch(address);                                           \
        __asm__ volatile("");                                                  \
    } while (0)
#else
#define NCD_PREFETCH(address) ((void)(address))
#endif

#endif
