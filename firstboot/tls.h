/* tls.h - the step about the server's certificate. */
#pragma once

#include "host.h"
#include "step.h"

/* There is one, unless tls is off or the ini names one. */
step_check certificate_check;
step_apply certificate_apply;
