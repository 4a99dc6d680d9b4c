#pragma once
// png.h declares functions with FILE, which it does not include.
#include <stdio.h>
#include <png.h>
