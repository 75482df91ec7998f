#pragma once
#include "build/context.h"
