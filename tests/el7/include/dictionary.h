/* dictionary.h - as iniparser 3.1 declares it; see iniparser.h here. */
#ifndef PGREPL_TESTS_DICTIONARY_H
#define PGREPL_TESTS_DICTIONARY_H

#include <stdio.h>

/* The library alone knows what is inside. */
typedef struct _dictionary_ dictionary;

dictionary *dictionary_new(int size);
void dictionary_del(dictionary *d);
char *dictionary_get(dictionary *d, const char *key, char *def);
int dictionary_set(dictionary *d, const char *key, const char *val);
void dictionary_unset(dictionary *d, const char *key);
void dictionary_dump(dictionary *d, FILE *out);

#endif
