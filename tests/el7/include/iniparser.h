/*
 * iniparser.h - what iniparser 3.1 declares, so that a call that only 4.x takes does not compile.
 *
 * Against 4.x: nothing is const but names, the getters return char *, and iniparser_getseckeys
 * allocates. Facts of the interface alone; tests/el7/iniparser31.c has the ones that are used.
 */
#ifndef PGREPL_TESTS_INIPARSER_H
#define PGREPL_TESTS_INIPARSER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dictionary.h"

int iniparser_getnsec(dictionary *d);
char *iniparser_getsecname(dictionary *d, int n);
void iniparser_dump_ini(dictionary *d, FILE *f);
void iniparser_dumpsection_ini(dictionary *d, char *s, FILE *f);
void iniparser_dump(dictionary *d, FILE *f);
int iniparser_getsecnkeys(dictionary *d, char *s);
char **iniparser_getseckeys(dictionary *d, char *s);
char *iniparser_getstring(dictionary *d, const char *key, char *def);
int iniparser_getint(dictionary *d, const char *key, int notfound);
double iniparser_getdouble(dictionary *d, const char *key, double notfound);
int iniparser_getboolean(dictionary *d, const char *key, int notfound);
int iniparser_set(dictionary *ini, const char *entry, const char *val);
void iniparser_unset(dictionary *ini, const char *entry);
int iniparser_find_entry(dictionary *ini, const char *entry);
dictionary *iniparser_load(const char *ininame);
void iniparser_freedict(dictionary *d);

#endif
