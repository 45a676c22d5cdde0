/* SPDX-License-Identifier: MIT */
/*
 * The model file, format version 4. All numbers are little-endian.
 *
 *     magic      8 bytes   89 'N' 'C' 'D' 'M' 0D 0A 1A
 *     version    u32
 *     sections   u32       how many follow
 *     length     u64       of the whole file
 *     section...
 *     checksum   u64       XXH3-64 of everything before it
 *
 * A section is a tag of four letters, a u32 that says how it is stored (0 as it
 * is, 1 zstd frames), its length unpacked and stored (u64 each), and the
 * stored bytes. A reader passes over tags it doesn't know if their first letter
 * is small; an unknown tag with a capital makes it refuse the file as newer.
 *
 *     CONF  the settings, lines of key=value
 *     LABL  the labels, in order of their numbers: varint length and bytes
 *     SRCS  the names of the source files, the same way
 *     TEXT  all texts, one after another
 *     ROWS  for each text varints: length, label, source, line
 *     SIZE  C(y) of each text, as IEEE binary64 (methods knn and both)
 *     MIXW  the power of the neighbours' shares, as binary64 (method both)
 *     auto  what training compared, where it chose the method: of each
 *           contender its compressor, varints and code lengths (contenders.c)
 *     CLAS  what a class model has fitted (methods class and both): numbers of
 *           classes and postings (u64 each), then as binary64 the mix, the
 *           power of length, the factors of certainty, the training figures and
 *           the biases, then as binary32 the weights and biases of margins; see
 *           classmodel.h
 *     TABL  counts and values of a class model (where there is CLAS), in arrays
 *           that are used where they are once the file is mapped; see
 *           class_table.h
 *
 * What a class model counts and fits belongs to the version: whatever changes
 * its answers makes a new one, and class models of those before are refused.
 * Models of neighbours are read as they are.
 *
 * The magic number follows PNG's: its line ends show whether a transfer in text
 * mode has changed the file. The same training data and settings give the same
 * bytes.
 */
#ifndef NCD_MODEL_MODEL_FILE_H
#define NCD_MODEL_MODEL_FILE_H

#define NCD_MODEL_MAGIC "\x89NCDM\r\n\x1a"
#define NCD_MODEL_MAGIC_NBYTES 8
#define NCD_MODEL_VERSION 4
#define NCD_MODEL_VERSION_OF_CLASS 4 /* the oldest that means the same by it \
                                      */
#define NCD_MODEL_HEADER_NBYTES 24
#define NCD_MODEL_SECTION_NBYTES 24 /* before the stored bytes */
#define NCD_MODEL_CHECKSUM_NBYTES 8

enum { NCD_STORED_RAW, NCD_STORED_ZSTD };

#endif
