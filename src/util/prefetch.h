/* SPDX-License-Identifier: MIT */
/* Asks for memory that will soon be read, where the compiler can. */
#ifndef NCD_UTIL_PREFETCH_H
#define NCD_UTIL_PREFETCH_H

#ifdef __GNUC__
#define NCD_PREFETCH(address) __builtin_prefetch(address)
#else
#define NCD_PREFETCH(address) ((void)(address))
#endif

#endif
