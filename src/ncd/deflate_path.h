/* SPDX-License-Identifier: MIT */
#ifndef NCD_DEFLATE_PATH_H
#define NCD_DEFLATE_PATH_H

/*
 * The hot files of the engine (bound, parse, trees) are compiled several times,
 * for processors that can do more or less, and one of the paths is chosen when
 * an engine is made. They give the same sizes. The build sets NCD_PATH to what
 * the names of a path's functions end in; without it this is the path that any
 * processor of the architecture can go.
 */
#ifndef NCD_PATH
#define NCD_PATH base
#endif

#define NCD_PATH_JOIN_(name, path) name##_##path
#define NCD_PATH_JOIN(name, path) NCD_PATH_JOIN_(name, path)

#define ncd_dblock_bits NCD_PATH_JOIN(ncd_dblock_bits, NCD_PATH)
#define ncd_dbound_init NCD_PATH_JOIN(ncd_dbound_init, NCD_PATH)
#define ncd_dbound_weight NCD_PATH_JOIN(ncd_dbound_weight, NCD_PATH)
#define ncd_dcounts_used NCD_PATH_JOIN(ncd_dcounts_used, NCD_PATH)
#define ncd_dengine_parse NCD_PATH_JOIN(ncd_dengine_parse, NCD_PATH)
#define ncd_dheader_begin NCD_PATH_JOIN(ncd_dheader_begin, NCD_PATH)
#define ncd_dheader_bits NCD_PATH_JOIN(ncd_dheader_bits, NCD_PATH)

#endif
