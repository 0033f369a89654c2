/*
 * iniparser.h - what iniparser 3.1 declares, so that a call only valid with 4.x does not compile.
 *
 * Unlike in 4.x, only names are const, the getters return char *, and iniparser_getseckeys
 * allocates. Only facts about the interface; tests/el7/iniparser31.c defines what is used.
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
