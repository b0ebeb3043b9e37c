/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the newest kernel's headers use and Debian's sparse does not know,
 * in words that it knows. Only sparse sees this file.
 */
#define __typeof_unqual__ __typeof__
/* Known to it, but no constant; the headers assert the length of literals. */
#define __builtin_strlen(string) (sizeof(string) - 1)
